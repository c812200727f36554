import { cp, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { QuintetError } from '../../replica/core/model/errors.ts'
import { limits } from '../../replica/core/model/limits.ts'
import type { Batch } from '../../replica/core/model/updates.ts'
import type { Damage, Storage } from '../../replica/host/ports.ts'
import { LogMaker, range, sequencesOf, spansOf, updatesOf, wholeOf } from '../conformance/storage-fixture.ts'
import { flipByte, makeDirectory, openStorage, segmentPaths } from '../conformance/storage-files.ts'

const unlimited = 1_000_000_000
const directories: string[] = []
const newDirectory = async (): Promise<string> => {
  const directory = await makeDirectory()
  directories.push(directory)
  return directory
}
afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true })
})

const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'no failure',
    (error: unknown) => (error instanceof QuintetError ? error.code : String(error)),
  )

/** Two origins, two segments in the first, two snapshots, a setting. */
async function fill(directory: string) {
  const [one, two] = [new LogMaker(1), new LogMaker(2)]
  const storage = await openStorage(directory)
  await storage.recover()
  const batches = one.batches(22, 50, 0)
  const others = two.batches(3, 2, 0)
  await storage.append([...batches.slice(0, 21), ...others.slice(0, 2)])
  for (const sequence of [1_000, 1_050]) {
    const vector = new Map([[one.origin, sequence]])
    await storage.writeSnapshot({ vector, chunks: ['{"chunk":"first"}', '{"chunk":"second"}'] })
  }
  await storage.append([...batches.slice(21), ...others.slice(2)])
  await storage.writeSetting('paused', [2])
  await storage.close()
  return { one, two, batches, others }
}

async function allFiles(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
}

const isSame = (left: Uint8Array, right: Uint8Array | undefined): boolean =>
  right !== undefined && Buffer.compare(left, right) === 0

/** Opens a spoilt copy of `directory` and holds what it gives against what was written. */
async function inspect(directory: string, { one, two, batches, others }: Awaited<ReturnType<typeof fill>>) {
  const storage = await openStorage(directory)
  const found = await storage.recover()
  const told: Damage[] = []
  storage.onDamage((damage) => told.push(damage))
  for (const { origin, made } of [
    { origin: one.origin, made: batches },
    { origin: two.origin, made: others },
  ]) {
    const suffix = found.suffix.filter((batch) => batch.origin === origin)
    const start = made.findIndex(({ first }) => first === suffix[0]?.first)
    expect(suffix.every((batch, index) => isSame(batch.bytes, made[start + index]?.bytes))).toBe(true)
    const updates = updatesOf(made)
    const read = await storage.readUpdates(origin, sequencesOf(updates))
    expect(read.every(({ sequence, bytes }) => isSame(bytes, updates[sequence - 1]?.bytes))).toBe(true)
    const missing = await storage.missing(origin, sequencesOf(updates))
    const absent = new Set(missing)
    expect(sequencesOf(read)).toEqual(sequencesOf(updates).filter((sequence) => !absent.has(sequence)))
    const ofLog = [...found.damage, ...told].filter((damage) => damage.origin === origin)
    const isTold = (sequence: number) => ofLog.some(({ first, last }) => first <= sequence && sequence <= last)
    const isCut = found.repairs.length > 0
    if (!isCut) expect(missing.filter((sequence) => !isTold(sequence))).toEqual([])
  }
  const lost = (await storage.missing(one.origin, range(1, one.last))).length
  return { storage, found, told, lost }
}

describe('damage on disk', () => {
  test(
    'a flipped byte anywhere is never taken for data, and never passed over in silence',
    { timeout: 60_000 },
    async () => {
      const original = await newDirectory()
      const written = await fill(original)
      const spoilt = await newDirectory()
      for (const file of await allFiles(original)) {
        const { size } = await stat(join(original, file))
        const positions = new Set([0, 1, 8, 20, 30, 45, 60, 75, size >> 1, size - 3, size - 2, size - 1])
        for (const position of [...positions].filter((at) => at < size)) {
          await cp(original, spoilt, { recursive: true, force: true })
          await flipByte(join(spoilt, file), position)
          if (file === 'format.json') {
            expect(['DAMAGED', 'NEWER_FORMAT', 'no failure']).toContain(await codeOf(openStorage(spoilt)))
            continue
          }
          const { storage, found, told, lost } = await inspect(spoilt, written)
          if (file.startsWith('settings')) {
            const setting = await storage.readSetting('paused').catch((error: unknown) => error)
            expect(setting instanceof QuintetError ? setting.code : setting).toEqual(
              setting instanceof QuintetError ? 'DAMAGED' : [2],
            )
          }
          if (file.startsWith('log') && lost > 0)
            expect(found.damage.length + told.length + found.repairs.length).toBeGreaterThan(0)
          if (file.startsWith('snapshot')) {
            expect(found.snapshot).not.toBeNull()
            expect(wholeOf(found.snapshot)?.chunks).toEqual(['{"chunk":"first"}', '{"chunk":"second"}'])
          }
          await storage.close()
          await rm(spoilt, { recursive: true })
        }
      }
    },
  )

  test('a broken line end at the end of a log hides no update: what the swallowed line held is told, too', async () => {
    const directory = await newDirectory()
    const { one } = await fill(directory)
    const [, tail] = await segmentPaths(directory, one.origin)
    await flipByte(tail!, (await readFile(tail!)).indexOf('\n'))
    const storage = await openStorage(directory)
    const found = await storage.recover()
    expect(found.damage).toMatchObject([{ origin: one.origin, first: 1_001, last: 1_100 }])
    expect(found.highest.get(one.origin)).toBe(1_100)
    await storage.close()
  })

  test('an empty file is damage where something must have been, at a log’s end as far as a snapshot tells', async () => {
    const directory = await newDirectory()
    const { one, batches } = await fill(directory)
    const [sealed, tail] = await segmentPaths(directory, one.origin)
    await truncate(sealed!, 0)
    await truncate(tail!, 0)
    const storage = await openStorage(directory)
    const found = await storage.recover()
    expect(found.damage).toMatchObject([
      { origin: one.origin, first: 1, last: 1_000 },
      { origin: one.origin, first: 1_001, last: 1_050 },
    ])
    expect(found.repairs).toHaveLength(1)
    expect(await storage.missing(one.origin, [1, 1_000, 1_001])).toEqual([1, 1_000, 1_001])
    await storage.append(batches.slice(21))
    expect(spansOf(await storage.readBatches(one.origin, 1_050, unlimited))).toEqual(spansOf(batches.slice(21)))
    await storage.close()
  })

  test('a snapshot is passed over when a byte of a text that has many escapes, or few, is another', async () => {
    const texts = ['"\\'.repeat(500), `["${'x'.repeat(1_000)}"]`]
    for (const [chunk, text] of texts.entries()) {
      const directory = await newDirectory()
      const storage = await openStorage(directory)
      await storage.recover()
      for (const generation of [1, 2])
        await storage.writeSnapshot({ vector: new Map(), chunks: [`${generation}`, text] })
      await storage.close()
      const path = join(directory, 'snapshot', '2', 'chunks.db')
      const content = await readFile(path, 'latin1')
      const spoilt = chunk === 0 ? content.replace('\\"\\\\', '\\"\\"') : content.replace('xxx', 'xyx')
      expect(spoilt).not.toBe(content)
      await writeFile(path, spoilt, 'latin1')
      const again = await openStorage(directory)
      expect(wholeOf((await again.recover()).snapshot)?.chunks).toEqual(['1', text])
      await again.close()
    }
  })

  test('snapshots that are being written when it recovers, as after a full disk, are whole and found', async () => {
    const directory = await newDirectory()
    const log = new LogMaker(1)
    const storage = await openStorage(directory)
    await storage.recover()
    await storage.append(log.batches(2, 5, 0))
    const snapshots = [5, 10].map((sequence) => ({
      vector: new Map([[log.origin, sequence]]),
      chunks: Array.from({ length: 20 }, (_, index) => JSON.stringify([index, 'x'.repeat(10_000)])),
    }))
    const writing = snapshots.map((snapshot) => storage.writeSnapshot(snapshot))
    expect(wholeOf((await storage.recover()).snapshot)).toEqual(snapshots[1])
    await Promise.all(writing)
    await storage.close()
    const again = await openStorage(directory)
    expect(wholeOf((await again.recover()).snapshot)).toEqual(snapshots[1])
    await again.close()
  })

  test('what is written after a recovery stays, whatever a compaction that began before it found dead', async () => {
    const directory = await newDirectory()
    const log = new LogMaker(1)
    const storage = await openStorage(directory)
    await storage.recover()
    await storage.append(log.batches(11, 100, 0))
    const floor = new Map([[log.origin, log.last]])
    await storage.writeSnapshot({ vector: floor, chunks: ['all of it'] })
    const next = log.batch(1)
    let appended = null as Promise<void> | null
    await storage.compact(floor, () => {
      appended ??= storage.recover().then(() => storage.append([next]))
      return false
    })
    await appended
    expect(spansOf(await storage.readBatches(log.origin, next.first - 1, unlimited))).toEqual(spansOf([next]))
    await storage.close()
    const again = await openStorage(directory)
    expect(spansOf((await again.recover()).suffix)).toEqual(spansOf([next]))
    await again.close()
  })

  test('a last record cut off at any byte is cut off whole, and the log goes on', { timeout: 60_000 }, async () => {
    const directory = await newDirectory()
    const log = new LogMaker(1)
    const batches = log.batches(3, 1, 0)
    const first = await openStorage(directory)
    await first.recover()
    await first.append(batches.slice(0, 2))
    await first.close()
    const [path] = await segmentPaths(directory, log.origin)
    const content = await readFile(path!)
    const lastLine = content.subarray(0, -1).lastIndexOf('\n') + 1
    const isLastByte = (length: number): boolean => length === content.length - 1
    for (let length = lastLine; length < content.length; length += length < content.length - 30 ? 29 : 1) {
      await writeFile(path!, content.subarray(0, length))
      const storage = await openStorage(directory)
      const found = await storage.recover()
      const whole = isLastByte(length) ? batches.slice(0, 2) : batches.slice(0, 1)
      expect(found.suffix).toEqual(whole)
      expect(found.damage).toEqual([])
      expect(found.repairs).toHaveLength(length === lastLine || isLastByte(length) ? 0 : 1)
      await storage.append(batches.slice(whole.length))
      await storage.close()
      const again = await openStorage(directory)
      expect((await again.recover()).suffix).toEqual(batches)
      await again.close()
    }
  })

  test('blocks that were promised but never written are cut off', async () => {
    const directory = await newDirectory()
    const log = new LogMaker(1)
    const batches = log.batches(2, 2)
    const storage = await openStorage(directory)
    await storage.recover()
    await storage.append(batches)
    await storage.close()
    const [path] = await segmentPaths(directory, log.origin)
    await writeFile(path!, Buffer.concat([await readFile(path!), Buffer.alloc(4_096), Buffer.from('"}\n')]))
    const again = await openStorage(directory)
    const found = await again.recover()
    expect(found.suffix).toEqual(batches)
    expect(found.repairs).toHaveLength(1)
    await again.close()
  })

  test('what interrupted writes have left beside the files is removed', async () => {
    const directory = await newDirectory()
    const { one, batches } = await fill(directory)
    const folder = join(directory, 'log', one.origin)
    await writeFile(join(folder, '1001.db~'), 'rubbish')
    await writeFile(join(folder, '1.rewrite'), 'rubbish')
    await mkdir(join(directory, 'snapshot', '3.writing'))
    const storage = await openStorage(directory)
    expect((await storage.recover()).suffix).toEqual(expect.arrayContaining(batches.slice(21)))
    expect(await readdir(folder)).toEqual(['1.db', '1001.db'])
    expect(await readdir(join(directory, 'snapshot'))).toEqual(['1', '2'])
    await storage.close()
  })

  test('what is none of them is left alone, whatever it is', async () => {
    const directory = await newDirectory()
    const { one, batches } = await fill(directory)
    const folders = [join(directory, 'log'), join(directory, 'log', one.origin), join(directory, 'snapshot')]
    const strange = ['.DS_Store', '.nfs0000000a00000001', '1 (conflicted copy).db', '1.db.bak', 'nul', '\u00e9.db']
    for (const folder of folders) for (const name of strange) await writeFile(join(folder, name), 'of somebody else')
    await mkdir(join(folders[1] ?? '', 'a directory', 'below'), { recursive: true })
    const storage = await openStorage(directory)
    expect((await storage.recover()).suffix).toEqual(expect.arrayContaining(batches.slice(21)))
    await storage.writeSnapshot({ vector: new Map([[one.origin, 1]]), chunks: ['{}'] })
    for (const folder of folders) expect(await readdir(folder)).toEqual(expect.arrayContaining(strange))
    await storage.close()
  })
})

describe('a data directory', () => {
  test('of a newer format is refused', async () => {
    const directory = await newDirectory()
    const storage = await openStorage(directory)
    await storage.writeSetting('format', { format: 2 })
    await storage.close()
    await cp(join(directory, 'settings', 'format.json'), join(directory, 'format.json'))
    expect(await codeOf(openStorage(directory))).toBe('NEWER_FORMAT')
  })

  test('that is a file is refused', async () => {
    const path = join(await newDirectory(), 'file')
    await writeFile(path, '')
    expect(await codeOf(openStorage(path))).toBe('DIRECTORY_NOT_USABLE')
    expect(await codeOf(openStorage(join(path, 'below')))).toBe('DIRECTORY_NOT_USABLE')
  })

  test('is for its owner only', async () => {
    const directory = join(await newDirectory(), 'data')
    const log = new LogMaker(1)
    const storage = await openStorage(directory)
    await storage.recover()
    await storage.append([log.batch(1)])
    await storage.writeSetting('paused', [])
    await storage.writeSnapshot({ vector: new Map(), chunks: ['{}'] })
    await storage.close()
    for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
      const { mode } = await stat(join(entry.parentPath, entry.name))
      expect(mode & 0o077).toBe(0)
    }
  })

  test('tells its size as the files have it', async () => {
    const directory = await newDirectory()
    const { one } = await fill(directory)
    const storage = await openStorage(directory)
    await storage.recover()
    const check = async () => {
      const sizes = await Promise.all(
        (await allFiles(directory)).map(async (file) => (await stat(join(directory, file))).size),
      )
      const format = (await stat(join(directory, 'format.json'))).size
      expect(await storage.diskBytes()).toBe(sizes.reduce((sum, size) => sum + size, 0) - format)
    }
    await check()
    await storage.append([one.batch(3)])
    await storage.compact(new Map([[one.origin, 1_000]]), (_, sequence) => sequence < 100)
    await storage.writeSetting('paused', [1, 2, 3])
    await check()
    await storage.close()
  })
})

describe('segments', () => {
  test('are closed at their limits of updates and of bytes', async () => {
    const directory = await newDirectory()
    const log = new LogMaker(1)
    const storage: Storage = await openStorage(directory)
    await storage.recover()
    await storage.append(log.batches(11, 100, 0))
    const big = Math.floor(limits.segmentBytes / 4)
    await storage.append(log.batches(6, 1, big))
    await storage.close()
    const names = (await segmentPaths(directory, log.origin)).map((path) => path.split('/').at(-1))
    expect(names).toEqual(['1.db', '1001.db', '1104.db'])
  })
})

test('a batch at the end that is proven only by later ones, which were not written any more, is taken off', async () => {
  const directory = await newDirectory()
  const [one, two] = [new LogMaker(1), new LogMaker(2)]
  const made = one.batches(3, 2)
  const spoil = (batch: Batch): Batch => ({ ...batch, bytes: batch.bytes.with(-1, (batch.bytes.at(-1) ?? 0) ^ 1) })
  const alone = two.batch(2)
  const storage = await openStorage(directory)
  await storage.recover()
  await storage.append([...made.slice(0, 1), ...made.slice(1).map(spoil), spoil(alone)])
  await storage.close()
  const again = await openStorage(directory)
  const found = await again.recover()
  expect(spansOf(found.suffix)).toEqual(spansOf(made.slice(0, 1)))
  expect(found.repairs).toHaveLength(3)
  expect(found.damage).toEqual([])
  await again.append([...made.slice(1), alone])
  expect(spansOf(await again.readBatches(one.origin, 0, unlimited))).toEqual(spansOf(made))
  await again.close()
  // What a snapshot covers was written whole.
  const covered = await openStorage(directory)
  expect((await covered.recover()).repairs).toEqual([])
  await covered.close()
})

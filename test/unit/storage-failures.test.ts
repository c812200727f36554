import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { QuintetError } from '../../replica/core/model/errors.ts'
import type { OriginId, Sequence } from '../../replica/core/model/ids.ts'
import type { FileSystem } from '../../replica/drivers/nedb-files.ts'
import { diskError, diskFiles } from '../../replica/drivers/nedb-files.ts'
import type { Storage } from '../../replica/host/ports.ts'
import type { Fault } from '../conformance/storage-faults.ts'
import { FaultyFiles } from '../conformance/storage-faults.ts'
import { LogMaker, range, spansOf, updatesOf, wholeOf } from '../conformance/storage-fixture.ts'
import { flipByte, makeDirectory, openStorage } from '../conformance/storage-files.ts'

const unlimited = 1_000_000_000
const longest = { timeout: 60_000 }
const directories: string[] = []
afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true })
})

/** A log of one origin, and a second, of which parts are written by each test. */
async function prepare() {
  const directory = await makeDirectory()
  directories.push(directory)
  const [one, two] = [new LogMaker(1), new LogMaker(2)]
  const before = [...one.batches(3, 4, 0), ...two.batches(2, 2, 0)]
  const storage = await openStorage(directory)
  await storage.recover()
  await storage.append(before)
  await storage.writeSnapshot({ vector: new Map([[one.origin, 4]]), chunks: ['old'] })
  await storage.close()
  return { directory, one, two, before }
}

type Scene = Awaited<ReturnType<typeof prepare>>

/** Runs `work` with its first, second, third... writing operation failing, until it no longer comes so far. */
async function atEachOperation(
  fault: Fault,
  act: (storage: Storage, scene: Scene) => Promise<void>,
  check: (outcome: { scene: Scene; storage: Storage; failure: unknown }) => Promise<void>,
): Promise<number> {
  for (let at = 1; ; at++) {
    const scene = await prepare()
    const faults = new FaultyFiles()
    const storage = await openStorage(scene.directory, faults.files)
    await storage.recover()
    faults.arm(fault, at)
    const failure = await act(storage, scene).then(
      () => null,
      (error: unknown) => error,
    )
    const { isOver } = faults
    if (fault === 'end') {
      const next = await openStorage(scene.directory)
      await check({ scene, storage: next, failure })
      await next.close()
    } else {
      await check({ scene, storage, failure })
    }
    faults.disarm()
    await storage.close()
    if (!isOver) return at
  }
}

const codeOf = (failure: unknown): unknown => (failure instanceof QuintetError ? failure.code : failure)

test('a log whose file is deleted while it is written to takes nothing more', async () => {
  const directory = await makeDirectory()
  directories.push(directory)
  const storage = await openStorage(directory)
  await storage.recover()
  const [first, ...others] = new LogMaker(1).batches(3, 2, 0)
  await storage.append(first === undefined ? [] : [first])
  await rm(join(directory, 'log'), { recursive: true })
  await expect(storage.append(others)).rejects.toMatchObject({ code: 'DISK_FAILED' })
  await storage.close().catch(() => undefined)
})

test('a log that another process has taken over, as on a disk of two machines, is that process’s alone', async () => {
  const directory = await makeDirectory()
  directories.push(directory)
  const maker = new LogMaker(1)
  const [first, second] = maker.batches(2, 2, 0)
  if (first === undefined || second === undefined) throw new Error('two batches were made')
  const [former, later] = [await openStorage(directory), await openStorage(directory)]
  await former.recover()
  await former.append([first])
  await later.recover()
  await later.append([second])
  await expect(former.append([second])).rejects.toMatchObject({ code: 'DISK_FAILED' })
  await former.close()
  await later.close()
  const next = await openStorage(directory)
  const { suffix, damage, repairs } = await next.recover()
  expect({ held: spansOf(suffix), damage, repairs }).toEqual({
    held: spansOf([first, second]),
    damage: [],
    repairs: [],
  })
  await next.close()
})

test('files that a start as root has left are told from a failing disk', () => {
  const error = Object.assign(new Error('EACCES: permission denied, stat meta.db'), { code: 'EACCES' })
  expect(diskError(error, 'recovering').message).toMatch(/another user.+chown.+meta\.db/)
})

describe('a full disk', () => {
  test('undoes an append to several logs wholly, whichever operation it fails at', longest, async () => {
    let third = new LogMaker(3)
    let more: readonly ReturnType<LogMaker['batch']>[] = []
    const operations = await atEachOperation(
      'ENOSPC',
      async (storage, { one, two }) => {
        third = new LogMaker(3)
        more = [...one.batches(2, 2), two.batch(1), third.batch(2)]
        await storage.append(more)
      },
      async ({ scene: { directory, one, two, before }, storage, failure }) => {
        const origins = [one.origin, two.origin, third.origin]
        const heldOf = async (held: Storage, origin: OriginId) => spansOf(await held.readBatches(origin, 0, unlimited))
        const spans = (batches: typeof before, origin: OriginId) =>
          spansOf(batches.filter((batch) => batch.origin === origin))
        if (failure !== null) {
          expect(codeOf(failure)).toBe('DISK_FULL')
          for (const origin of origins) expect(await heldOf(storage, origin)).toEqual(spans(before, origin))
          await storage.append(more)
        }
        for (const origin of origins) expect(await heldOf(storage, origin)).toEqual(spans([...before, ...more], origin))
        await storage.close()
        const next = await openStorage(directory)
        const { damage, repairs, suffix } = await next.recover()
        expect({ damage, repairs }).toEqual({ damage: [], repairs: [] })
        for (const origin of origins.slice(1))
          expect(spans(suffix as typeof before, origin)).toEqual(spans([...before, ...more], origin))
        await next.close()
      },
    )
    expect(operations).toBeGreaterThan(10)
  })

  test('undoes of a repair of several segments only the repair', longest, async () => {
    const directory = await makeDirectory()
    directories.push(directory)
    const one = new LogMaker(1)
    const faults = new FaultyFiles()
    const storage = await openStorage(directory, faults.files)
    await storage.recover()
    const before = one.batches(20, 50, 0)
    await storage.append(before)
    const acknowledged = one.batch(2)
    await storage.append([acknowledged])
    faults.arm('ENOSPC', 1)
    const mails = [...updatesOf(before).slice(4, 5), ...updatesOf([acknowledged]).slice(0, 1)]
    expect(codeOf(await storage.storeUpdates(one.origin, mails).catch((error: unknown) => error))).toBe('DISK_FULL')
    faults.disarm()
    await storage.close()
    const next = await openStorage(directory)
    const { suffix } = await next.recover()
    expect(spansOf(suffix)).toEqual(spansOf([...before, acknowledged]))
    await next.close()
  })

  test('keeps the snapshot before', longest, async () => {
    const operations = await atEachOperation(
      'ENOSPC',
      (storage, { one }) => storage.writeSnapshot({ vector: new Map([[one.origin, 8]]), chunks: ['new', 'newer'] }),
      async ({ scene: { directory }, storage, failure }) => {
        await storage.close()
        const next = await openStorage(directory)
        const { snapshot, repairs } = await next.recover()
        expect(repairs).toEqual([])
        const chunks = wholeOf(snapshot)?.chunks
        expect(['new', 'old']).toContain(chunks?.[0])
        if (failure === null) expect(chunks).toEqual(['new', 'newer'])
        else expect(codeOf(failure)).toBe('DISK_FULL')
        await next.close()
      },
    )
    expect(operations).toBeGreaterThan(5)
  })

  test('only puts compaction off', longest, async () => {
    const isLive = (_: OriginId, sequence: Sequence): boolean => sequence % 2 === 0
    await atEachOperation(
      'ENOSPC',
      async (storage, { one }) => {
        await storage.compact(new Map([[one.origin, 12]]), isLive)
      },
      async ({ scene: { one, before }, storage, failure }) => {
        expect(failure).toBeNull()
        const live = range(1, 6).map((half) => half * 2)
        expect(await storage.missing(one.origin, live)).toEqual([])
        await storage.compact(new Map([[one.origin, 12]]), isLive)
        expect(await storage.missing(one.origin, range(1, 12))).toEqual(live.map((sequence) => sequence - 1))
        expect(await storage.readUpdates(one.origin, [2])).toEqual(updatesOf(before).slice(1, 2))
      },
    )
  })
})

test('a disk that fails otherwise says so, and what was stored stays', longest, async () => {
  await atEachOperation(
    'EIO',
    async (storage, { one }) => storage.storeUpdates(one.origin, updatesOf([one.batch(3)])),
    async ({ scene: { one }, storage, failure }) => {
      if (failure !== null) expect(codeOf(failure)).toBe('DISK_FAILED')
      expect(await storage.missing(one.origin, range(1, 12))).toEqual([])
    },
  )
})

describe('what cannot be read at a start', () => {
  /** The machine's files, of which those whose paths `match` cannot be read. */
  const without = (match: RegExp, code: string): FileSystem => ({
    ...diskFiles,
    read: (path) =>
      match.test(path)
        ? Promise.reject(Object.assign(new Error(`${code}: made to fail`), { code }))
        : diskFiles.read(path),
  })

  test('of the snapshots is passed over for the one before, and is still there the next time', async () => {
    const { directory, one } = await prepare()
    const newer = await openStorage(directory)
    await newer.recover()
    await newer.writeSnapshot({ vector: new Map([[one.origin, 8]]), chunks: ['new'] })
    await newer.close()
    const generations = await readdir(join(directory, 'snapshot'))
    for (const { match, found } of [
      { match: new RegExp(`/snapshot/${generations.at(-1)}/`), found: 'old' },
      { match: /\/snapshot\//, found: 'DISK_FAILED' },
      { match: /nothing/, found: 'new' },
    ]) {
      const storage = await openStorage(directory, without(match, 'EMFILE'))
      const recovered = await storage.recover().then(({ snapshot }) => wholeOf(snapshot)?.chunks[0], codeOf)
      expect(recovered).toBe(found)
      await storage.close()
    }
  })

  test('of the snapshots does not count as the one that can be fallen back to', async () => {
    const { directory, one } = await prepare()
    const vector = new Map([[one.origin, 8]])
    const newer = await openStorage(directory)
    await newer.recover()
    await newer.writeSnapshot({ vector, chunks: ['unreadable'] })
    await newer.close()
    const folder = join(directory, 'snapshot')
    const unreadable = new RegExp(`/snapshot/${(await readdir(folder)).at(-1)}/`)
    const storage = await openStorage(directory, without(unreadable, 'EIO'))
    await storage.recover()
    await storage.writeSnapshot({ vector, chunks: ['new'] })
    expect(await readdir(folder)).toHaveLength(3)
    await storage.close()
    const last = (await readdir(folder)).at(-1) ?? ''
    await flipByte(join(folder, last, 'chunks.db'), 30)
    const next = await openStorage(directory, without(unreadable, 'EIO'))
    expect(wholeOf((await next.recover()).snapshot)?.chunks).toEqual(['old'])
    await next.writeSnapshot({ vector, chunks: ['newer'] })
    await next.writeSnapshot({ vector, chunks: ['newest'] })
    expect(await readdir(folder)).toHaveLength(2)
    await next.close()
  })
})

describe('a process that ends at any operation', () => {
  const recovered = async (storage: Storage, { one, two, before }: Scene) => {
    const { damage, suffix, snapshot } = await storage.recover()
    expect(damage).toEqual([])
    expect(snapshot).not.toBeNull()
    const held = async (origin: OriginId) => spansOf(await storage.readBatches(origin, 0, unlimited))
    const spans = (origin: OriginId) => spansOf(before.filter((batch) => batch.origin === origin))
    return { suffix, held, spans, origins: [one.origin, two.origin] }
  }

  test('loses nothing that an append had acknowledged, and can append again', longest, async () => {
    let more: readonly ReturnType<LogMaker['batch']>[] = []
    await atEachOperation(
      'end',
      async (storage, { one, two }) => {
        more = [one.batch(2), two.batch(1), one.batch(1)]
        await storage.append(more)
      },
      async ({ scene, storage, failure }) => {
        const { held, spans, origins } = await recovered(storage, scene)
        for (const origin of origins) {
          const all = [...spans(origin), ...spansOf(more.filter((batch) => batch.origin === origin))]
          const found = await held(origin)
          expect(found).toEqual(all.slice(0, found.length))
          expect(found.length).toBeGreaterThanOrEqual(failure === null ? all.length : spans(origin).length)
        }
        await storage.append(more)
        for (const batch of more) expect(await held(batch.origin)).toContain(spansOf([batch])[0])
      },
    )
  })

  test('in the middle of a compaction loses no live mail', longest, async () => {
    const isLive = (_: OriginId, sequence: Sequence): boolean => sequence % 3 === 0
    await atEachOperation(
      'end',
      async (storage, { one }) => {
        await storage.compact(new Map([[one.origin, 12]]), isLive)
      },
      async ({ scene, storage }) => {
        const { damage } = await storage.recover()
        expect(damage).toEqual([])
        expect(await storage.missing(scene.one.origin, [3, 6, 9, 12])).toEqual([])
      },
    )
  })

  test('in the middle of a state transfer’s end can do it again', longest, async () => {
    await atEachOperation(
      'end',
      async (storage, { one }) => {
        await storage.writeSnapshot({ vector: new Map([[one.origin, 6]]), chunks: ['transferred'] })
        await storage.continueAfter(one.origin, 6)
      },
      async ({ scene, storage, failure }) => {
        await recovered(storage, scene)
        expect(await storage.missing(scene.one.origin, range(1, 6))).toEqual([])
        await storage.continueAfter(scene.one.origin, 6)
        expect(await storage.missing(scene.one.origin, range(1, 12))).toEqual(range(7, 12))
        if (failure === null) expect(wholeOf((await storage.recover()).snapshot)?.chunks).toEqual(['transferred'])
      },
    )
  })
})

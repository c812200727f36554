import { access, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { saveInstall } from '../../replica/drivers/install-file.ts'
import { asideCopies, finishTakingUp, openAside, startOver, successorOf, takeUp } from '../../replica/start-over.ts'
import { makeDirectory, openStorage, silentLogger } from '../conformance/storage-files.ts'
import { LogMaker, spansOf } from '../conformance/storage-fixture.ts'
import { newInstall } from '../support/install-fixture.ts'
import { groupId } from '../property/arbitraries.ts'

const directories: string[] = []
const newDirectory = async (): Promise<string> => {
  const directory = await makeDirectory()
  directories.push(directory)
  return directory
}

afterEach(async () => {
  await Promise.all(directories.splice(0).map((directory) => rm(directory, { recursive: true })))
})

const write = async (path: string, text: string): Promise<void> => {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
}

const read = (path: string): Promise<string | null> => readFile(path, 'utf8').catch(() => null)

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

test('a copy that is set aside is whole: what was discarded from its log is in its snapshot', async () => {
  const directory = await newDirectory()
  const install = newInstall()
  await saveInstall(directory, install)
  await write(join(directory, 'log', 'mark'), 'the log')
  await write(join(directory, 'snapshot', 'mark'), 'the snapshot')
  await startOver(directory, successorOf(install, 'a machine'), { kind: 'forked', forked: install.origin })
  const aside = join(directory, 'aside', install.origin)
  expect(await asideCopies(directory)).toEqual([install.origin])
  expect([await read(join(aside, 'log', 'mark')), await read(join(aside, 'snapshot', 'mark'))]).toEqual([
    'the log',
    'the snapshot',
  ])
  expect([await isThere(join(directory, 'log')), await isThere(join(directory, 'snapshot'))]).toEqual([false, false])
})

test('a note of what is under way that cannot be read is not taken for none', async () => {
  const directory = await newDirectory()
  await write(join(directory, 'log', 'mark'), 'present')
  // Whoever reads it gets an error that does not say that it is absent.
  await mkdir(join(directory, 'taking-up'))
  await expect(finishTakingUp(directory)).rejects.toMatchObject({ code: 'EISDIR' })
  const copy = new LogMaker(1).origin
  await mkdir(join(directory, 'aside', copy, 'forked'), { recursive: true })
  await expect(openAside(directory, copy, groupId, silentLogger)).rejects.toMatchObject({ code: 'EISDIR' })
})

describe('a copy that is taken up again', () => {
  const copy = new LogMaker(1).origin

  test('changes places with the present one, which gives it what goes on from it', async () => {
    const directory = await newDirectory()
    const [former, own] = [new LogMaker(1), new LogMaker(2)]
    const [formerLog, ownLog] = [former.batches(3, 2), own.batches(2, 1)]
    const present = [...formerLog.slice(0, 1), ...ownLog]
    for (const [place, batches] of [
      [directory, present],
      [join(directory, 'aside', former.origin), formerLog],
    ] as const) {
      const storage = await openStorage(place)
      await storage.recover()
      await storage.append(batches)
      await storage.close()
    }
    await takeUp(directory, former.origin, { groupId, logger: silentLogger })
    const storage = await openStorage(directory)
    expect(spansOf((await storage.recover()).suffix).toSorted()).toEqual(spansOf([...formerLog, ...ownLog]).toSorted())
    await storage.close()
    expect(await asideCopies(directory)).toEqual([former.origin])
    const aside = await openAside(directory, former.origin, groupId, silentLogger)
    expect(aside.forked).toBe(null)
    expect(spansOf((await aside.storage.recover()).suffix).toSorted()).toEqual(spansOf(present).toSorted())
    await aside.storage.close()
  })

  test('leaves nothing to be given back where the present one had only what goes on from it', async () => {
    const directory = await newDirectory()
    const storage = await openStorage(directory)
    await storage.recover()
    await storage.append(new LogMaker(2).batches(2, 1))
    await storage.close()
    await takeUp(directory, copy, { groupId, logger: silentLogger })
    expect(await asideCopies(directory)).toEqual([])
  })

  const parts = (place: string) =>
    Promise.all([read(join(place, 'log', 'mark')), read(join(place, 'snapshot', 'mark'))])

  test.each(
    [true, false].flatMap((hasSnapshot) => [0, 1, 2, 3, 4, 5, 6].map((crashAfter) => ({ hasSnapshot, crashAfter }))),
  )('does so wherever a crash comes in between: $crashAfter, $hasSnapshot', async ({ hasSnapshot, crashAfter }) => {
    const directory = await newDirectory()
    const [aside, taken] = [join(directory, 'aside', copy), join(directory, 'taken-up')]
    await write(join(directory, 'log', 'mark'), 'present')
    if (hasSnapshot) await write(join(directory, 'snapshot', 'mark'), 'present')
    await write(join(aside, 'log', 'mark'), 'copy')
    await write(join(aside, 'snapshot', 'mark'), 'copy')
    await write(join(aside, 'forked'), copy)
    await write(join(directory, 'taking-up'), copy)
    const steps = [
      () => rename(aside, taken),
      () => mkdir(aside),
      () => rename(join(directory, 'log'), join(aside, 'log')),
      () => (hasSnapshot ? rename(join(directory, 'snapshot'), join(aside, 'snapshot')) : Promise.resolve()),
      () => rename(join(taken, 'log'), join(directory, 'log')),
      () => rename(join(taken, 'snapshot'), join(directory, 'snapshot')),
    ]
    for (const step of steps.slice(0, crashAfter)) await step()
    await finishTakingUp(directory)
    expect(await parts(directory)).toEqual(['copy', 'copy'])
    expect(await parts(aside)).toEqual(['present', hasSnapshot ? 'present' : null])
    expect(await isThere(join(aside, 'forked'))).toBe(false)
    expect([await isThere(taken), await isThere(join(directory, 'taking-up'))]).toEqual([false, false])
    // Nothing is under way any more.
    await finishTakingUp(directory)
    expect(await parts(directory)).toEqual(['copy', 'copy'])
  })
})

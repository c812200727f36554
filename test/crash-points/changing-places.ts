import fs from 'node:fs'
import path from 'node:path'
import { loadInstall, saveInstall } from '../../replica/drivers/install-file.ts'
import type { Batch } from '../../replica/core/model/updates.ts'
import {
  asideCopies,
  finishStartingOver,
  finishTakingUp,
  startOver,
  successorOf,
  takeUp,
} from '../../replica/start-over.ts'
import { groupId } from '../property/arbitraries.ts'
import { openStorage, silentLogger } from '../conformance/storage-files.ts'
import { LogMaker, spansOf } from '../conformance/storage-fixture.ts'
import { Random } from '../simulation/random.ts'
import { newInstall } from '../support/install-fixture.ts'
import { CrashedDisk, fates } from './crashed-disk.ts'
import type { Operation } from './recorder.ts'
import { record } from './recorder.ts'

/** A crash of one of these, and what was wrong then; null when all that was written is somewhere. */
export interface Looked {
  readonly where: string
  readonly failure: string | null
}

/** By which the copies in a data directory change places. */
interface Change {
  readonly name: string
  /** What the copies have that must not be lost. */
  readonly prepare: (place: string) => Promise<readonly Batch[]>
  readonly run: (place: string) => Promise<void>
}

const copies = { mine: new LogMaker(1), former: new LogMaker(2) }
const logs = { mine: copies.mine.batches(2, 2), former: copies.former.batches(3, 1) }

const write = async (place: string, batches: readonly Batch[]): Promise<void> => {
  const storage = await openStorage(place)
  await storage.recover()
  await storage.append(batches)
  await storage.writeSnapshot({ vector: new Map(), chunks: ['{}'] })
  await storage.close()
}

const startingOver: Change = {
  name: 'starting over',
  prepare: async (place) => {
    await saveInstall(place, newInstall())
    await write(place, logs.mine)
    return logs.mine
  },
  run: async (place) => {
    const install = await loadInstall(place)
    if (install === null) throw new Error('there is an install')
    await startOver(place, successorOf(install, 'a machine'), { kind: 'forked', forked: install.origin })
  },
}

const takingUp: Change = {
  name: 'taking up',
  prepare: async (place) => {
    await saveInstall(place, newInstall())
    await write(place, logs.mine)
    await write(path.join(place, 'aside', copies.former.origin), logs.former)
    return [...logs.mine, ...logs.former]
  },
  run: (place) => takeUp(place, copies.former.origin, { groupId, logger: silentLogger }),
}

/** What a start finds there and beside it; it finishes what was under way first. */
const foundIn = async (place: string): Promise<ReadonlySet<string>> => {
  await finishStartingOver(place)
  await finishTakingUp(place)
  if ((await loadInstall(place)) === null) throw new Error('the install is gone')
  const found = new Set<string>()
  const asides = (await asideCopies(place)).map((copy) => path.join(place, 'aside', copy))
  for (const one of [place, ...asides]) {
    const storage = await openStorage(one)
    const { suffix, damage } = await storage.recover()
    await storage.close()
    if (damage.length > 0) throw new Error(`damage is found: ${JSON.stringify(damage)}`)
    for (const span of spansOf(suffix)) found.add(span)
  }
  return found
}

const failureOf = async (place: string, written: readonly Batch[]): Promise<string | null> => {
  try {
    const found = await foundIn(place)
    const lost = spansOf(written).filter((span) => !found.has(span))
    return lost.length === 0 ? null : `lost are ${lost.join(', ')}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** Crashes at each operation by which copies change places, with each fate. */
export async function* crashChanges(
  newDirectory: () => string,
  describe: (operation: Operation | undefined) => string,
): AsyncGenerator<Looked> {
  for (const { name, prepare, run } of [startingOver, takingUp]) {
    const place = newDirectory()
    const written = await prepare(place)
    const disk = new CrashedDisk(place, null)
    const operations = await record(place, () => run(place))
    for (let index = 0; index <= operations.length; index += 1) {
      const operation = operations[index]
      for (const [turn, fate] of fates.entries()) {
        const crashed = newDirectory()
        disk.materialize(crashed, fate, new Random(index * fates.length + turn), operation ?? null)
        const where = `${name} ${index} (${fate}) before ${describe(operation)}`
        yield { where, failure: await failureOf(crashed, written) }
        fs.rmSync(crashed, { recursive: true })
      }
      if (operation !== undefined) disk.apply(operation)
    }
    fs.rmSync(place, { recursive: true })
  }
}

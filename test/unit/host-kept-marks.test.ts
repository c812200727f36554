import { describe, expect, test, vi } from 'vitest'
import type { CoreEvent } from '../../replica/core/effects.ts'
import { QuintetError } from '../../replica/core/model/errors.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { updateId } from '../../replica/core/model/ids.ts'
import { noEffects } from '../../replica/core/effects.ts'
import { GroupState } from '../../replica/core/state/group-state.ts'
import { BackgroundWork } from '../../replica/host/background-work.ts'
import { KeptMarks } from '../../replica/host/kept-marks.ts'
import { silentLogger } from '../conformance/storage-files.ts'
import { wire } from '../property/arbitraries.ts'
import { SimDisk } from '../simulation/sim-disk.ts'
import { deletionOf, foundedCore, identity, logOf, mailTo, noonMs, signUp } from '../support/core-fixture.ts'
import { HandClock } from '../support/host-fixture.ts'

const { origin } = identity(2, 'b')
const gone = identity(4, 'd').origin

describe('compaction', () => {
  /** Ada has written two mails, and deleted one of them. */
  const compacted = async (retired: 'nobody' | 'somebody', disk: 'reads' | 'fails once' = 'reads') => {
    const core = foundedCore()
    if (retired === 'somebody') core.state.seats.retire(gone, null)
    const mails = ['one', 'two'].map((name) => mailTo('ada', ['ada'], name))
    const log = logOf(
      origin,
      [signUp('ada'), ...mails, deletionOf('ada', updateId(origin, 2), 'delete', 'one')],
      noonMs * 1_000,
    )
    core.step(noonMs, [{ kind: 'handedIn', batches: log }])
    const storage = new SimDisk(() => 0).open()
    await storage.append(log)
    const reading = vi.spyOn(storage, 'readUpdates')
    if (disk === 'fails once') reading.mockRejectedValueOnce(new QuintetError('DISK_FAILED', 'The disk does not read.'))
    const events: CoreEvent[] = []
    const clock = new HandClock()
    const work = new BackgroundWork(
      { storage, logger: silentLogger, wire, clock },
      {
        read: (query) => Promise.resolve(query(core)),
        enqueue: (event) => events.push(event),
        failed: (error) => Promise.reject(new Error(String(error))),
      },
    )
    const compact = async (): Promise<readonly number[]> => {
      work.start({ ...noEffects(), compact: core.state.vector })
      await work.finished()
      return (await storage.readUpdates(origin, [1, 2, 3, 4])).map(({ sequence }) => sequence)
    }
    return { compact, events, clock }
  }

  test('leaves marks and deletions in the log where a machine was retired, and what is deleted not', async () => {
    expect(await (await compacted('nobody')).compact()).toEqual([3])
    const { compact, events } = await compacted('somebody')
    expect(await compact()).toEqual([3, 4])
    expect(await compact()).toEqual([3, 4])
    expect(events).toEqual([{ kind: 'compacted' }, { kind: 'compacted' }])
  })

  test('discards nothing while the disk does not read what may have to be kept', async () => {
    const { compact, events, clock } = await compacted('somebody', 'fails once')
    expect(await compact()).toEqual([1, 2, 3, 4])
    expect(events).toEqual([])
    await clock.pass(30_000)
    expect(events).toEqual([{ kind: 'compacted' }])
    expect(await compact()).toEqual([3, 4])
  })
})

test('marks are kept of the newest updates only, and each update is looked at once', () => {
  const state = new GroupState()
  state.seats.retire(gone, null)
  const marks = new KeptMarks()
  const [deletion] = logOf(origin, [deletionOf('ada', updateId(origin, 1), 'delete')], 1).flatMap(
    ({ updates }) => updates,
  )
  const held = (sequence: number) => ({ seats: state.seats, held: () => sequence })
  const lookUpTo = (sequence: number): readonly number[] =>
    marks.unseen(held(sequence), new Map([[origin, sequence]])).flatMap((part) => {
      marks.looked(
        part,
        part.sequences.flatMap((at) => (deletion === undefined ? [] : { ...deletion, sequence: at })),
      )
      return [part.sequences[0] ?? 0, part.sequences.at(-1) ?? 0]
    })
  expect(lookUpTo(100)).toEqual([1, 100])
  expect(lookUpTo(100)).toEqual([])
  expect(lookUpTo(limits.marksKept + 60)).toEqual([101, limits.marksKept + 60])
  expect([60, 61, limits.marksKept].map((sequence) => marks.has(origin, sequence))).toEqual([false, true, true])
  expect(lookUpTo(limits.marksKept * 3)).toEqual([limits.marksKept * 2 + 1, limits.marksKept * 3])
})

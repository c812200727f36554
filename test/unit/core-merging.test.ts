import { describe, expect, test } from 'vitest'
import type { Effects } from '../../replica/core/effects.ts'
import type { RequestMessage } from '../../replica/core/model/messages.ts'
import type { Batch } from '../../replica/core/model/updates.ts'
import { ReplicaCore } from '../../replica/core/replica-core.ts'
import { usualCore } from '../../replica/core/tuning.ts'
import { give, greet, identity, mailTo, noonMs, originOf, signUp } from '../support/core-fixture.ts'
import { firstHash, makeBatchOf } from '../simulation/sim-codec.ts'

const snapshotUpdates = 40
const updatesAtOnce = 10
const stepMs = 100
const { calmMs } = usualCore.compaction
const maintainEveryMs = 50

const [own, other] = [identity(1, 'a'), identity(2, 'b')]

/** A replica that writes snapshots often. */
const ownCore = (): ReplicaCore => {
  const codec = { makeBatch: makeBatchOf(own.origin), firstHash, originOf }
  const nothing = { image: null, suffix: [], highest: new Map() }
  const compaction = { ...usualCore.compaction, snapshotUpdates }
  const core = new ReplicaCore(own, codec, nothing, { ...usualCore, compaction })
  give(core, { kind: 'found', groupName: 'the group', server: own.server, machine: 'a' })
  give(core, { kind: 'submit', signed: signUp('ada') })
  return core
}

/** The other one's log: its seat, then mails. */
const otherLog = (mails: number): readonly Batch[] => {
  const make = makeBatchOf(other.origin)
  const seat = { kind: 'seat', server: other.server, peer: other.peer, machine: 'b', replaces: null } as const
  const log = [make(1, firstHash(other.origin), [{ clock: noonMs * 1_000, change: seat }])]
  for (let mail = 1; mail <= mails; mail += 1) {
    const change = mailTo('ada', ['ada'], `mail ${mail}`)
    const hash = log.at(-1)?.lastHash ?? firstHash(other.origin)
    log.push(make(mail + 1, hash, [{ clock: noonMs * 1_000 + mail, change }]))
  }
  return log
}

const requestIn = ({ send }: Effects): RequestMessage | undefined =>
  send.flatMap(({ message }) => (message.kind === 'request' ? [message] : []))[0]

interface Merge {
  /** After how many of the other one's updates snapshots were due. */
  readonly due: readonly number[]
  readonly endedMs: number
}

/** Lets the other one answer until nothing is asked for any more. */
const merge = (core: ReplicaCore, mails: number): Merge => {
  const log = otherLog(mails)
  core.step(noonMs, [{ kind: 'handedIn', batches: log.slice(0, 1) }])
  let effects = greet(core, other, new Map([[other.origin, new Map([[other.origin, log.length]])]]))
  const due: number[] = []
  for (let nowMs = noonMs; ; nowMs += stepMs) {
    const request = requestIn(effects)
    if (request === undefined) return { due, endedMs: nowMs - stepMs }
    const { id, after } = request
    const message = { kind: 'batches', id, batches: log.slice(after, after + updatesAtOnce) } as const
    effects = core.step(nowMs, [{ kind: 'message', peer: other.peer, message }])
    if (effects.snapshot !== null) due.push(after + message.batches.length)
  }
}

describe('while what was written elsewhere is fetched', () => {
  test('a snapshot waits until all of it is here, and nothing has come for a second', () => {
    const core = ownCore()
    const { due, endedMs } = merge(core, snapshotUpdates * 2)
    expect(due).toEqual([])
    expect(core.step(endedMs + calmMs - 1, [{ kind: 'tick' }]).snapshot).toBe(null)
    expect(core.step(endedMs + calmMs + maintainEveryMs, [{ kind: 'tick' }]).snapshot).toBe('due')
  })

  test('a snapshot does not wait for more than three times as many updates', () => {
    const [first = 0] = merge(ownCore(), snapshotUpdates * 6).due
    expect(first).toBeGreaterThanOrEqual(snapshotUpdates * 3 - updatesAtOnce)
    expect(first).toBeLessThanOrEqual(snapshotUpdates * 3 + updatesAtOnce)
  })
})

import { describe, expect, test } from 'vitest'
import type { Effects } from '../../replica/core/effects.ts'
import type { RequestMessage } from '../../replica/core/model/messages.ts'
import type { Batch } from '../../replica/core/model/updates.ts'
import { ReplicaCore } from '../../replica/core/replica-core.ts'
import { usualCore } from '../../replica/core/tuning.ts'
import { give, greet, identity, mailTo, noonMs, signUp } from '../support/core-fixture.ts'
import { firstHash, makeBatchOf } from '../simulation/sim-codec.ts'

const snapshotUpdates = 40
const updatesAtOnce = 10
const stepMs = 100

const [own, other] = [identity(1, 'a'), identity(2, 'b')]

/** A replica that writes snapshots often. */
const ownCore = (): ReplicaCore => {
  const codec = { makeBatch: makeBatchOf(own.origin), firstHash }
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

/** Lets the other one answer until nothing is asked for any more. Returns after how many of its updates snapshots were due. */
const merge = (core: ReplicaCore, mails: number): readonly number[] => {
  const log = otherLog(mails)
  core.step(noonMs, [{ kind: 'handedIn', batches: log.slice(0, 1) }])
  let effects = greet(core, other, new Map([[other.origin, new Map([[other.origin, log.length]])]]))
  const due: number[] = []
  for (let nowMs = noonMs + stepMs; ; nowMs += stepMs) {
    const request = requestIn(effects)
    if (request === undefined) return due
    const { id, after } = request
    const message = { kind: 'batches', id, batches: log.slice(after, after + updatesAtOnce) } as const
    effects = core.step(nowMs, [{ kind: 'message', peer: other.peer, message }])
    if (effects.snapshot !== null) due.push(after + message.batches.length)
  }
}

describe('while what was written elsewhere is fetched', () => {
  test('a snapshot waits until all of it is here', () => {
    expect(merge(ownCore(), snapshotUpdates * 2)).toEqual([snapshotUpdates * 2 + 1])
  })

  test('a snapshot does not wait for more than three times as many updates', () => {
    const [first = 0] = merge(ownCore(), snapshotUpdates * 6)
    expect(first).toBeGreaterThanOrEqual(snapshotUpdates * 3 - updatesAtOnce)
    expect(first).toBeLessThanOrEqual(snapshotUpdates * 3 + updatesAtOnce)
  })
})

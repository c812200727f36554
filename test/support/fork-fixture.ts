import type { Clock, Hash } from '../../replica/core/model/ids.ts'
import { hash } from '../../replica/core/model/ids.ts'
import type { Message } from '../../replica/core/model/messages.ts'
import type { SignedEnd } from '../../replica/core/model/proofs.ts'
import type { Batch } from '../../replica/core/model/updates.ts'
import type { ReplicaCore } from '../../replica/core/replica-core.ts'
import { firstHash, makeBatchOf } from '../simulation/sim-codec.ts'
import { foundedCore, greet, identity, mailTo, noonMs, signUp } from './core-fixture.ts'

export const [member, author, another] = [identity(2, 'b'), identity(3, 'c'), identity(4, 'd')]
export const afterTheFounder = noonMs * 2_000
export const otherLog = hash('A'.repeat(43))

export const claimOf = ({ origin, server, peer }: typeof member, clock: Clock): Batch =>
  makeBatchOf(origin)(1, firstHash(origin), [
    { clock, change: { kind: 'seat', server, peer, machine: 'another', replaces: null } },
  ])

/** The log of the install that is not there: its claim, and two batches on top. */
export const authorsLog = (): readonly [Batch, Batch, Batch] => {
  const make = makeBatchOf(author.origin)
  const claim = claimOf(author, afterTheFounder)
  const second = make(2, claim.lastHash, [{ clock: afterTheFounder + 1, change: signUp('bob') }])
  const third = make(3, second.lastHash, [{ clock: afterTheFounder + 2, change: mailTo('bob', ['ada'], 'one') }])
  return [claim, second, third]
}

interface Meeting {
  readonly core: ReplicaCore
  /** What the core does when the member tells that it holds so much of the author's log, ending with this value. */
  tells(held: number, chainValue: Hash): ReturnType<ReplicaCore['step']>
}

/** A founder that holds the author's log, and a member that took its seat at `claimedAt` and has the founder's log or not. */
export const meeting = (claimedAt: Clock, state: 'has a state' | 'has no state'): Meeting => {
  const core = foundedCore(['ada'])
  const founder = core.identity.origin
  core.step(noonMs, [{ kind: 'handedIn', batches: [claimOf(member, claimedAt), ...authorsLog()] }])
  const row = (held: number) => {
    const entries: readonly (readonly [typeof founder, number])[] = [
      [member.origin, 1],
      [author.origin, held],
      [founder, state === 'has a state' ? 1 : 0],
    ]
    return new Map([[member.origin, new Map(entries.filter(([, sequence]) => sequence > 0))]])
  }
  greet(core, member, row(0))
  const tells = (held: number, chainValue: Hash) => {
    const hashes = new Map([[author.origin, chainValue]])
    const message: Message = { kind: 'knowledge', clock: 1, rows: row(held), hashes, sessions: [] }
    return core.step(noonMs, [{ kind: 'message', peer: member.peer, message }])
  }
  return { core, tells }
}

/** What the author writes after its log. */
export const nextOfAuthor = (): Batch => {
  const { lastHash } = authorsLog()[2]
  const change = mailTo('bob', ['ada'], 'next')
  return makeBatchOf(author.origin)(4, lastHash, [{ clock: afterTheFounder + 3, change }])
}

/** How much of the author's log is stable. */
export const stableOf = ({ stable }: ReplicaCore): number => stable.get(author.origin) ?? 0

/** A meeting with a member that has shown that it holds two of the author's updates. */
export const agreeing = (): Meeting => {
  const { core, tells } = meeting(afterTheFounder, 'has a state')
  const [, second] = authorsLog()
  tells(2, second.lastHash)
  if (stableOf(core) !== 2) throw new Error('what both hold is stable')
  return { core, tells }
}

/** Where the author's log ends as somebody holds it, by the author's signature: `wire` has verified it. */
export const endOf = (who: typeof author, sequence: number, end: Hash): SignedEnd => ({
  origin: who.origin,
  peer: who.peer,
  sequence,
  hash: end,
  signature: new Uint8Array(64),
})

/** The member says so. */
export const says = (core: ReplicaCore, message: Message) =>
  core.step(noonMs, [{ kind: 'message', peer: member.peer, message }])

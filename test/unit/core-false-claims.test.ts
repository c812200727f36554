import { describe, expect, test } from 'vitest'
import type { Message } from '../../replica/core/model/messages.ts'
import type { OriginId } from '../../replica/core/model/ids.ts'
import type { ReplicaCore } from '../../replica/core/replica-core.ts'
import { firstHash, makeBatchOf } from '../simulation/sim-codec.ts'
import { foundedCore, give, greet, identity, mailTo, noonMs } from '../support/core-fixture.ts'

const [liar, absent] = [identity(2, 'b'), identity(3, 'c')]
const claimed = 1_000_000

const seatOf = ({ origin, server, peer }: typeof liar) =>
  makeBatchOf(origin)(1, firstHash(origin), [
    { clock: 1, change: { kind: 'seat', server, peer, machine: 'another', replaces: null } },
  ])

/** A group of three, of which one never comes and one says that `holder` holds a million of our updates. */
const liedTo = (): { readonly core: ReplicaCore; readonly lie: (holder: OriginId) => Message } => {
  const core = foundedCore(['ada'])
  core.step(noonMs, [{ kind: 'handedIn', batches: [seatOf(liar), seatOf(absent)] }])
  const rows = (holder: OriginId) => new Map([[holder, new Map([[core.identity.origin, claimed]])]])
  greet(core, liar)
  const lie = (holder: OriginId): Message => ({
    kind: 'knowledge',
    clock: 1,
    rows: rows(holder),
    hashes: new Map(),
    sessions: [],
  })
  return { core, lie }
}

/** Half a minute and some, with a heartbeat so that the liar stays in view. */
const wait = (core: ReplicaCore, message: Message, fromMs: number): number => {
  for (let atMs = fromMs; atMs <= fromMs + 40_000; atMs += 500)
    core.step(atMs, [{ kind: 'message', peer: liar.peer, message }])
  return fromMs + 40_000
}

describe('a member that says that there is more of our log than we hold', () => {
  test.each([
    ['itself', liar.origin],
    ['a member that is away', absent.origin],
  ])('and that %s has it holds our writing up for half a minute, once', (_who, holder) => {
    const { core, lie } = liedTo()
    core.step(noonMs + 100, [{ kind: 'message', peer: liar.peer, message: lie(holder) }])
    expect(core.hindrance).toBe('reclaiming')
    expect(give(core, { kind: 'submit', signed: mailTo('ada', ['ada'], 'held up') }).answer).toEqual([])
    const laterMs = wait(core, lie(holder), noonMs + 200)
    expect(core.hindrance).toBe(null)
    expect(core.state.mails.size).toBe(1)
    // More of it makes no difference.
    wait(
      core,
      { ...lie(holder), rows: new Map([[holder, new Map([[core.identity.origin, 2 * claimed]])]]) } as Message,
      laterMs,
    )
    expect(core.hindrance).toBe(null)
  })
})

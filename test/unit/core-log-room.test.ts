import { describe, expect, test } from 'vitest'
import { logsPerSeat } from '../../replica/core/log-room.ts'
import type { OriginId } from '../../replica/core/model/ids.ts'
import { peerId } from '../../replica/core/model/ids.ts'
import { limits } from '../../replica/core/model/limits.ts'
import type { Batch, Draft } from '../../replica/core/model/updates.ts'
import type { Identity } from '../../replica/core/membership.ts'
import type { ReplicaCore } from '../../replica/core/replica-core.ts'
import { firstHash, makeBatchOf } from '../simulation/sim-codec.ts'
import {
  foundedCore,
  give,
  greet,
  identity,
  inviteNamed,
  madeUpOrigin,
  noonMs,
  startCore,
} from '../support/core-fixture.ts'

type Change = Draft['change']

/** Writes one log after the other. */
class Author {
  readonly who: Identity
  readonly #log: Batch[]

  constructor(who: Identity, log: readonly Batch[] = []) {
    this.who = who
    this.#log = [...log]
  }

  /** The same one, whose further log is another. */
  copy(): Author {
    return new Author(this.who, this.#log)
  }

  next(change: Change): Batch {
    const { origin } = this.who
    const before = this.#log.at(-1)
    const batch = makeBatchOf(origin)((before?.last ?? 0) + 1, before?.lastHash ?? firstHash(origin), [
      { clock: (noonMs + this.#log.length) * 1_000, change },
    ])
    this.#log.push(batch)
    return batch
  }

  claim(replaces: OriginId | null = null, succession?: { former: Identity['peer']; signature: Uint8Array }): Batch {
    const { peer, server } = this.who
    const seat = { kind: 'seat', server, peer, machine: 'a machine', replaces } as const
    return this.next(succession === undefined ? seat : { ...seat, succession })
  }

  admits({ peer, server }: Identity, invite = 'of its own'): Batch {
    return this.next({ kind: 'admission', invite: inviteNamed(invite), peer, server })
  }
}

/** Installs with names and keys that nobody has. */
const madeUp = (server: number, count: number, from = 0): readonly Identity[] =>
  Array.from({ length: count }, (_, index) => {
    const origin = madeUpOrigin(server, from + index)
    return { ...identity(server, 'z'), origin, peer: peerId(`peer of ${origin}`) }
  })

const takeIn = (core: ReplicaCore, ...batches: readonly Batch[]): void => {
  core.step(noonMs, [{ kind: 'message', peer: liarIs.peer, message: { kind: 'batches', id: 0, batches } }])
}

const [honestIs, liarIs] = [identity(2, 'b'), identity(3, 'c')]

const takenUp = (() => {
  const core = foundedCore(['ada'])
  const [honest, liar] = [new Author(honestIs), new Author(liarIs)]
  core.step(noonMs, [{ kind: 'handedIn', batches: [honest.claim(), liar.claim()] }])
  greet(core, liarIs)
  const letIn = madeUp(4, limits.vectorEntries).flatMap((install) => [
    liar.admits(install),
    new Author(install).claim(),
  ])
  takeIn(core, ...letIn)
  return { image: core.state.image(), honest, liar }
})()

/** A founder, an honest member, and one that makes up as many installs as there is room for, each of which it has let in. */
const filled = () => {
  const { image, honest, liar } = takenUp
  const core = startCore(identity(1, 'a'), { image, suffix: [], highest: image.vector })
  greet(core, liarIs)
  return { core, honest: honest.copy(), liar: liar.copy() }
}

describe('a member that lets in more and more machines of its own', () => {
  test('exhausts no more than half of the room for logs, and its part of the rest', () => {
    const { core } = filled()
    expect(core.state.vector.size).toBeLessThan(limits.logsBegunFreely + logsPerSeat)
  })

  test('keeps nobody out whom another member lets in', () => {
    const { core, honest } = filled()
    const newcomer = new Author(identity(5, 'e'))
    takeIn(core, honest.admits(newcomer.who, 'another'), newcomer.claim())
    expect(core.state.held(newcomer.who.origin)).toBe(1)
    expect(core.state.seats.holder(newcomer.who.server)?.origin).toBe(newcomer.who.origin)
  })

  test('keeps no member from starting over, as often as its own part allows', () => {
    const { core, honest } = filled()
    let former = honest.who
    const before = core.state.vector.size
    for (const next of madeUp(2, logsPerSeat + 10)) {
      takeIn(core, new Author(next).claim(former.origin, { former: former.peer, signature: new Uint8Array(64) }))
      if (core.state.held(next.origin) === 1) former = next
    }
    expect(core.state.vector.size - before).toBe(logsPerSeat)
    expect(core.state.seats.holder(former.server)?.origin).toBe(former.origin)
  })

  test('has no more room after it has started over itself', () => {
    const { core, liar } = filled()
    const next = new Author({ ...madeUp(3, 1)[0]! })
    const before = core.state.vector.size
    takeIn(core, next.claim(liar.who.origin, { former: liar.who.peer, signature: new Uint8Array(64) }))
    for (const install of madeUp(4, 50, 10_000)) takeIn(core, next.admits(install), new Author(install).claim())
    expect(core.state.vector.size).toBe(before)
  })

  test('is not let in by others for more, whose server says at the door that there is no room', () => {
    const { core, liar } = filled()
    takeIn(core, liar.next({ kind: 'invite', invite: inviteNamed('a false one'), expiresAtMs: noonMs * 2 }))
    const one = peerId('one more')
    const { answer } = give(core, { kind: 'admit', invite: inviteNamed('a false one'), peer: one, server: null })
    expect(answer[0]?.result).toMatchObject({ ok: false, failure: { code: 'TOO_MANY' } })
    give(core, { kind: 'invite', invite: inviteNamed('an honest'), expiresAtMs: noonMs * 2 })
    const admitted = give(core, { kind: 'admit', invite: inviteNamed('an honest'), peer: one, server: null })
    expect(admitted.answer[0]?.result).toMatchObject({ ok: true })
  })

  test('gets no room by machines that have no seat: who they let in is passed over', () => {
    const { core } = filled()
    const [ward] = madeUp(4, 1)
    const claimed = new Author({ ...ward! })
    claimed.claim()
    const before = core.state.vector.size
    for (const install of madeUp(1, 50, 20_000)) takeIn(core, claimed.admits(install), new Author(install).claim())
    expect(core.state.vector.size).toBe(before)
  })
})

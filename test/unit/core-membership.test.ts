import { describe, expect, test } from 'vitest'
import type { HelloMessage } from '../../replica/core/model/messages.ts'
import { accountId, peerId, sessionId, type PeerId } from '../../replica/core/model/ids.ts'
import type { Identity } from '../../replica/core/membership.ts'
import type { Batch } from '../../replica/core/model/updates.ts'
import { firstHash, makeBatchOf } from '../simulation/sim-codec.ts'
import { foundedCore, give, identity, inviteNamed, noonMs } from '../support/core-fixture.ts'

const helloOf = (who: Identity, addresses: ReadonlyMap<PeerId, readonly string[]>): HelloMessage => ({
  kind: 'hello',
  origin: who.origin,
  server: who.server,
  clock: noonMs * 1_000,
  rows: new Map(),
  admission: null,
  vouchers: [],
  addresses,
  keyMadeAt: 0,
  end: null,
})

describe('members that join at the same time', () => {
  test('are told of each other by the one that both greeted', () => {
    const core = foundedCore()
    const [ben, cleo] = [identity(2, 'b'), identity(3, 'c')]
    for (const { peer, server } of [ben, cleo]) core.state.seats.admit(inviteNamed(`invite ${server}`), peer, server)
    const meet = (who: Identity, address: string) =>
      core.step(noonMs, [
        { kind: 'connected', peer: who.peer },
        { kind: 'message', peer: who.peer, message: helloOf(who, new Map([[who.peer, [address]]])) },
      ])
    meet(ben, '/ip4/10.0.0.2/tcp/1')
    const { send } = meet(cleo, '/ip4/10.0.0.3/tcp/1')
    const toBen = send.filter(({ to, message }) => to === ben.peer && message.kind === 'hello')
    expect(toBen.flatMap(({ message }) => (message.kind === 'hello' ? [...message.addresses.keys()] : []))).toContain(
      peerId(cleo.peer),
    )
  })

  test('are not told again what they know', () => {
    const core = foundedCore()
    const ben = identity(2, 'b')
    core.state.seats.admit(inviteNamed('invite 2'), ben.peer, ben.server)
    const message = helloOf(ben, new Map([[ben.peer, ['/ip4/10.0.0.2/tcp/1']]]))
    core.step(noonMs, [
      { kind: 'connected', peer: ben.peer },
      { kind: 'message', peer: ben.peer, message },
    ])
    const { send } = core.step(noonMs + 10, [{ kind: 'message', peer: ben.peer, message }])
    expect(send.filter((sent) => sent.message.kind === 'hello')).toEqual([])
  })
})

describe('a member that was at another place before', () => {
  const [ben, cleo] = [identity(2, 'b'), identity(3, 'c')]
  const [before, after] = ['/ip4/10.0.0.3/tcp/1', '/ip4/10.0.0.3/tcp/2']
  const whereabouts = ({ notify }: ReturnType<typeof give>) =>
    notify.flatMap((notice) => (notice.kind === 'whereabouts' ? [[...notice.addresses]] : []))
  const coreThatKnows = () => {
    const core = foundedCore()
    for (const { peer, server } of [ben, cleo]) core.state.seats.admit(inviteNamed(`invite ${server}`), peer, server)
    core.step(noonMs, [{ kind: 'addresses', addresses: new Map([[cleo.peer, [before]]]) }])
    return core
  }
  const meet = (
    core: ReturnType<typeof foundedCore>,
    who: Identity,
    addresses: ReadonlyMap<PeerId, readonly string[]>,
  ) =>
    core.step(noonMs, [
      { kind: 'connected', peer: who.peer },
      { kind: 'message', peer: who.peer, message: helloOf(who, addresses) },
    ])

  test('may be where another one says, and was still last seen where it was', () => {
    const core = coreThatKnows()
    const effects = meet(core, ben, new Map([[cleo.peer, [after]]]))
    expect(whereabouts(effects)).toEqual([[[cleo.peer, [after]]]])
    expect(whereabouts(core.step(noonMs, [{ kind: 'tick' }]))).toEqual([])
    core.state.seats.admit(inviteNamed('another'), identity(4, 'd').peer, identity(4, 'd').server)
    const { send } = core.step(noonMs, [{ kind: 'connected', peer: identity(4, 'd').peer }])
    const [hello] = send.flatMap(({ message }) => (message.kind === 'hello' ? [message] : []))
    expect(hello?.addresses.get(cleo.peer)).toEqual([before])
  })

  test('is not looked for while it is connected', () => {
    const core = coreThatKnows()
    meet(core, cleo, new Map())
    expect(whereabouts(meet(core, ben, new Map([[cleo.peer, [after]]])))).toEqual([])
  })
})

describe('a machine whose clock is ten minutes ahead', () => {
  const fastMs = noonMs + 600_000
  const greeted = (...members: readonly Identity[]) => {
    const core = foundedCore()
    for (const member of members) {
      core.state.seats.admit(inviteNamed(`invite ${member.server}`), member.peer, member.server)
      core.step(fastMs, [
        { kind: 'connected', peer: member.peer },
        { kind: 'message', peer: member.peer, message: helloOf(member, new Map()) },
      ])
    }
    return core
  }
  const logIn = (core: ReturnType<typeof foundedCore>) =>
    core.judgeLogIn(accountId('ada'), sessionId('new'), null, fastMs)

  test('gives a log-in the time that the others have', () => {
    const verdict = logIn(greeted(identity(2, 'b'), identity(3, 'c')))
    expect(verdict).toEqual({ kind: 'taken', clock: noonMs * 1_000 })
  })

  test('gives it its own when it is alone', () => {
    expect(logIn(greeted())).toEqual({ kind: 'taken', clock: fastMs * 1_000 })
  })
})

describe('a machine that nobody here has met, nor the member that let it in', () => {
  const [ada, ben, cleo] = [identity(1, 'a'), identity(2, 'b'), identity(3, 'c')]
  const admissionBy = (member: Identity, newcomer: Identity): Batch => {
    const change = {
      kind: 'admission',
      invite: inviteNamed('invite'),
      peer: newcomer.peer,
      server: newcomer.server,
    } as const
    return makeBatchOf(member.origin)(1, firstHash(member.origin), [{ clock: noonMs * 1_000, change }])
  }
  const greetedWith = (vouchers: readonly Batch[]): boolean => {
    const core = foundedCore()
    const message = { ...helloOf(cleo, new Map()), admission: admissionBy(ben, cleo), vouchers }
    core.step(noonMs, [
      { kind: 'connected', peer: cleo.peer },
      { kind: 'message', peer: cleo.peer, message },
    ])
    return core.peers.greeted(cleo.peer) !== undefined
  }

  test('is let in when somebody who is known here vouches for that member', () => {
    expect(greetedWith([admissionBy(ada, ben)])).toBe(true)
  })

  test('is refused without', () => {
    expect(greetedWith([])).toBe(false)
  })
})

describe('a client without a replica', () => {
  const [invite, peer] = [inviteNamed('client'), peerId('peer of a client')]
  const mayComeByFormerKey = ({ notify }: ReturnType<typeof give>) =>
    notify.flatMap((notice) => (notice.kind === 'members' ? [[...notice.known].includes(peer)] : []))

  test('may come in by a former key from when it was let in until its invite is revoked', () => {
    const core = foundedCore()
    give(core, { kind: 'invite', invite, expiresAtMs: noonMs * 2 })
    expect(mayComeByFormerKey(give(core, { kind: 'admitClient', invite, peer, machine: 'a laptop' }))).toEqual([true])
    expect(mayComeByFormerKey(give(core, { kind: 'revoke', invite }))).toEqual([false])
  })

  test('is denied every connection when its invite is revoked, unless another one let it in too', () => {
    const core = foundedCore()
    const another = inviteNamed('another')
    for (const one of [invite, another]) {
      give(core, { kind: 'invite', invite: one, expiresAtMs: noonMs * 2 })
      give(core, { kind: 'admitClient', invite: one, peer, machine: 'a laptop' })
    }
    expect(give(core, { kind: 'revoke', invite }).deny).toBeNull()
    expect([...(give(core, { kind: 'revoke', invite: another }).deny ?? [])]).toEqual([peer])
  })
})

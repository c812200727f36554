import { describe, expect, test } from 'vitest'
import type { Effects } from '../../replica/core/effects.ts'
import type { Identity } from '../../replica/core/membership.ts'
import type { GroupKeyMessage, KnowledgeRows, Message } from '../../replica/core/model/messages.ts'
import { type OriginId, originId, type PeerId, type Sequence, serverId } from '../../replica/core/model/ids.ts'
import type { Batch, Draft } from '../../replica/core/model/updates.ts'
import type { ReplicaCore } from '../../replica/core/replica-core.ts'
import { GroupState } from '../../replica/core/state/group-state.ts'
import { firstHash, makeBatchOf } from '../simulation/sim-codec.ts'
import {
  foundedCore,
  give,
  greet,
  helloOf,
  identity,
  inviteNamed,
  logOf,
  noonMs,
  originOf,
  startCore,
} from '../support/core-fixture.ts'

const ben = identity(2, 'b')
/** The same machine under another seat. */
const elsewhere: Identity = { ...ben, origin: originId('4.bbbbbbbb'), server: serverId(4) }
const rows = ({ origin }: Identity): KnowledgeRows => new Map([[origin, new Map([[origin, 3]])]])
const seatOf = ({ server, peer }: Identity): Draft['change'] =>
  ({ kind: 'seat', server, peer, machine: 'one', replaces: null }) as const

/** Ben was let in to a seat, and has not taken it. */
const coreWithBen = (): ReplicaCore => {
  const core = foundedCore(['ada'])
  core.state.seats.addInvite(inviteNamed('one'), noonMs * 2)
  core.state.seats.admit(inviteNamed('one'), ben.peer, ben.server)
  return core
}
const coreWithout = (): ReplicaCore => {
  const core = coreWithBen()
  give(core, { kind: 'shutOut', machine: ben.origin })
  return core
}

const toldTo = ({ peer }: Identity, ...steps: readonly Effects[]): readonly Message[] =>
  steps.flatMap(({ send }) => send.flatMap(({ to, message }) => (to === peer ? [message] : [])))
const kindsTo = (who: Identity, ...steps: readonly Effects[]): readonly string[] =>
  toldTo(who, ...steps).map(({ kind }) => kind)

describe('a machine that was let in, took no seat, and was shut out', () => {
  test.each([
    ['by the name of its seat', ben],
    ['by another name', elsewhere],
  ])('is told so %s, and neither served nor asked for anything', (_by, who) => {
    const core = coreWithout()
    const connected = core.step(noonMs, [{ kind: 'connected', peer: who.peer }])
    const [hello] = toldTo(who, connected)
    expect(hello?.kind === 'hello' && [...hello.rows.keys()]).toEqual([core.identity.origin])
    const greeting = core.step(noonMs, [
      { kind: 'message', peer: who.peer, message: helloOf(who, rows(who)) },
      { kind: 'rotateKey', key: 'a new one' },
    ])
    expect(toldTo(who, greeting)).toMatchObject([{ kind: 'refusal', retirement: { retired: who.origin } }])
    expect(greeting.disconnect).toContain(who.peer)
    expect(core.peers.greeted(who.peer)).toBeUndefined()
  })

  test('is sent away when it is connected, and hands nothing over', () => {
    const core = coreWithBen()
    greet(core, ben, rows(ben))
    const shutOut = give(core, { kind: 'shutOut', machine: ben.origin })
    expect(shutOut.disconnect).toEqual([ben.peer])
    expect(kindsTo(ben, shutOut)).toEqual(['refusal'])
    const [claim] = logOf(ben.origin, [seatOf(ben)], noonMs * 1_000)
    if (claim === undefined) throw new Error('it has a claim')
    core.step(noonMs, [
      { kind: 'disconnected', peer: ben.peer },
      { kind: 'gossip', batches: [claim] },
    ])
    expect(core.state.held(ben.origin)).toBe(0)
  })

  test('is so for who takes the state, and after the log has gone', () => {
    const core = coreWithout()
    const later = startCore(identity(3, 'c'), { image: core.state.image(), suffix: [], highest: new Map() })
    expect(later.state.digest()).toBe(core.state.digest())
    expect(kindsTo(elsewhere, greet(later, elsewhere, rows(elsewhere)))).toEqual(['hello', 'refusal'])
  })

  test('is not let in again, nor is a seat kept for it', () => {
    const core = coreWithBen()
    expect([...core.state.seats.promised(noonMs).keys()]).toEqual([2])
    give(core, { kind: 'shutOut', machine: ben.origin })
    expect([...core.state.seats.promised(noonMs).keys()]).toEqual([])
    core.state.seats.addInvite(inviteNamed('its own'), noonMs * 2)
    const { answer } = give(core, { kind: 'admit', invite: inviteNamed('its own'), peer: ben.peer, server: null })
    expect(answer).toMatchObject([{ result: { ok: false, failure: { code: 'RETIRED' } } }])
  })

  test('is nobody who is let in by a former key', () => {
    const [before, after] = [coreWithBen(), coreWithout()]
    expect(before.state.seats.knownPeers()).toContain(ben.peer)
    expect(after.state.seats.knownPeers()).not.toContain(ben.peer)
  })

  test('has no seat when its claim comes all the same, with a log that somebody took in before', () => {
    const core = coreWithout()
    core.step(noonMs, [{ kind: 'handedIn', batches: logOf(elsewhere.origin, [seatOf(elsewhere)], noonMs * 1_000) }])
    expect(core.state.held(elsewhere.origin)).toBe(1)
    expect(core.state.seats.holder(elsewhere.server)).toBeUndefined()
    expect(core.state.seats.isMember(ben.peer)).toBe(false)
  })

  test('believes it, by whichever of its names it is shown', () => {
    const toBen = greet(coreWithout(), ben)
    const own = startCore(ben)
    const founder = identity(1, 'a')
    own.step(noonMs, [{ kind: 'connected', peer: founder.peer }])
    for (const message of toldTo(ben, toBen)) own.step(noonMs, [{ kind: 'message', peer: founder.peer, message }])
    expect(own.isRetired).toBe(true)
  })
})

test('a version that knows only of retirements understands that a machine was shut out, by all of its names', () => {
  const { persist } = give(coreWithBen(), { kind: 'shutOut', machine: ben.origin })
  const changes = persist.flatMap(({ updates }) => updates.map(({ change }) => change))
  expect(changes).toEqual(
    [1, 2, 3, 4, 5].map((server) => ({ kind: 'retirement', retired: originOf(server, ben.peer) })),
  )
  // Each is shown to the machine by itself.
  expect(persist).toHaveLength(changes.length)
})

test('nobody shuts itself out, nor another one twice', () => {
  const core = coreWithout()
  const codes = [core.identity.origin, ben.origin].map((machine) => {
    const { answer } = give(core, { kind: 'shutOut', machine })
    return answer.map(({ result }) => (result.ok ? 'shut out' : result.failure.code))
  })
  expect(codes).toEqual([['BAD_REQUEST'], ['NO_SUCH_SERVER']])
})

test('a machine that was only retired still hands over what it had not sent', () => {
  const core = foundedCore(['ada'])
  core.step(noonMs, [{ kind: 'handedIn', batches: logOf(ben.origin, [seatOf(ben)], noonMs * 1_000) }])
  give(core, { kind: 'retire', machine: ben.origin })
  expect(kindsTo(ben, greet(core, ben, rows(ben)))).toEqual(['hello', 'request'])
  expect(core.state.seats.knownPeers()).toContain(ben.peer)
  give(core, { kind: 'shutOut', machine: ben.origin })
  expect(core.state.seats.knownPeers()).not.toContain(ben.peer)
})

test('a machine that was retired is still looked for where it was last seen, until it is shut out', () => {
  const core = foundedCore()
  const places = new Map([[ben.peer, ['/ip4/10.0.0.2/tcp/1']]])
  core.step(noonMs, [
    { kind: 'handedIn', batches: logOf(ben.origin, [seatOf(ben)], noonMs * 1_000) },
    { kind: 'addresses', addresses: places },
  ])
  const lookedFor = (kind: 'retire' | 'shutOut') =>
    give(core, { kind, machine: ben.origin }).notify.flatMap((notice) =>
      notice.kind === 'members' ? [{ members: notice.addresses, former: notice.former }] : [],
    )
  expect(lookedFor('retire')).toEqual([{ members: new Map(), former: places }])
  expect(lookedFor('shutOut')).toEqual([{ members: new Map(), former: new Map() }])
})

describe('a newcomer that shows an admission which is in no log here', () => {
  const cleo = identity(3, 'c')
  const admissionBy = (origin: OriginId, { peer, server }: Identity): Batch => {
    const change = { kind: 'admission', invite: inviteNamed(origin), peer, server } as const
    return makeBatchOf(origin)(9, firstHash(origin), [{ clock: noonMs * 1_000, change }])
  }
  const isLetIn = (kind: 'retire' | 'shutOut', holds: readonly OriginId[]): boolean => {
    const core = foundedCore()
    core.step(noonMs, [{ kind: 'handedIn', batches: logOf(ben.origin, [seatOf(ben)], noonMs * 1_000) }])
    give(core, { kind, machine: ben.origin })
    const vouchers = [admissionBy(core.identity.origin, ben)]
    const told: KnowledgeRows = new Map([[cleo.origin, new Map(holds.map((origin) => [origin, 1]))]])
    const message = { ...helloOf(cleo, told), admission: admissionBy(ben.origin, cleo), vouchers }
    core.step(noonMs, [
      { kind: 'connected', peer: cleo.peer },
      { kind: 'message', peer: cleo.peer, message },
    ])
    return core.peers.greeted(cleo.peer) !== undefined
  }

  test('is let in when that is by a machine that was retired: it may not have heard of that', () => {
    expect(isLetIn('retire', [cleo.origin, ben.origin])).toBe(true)
  })

  test('is not by one that was retired while it tells of its own log only: its side of a split may have retired this one', () => {
    expect(isLetIn('retire', [cleo.origin])).toBe(false)
  })

  test('is not when that is by one that was shut out, though it shows how that one was let in', () => {
    expect(isLetIn('shutOut', [cleo.origin, ben.origin])).toBe(false)
  })
})

test('an invite that only a machine made that was shut out lets nobody in any more, neither a machine nor a client', () => {
  const lets = (kind: 'retire' | 'shutOut', how: 'admit' | 'admitClient'): string => {
    const core = foundedCore()
    const invite = inviteNamed('prepared')
    const log = [seatOf(ben), { kind: 'invite', invite, expiresAtMs: noonMs * 2 } as const]
    core.step(noonMs, [{ kind: 'handedIn', batches: logOf(ben.origin, log, noonMs * 1_000) }])
    give(core, { kind, machine: ben.origin })
    const { peer } = identity(3, 'c')
    const command =
      how === 'admit' ? { kind: how, invite, peer, server: null } : { kind: how, invite, peer, machine: 'c' }
    const [answer] = give(core, command).answer
    return answer?.result.ok === false ? answer.result.failure.code : 'let in'
  }
  expect([lets('retire', 'admit'), lets('retire', 'admitClient')]).toEqual(['let in', 'let in'])
  expect([lets('shutOut', 'admit'), lets('shutOut', 'admitClient')]).toEqual(['INVITE_REVOKED', 'INVITE_REVOKED'])
})

test('an invite that let a machine and a client in apart can be revoked, which shuts the client out', () => {
  const core = coreWithBen()
  const client = identity(3, 'k').peer
  core.state.seats.admitClient(inviteNamed('one'), client, 'phone')
  give(core, { kind: 'revoke', invite: inviteNamed('one') })
  expect(core.state.seats.shutOut()).toContain(client)
  expect(core.state.seats.isMember(ben.peer)).toBe(true)
})

test('who made an invite is known to who takes the state', () => {
  const core = foundedCore()
  give(core, { kind: 'invite', invite: inviteNamed('one'), expiresAtMs: noonMs * 2 })
  const next = new GroupState()
  next.join(core.state.image())
  expect(next.seats.inviters()).toEqual([{ invite: inviteNamed('one'), by: core.identity.origin }])
})

describe('a new group key', () => {
  const member = identity(3, 'c')
  const founder = foundedCore().identity.origin
  const tellsOfAll: KnowledgeRows = new Map([[member.origin, new Map([[founder, 1]])]])
  const between = (): ReplicaCore => {
    const core = coreWithBen()
    core.state.seats.admit(inviteNamed('two'), member.peer, member.server)
    greet(core, ben, rows(ben))
    greet(core, member, tellsOfAll)
    return core
  }
  const groupKey: GroupKeyMessage = { kind: 'groupKey', key: 'a new one', madeAt: noonMs * 1_000 }
  const asksFor = (of: Identity): Message => ({ ...helloOf(of, rows(of)), keyMadeAt: 0 })

  test('that another member made is handed on when what was written before it has had time to come', () => {
    const core = between()
    const told = core.step(noonMs, [{ kind: 'message', peer: member.peer, message: groupKey }])
    expect(told.groupKey?.key).toBe('a new one')
    expect(
      kindsTo(ben, told, core.step(noonMs + 2_000, [{ kind: 'message', peer: ben.peer, message: asksFor(ben) }])),
    ).not.toContain('groupKey')
    expect(kindsTo(ben, core.step(noonMs + 3_500, [{ kind: 'tick' }]))).toContain('groupKey')
  })

  test('waits for as long as its giver tells of its own log alone, as who is only just coming in does', () => {
    const core = between()
    const tells = (rowOf: KnowledgeRows): Message => ({
      kind: 'knowledge',
      clock: noonMs * 1_000,
      rows: rowOf,
      hashes: new Map(),
      sessions: [],
    })
    const step = (afterMs: number, ...messages: readonly Message[]): Effects =>
      core.step(
        noonMs + afterMs,
        messages.map((message) => ({ kind: 'message', peer: member.peer, message })),
      )
    step(0, tells(new Map([[member.origin, new Map()]])), groupKey)
    const ask = { kind: 'message', peer: ben.peer, message: asksFor(ben) } as const
    expect(kindsTo(ben, core.step(noonMs + 60_000, [ask]))).not.toContain('groupKey')
    expect(kindsTo(ben, step(61_000, tells(tellsOfAll)))).toContain('groupKey')
  })

  test('does not wait for what its giver holds when that is shut out, because nothing is taken from it', () => {
    const core = between()
    const row = new Map([[member.origin, new Map([[ben.origin, 9]])]])
    core.step(noonMs, [
      { kind: 'message', peer: member.peer, message: { ...helloOf(member, row), keyMadeAt: 0 } },
      { kind: 'message', peer: member.peer, message: groupKey },
    ])
    expect(kindsTo(ben, core.step(noonMs + 3_500, [{ kind: 'tick' }]))).not.toContain('groupKey')
    expect(kindsTo(ben, give(core, { kind: 'shutOut', machine: member.origin }))).toContain('groupKey')
  })

  test('does not go to whom the word that comes behind it shuts out', () => {
    const core = between()
    const steps = [
      core.step(noonMs, [{ kind: 'message', peer: member.peer, message: groupKey }]),
      give(core, { kind: 'shutOut', machine: ben.origin }),
      core.step(noonMs + 3_500, [{ kind: 'tick' }]),
    ]
    expect(kindsTo(ben, ...steps)).toContain('refusal')
    expect(kindsTo(ben, ...steps)).not.toContain('groupKey')
  })

  test('waits at who was away for as long as it takes to fetch what the giver holds, but not for ever for what that only claims to hold', () => {
    const core = between()
    const behind = (origin: OriginId, held: Sequence): Message => ({
      kind: 'knowledge',
      clock: noonMs * 1_000,
      rows: new Map([[member.origin, new Map([[origin, held]])]]),
      hashes: new Map(),
      sessions: [],
    })
    const ask = { kind: 'message', peer: ben.peer, message: asksFor(ben) } as const
    core.step(noonMs, [
      { kind: 'message', peer: member.peer, message: behind(ben.origin, 1) },
      { kind: 'message', peer: member.peer, message: groupKey },
    ])
    expect(kindsTo(ben, core.step(noonMs + 3_500, [{ kind: 'tick' }]))).not.toContain('groupKey')
    // What is told later is not waited for: somebody writes all the time.
    const later = { kind: 'message', peer: member.peer, message: behind(ben.origin, 2) } as const
    expect(kindsTo(ben, core.step(noonMs + 60_000, [later, ask]))).not.toContain('groupKey')
    const [first] = logOf(ben.origin, [{ kind: 'machineName', name: 'ben' }], noonMs)
    if (first === undefined) throw new Error('there is one')
    expect(kindsTo(ben, core.step(noonMs + 61_000, [{ kind: 'handedIn', batches: [first] }]))).toContain('groupKey')

    const deceived = between()
    deceived.step(noonMs, [
      { kind: 'message', peer: member.peer, message: behind(ben.origin, 1_000) },
      { kind: 'message', peer: member.peer, message: groupKey },
    ])
    deceived.step(noonMs + 3_500, [{ kind: 'tick' }])
    expect(kindsTo(ben, deceived.step(noonMs + 599_000, [ask]))).not.toContain('groupKey')
    expect(kindsTo(ben, deceived.step(noonMs + 600_000, [{ kind: 'tick' }]))).toContain('groupKey')
  })

  test('that must not be handed on yet when a machine is started anew is asked for once more, and waits for what that giver holds', () => {
    const core = coreWithBen()
    core.state.seats.admit(inviteNamed('two'), member.peer, member.server)
    const { key, madeAt } = groupKey
    core.step(noonMs, [{ kind: 'groupKey', groupKey: { key, madeAt, isHeldBack: true } }])
    core.step(noonMs, [{ kind: 'connected', peer: ben.peer }])
    const step = (afterMs: number, peer: PeerId, message: Message): Effects =>
      core.step(noonMs + afterMs, [{ kind: 'message', peer, message }])
    expect(kindsTo(ben, step(0, ben.peer, asksFor(ben)))).not.toContain('groupKey')
    // Who is there without having it is nobody to wait for, and who has it may have to wait as well.
    const meets = core.step(noonMs + 60_000, [{ kind: 'connected', peer: member.peer }])
    expect(meets.send.flatMap(({ message }) => (message.kind === 'hello' ? [message.keyMadeAt] : []))).toEqual([0])
    const held = new Map([[member.origin, new Map([[ben.origin, 1]])]])
    const hello: Message = { ...helloOf(member, held), keyMadeAt: madeAt }
    expect(kindsTo(ben, step(60_000, member.peer, hello), step(70_000, ben.peer, asksFor(ben)))).not.toContain(
      'groupKey',
    )
    const given = [step(70_000, member.peer, groupKey), core.step(noonMs + 74_000, [{ kind: 'tick' }])]
    expect(kindsTo(ben, ...given)).not.toContain('groupKey')
    expect(given.map((effects) => effects.groupKey)).toEqual([null, null])
    const batches = logOf(ben.origin, [{ kind: 'machineName', name: 'ben' }], noonMs)
    const settled = core.step(noonMs + 75_000, [{ kind: 'handedIn', batches }])
    expect(kindsTo(ben, settled)).toContain('groupKey')
    expect(settled.groupKey).toEqual({ key, madeAt, isHeldBack: false })
  })

  test('that must not be handed on yet is, where nobody gives it once more, after ten minutes', () => {
    const core = coreWithBen()
    const { key, madeAt } = groupKey
    core.step(noonMs, [{ kind: 'groupKey', groupKey: { key, madeAt, isHeldBack: true } }])
    core.step(noonMs, [{ kind: 'connected', peer: ben.peer }])
    const ask = { kind: 'message', peer: ben.peer, message: asksFor(ben) } as const
    expect(kindsTo(ben, core.step(noonMs + 599_000, [ask]))).not.toContain('groupKey')
    expect(kindsTo(ben, core.step(noonMs + 600_000, [{ kind: 'tick' }]))).toContain('groupKey')
  })

  test('stays where a copy waits that was set aside, which may know whom it was made to keep out', () => {
    const core = coreWithBen()
    const { key, madeAt } = groupKey
    core.step(noonMs, [
      { kind: 'copies', are: 'waiting' },
      { kind: 'groupKey', groupKey: { key, madeAt, isHeldBack: false } },
      { kind: 'connected', peer: ben.peer },
    ])
    const ask = { kind: 'message', peer: ben.peer, message: asksFor(ben) } as const
    expect(kindsTo(ben, core.step(noonMs, [ask]))).not.toContain('groupKey')
    expect(kindsTo(ben, core.step(noonMs, [{ kind: 'copies', are: 'givenBack' }]))).toContain('groupKey')
  })

  test('does not go to whom a command of the same step shuts out', () => {
    const core = coreWithBen()
    greet(core, ben, rows(ben))
    const shutOut = { kind: 'command', ticket: 1, command: { kind: 'shutOut', machine: ben.origin } } as const
    expect(kindsTo(ben, core.step(noonMs, [shutOut, { kind: 'rotateKey', key: 'a new one' }]))).not.toContain(
      'groupKey',
    )
  })
})

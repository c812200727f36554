import { describe, expect, test } from 'vitest'
import type { OriginId } from '../../replica/core/model/ids.ts'
import { limits } from '../../replica/core/model/limits.ts'
import type { VersionVector } from '../../replica/core/model/messages.ts'
import type { Batch } from '../../replica/core/model/updates.ts'
import type { Identity } from '../../replica/core/membership.ts'
import { encodeMessage } from '../../replica/wire/message-codec.ts'
import { firstHash, makeBatchOf } from '../simulation/sim-codec.ts'
import {
  foundedCore,
  give,
  greet,
  helloOf,
  identity,
  inviteNamed,
  madeUpOrigin,
  mailTo,
  noonMs,
  startCore,
} from '../support/core-fixture.ts'

/** The first batch of its log: it takes its seat, long before anybody else did. */
const claimOf = ({ origin, server, peer }: Identity): Batch =>
  makeBatchOf(origin)(1, firstHash(origin), [
    { clock: 1, change: { kind: 'seat', server, peer, machine: 'a machine', replaces: null } },
  ])

describe('who is connected while the group key is changed', () => {
  test('is let go unless it has shown that it is a member', () => {
    const core = foundedCore()
    const [member, silent] = [identity(2, 'b'), identity(3, 'c')]
    core.state.seats.admit(inviteNamed('one'), member.peer, member.server)
    greet(core, member)
    core.step(noonMs, [{ kind: 'connected', peer: silent.peer }])
    const { disconnect, groupKey } = core.step(noonMs, [{ kind: 'rotateKey', key: 'a new one' }])
    expect(groupKey?.key).toBe('a new one')
    expect(disconnect).toEqual([silent.peer])
  })
})

describe('a log of an install that nobody let in', () => {
  const stranger = identity(1, 'z')
  const newcomer = identity(2, 'b')

  test('is not taken in from gossip, which anybody with the group key can send', () => {
    const core = foundedCore(['ada'])
    core.step(noonMs, [{ kind: 'gossip', batches: [claimOf(stranger)] }])
    expect(core.state.held(stranger.origin)).toBe(0)
    expect(core.state.seats.holder(core.identity.server)?.origin).toBe(core.identity.origin)
    expect(core.hasLostSeat).toBe(false)
  })

  test('is not taken in from who is not a member, whatever it says first', () => {
    const core = foundedCore(['ada'])
    const effects = core.step(noonMs, [
      { kind: 'connected', peer: stranger.peer },
      { kind: 'message', peer: stranger.peer, message: helloOf(stranger) },
      { kind: 'message', peer: stranger.peer, message: { kind: 'batches', id: 0, batches: [claimOf(stranger)] } },
    ])
    expect(effects.disconnect).toEqual([stranger.peer])
    expect(core.state.held(stranger.origin)).toBe(0)
  })

  test('is taken in when it has been let in, and from a member that has it', () => {
    const core = foundedCore(['ada'])
    give(core, { kind: 'invite', invite: inviteNamed('one'), expiresAtMs: noonMs * 2 })
    give(core, { kind: 'admit', invite: inviteNamed('one'), peer: newcomer.peer, server: null })
    core.step(noonMs, [{ kind: 'gossip', batches: [claimOf(newcomer)] }])
    expect(core.state.held(newcomer.origin)).toBe(1)
    // Who let this one in is known to the member, and not here yet.
    const third = identity(3, 'c')
    core.step(noonMs, [
      { kind: 'connected', peer: newcomer.peer },
      { kind: 'message', peer: newcomer.peer, message: helloOf(newcomer) },
      { kind: 'message', peer: newcomer.peer, message: { kind: 'batches', id: 0, batches: [claimOf(third)] } },
    ])
    expect(core.state.held(third.origin)).toBe(1)
  })
})

describe('logs that nobody needs', () => {
  const member = identity(2, 'b')
  const nameOf = (origin: OriginId): Batch =>
    makeBatchOf(origin)(1, firstHash(origin), [{ clock: 1, change: { kind: 'machineName', name: 'x' } }])

  test('are taken in as far as there is room for anybody, and the logs that are held go on', () => {
    const core = foundedCore(['ada'])
    core.step(noonMs, [{ kind: 'handedIn', batches: [claimOf(member)] }])
    const logs = Array.from({ length: limits.vectorEntries }, (_, index) => nameOf(madeUpOrigin(4, index)))
    greet(core, member)
    core.step(noonMs, [{ kind: 'message', peer: member.peer, message: { kind: 'batches', id: 0, batches: logs } }])
    expect(core.state.vector.size).toBe(limits.logsBegunFreely)
    expect(core.matrix.row(member.origin).has(logs[0]!.origin)).toBe(true)
    const refused = logs.at(-1)!.origin
    expect(core.state.held(refused)).toBe(0)
    // The member has it; to say so of each would be a row that no status has room for.
    expect(core.matrix.row(member.origin).has(refused)).toBe(false)
    for (const row of core.rows().values()) expect(row.size).toBeLessThanOrEqual(limits.logsBegunFreely)

    const written = give(core, { kind: 'submit', signed: mailTo('ada', ['ada'], 'a mail') })
    expect(written.persist).toHaveLength(1)
    const { origin } = member
    const claim = claimOf(member)
    const next = makeBatchOf(origin)(2, claim.lastHash, [{ clock: 2, change: { kind: 'machineName', name: 'b' } }])
    core.step(noonMs, [{ kind: 'gossip', batches: [next] }])
    expect(core.state.held(origin)).toBe(2)
    const told = core.step(noonMs + 60_000, [{ kind: 'tick' }]).send.map(({ message }) => message)
    expect(told.some(({ kind }) => kind === 'knowledge')).toBe(true)
    for (const message of told) encodeMessage(message)
  })

  test('leave a machine that joins then its own log, and a state that it can hand on', () => {
    const core = startCore(identity(5, 'f'))
    const logs = Array.from({ length: limits.vectorEntries }, (_, index) => nameOf(madeUpOrigin(4, index)))
    core.step(noonMs, [{ kind: 'handedIn', batches: [claimOf(member), ...logs] }])
    const { origin, server } = core.identity
    expect(give(core, { kind: 'claim', server, machine: 'machine f', replaces: null }).persist).toHaveLength(1)
    expect(core.state.vector.has(origin)).toBe(true)
    expect(core.state.vector.size).toBe(limits.logsBegunFreely + 1)
  })

  test('keep nobody from taking back its own log', () => {
    const core = startCore(identity(5, 'f'))
    const logs = Array.from({ length: limits.vectorEntries }, (_, index) => nameOf(madeUpOrigin(4, index)))
    core.step(noonMs, [{ kind: 'handedIn', batches: logs }])
    core.step(noonMs, [{ kind: 'handedIn', batches: [nameOf(core.identity.origin)] }])
    expect(core.state.held(core.identity.origin)).toBe(1)
  })

  test('are not believed of another member without end', () => {
    const core = foundedCore(['ada'])
    const third = identity(3, 'c')
    core.step(noonMs, [{ kind: 'handedIn', batches: [claimOf(member), claimOf(third)] }])
    greet(core, member)
    const says = (row: VersionVector) => {
      const rows = new Map([[third.origin, row]])
      const message = { kind: 'knowledge', clock: 1, rows, hashes: new Map(), sessions: [] } as const
      core.step(noonMs, [{ kind: 'message', peer: member.peer, message }])
      return core.rows().get(third.origin)
    }
    const own = core.identity.origin
    says(new Map([[own, 1]]))
    for (let from = 0; from < 9_000; from += 3_000)
      says(new Map(Array.from({ length: 3_000 }, (_, index) => [madeUpOrigin(4, from + index), 1])))
    const row = says(new Map([[own, 2]]))
    expect(row?.size).toBe(limits.vectorEntries)
    expect(row?.get(own)).toBe(2)
  })
})

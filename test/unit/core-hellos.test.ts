import { describe, expect, test } from 'vitest'
import type { Effects } from '../../replica/core/effects.ts'
import type { Identity } from '../../replica/core/membership.ts'
import type { HelloMessage, KnowledgeRows, Message, VersionVector } from '../../replica/core/model/messages.ts'
import type { ReplicaCore } from '../../replica/core/replica-core.ts'
import { retiredFailure } from '../../replica/core/retired-peers.ts'
import { serverId, sessionId } from '../../replica/core/model/ids.ts'
import type { Batch, Draft } from '../../replica/core/model/updates.ts'
import { warnings } from '../../replica/host/warnings.ts'
import { firstHash, makeBatchOf } from '../simulation/sim-codec.ts'
import {
  foundedCore,
  give,
  greet,
  helloOf,
  identity,
  inviteNamed,
  logOf,
  madeUpOrigin,
  mailTo,
  noonMs,
  person,
  startCore,
} from '../support/core-fixture.ts'

const [ben, cleo] = [identity(2, 'b'), identity(3, 'c')]
const place = ['/ip4/10.0.0.2/tcp/1']

const hellosTo = ({ peer }: Identity, { send }: Effects): readonly HelloMessage[] =>
  send.flatMap(({ to, message }) => (to === peer && message.kind === 'hello' ? [message] : []))
const kindsTo = ({ peer }: Identity, ...steps: readonly Effects[]): readonly Message['kind'][] =>
  steps.flatMap(({ send }) => send.flatMap(({ to, message }) => (to === peer ? [message.kind] : [])))

const seatOf = ({ server, peer }: Identity): Draft['change'] => ({
  kind: 'seat',
  server,
  peer,
  machine: 'one',
  replaces: null,
})
const claimOf = (who: Identity): Batch => logOf(who.origin, [seatOf(who)], noonMs * 1_000)[0] as Batch

/** A group of two that has been at more places than one. */
const coreWithBen = (): ReplicaCore => {
  const core = foundedCore(['ada'])
  core.step(noonMs, [
    { kind: 'handedIn', batches: [claimOf(ben)] },
    { kind: 'addresses', addresses: new Map([[ben.peer, place]]) },
  ])
  return core
}
const admissionBy = ({ identity: { origin } }: ReplicaCore, { peer, server }: Identity): Batch =>
  makeBatchOf(origin)(9, firstHash(origin), [
    { clock: noonMs * 1_000, change: { kind: 'admission', invite: inviteNamed('one'), peer, server } },
  ])
const rowsOfOwnLog = ({ identity: { origin }, state }: ReplicaCore): KnowledgeRows =>
  new Map([[origin, new Map([[origin, state.held(origin)]])]])

describe('a machine that is not known to be a member', () => {
  test('hears who we are, and not who else there is, what they hold and where they are', () => {
    const core = coreWithBen()
    const [hello, ...more] = hellosTo(cleo, core.step(noonMs, [{ kind: 'connected', peer: cleo.peer }]))
    expect(more).toEqual([])
    expect(hello?.origin).toBe(core.identity.origin)
    expect(hello?.rows).toEqual(rowsOfOwnLog(core))
    expect(hello?.addresses).toEqual(new Map())
    const moved = core.step(noonMs, [{ kind: 'addresses', addresses: new Map([[ben.peer, ['/ip4/10.0.0.9/tcp/1']]]) }])
    const written = give(core, { kind: 'submit', signed: mailTo('ada', ['ada'], 'a mail') })
    const later = core.step(noonMs + 60_000, [{ kind: 'tick' }])
    expect(kindsTo(cleo, moved, written, later)).toEqual([])
  })

  test('hears the rest as soon as it has shown how it was let in', () => {
    const core = coreWithBen()
    core.step(noonMs, [{ kind: 'connected', peer: cleo.peer }])
    const message = { ...helloOf(cleo), admission: admissionBy(core, cleo) }
    const effects = core.step(noonMs, [{ kind: 'message', peer: cleo.peer, message }])
    const [hello, ...more] = hellosTo(cleo, effects)
    expect(more).toEqual([])
    expect(hello?.rows.get(core.identity.origin)).toEqual(core.state.vector)
    expect(hello?.addresses.get(ben.peer)).toEqual(place)
    expect(kindsTo(cleo, effects)).toContain('knowledge')
  })

  test('hears it also when another member has told of its admission before it said hello', () => {
    const core = coreWithBen()
    core.step(noonMs, [{ kind: 'connected', peer: cleo.peer }])
    core.state.seats.admit(inviteNamed('one'), cleo.peer, cleo.server)
    const [hello] = hellosTo(cleo, core.step(noonMs, [{ kind: 'message', peer: cleo.peer, message: helloOf(cleo) }]))
    expect(hello?.addresses.get(ben.peer)).toEqual(place)
  })

  test('is told all once, when it is known at once', () => {
    const core = coreWithBen()
    core.state.seats.admit(inviteNamed('one'), cleo.peer, cleo.server)
    const hellos = hellosTo(cleo, greet(core, cleo))
    expect(hellos).toHaveLength(1)
    expect(hellos[0]?.addresses.get(ben.peer)).toEqual(place)
  })
})

test('who refuses this machine as a stranger is told of, until it speaks to it as to a member', () => {
  const core = coreWithBen()
  const said = (): string =>
    warnings(core, { diskFull: false, troubles: [] }, noonMs)
      .flatMap(({ code, sentence }) => (code === 'notAdmitted' ? [sentence] : []))
      .join('; ')
  const refusal = {
    kind: 'refusal',
    failure: { code: 'NOT_ADMITTED', message: 'A stranger.' },
    retirement: null,
  } as const
  // A guest may say anything.
  core.step(noonMs, [
    { kind: 'connected', peer: cleo.peer },
    { kind: 'message', peer: cleo.peer, message: refusal },
  ])
  expect(said()).toBe('')
  greet(core, ben)
  core.step(noonMs, [
    { kind: 'message', peer: ben.peer, message: refusal },
    { kind: 'disconnected', peer: ben.peer },
  ])
  expect(said()).toMatch(/Server 2 does not know this machine.+ --reset and an invite/)
  greet(core, ben)
  expect(said()).not.toBe('')
  const row = new Map([[ben.origin, new Map([[ben.origin, 1]])]])
  const knowledge = { kind: 'knowledge', clock: 1, rows: row, hashes: new Map(), sessions: [] } as const
  core.step(noonMs, [{ kind: 'message', peer: ben.peer, message: knowledge }])
  expect(said()).toBe('')
})

test('a member in whose place something answers by another key is told of by its server id, with what helps', () => {
  const troubles = [{ kind: 'otherKey', peer: ben.peer } as const]
  const said = warnings(coreWithBen(), { diskFull: false, troubles }, noonMs).map(({ sentence }) => sentence)
  expect(said.join()).toMatch(/server 2 .+another group key.+--join INVITE/)
})

test('two newcomers that nobody has told of each other find out from each other what they know', () => {
  const founder = foundedCore()
  const admitted = [ben, cleo].map((who) => ({ ...who, admission: admissionBy(founder, who) }))
  const [one, two] = admitted.map((who) => startCore(who)) as [ReplicaCore, ReplicaCore]
  one.step(noonMs, [{ kind: 'addresses', addresses: new Map([[founder.identity.peer, place]]) }])
  // One of them knows the group by now.
  two.step(noonMs, [{ kind: 'handedIn', batches: foundersLog(founder.identity) }])
  const toTwo = one.step(noonMs, [{ kind: 'connected', peer: two.identity.peer }])
  const toOne = two.step(noonMs, [{ kind: 'connected', peer: one.identity.peer }])
  const answers = deliver(one, two.identity, toOne)
  deliver(two, one.identity, toTwo)
  deliver(two, one.identity, answers)
  expect(one.peers.greeted(two.identity.peer)).toBeDefined()
  expect(two.peers.greeted(one.identity.peer)).toBeDefined()
  expect(two.addresses.get(founder.identity.peer)).toEqual(place)
})

const foundersLog = (founder: Identity): readonly Batch[] =>
  logOf(founder.origin, [{ kind: 'group', name: 'the group' }, seatOf(founder)], 1)

/** What `from` has to say to `core` arrives there. */
const deliver = (core: ReplicaCore, from: Identity, { send }: Effects): Effects =>
  core.step(
    noonMs,
    send
      .filter(({ to }) => to === core.identity.peer)
      .map(({ message }) => ({ kind: 'message', peer: from.peer, message }) as const),
  )

describe('a retired machine that comes back', () => {
  const coreWithout = (): ReplicaCore => {
    const core = coreWithBen()
    give(core, { kind: 'retire', machine: ben.origin })
    return core
  }
  const rows: KnowledgeRows = new Map([[ben.origin, new Map([[ben.origin, 3]])]])

  test('is asked for what it had not sent, and told nothing meanwhile', () => {
    const core = coreWithout()
    core.step(noonMs, [{ kind: 'addresses', addresses: new Map([[cleo.peer, place]]) }])
    const greeting = greet(core, ben, rows)
    const [hello, ...more] = hellosTo(ben, greeting)
    expect(more).toEqual([])
    expect(hello?.rows).toEqual(rowsOfOwnLog(core))
    expect(hello?.addresses).toEqual(new Map())
    const written = give(core, { kind: 'submit', signed: mailTo('ada', ['ada'], 'a mail') })
    const moved = core.step(noonMs, [{ kind: 'addresses', addresses: new Map([[cleo.peer, ['/ip4/10.0.0.9/tcp/1']]]) }])
    const later = core.step(noonMs + 60_000, [{ kind: 'tick' }])
    expect(new Set(kindsTo(ben, greeting, written, moved, later))).toEqual(new Set(['hello', 'request']))
  })

  test('is told nothing more, and gets no key, under another name than that by which it was retired', () => {
    const core = coreWithout()
    core.step(noonMs, [{ kind: 'rotateKey', key: 'a new one' }])
    const another = { ...ben, origin: madeUpOrigin(4, 1) }
    const greeting = greet(core, another, new Map([[another.origin, new Map([[another.origin, 3]])]]))
    const written = give(core, { kind: 'submit', signed: mailTo('ada', ['ada'], 'a mail') })
    expect(new Set(kindsTo(ben, greeting, written))).toEqual(new Set(['hello', 'request']))
    expect(hellosTo(ben, greeting)).toHaveLength(1)
  })

  test('has no seat, whichever it takes by itself or by an invite of its own', () => {
    const core = coreWithout()
    const another = { ...ben, origin: madeUpOrigin(4, 1), server: serverId(4) }
    greet(core, ben, rows)
    const batches = [claimOf(another)]
    const message = { kind: 'batches', id: 0, batches } as const
    core.step(noonMs, [{ kind: 'message', peer: ben.peer, message }])
    expect(core.state.held(another.origin)).toBe(1)
    expect(core.state.seats.holder(another.server)).toBeUndefined()
    expect(core.state.seats.isMember(ben.peer)).toBe(false)
    const invite = inviteNamed('its own')
    core.state.seats.addInvite(invite, noonMs * 2)
    const { answer } = give(core, { kind: 'admit', invite, peer: ben.peer, server: null })
    expect(answer.map(({ result }) => (result.ok ? 'let in' : result.failure.code))).toEqual(['RETIRED'])
  })

  test('believes it also when it has another seat by then', () => {
    const core = startCore({ ...ben, origin: madeUpOrigin(4, 1), server: serverId(4) })
    const founder = identity(1, 'a')
    core.step(noonMs, [{ kind: 'handedIn', batches: [...foundersLog(founder), claimOf(ben)] }])
    const retirement: Draft['change'] = { kind: 'retirement', retired: ben.origin }
    const { bytes } = logOf(founder.origin, [retirement], 9)[0] as Batch
    const proof = { retired: ben.origin, proof: { by: founder.origin, bytes }, vouchers: [] }
    core.step(noonMs, [
      { kind: 'connected', peer: founder.peer },
      { kind: 'message', peer: founder.peer, message: { kind: 'refusal', failure: retiredFailure, retirement: proof } },
    ])
    expect(core.isRetired).toBe(true)
  })

  describe('as another one, because it has started over', () => {
    const again = identity(2, 'e')
    const succession: Draft['change'] = {
      ...{ kind: 'seat', server: again.server, peer: again.peer, machine: 'one', replaces: ben.origin },
      succession: { former: ben.peer, signature: new Uint8Array(64) },
    }
    const admission = logOf(again.origin, [succession], noonMs * 1_000)[0] as Batch
    const refusals = (): readonly Message[] => {
      const core = coreWithout()
      core.step(noonMs, [{ kind: 'connected', peer: again.peer }])
      const message = { ...helloOf(again), admission }
      const { send, disconnect } = core.step(noonMs, [{ kind: 'message', peer: again.peer, message }])
      expect(disconnect).toEqual([again.peer])
      return send.flatMap(({ to, message: said }) => (to === again.peer ? [said] : []))
    }
    const founder = foundedCore().identity
    /** What it makes of what it hears. */
    const told = (): ReplicaCore => {
      const core = startCore({ ...again, admission })
      greet(core, founder)
      core.step(
        noonMs,
        refusals().map((message) => ({ kind: 'message', peer: founder.peer, message }) as const),
      )
      return core
    }

    test('is told that it was retired, and shown why', () => {
      expect(refusals()).toMatchObject([
        { kind: 'refusal', failure: { code: 'RETIRED' }, retirement: { retired: ben.origin } },
      ])
    })

    test('believes it', () => {
      expect(told().isRetired).toBe(true)
    })

    test('believes it no more when somebody who has not heard of it has let it in', () => {
      const core = told()
      const row = new Map([[cleo.origin, new Map([[cleo.origin, 1]])]])
      const message = { kind: 'knowledge', clock: 1, rows: row, hashes: new Map(), sessions: [] } as const
      greet(core, cleo)
      core.step(noonMs, [{ kind: 'message', peer: cleo.peer, message }])
      expect(core.isRetired).toBe(false)
    })
  })

  test('and has retired this one, too, is told of, as long as it hands over nothing', () => {
    const core = coreWithout()
    const said = (): string =>
      warnings(core, { diskFull: false, troubles: [] }, noonMs)
        .map(({ sentence }) => sentence)
        .join('; ')
    greet(core, ben, rows)
    expect(said()).toMatch(/Server 2 was retired here, still runs.+ --reset and an invite/)
    const knowledge = { kind: 'knowledge', clock: 1, rows, hashes: new Map(), sessions: [] } as const
    core.step(noonMs, [{ kind: 'message', peer: ben.peer, message: knowledge }])
    expect(said()).not.toContain('was retired here')
    core.step(noonMs, [{ kind: 'disconnected', peer: ben.peer }])
    greet(core, ben, rows)
    expect(said()).toContain('was retired here')
    core.step(noonMs, [{ kind: 'disconnected', peer: ben.peer }])
    expect(said()).toBe('')
  })

  test('ends no log-in by what it says of its own', () => {
    const core = coreWithout()
    greet(core, ben, rows)
    const claim = { account: person('ada'), session: sessionId('another'), clock: noonMs * 2_000, machine: 'b' }
    core.step(noonMs, [{ kind: 'sessions', sessions: [{ ...claim, session: sessionId('one'), clock: 1 }] }])
    const knowledge = { kind: 'knowledge', clock: noonMs * 1_000, rows, hashes: new Map(), sessions: [claim] } as const
    const { notify } = core.step(noonMs, [{ kind: 'message', peer: ben.peer, message: knowledge }])
    expect(notify.map(({ kind }) => kind)).not.toContain('takenOver')
  })

  test('is not sent away before it has told of more than its own log, which is all that it says to whom it does not know', () => {
    const core = coreWithout()
    const ownLog: KnowledgeRows = new Map([[ben.origin, new Map([[ben.origin, 1]])]])
    expect(greet(core, ben, ownLog).disconnect).toEqual([])
    const tells = (row: VersionVector): Effects => {
      const message = helloOf(ben, new Map([[ben.origin, row]]))
      return core.step(noonMs, [{ kind: 'message', peer: ben.peer, message }])
    }
    const own = core.identity.origin
    expect(tells(new Map([[ben.origin, 1]]).set(cleo.origin, 2)).disconnect).toEqual([])
    expect(tells(new Map([[ben.origin, 1]]).set(own, 1)).disconnect).toEqual([ben.peer])
  })
})

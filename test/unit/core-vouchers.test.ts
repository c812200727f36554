import { describe, expect, test } from 'vitest'
import type { Identity } from '../../replica/core/membership.ts'
import { limits } from '../../replica/core/model/limits.ts'
import type { Batch, Draft } from '../../replica/core/model/updates.ts'
import { GroupState } from '../../replica/core/state/group-state.ts'
import { firstHash, makeBatchOf } from '../simulation/sim-codec.ts'
import {
  foundedCore,
  give,
  greet,
  helloOf,
  identity,
  inviteNamed,
  mailTo,
  noonMs,
  startCore,
} from '../support/core-fixture.ts'

const founder = identity(1, 'a')
const [member, later, away] = [identity(2, 'b'), identity(3, 'c'), identity(4, 'd')]

/** A log in batches of one update each, as far as these go. */
const logOf = ({ origin }: Identity, changes: readonly Draft['change'][], clock: number): readonly Batch[] => {
  const make = makeBatchOf(origin)
  let end = firstHash(origin)
  return changes.map((change, index) => {
    const batch = make(index + 1, end, [{ clock: clock + index, change }])
    end = batch.lastHash
    return batch
  })
}

const seat = ({ server, peer }: Identity) => ({ kind: 'seat', server, peer, machine: 'one', replaces: null }) as const
const lettingIn = ({ server, peer, origin }: Identity) =>
  ({ kind: 'admission', invite: inviteNamed(origin), peer, server }) as const
const retirement = ({ origin }: Identity) => ({ kind: 'retirement', retired: origin }) as const

const logs = [
  ...logOf(founder, [{ kind: 'group', name: 'the group' }, seat(founder), lettingIn(member), lettingIn(away)], 1),
  ...logOf(member, [seat(member), lettingIn(later)], 100),
  ...logOf(later, [seat(later), retirement(away)], 200),
  ...logOf(away, [seat(away)], 50),
]
const [founders, members] = [logs[2] as Batch, logs[5] as Batch]
/** That it was a member who let `later` in, and the founder who let that one in. */
const chain = [
  expect.objectContaining({ by: member.origin, bytes: new Uint8Array(members.bytes) }) as unknown,
  expect.objectContaining({ by: founder.origin, bytes: new Uint8Array(founders.bytes) }) as unknown,
]

const stateOf = (batches: readonly Batch[]): GroupState => {
  const state = new GroupState()
  for (const batch of batches) state.applyBatch(batch)
  return state
}

describe('how a member was let in', () => {
  test('is shown up to the founder, also by who took it from a state', () => {
    const state = stateOf(logs)
    expect(state.seats.vouchersOf(later.origin)).toEqual(chain)
    expect(state.seats.vouchersOf(founder.origin)).toEqual([])
    const next = new GroupState()
    next.join(state.image())
    expect(next.seats.vouchersOf(later.origin)).toEqual(chain)
    expect(next.digest()).toBe(state.digest())
  })

  test('goes by way of the install that one goes on for which started over', () => {
    const again = identity(2, 'e')
    const succession = { former: member.peer, signature: new Uint8Array(64) }
    const claim = { ...seat(again), replaces: member.origin, succession }
    const state = stateOf([...logs, ...logOf(again, [claim], 300)])
    expect(state.seats.vouchersOf(again.origin).map(({ by }) => by)).toEqual([member.origin, founder.origin])
  })

  test('is shown no further than a few generations, and not in circles without end', () => {
    const circle = stateOf([
      ...logOf(founder, [seat(founder), lettingIn(member)], 1),
      ...logOf(member, [seat(member), lettingIn(founder)], 100),
    ])
    expect(circle.seats.vouchersOf(member.origin)).toHaveLength(limits.vouchers)
  })

  test('is not kept where the batch is large', () => {
    const drafts = Array.from({ length: 50 }, (_, index) => ({
      clock: 10 + index,
      change: mailTo('ada', ['ada'], 'm'),
    }))
    const make = makeBatchOf(founder.origin)
    const large = make(1, firstHash(founder.origin), [{ clock: 1, change: lettingIn(member) }, ...drafts])
    expect(large.bytes.length).toBeGreaterThan(limits.voucherBytes)
    const state = stateOf([large, ...logOf(member, [seat(member)], 100)])
    expect(state.seats.vouchers()).toEqual([])
  })

  test('is learnt from what an install has of itself, and from the hello of another one', () => {
    const own = startCore({ ...later, admission: members, vouchers: [founders] })
    own.step(noonMs, [{ kind: 'handedIn', batches: logs.filter(({ origin }) => origin !== founder.origin) }])
    expect(own.state.seats.vouchersOf(later.origin)).toEqual(chain)
    const core = startCore(away)
    core.step(noonMs, [
      { kind: 'handedIn', batches: logs.filter(({ origin }) => origin === away.origin || origin === later.origin) },
      { kind: 'handedIn', batches: logOf(member, [seat(member)], 100) },
      { kind: 'connected', peer: later.peer },
      { kind: 'message', peer: later.peer, message: { ...helloOf(later), admission: members, vouchers: [founders] } },
    ])
    expect(core.state.seats.vouchersOf(later.origin)).toEqual(chain)
  })
})

test('a retired machine that comes back is shown how the one was let in that retired it', () => {
  const core = startCore(identity(5, 'f'))
  core.step(noonMs, [{ kind: 'handedIn', batches: logs }])
  const { send } = greet(core, away)
  const refusal = send.flatMap(({ message }) => (message.kind === 'refusal' ? [message] : []))[0]
  expect(refusal?.retirement).toMatchObject({ retired: away.origin, proof: { by: later.origin } })
  expect(refusal?.retirement?.vouchers).toEqual(chain)
})

test('what is shown to others is written in a batch of its own, however much else is written in the step', () => {
  const core = foundedCore(['ada'])
  core.step(noonMs, [{ kind: 'handedIn', batches: logOf(away, [seat(away)], 50) }])
  const mail = (name: string) => ({ kind: 'submit', signed: mailTo('ada', ['ada'], name) }) as const
  const invite = inviteNamed('invite')
  give(core, { kind: 'invite', invite, expiresAtMs: noonMs + 1_000 })
  const { persist } = give(
    core,
    mail('one'),
    mail('two'),
    { kind: 'retire', machine: away.origin },
    { kind: 'admit', invite, peer: later.peer, server: later.server },
    mail('three'),
    mail('four'),
  )
  expect(persist.map(({ updates }) => updates.map(({ change }) => change.kind).join())).toEqual([
    'mail,mail',
    'retirement',
    'admission',
    'mail,mail',
  ])
})

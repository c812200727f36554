import { describe, expect, test } from 'vitest'
import { refusalOf } from '../../replica/core/door.ts'
import type { Identity } from '../../replica/core/membership.ts'
import type { Batch, Draft } from '../../replica/core/model/updates.ts'
import { Peers } from '../../replica/core/peers.ts'
import { foundedCore, helloOf, identity, inviteNamed, logOf } from '../support/core-fixture.ts'

/** Nobody knows these at the start. */
const [ben, again, cleo, stranger] = [identity(2, 'b'), identity(2, 'e'), identity(3, 'c'), identity(4, 'z')]

const by = ({ origin }: Identity, change: Draft['change']): Batch => logOf(origin, [change], 1)[0] as Batch
const admission = (member: Identity, { peer, server }: Identity): Batch =>
  by(member, { kind: 'admission', invite: inviteNamed('one'), peer, server })
const seatOf = (who: Identity, former: Identity | null = null, signer: Identity | null = former): Batch =>
  by(who, {
    kind: 'seat',
    server: who.server,
    peer: who.peer,
    machine: 'one',
    replaces: former?.origin ?? null,
    ...(signer === null ? {} : { succession: { former: signer.peer, signature: new Uint8Array(64) } }),
  })

/** Whether who comes with these proofs is let in where the founder is known, and what `before` says. */
const isLetIn = (who: Identity, proofs: readonly Batch[], before: readonly Batch[] = []): boolean => {
  const core = foundedCore()
  for (const batch of before) core.state.applyBatch(batch)
  const [proof, ...vouchers] = proofs
  const hello = { ...helloOf(who), admission: proof ?? null, vouchers }
  return refusalOf(core.state.seats, new Peers(core.identity.server).connected(who.peer), hello) === null
}
const founder = foundedCore().identity

describe('is let in', () => {
  test.each<[string, Identity, readonly Batch[], (readonly Batch[])?]>([
    ['whom a member admitted', cleo, [admission(founder, cleo)]],
    ['whom one admitted whom a member had admitted', cleo, [admission(ben, cleo), admission(founder, ben)]],
    ['whom one admitted that goes on for a member', cleo, [admission(again, cleo), seatOf(again, ben)], [seatOf(ben)]],
    ['who goes on for a member', again, [seatOf(again, ben)], [seatOf(ben)]],
    [
      'who goes on for one that is not known, whom a member admitted',
      again,
      [seatOf(again, ben), admission(founder, ben)],
    ],
  ])('%s', (_, who, proofs, before) => {
    expect(isLetIn(who, proofs, before)).toBe(true)
  })

  test('who goes on for a member that went on for one that was retired: it had been let in before', () => {
    const core = foundedCore()
    core.state.applyBatch(seatOf(again, ben))
    core.state.seats.retire(ben.origin, null)
    const later = identity(2, 'f')
    const session = new Peers(core.identity.server).connected(later.peer)
    const hello = { ...helloOf(later), admission: seatOf(later, again), vouchers: [seatOf(again, ben)] }
    expect(refusalOf(core.state.seats, session, hello)).toBeNull()
  })
})

describe('is not let in', () => {
  const client = { kind: 'clientAdmission', invite: inviteNamed('one'), peer: cleo.peer, machine: 'one' } as const
  test.each<[string, Identity, readonly Batch[], (readonly Batch[])?]>([
    ['who shows nothing', cleo, []],
    ['whom a member let in as a client', cleo, [by(founder, client)]],
    ['whom nobody known admitted', cleo, [admission(stranger, cleo)]],
    ['who shows how somebody else was admitted', cleo, [admission(founder, ben)]],
    ['who comes by the name of another machine', { ...stranger, origin: ben.origin }, [], [seatOf(ben)]],
    ['whom one admitted that has a seat by its own word', cleo, [admission(again, cleo), seatOf(again)]],
    [
      'whom one admitted that somebody else lets go on',
      cleo,
      [admission(again, cleo), seatOf(again, ben, stranger)],
      [seatOf(ben)],
    ],
    ['whom somebody else lets go on for a member', again, [seatOf(again, ben, stranger)], [seatOf(ben)]],
    [
      'who goes on for one that is not known, whom nobody known admitted',
      again,
      [seatOf(again, ben), admission(stranger, ben)],
    ],
    [
      'who says that it goes on for a member without a word of that',
      again,
      [seatOf(again, ben, null), admission(founder, ben)],
      [seatOf(ben)],
    ],
  ])('%s', (_, who, proofs, before) => {
    expect(isLetIn(who, proofs, before)).toBe(false)
  })

  const later = identity(2, 'f')
  test.each([
    ['who goes on for one that was retired', again, [seatOf(again, ben)]],
    ['who goes on for one that went on for one that was retired', later, [seatOf(later, again), seatOf(again, ben)]],
  ])('%s, although a member admitted that', (_, who, successions) => {
    const core = foundedCore()
    core.state.seats.retire(ben.origin, null)
    const [proof, ...vouchers] = [...successions, admission(founder, ben)]
    const session = new Peers(core.identity.server).connected(who.peer)
    expect(refusalOf(core.state.seats, session, { ...helloOf(who), admission: proof, vouchers })).not.toBeNull()
  })
})

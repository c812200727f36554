import { describe, expect, test } from 'vitest'
import type { SeatClaim } from '../../replica/core/model/image.ts'
import type { AccountRecord } from '../../replica/core/model/image.ts'
import { originId, serverId } from '../../replica/core/model/ids.ts'
import { AccountTable } from '../../replica/core/state/account-table.ts'
import { SeatTable } from '../../replica/core/state/seat-table.ts'
import { identity, inviteNamed, person } from '../support/core-fixture.ts'

const claim = (server: number, letter: string, clock: number, replaces: string | null = null): SeatClaim => {
  const { origin, peer } = identity(server, letter)
  const replaced = replaces === null ? null : identity(server, replaces).origin
  return { origin, peer, server: serverId(server), machine: `machine ${letter}`, replaces: replaced, clock }
}

const seatsOf = (...claims: readonly SeatClaim[]): SeatTable => {
  const seats = new SeatTable()
  for (const one of claims) seats.addClaim(one)
  return seats
}

describe('a seat', () => {
  test('belongs to the earlier of two claims, whichever came first', () => {
    const [early, late] = [claim(2, 'b', 10), claim(2, 'c', 20)]
    expect(seatsOf(early, late).holder(serverId(2))).toBe(early)
    expect(seatsOf(late, early).holder(serverId(2))).toBe(early)
  })

  test('belongs to the smaller peer id of two claims of one time', () => {
    const [one, two] = [claim(2, 'b', 10), claim(2, 'c', 10)]
    expect(seatsOf(two, one).holder(serverId(2))).toBe(one)
  })

  test('goes to the install that replaces its holder, and on to the one that replaces that', () => {
    const first = claim(2, 'b', 10)
    const second = claim(2, 'c', 20, 'b')
    const third = claim(2, 'd', 30, 'c')
    expect(seatsOf(second, first).holder(serverId(2))).toBe(second)
    expect(seatsOf(third, second, first).holder(serverId(2))).toBe(third)
  })

  test('has a machine that is called by its latest name, whichever came first', () => {
    const held = claim(2, 'b', 10)
    const [early, late] = [
      { origin: held.origin, name: 'early', clock: 20 },
      { origin: held.origin, name: 'late', clock: 30 },
    ]
    for (const names of [[early, late], [late, early], []]) {
      const seats = seatsOf(held, claim(3, 'c', 10))
      for (const named of names) seats.nameMachine(named)
      expect(seats.claims().map((one) => seats.machineOf(one))).toEqual([
        names.length > 0 ? 'late' : 'machine b',
        'machine c',
      ])
    }
  })

  test('is not promised any more once it was claimed', () => {
    const seats = seatsOf()
    const { peer } = identity(3, 'e')
    seats.admit(inviteNamed('one'), peer, serverId(3))
    expect([...seats.promised(1_000)]).toEqual([[3, inviteNamed('one')]])
    expect(seats.isAdmitted(peer)).toBe(true)
    seats.addClaim(claim(3, 'e', 10))
    expect([...seats.promised(1_000)]).toEqual([])
  })

  test('is promised for as long as the invite is good, and was not revoked', () => {
    const seats = seatsOf()
    const [one, two] = [inviteNamed('one'), inviteNamed('two')]
    seats.admit(one, identity(3, 'e').peer, serverId(3))
    seats.admit(two, identity(4, 'f').peer, serverId(4))
    for (const invite of [one, two]) seats.addInvite(invite, 2_000)
    expect([...seats.promised(1_999).keys()]).toEqual([3, 4])
    expect([...seats.promised(2_000)]).toEqual([])
    seats.revoke(one)
    expect([...seats.promised(1_999).keys()]).toEqual([4])
  })
})

describe('the name of an account', () => {
  const account = (id: string, name: string, clock: number, server: number): AccountRecord => ({
    account: person(id),
    name,
    sealKey: new Uint8Array(32),
    sealedKeys: new Uint8Array(1),
    clock,
    origin: originId(`${server}.aaaaaaaa`),
    bytes: new Uint8Array(1),
  })
  const tableOf = (...records: readonly AccountRecord[]): AccountTable => {
    const table = new AccountTable()
    for (const record of records) table.add(record)
    return table
  }
  const [first, second, third] = [account('x', 'bob', 1, 2), account('y', 'Bob', 2, 3), account('z', 'BOB', 3, 3)]

  test.each([
    ['Ada', 'ADA'],
    ['coco', '\u0441\u043e\u0441\u043e'],
    ['Ada\u00a0L', 'Ada L'],
    ['\uff21da', 'Ada'],
    ['o', '\u03bf'],
  ])('%s and %s look alike, so they are one', (one, other) => {
    const table = new AccountTable()
    table.add(account('first', one, 10, 1))
    expect(table.named(other)?.account).toBe(person('first'))
  })

  test('is kept by the earliest; the others get their server, and a number where that is not enough', () => {
    for (const table of [tableOf(first, second, third), tableOf(third, second, first)]) {
      expect(table.nameOf(person('x'))).toBe('bob')
      expect(table.nameOf(person('y'))).toBe('Bob~3')
      expect(table.nameOf(person('z'))).toBe('BOB~3~2')
      expect(table.named('bOb')?.account).toBe(person('x'))
      expect(table.named('bob~3')?.account).toBe(person('y'))
    }
  })

  test('goes to the next when the earliest is deleted', () => {
    const table = tableOf(first, second, third)
    table.remove(person('x'))
    expect(table.nameOf(person('x'))).toBeUndefined()
    expect(table.nameOf(person('y'))).toBe('Bob')
    expect(table.nameOf(person('z'))).toBe('BOB~3')
  })

  test('of a deleted account stays free when its sign-up comes late', () => {
    const table = tableOf()
    table.remove(person('x'))
    table.add(first)
    expect(table.named('bob')).toBeUndefined()
    expect(table.isDeleted(person('x'))).toBe(true)
  })

  test('is as of the earlier sign-up when one account signed up at two replicas', () => {
    const again = account('x', 'robert', 5, 4)
    for (const table of [tableOf(first, again), tableOf(again, first)]) {
      expect(table.get(person('x'))).toBe(first)
      expect(table.named('robert')).toBeUndefined()
      expect(table.nameOf(person('x'))).toBe('bob')
    }
  })
})

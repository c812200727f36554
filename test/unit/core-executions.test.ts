import { describe, expect, test } from 'vitest'
import { type OriginId, type UpdateId, updateId } from '../../replica/core/model/ids.ts'
import type { VersionVector } from '../../replica/core/model/messages.ts'
import type { Batch, SignedChange } from '../../replica/core/model/updates.ts'
import { ExecutionTable, type Wish } from '../../replica/core/state/execution-table.ts'
import { GroupState } from '../../replica/core/state/group-state.ts'
import { sign } from '../simulation/sim-codec.ts'
import { commandNamed, deletionOf, foundedCore, give, identity, logOf } from '../support/core-fixture.ts'
import { mailTo, noonMs, person, signUp } from '../support/core-fixture.ts'

const kept = 10_000
const { origin } = identity(1, 'a')
const elsewhere = identity(2, 'b').origin

const wishOf = (index: number): Wish => ({
  account: person('ada'),
  command: commandNamed(`wish ${index}`),
  to: [person('bob')],
  conversation: null,
})

/** Commands whose clocks go up with their index, taken in in another order. */
const tableOf = (count: number): ExecutionTable => {
  const table = new ExecutionTable()
  const step = 7
  for (let start = 0; start < step; start += 1) {
    for (let index = start; index < count; index += step)
      table.add(wishOf(index), { origin, sequence: index + 1, clock: 1_000 + index })
  }
  return table
}

const known = (table: ExecutionTable, count: number): readonly number[] =>
  Array.from({ length: count }, (_, index) => index).filter((index) => table.of(wishOf(index)) !== undefined)

const nothingLive = () => false

const upTo = (sequence: number): VersionVector => new Map([[origin, sequence]])

describe('commands that were executed', () => {
  test('are forgotten from the oldest on, but for the newest ten thousand', () => {
    const count = kept + 50
    const table = tableOf(count)
    table.forget(upTo(count), nothingLive)
    expect(known(table, count)).toEqual(Array.from({ length: kept }, (_, index) => index + 50))
  })

  test('are remembered as long as not all seats have them', () => {
    const count = kept + 50
    const table = tableOf(count)
    table.forget(upTo(20), nothingLive)
    expect(known(table, count)).toHaveLength(kept + 30)
    expect(known(table, 25)).toEqual([20, 21, 22, 23, 24])
  })

  test('are remembered by all names while one of them is not everywhere', () => {
    const count = kept + 50
    const table = tableOf(count)
    table.add(wishOf(3), { origin: elsewhere, sequence: 1, clock: 5_000_000 })
    table.forget(upTo(count), nothingLive)
    expect(known(table, 50)).toEqual([3])
    expect(table.isAlias(updateId(origin, 4))).toBe(true)
    table.forget(new Map([...upTo(count), [elsewhere, 1]]), nothingLive)
    expect(known(table, 50)).toEqual([])
    expect(table.isAlias(updateId(origin, 4))).toBe(false)
  })

  test('of a time from which some may be forgotten are told from others', () => {
    const table = tableOf(kept + 50)
    table.forget(upTo(kept + 50), nothingLive)
    expect([1_049, 1_050].map((clock) => table.mayHaveForgotten(clock))).toEqual([true, false])
    expect(tableOf(kept - 1).mayHaveForgotten(1)).toBe(false)
  })

  test('are all remembered when there are few', () => {
    const table = tableOf(100)
    table.forget(upTo(100), nothingLive)
    expect(known(table, 100)).toHaveLength(100)
  })

  const several = (table: ExecutionTable, count: number): void => {
    for (let index = 0; index < count; index += 1)
      table.add(wishOf(index), { origin: elsewhere, sequence: index + 1, clock: 1_000 + index })
  }
  const allHeld = new Map([
    [origin, kept * 3],
    [elsewhere, kept * 3],
  ])

  test('keep their names where they have several and what they brought is live', () => {
    const table = tableOf(kept + 50)
    several(table, 30)
    // Of those of one mail the latest name stands.
    const live = (of: OriginId, sequence: number) => of === elsewhere && sequence <= 20
    table.forget(allHeld, live)
    expect(known(table, 50)).toEqual(Array.from({ length: 20 }, (_, index) => index))
    expect(table.standing(updateId(origin, 20))).toBe(updateId(elsewhere, 20))
    expect(table.namesOf(updateId(origin, 20))).toEqual([updateId(elsewhere, 20), updateId(origin, 20)])
    expect(table.isAlias(updateId(elsewhere, 20))).toBe(false)
    expect(table.namesOf(updateId(origin, 21))).toEqual([updateId(origin, 21)])
  })

  test('are looked through only when there are 2,500 more, however many must be kept', () => {
    const count = kept + 2_501
    const table = tableOf(count)
    several(table, count)
    expect(table.isFull).toBe(true)
    let looked = 0
    const live = () => {
      looked += 1
      return true
    }
    let scans = 0
    for (let index = count; index < count + 5_000; index += 1) {
      if (table.isFull) {
        table.forget(allHeld, live)
        scans += 1
      }
      table.add(wishOf(index), { origin, sequence: index + 1, clock: 1_000 + index })
    }
    expect(scans).toBe(2)
    expect(looked).toBeLessThanOrEqual(2 * count)
    expect(known(table, count)).toHaveLength(count)
  })
})

test('a mail that is deleted by a former name is gone also where the commands of that time are forgotten', () => {
  const [one, two] = [new GroupState(), new GroupState()]
  const former = updateId(origin, 3)
  const wish = mailTo('ada', ['bob'], 'given to two servers')
  const deletions = ['ada', 'bob'].map((who) => deletionOf(who, former, `${who} deletes`, 'given to two servers'))
  const first = logOf(origin, [signUp('ada'), signUp('bob'), wish, ...deletions], 1_000)
  const later = Array.from({ length: kept + 2_501 }, (_, index) => mailTo('ada', ['bob'], `later ${index}`))
  const second = logOf(elsewhere, [wish, ...later], 2_000)
  const apply = (state: GroupState, batches: readonly Batch[]): void => {
    for (const batch of batches) state.applyBatch(batch)
  }
  for (const state of [one, two]) apply(state, [...first.slice(0, 3), ...second.slice(0, 1)])
  apply(two, second.slice(1))
  expect(two.executions.isFull).toBe(true)
  two.forgetCommands(two.vector)
  for (const state of [one, two]) apply(state, first.slice(3))
  apply(one, second.slice(1))
  expect(two.vector).toEqual(one.vector)
  expect(two.digest()).toBe(one.digest())
  for (const state of [one, two]) expect(state.mails.has(elsewhere, 1)).toBe(false)
})

test('answers to a mail that had two names are one conversation also when it is gone and the commands of that time are forgotten', () => {
  const state = new GroupState()
  const wish = mailTo('ada', ['bob'], 'given to two servers')
  const [one, two] = [updateId(origin, 3), updateId(elsewhere, 1)]
  const answer = (conversation: UpdateId, command: string): SignedChange =>
    sign(
      { kind: 'mail', account: person('bob'), to: [person('ada')], conversation, command: commandNamed(command) },
      command,
    )
  const deletions = ['ada', 'bob'].map((who) => deletionOf(who, two, `${who} deletes`, 'given to two servers'))
  const later = Array.from({ length: kept + 2_501 }, (_, index) => mailTo('ada', ['bob'], `later ${index}`))
  const first = logOf(
    origin,
    [signUp('ada'), signUp('bob'), wish, answer(one, 'to the one'), ...deletions, ...later],
    1_000,
  )
  const second = logOf(elsewhere, [wish, answer(two, 'to the other')], 2_000)
  for (const batch of [...first.slice(0, 4), ...second, ...first.slice(4)]) state.applyBatch(batch)
  const answers = [updateId(origin, 4), updateId(elsewhere, 2)]
  const conversation = (): readonly UpdateId[] =>
    state.mails.conversation(person('ada'), one).map((mail) => updateId(mail.origin, mail.sequence))
  expect(state.mails.find(one)).toBeUndefined()
  expect(conversation()).toEqual(answers)
  state.forgetCommands(state.vector)
  expect(conversation()).toEqual(answers)
})

test('no command is forgotten while a copy of this machine waits to be given back', () => {
  const core = foundedCore(['ada', 'bob'])
  const first = mailTo('ada', ['bob'], 'given to this server and to the copy')
  core.step(noonMs, [{ kind: 'copies', are: 'waiting' }])
  const later = Array.from({ length: kept + 2_501 }, (_, index) => mailTo('ada', ['bob'], `later ${index}`))
  for (const signed of [first, ...later]) give(core, { kind: 'submit', signed })
  expect(core.state.executions.isFull).toBe(true)
  expect(core.state.executions.outcomeOf(first.change)).not.toBe(null)
  core.step(noonMs, [{ kind: 'copies', are: 'givenBack' }])
  expect(core.state.executions.outcomeOf(first.change)).toBe(null)
})

import { expect, test } from 'vitest'
import type { Effects } from '../../replica/core/effects.ts'
import type { GroupKey } from '../../replica/core/model/messages.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { foundedCore, helloOf, identity, inviteNamed, noonMs } from '../support/core-fixture.ts'

const hourMicros = 3_600_000_000
const noon = noonMs * 1_000
const endOfTime = Number.MAX_SAFE_INTEGER
const member = identity(2, 'b')

/** A replica that has this key when it starts; a member comes that has it by an invite only. */
const started = (stored: GroupKey & { readonly former?: readonly string[] }) => {
  const core = foundedCore()
  core.state.seats.admit(inviteNamed('one'), member.peer, member.server)
  core.step(noonMs, [{ kind: 'groupKey', groupKey: { ...stored, isHeldBack: false } }])
  const greeting = core.step(noonMs, [
    { kind: 'connected', peer: member.peer },
    { kind: 'message', peer: member.peer, message: { ...helloOf(member), clock: noon } },
  ])
  const hear = (groupKey: GroupKey & { readonly former?: readonly string[] }) =>
    core.step(noonMs, [{ kind: 'message', peer: member.peer, message: { kind: 'groupKey', ...groupKey } }]).groupKey
  const rotate = (key: string) => core.step(noonMs, [{ kind: 'rotateKey', key }])
  return { greeting, hear, rotate }
}

const toldKey = ({ send }: Effects): readonly GroupKey[] =>
  send.flatMap(({ message }) => (message.kind === 'groupKey' ? [{ key: message.key, madeAt: message.madeAt }] : []))

test('a new group key is later than the present one, also where a clock that was ahead made that', () => {
  const { rotate } = started({ key: 'first', madeAt: noon + 20 * hourMicros })
  for (const key of ['a', 'z', 'b']) {
    const effects = rotate(key)
    expect(effects.groupKey?.key).toBe(key)
    expect(toldKey(effects)).toMatchObject([{ key, madeAt: effects.groupKey?.madeAt }])
  }
})

test('two group keys that are made apart have different times, so that one of the two is handed over', () => {
  const ahead = noon + 20 * hourMicros
  const made = ['one', 'other'].map((key) => started({ key: 'first', madeAt: ahead }).rotate(key).groupKey?.madeAt ?? 0)
  expect(made[0]).not.toBe(made[1])
  expect(Math.min(...made)).toBeGreaterThan(ahead)
  expect(Math.max(...made)).toBeLessThan(ahead + 2_000_000)
})

test('a group key from the end of time is taken over from nobody, so that others can follow', () => {
  const { hear, rotate } = started({ key: 'first', madeAt: noon })
  expect(hear({ key: 'last', madeAt: endOfTime })).toBeNull()
  expect(hear({ key: 'last', madeAt: noon + 25 * hourMicros })).toBeNull()
  const ahead = { key: 'ahead', madeAt: noon + 20 * hourMicros }
  expect(hear(ahead)).toMatchObject(ahead)
  expect(rotate('next').groupKey?.madeAt).toBeGreaterThan(ahead.madeAt)
})

test('a group key from the future that was kept is used, told to nobody, and gives way to any that others have', () => {
  const { greeting, hear } = started({ key: 'of a wrong clock', madeAt: endOfTime })
  const hellos = greeting.send.flatMap(({ message }) => (message.kind === 'hello' ? [message.keyMadeAt] : []))
  expect(hellos).toEqual([0])
  expect(toldKey(greeting)).toEqual([])
  const former = { key: 'former', madeAt: noon - 1_000 * hourMicros }
  expect(hear(former)).toMatchObject(former)
})

test('a group key from the future that was kept is followed by one of now, which it does not take the place of later', () => {
  const stored = { key: 'of a wrong clock', madeAt: endOfTime }
  const { groupKey } = started(stored).rotate('next')
  expect(groupKey?.madeAt).toBeLessThan(noon + hourMicros)
  // Another one that was away has it still.
  expect(started(stored).hear(groupKey ?? stored)).toMatchObject({ key: 'next', madeAt: groupKey?.madeAt })
})

test('with a group key go the former ones, so that a newcomer lets in who was away when it was changed', () => {
  const { greeting } = started({ key: 'third', madeAt: noon, former: ['second', 'first'] })
  const given = greeting.send.flatMap(({ message }) => (message.kind === 'groupKey' ? [message] : []))
  expect(given).toMatchObject([{ key: 'third', former: ['second', 'first'] }])
  const [groupKey] = given
  const newcomer = started({ key: 'third', madeAt: 0 })
  expect(newcomer.hear({ key: 'third', madeAt: noon, ...groupKey })?.former).toEqual(['second', 'first'])
  expect(newcomer.rotate('fourth').groupKey?.former).toEqual(['third', 'second', 'first'])
})

test('who has missed group keys learns of them, and gives none of its own up for those', () => {
  const { hear } = started({ key: 'second', madeAt: noon, former: ['first'] })
  const made = { key: 'fourth', madeAt: noon + hourMicros }
  expect(hear({ ...made, former: ['third', 'second', 'first'] })?.former).toEqual(['second', 'first', 'third'])
  const own = Array.from({ length: limits.formerKeys - 1 }, (_, index) => `key ${index}`)
  const flooded = started({ key: 'present', madeAt: noon, former: own }).hear({ ...made, former: ['false'] })
  expect(flooded?.former).toEqual(['present', ...own])
})

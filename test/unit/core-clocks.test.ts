import { expect, test } from 'vitest'

import { clockToMs } from '../../replica/core/model/clock.ts'
import type { ReplicaCore } from '../../replica/core/replica-core.ts'
import { firstHash, makeBatchOf } from '../simulation/sim-codec.ts'
import { foundedCore, give, identity, mailTo, noonMs, warningsOf, withMembers } from '../support/core-fixture.ts'

const dayMs = 86_400_000
const yearMs = 365 * dayMs

/** When a mail counts as sent that ada gives to this replica now. */
const sentMs = (core: ReplicaCore, command: string): number => {
  give(core, { kind: 'submit', signed: mailTo('ada', ['ada'], command) })
  return Math.max(...core.state.mails.records().map(({ clock }) => clockToMs(clock)))
}

test('a machine whose clock is wrong is told so, and not that those of all others are', () => {
  const core = foundedCore()
  withMembers(core, noonMs + 10 * dayMs, noonMs + 10 * dayMs, noonMs + 11 * dayMs)
  expect(warningsOf(core)).toBe(
    'The clock of this machine is off by -864000 s.,The clock of server 4 is off by 86400 s.',
  )
})

test('of two clocks each machine says that the other one is off', () => {
  const core = foundedCore()
  withMembers(core, noonMs - dayMs)
  expect(warningsOf(core)).toBe('The clock of server 2 is off by -86400 s.')
})

test('what is written at a machine whose clock is years behind is dated by those of the others', () => {
  const core = foundedCore(['ada'])
  withMembers(core, noonMs + yearMs, noonMs + yearMs)
  expect(sentMs(core, 'one')).toBe(noonMs + yearMs)
  // Not before what has come meanwhile.
  const { origin, server, peer } = identity(4, 'd')
  const seat = { kind: 'seat', server, peer, machine: 'another', replaces: null } as const
  const clock = (noonMs + yearMs + 5_000) * 1_000
  core.step(noonMs, [
    { kind: 'handedIn', batches: [makeBatchOf(origin)(1, firstHash(origin), [{ clock, change: seat }])] },
  ])
  expect(sentMs(core, 'two')).toBe(noonMs + yearMs + 5_000)
})

test('a machine that was written to while its clock was ahead says so when it is right again, and what ends it', () => {
  const core = foundedCore(['ada'])
  const submitted = { kind: 'submit', signed: mailTo('ada', ['ada'], 'one') } as const
  core.step(noonMs + yearMs, [{ kind: 'command', ticket: 1, command: submitted }])
  // It may be this clock that is behind.
  expect(warningsOf(core)).toBe('')
  withMembers(core, noonMs + 30_000)
  expect(warningsOf(core)).toMatch(/^What is written on this machine is dated 31536000 s ahead.+--reset/)
  expect(sentMs(core, 'two')).toBeGreaterThanOrEqual(noonMs + yearMs)
})

test.each([
  ['one member alone', [yearMs]],
  ['one of two', [yearMs, 0]],
  ['two of which one is ahead by less than a day', [yearMs, dayMs / 2]],
])('what is written here is not dated ahead because of %s', (_who, aheadMs) => {
  const core = foundedCore(['ada'])
  withMembers(core, ...aheadMs.map((ms) => noonMs + ms))
  expect(sentMs(core, 'one')).toBeLessThan(noonMs + 1_000)
})

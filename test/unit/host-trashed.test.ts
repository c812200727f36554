import { expect, test } from 'vitest'

import { updateId } from '../../replica/core/model/ids.ts'
import { trashedBy } from '../../replica/host/mailbox-queries.ts'
import { requestShapes } from '../../replica/wire/api-values.ts'
import { firstHash, makeBatchOf, sign } from '../simulation/sim-codec.ts'
import {
  commandNamed,
  foundedCore,
  give,
  greet,
  helloOf,
  identity,
  mailTo,
  noonMs,
  person,
  tagNamed,
  warningsOf,
} from '../support/core-fixture.ts'
import type { ReplicaCore } from '../../replica/core/replica-core.ts'

test('of the trash a client is told what it asks about, or all', () => {
  const core = foundedCore(['ada', 'bob'])
  for (const mail of ['one', 'two', 'three']) give(core, { kind: 'submit', signed: mailTo('ada', ['bob'], mail) })
  const [one, two, three] = [5, 6, 7].map((sequence) => updateId(identity(1, 'a').origin, sequence))
  if (one === undefined || two === undefined || three === undefined) throw new Error('there are three')
  const command = commandNamed('trash')
  const words = { account: person('bob'), command, mark: 'trash', mails: [one, two] } as const
  give(core, {
    kind: 'submit',
    signed: sign({ kind: 'marks', ...words, tags: [tagNamed('one'), tagNamed('two')] }, 'trash'),
  })
  const everything = { beforeMs: Number.MAX_SAFE_INTEGER, forMs: null }
  const named = (among: readonly (typeof one)[] | null) =>
    trashedBy(core, person('bob'), { ...everything, among }, 0).map(({ id }) => id)
  expect(named(null)).toEqual([one, two])
  expect(named([two, three])).toEqual([two])
  expect(named([])).toEqual([])
  expect(trashedBy(core, person('bob'), { beforeMs: 0, forMs: null, among: [one] }, 0)).toEqual([])
})

test('a client of a former version asks about all of it', () => {
  const asked = new Map<string, unknown>([
    ['beforeMs', 7],
    ['forMs', null],
  ])
  expect(requestShapes.trashed(asked, 'request')).toEqual({ beforeMs: 7, forMs: null, among: null })
})

const dayMs = 86_400_000

/** Of what bob has put into the trash, as of that time, what has been there for a day when this machine's clock says that it is `wallMs`. */
const dueAfterADay = (core: ReplicaCore, saidMs: number, wallMs: number) => {
  give(core, { kind: 'submit', signed: mailTo('ada', ['bob'], 'one') })
  const mail = updateId(identity(1, 'a').origin, 5)
  const words = { account: person('bob'), command: commandNamed('trash'), mark: 'trash', mails: [mail] } as const
  const said = { tags: [tagNamed('one')], saidAt: saidMs * 1_000 }
  give(core, { kind: 'submit', signed: sign({ kind: 'marks', ...words, ...said }, 'trash') })
  return trashedBy(core, person('bob'), { beforeMs: wallMs, forMs: dayMs, among: null }, wallMs)
}

/** Others are here, by whose clocks it is these times. */
const withOthers = (core: ReplicaCore, ...clocksMs: readonly number[]): void => {
  for (const [index, clockMs] of clocksMs.entries()) {
    const other = identity(index + 2, 'bcd'.charAt(index))
    const { origin, server, peer } = other
    const seat = { kind: 'seat', server, peer, machine: 'another', replaces: null } as const
    const batches = [makeBatchOf(origin)(1, firstHash(origin), [{ clock: 1, change: seat }])]
    core.step(noonMs, [{ kind: 'handedIn', batches }])
    greet(core, other)
    core.step(noonMs, [{ kind: 'message', peer, message: { ...helloOf(other), clock: clockMs * 1_000 } }])
  }
}

test('a mail is not long in the trash because a clock was behind when it was put there', () => {
  expect(dueAfterADay(foundedCore(['ada', 'bob']), noonMs - 3 * dayMs, noonMs + dayMs / 2)).toEqual([])
  expect(dueAfterADay(foundedCore(['ada', 'bob']), noonMs, noonMs + dayMs + 1_000)).toHaveLength(1)
})

test('a machine whose clock is ahead of those of the others does not say that mails have been in the trash for long', () => {
  const core = foundedCore(['ada', 'bob'])
  withOthers(core, noonMs - dayMs)
  expect(dueAfterADay(core, noonMs, noonMs + dayMs + 1_000)).toEqual([])
})

test('a machine whose clock is wrong is told so, and not that those of all others are', () => {
  const core = foundedCore()
  withOthers(core, noonMs + 10 * dayMs, noonMs + 10 * dayMs, noonMs + 11 * dayMs)
  expect(warningsOf(core)).toBe(
    'The clock of this machine is off by -864000 s.,The clock of server 4 is off by 86400 s.',
  )
})

test('of two clocks each machine says that the other one is off', () => {
  const core = foundedCore()
  withOthers(core, noonMs - dayMs)
  expect(warningsOf(core)).toBe('The clock of server 2 is off by -86400 s.')
})

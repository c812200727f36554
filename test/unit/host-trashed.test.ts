import { expect, test } from 'vitest'

import { updateId } from '../../replica/core/model/ids.ts'
import { trashedBy } from '../../replica/host/mailbox-queries.ts'
import { requestShapes } from '../../replica/wire/api-values.ts'
import { sign } from '../simulation/sim-codec.ts'
import {
  commandNamed,
  foundedCore,
  give,
  identity,
  mailTo,
  noonMs,
  person,
  tagNamed,
  withMembers,
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

test('a mail is not long in the trash because a clock was behind when it was put there', () => {
  expect(dueAfterADay(foundedCore(['ada', 'bob']), noonMs - 3 * dayMs, noonMs + dayMs / 2)).toEqual([])
  expect(dueAfterADay(foundedCore(['ada', 'bob']), noonMs, noonMs + dayMs + 1_000)).toHaveLength(1)
})

test('a machine whose clock is ahead of those of the others does not say that mails have been in the trash for long', () => {
  const core = foundedCore(['ada', 'bob'])
  withMembers(core, noonMs - dayMs)
  expect(dueAfterADay(core, noonMs, noonMs + dayMs + 1_000)).toEqual([])
})

import { expect, test } from 'vitest'

import { updateId } from '../../replica/core/model/ids.ts'
import { trashedBy } from '../../replica/host/mailbox-queries.ts'
import { requestShapes } from '../../replica/wire/api-values.ts'
import { sign } from '../simulation/sim-codec.ts'
import { commandNamed, foundedCore, give, identity, mailTo, person, tagNamed } from '../support/core-fixture.ts'

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

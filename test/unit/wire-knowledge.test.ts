import { expect, test } from 'vitest'
import type { KnowledgeRows } from '../../replica/core/model/messages.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { encodeMessage } from '../../replica/wire/message-codec.ts'
import { installs, wire } from '../property/arbitraries.ts'
import { madeUpOrigin } from '../support/core-fixture.ts'

test('of more logs than a message has room for some are told, and of all rows their own', () => {
  const logs = Array.from({ length: limits.vectorEntries + 500 }, (_, index) => [madeUpOrigin(1, index), 1] as const)
  const rows = new Map(installs.map(({ origin }) => [origin, new Map([...logs, [origin, 7]])]))
  const frame = encodeMessage({ kind: 'knowledge', clock: 1, rows, hashes: new Map(), sessions: [] })
  const decoded = wire.decodeMessage(frame)
  const told: KnowledgeRows = decoded.ok && decoded.value?.kind === 'knowledge' ? decoded.value.rows : new Map()
  expect([...told.keys()]).toEqual([...rows.keys()])
  for (const { origin } of installs) {
    expect(told.get(origin)?.get(origin)).toBe(7)
    expect(told.get(origin)?.size).toBe(limits.vectorEntries - installs.length + 1)
  }
})

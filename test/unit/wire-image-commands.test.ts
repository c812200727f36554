import { describe, expect, test } from 'vitest'
import { commandId, type OriginId, updateId } from '../../replica/core/model/ids.ts'
import type { StateImage } from '../../replica/core/model/image.ts'
import { decodeImage } from '../../replica/wire/image-decode.ts'
import { encodeImage } from '../../replica/wire/image-encode.ts'
import { imageFormat } from '../../replica/wire/image-format.ts'
import { installs, people } from '../property/arbitraries.ts'
import { firstHash } from '../simulation/sim-codec.ts'
import { emptyImage } from '../support/empty-image.ts'

const [origin, other] = [installs[0]!.origin, installs[1]!.origin].sort() as [OriginId, OriginId]
const [first, second, third] = [commandId('c'.repeat(16)), commandId('d'.repeat(16)), commandId('e'.repeat(16))]
const account = people[0]!.account
const held = {
  vector: new Map([origin, other].map((one) => [one, 9])),
  hashes: new Map([origin, other].map((one) => [one, firstHash(one)])),
}

describe('commands and executions in an image', () => {
  const recipients = '0123456789abcdef'
  const remembered: Pick<StateImage, 'commands' | 'executions'> = {
    commands: [
      { command: first, update: updateId(origin, 7), clock: 2_000 },
      { command: second, update: updateId(other, 9), clock: 1_500 },
    ],
    executions: [
      { account, command: second, recipients, names: [{ origin: other, sequence: 9, clock: 1_500 }] },
      { account, command: first, recipients, names: [{ origin, sequence: 7, clock: 2_000 }] },
      { account, command: third, recipients, names: [{ origin, sequence: 8, clock: 3 }] },
    ],
  }
  const encoded = encodeImage({ ...emptyImage, ...held, ...remembered })
  const chunkOf = (section: string): string | undefined => encoded.find((chunk) => chunk.startsWith(`["${section}"`))
  const withChunks = (given: Record<string, unknown>, format = imageFormat): string[] =>
    encoded.map((chunk) => {
      const value = JSON.parse(chunk) as unknown
      if (!Array.isArray(value)) return JSON.stringify({ ...(value as object), format })
      return JSON.stringify([value[0], given[String(value[0])] ?? value[1]])
    })

  test('an execution means its command by its place, and a clock is how much it is above the one before', () => {
    expect(chunkOf('commands')).toBe(JSON.stringify(['commands', [first, 0, 7, 2_000, second, 1, 9, -500]]))
    const rows = [0, 1, recipients, 0, -1, recipients, 0, third, recipients, 1, 0, 8, 3]
    expect(chunkOf('executions')).toBe(JSON.stringify(['executions', rows]))
    expect(decodeImage(encoded)).toMatchObject({ ok: true, value: remembered })
  })

  test('two commands that one update answers do not move the places of those after them', () => {
    const shared = updateId(origin, 7)
    const commands = [
      { command: first, update: shared, clock: 2_000 },
      { command: second, update: shared, clock: 2_000 },
      { command: third, update: updateId(other, 9), clock: 1_500 },
    ]
    const executions = [
      { account, command: third, recipients, names: [{ origin: other, sequence: 9, clock: 1_500 }] },
      { account, command: first, recipients, names: [{ origin, sequence: 7, clock: 2_000 }] },
      { account, command: second, recipients, names: [{ origin, sequence: 7, clock: 2_000 }] },
    ]
    const decoded = decodeImage(encodeImage({ ...emptyImage, ...held, commands, executions }))
    expect(decoded).toMatchObject({ ok: true, value: { commands, executions } })
  })

  test.each([3.5, 4.5, 2, Number.NaN, '5', null])('an image of format %s is damage', (format) => {
    expect(decodeImage(withChunks({}, format as number))).toMatchObject({ ok: false, failure: { code: 'DAMAGED' } })
  })

  test('an image of before that has both in full', () => {
    const executions = [0, second, recipients, 1, 1, 9, 1_500, 0, first, recipients, 1, 0, 7, 2_000]
    const commands = [first, 0, 7, 2_000, second, 1, 9, 1_500]
    const former = withChunks({ commands, executions: [...executions, 0, third, recipients, 1, 0, 8, 3] }, 4)
    expect(decodeImage(former)).toMatchObject({ ok: true, value: remembered })
  })

  test.each([
    ['a place beyond the commands', { executions: [0, 2, recipients, 0, -1, recipients, 0, -1, recipients] }],
    ['a place before them', { executions: [0, -1, recipients, 0, 1, recipients, 0, 0, recipients] }],
    ['half a place', { executions: [0, 0.5, recipients, 0, 0.5, recipients, 0, 0, recipients] }],
    [
      'an update that is not there',
      { executions: [0, third, recipients, 1, 0, 10, 3, 0, 0, recipients, 0, 0, recipients] },
    ],
    ['a clock below zero', { commands: [first, 0, 7, 2_000, second, 1, 9, -2_001] }],
    ['a clock beyond all numbers', { commands: [first, 0, 7, 2_000, second, 1, 9, Number.MAX_SAFE_INTEGER] }],
    ['an execution without a name', { executions: [0, third, recipients, 0] }],
    ['neither command nor place', { executions: [0, null, recipients] }],
  ])('%s is damage', (_what, given) => {
    expect(decodeImage(withChunks(given))).toMatchObject({ ok: false, failure: { code: 'DAMAGED' } })
  })
})

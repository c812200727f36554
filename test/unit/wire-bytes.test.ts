import { createHash, randomBytes } from 'node:crypto'
import { expect, it } from 'vitest'
import { concat, sha256 } from '../../replica/wire/bytes.ts'

it.each([
  [[]],
  [[0]],
  [[1, 32, 32]],
  [[1, 33, 1_400]],
  [[4_096]],
  [[4_095, 1]],
  [[4_095, 2]],
  [[1, 4_096]],
  [[100_000, 3]],
])('SHA-256 of parts of %j bytes is that of all of them in a row', (lengths) => {
  const parts = lengths.map((length) => new Uint8Array(randomBytes(length)))
  const expected = createHash('sha256').update(concat(parts)).digest()
  // What is hashed afterwards must not show in what was hashed before.
  const first = sha256(...parts)
  sha256(new Uint8Array(50).fill(7))
  expect(Buffer.from(first).equals(expected)).toBe(true)
})

import { expect, test } from 'vitest'
import { drawRandom } from '../../replica/drivers/drawn-random.ts'

test('what is drawn has the length asked for, and is never drawn again', () => {
  const drawn = new Set<string>()
  for (let round = 0; round < 5_000; round += 1) {
    const bytes = drawRandom(12 + (round % 21))
    expect(bytes).toHaveLength(12 + (round % 21))
    drawn.add(Buffer.from(bytes.subarray(0, 12)).toString('hex'))
  }
  expect(drawn.size).toBe(5_000)
})

test('bytes of every length are spread over all values', () => {
  const counts = new Array<number>(256).fill(0)
  for (const length of [0, 1, 255, 256, 257, 10_000, 90_000])
    for (const byte of drawRandom(length)) counts[byte] = (counts[byte] ?? 0) + 1
  expect(Math.min(...counts)).toBeGreaterThan(200)
  expect(Math.max(...counts)).toBeLessThan(800)
})

test('changing what was drawn changes nothing that is drawn later', () => {
  const first = drawRandom(32)
  first.fill(7)
  expect(drawRandom(32)).not.toEqual(first)
})

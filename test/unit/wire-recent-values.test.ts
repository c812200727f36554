import { describe, expect, test } from 'vitest'
import { RecentValues } from '../../replica/wire/recent-values.ts'

describe('values that are remembered', () => {
  test('are at most as many as was said, and the newest half at least', () => {
    const recent = new RecentValues<number>(8)
    for (let value = 0; value < 100; value += 1) recent.set(String(value), value)
    const kept = Array.from({ length: 100 }, (_, value) => value).filter((value) => recent.get(String(value)) === value)
    expect(kept.length).toBeLessThanOrEqual(8)
    expect(kept).toEqual(expect.arrayContaining([96, 97, 98, 99]))
  })

  test('stay for as long as they are asked for', () => {
    const recent = new RecentValues<string>(8)
    recent.set('asked for', 'still here')
    for (let value = 0; value < 100; value += 1) {
      recent.set(String(value), 'other')
      expect(recent.get('asked for')).toBe('still here')
    }
  })
})

import { expect, test, vi } from 'vitest'
import { sortedByName } from '../../replica/core/model/fold-name.ts'

test('names are sorted as they are compared, and each is folded once however many there are', () => {
  const names = Array.from({ length: 1_000 }, (_, index) => ({ name: `person ${(index * 7) % 1_000}` }))
  const fold = vi.spyOn(String.prototype, 'normalize')
  const sorted = sortedByName([{ name: 'Zoe' }, { name: 'ада' }, ...names, { name: 'ABE' }], ({ name }) => name)
  expect(fold).toHaveBeenCalledTimes(names.length + 3)
  fold.mockRestore()
  expect(sorted.map(({ name }) => name).slice(0, 3)).toEqual(['ABE', 'ада', 'person 0'])
  expect(sorted.at(-1)).toEqual({ name: 'Zoe' })
})

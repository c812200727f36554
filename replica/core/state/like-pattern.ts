import { foldName } from '../model/fold-name.ts'

/** A test of folded names: with `*` (any text) and `?` (any character) the whole name, otherwise a part of it. */
export const likePattern = (like: string): ((foldedName: string) => boolean) => {
  const folded = foldName(like)
  if (!/[*?]/.test(folded)) return (name) => name.includes(folded)
  return (name) => matchesFrom(Array.from(folded), Array.from(name))
}

/** Glob matching that remembers the last `*` instead of backtracking over all: linear for what people write. */
const matchesFrom = (pattern: readonly string[], name: readonly string[]): boolean => {
  let at = 0
  let star = -1
  let resume = 0
  let index = 0
  while (index < name.length) {
    const wanted = pattern[at]
    if (wanted === '*') {
      star = at
      resume = index
      at += 1
    } else if (wanted === '?' || (wanted !== undefined && wanted === name[index])) {
      at += 1
      index += 1
    } else if (star >= 0) {
      at = star + 1
      resume += 1
      index = resume
    } else {
      return false
    }
  }
  return pattern.slice(at).every((rest) => rest === '*')
}

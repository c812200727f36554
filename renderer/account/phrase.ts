/** Twelve words, asked back in the order in which they stand: so many of them. */
const askedWords = 3

export const wordsOf = (phrase: string): readonly string[] => phrase.trim().split(/\s+/u).filter(Boolean)

/** Which words are asked back to see that they were written down: positions from 0, ascending. `chance` gives 0 to below 1. */
export const askedPositions = (count: number, chance: () => number): readonly number[] => {
  const left = Array.from({ length: count }, (_, index) => index)
  const asked: number[] = []
  while (asked.length < Math.min(askedWords, count)) {
    const [taken] = left.splice(Math.floor(chance() * left.length), 1)
    if (taken !== undefined) asked.push(taken)
  }
  return asked.sort((a, b) => a - b)
}

/** Whether what was typed is the word, whatever its case and the spaces around it. */
export const isSameWord = (typed: string, word: string): boolean => typed.trim().toLowerCase() === word.toLowerCase()

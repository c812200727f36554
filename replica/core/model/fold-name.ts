/** Letters of other alphabets that cannot be told from these. */
const lookalikes: Readonly<Record<string, string>> = {
  a: 'аα',
  c: 'сϲ',
  d: 'ԁ',
  e: 'е',
  g: 'ɡ',
  h: 'һ',
  i: 'іι',
  j: 'јϳ',
  k: 'κ',
  o: 'оο',
  p: 'рρ',
  q: 'ԛ',
  s: 'ѕ',
  u: 'υ',
  v: 'ѵν',
  w: 'ԝ',
  x: 'хχ',
  y: 'уү',
}
const plain = new Map(
  Object.entries(lookalikes).flatMap(([letter, like]) => Array.from(like, (other) => [other, letter] as const)),
)

const isAscii = /^[ -~]*$/

/** Names that differ only in case or compatibility form, or in letters that look alike, are one name. */
export const foldName = (name: string): string => {
  const folded = name.normalize('NFKC').toLowerCase()
  // Nearly all names have none of them.
  return isAscii.test(folded) ? folded : Array.from(folded, (letter) => plain.get(letter) ?? letter).join('')
}

/** Ascending by their names, as these are compared. Each is folded once: that costs more than all else where there are thousands. */
export const sortedByName = <Item>(items: readonly Item[], nameOf: (item: Item) => string): readonly Item[] =>
  items
    .map((item) => ({ item, folded: foldName(nameOf(item)) }))
    .sort((left, right) => (left.folded < right.folded ? -1 : 1))
    .map(({ item }) => item)

/** Hues that can be told apart, in degrees. */
const hues = [20, 48, 80, 125, 155, 185, 215, 250, 285, 320, 350]

/** The same name has the same hue everywhere (FNV-1a). */
export const hueOf = (name: string): number => {
  let mixed = 2_166_136_261
  for (const character of name.toLowerCase()) mixed = Math.imul(mixed ^ (character.codePointAt(0) ?? 0), 16_777_619)
  return hues[(mixed >>> 0) % hues.length] ?? 0
}

/** The first letters of the first and last word; whole characters, so that emoji and scripts of the East stay whole. */
export const initialsOf = (name: string): string => {
  const words = name.split(/[\s._-]+/u).filter((word) => /[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(word))
  const first = words.at(0) ?? name
  const last = words.length > 1 ? (words.at(-1) ?? '') : ''
  return [first, last].map(firstCharacter).join('').toLocaleUpperCase()
}

const firstCharacter = (word: string): string => {
  const [first] = new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(word)
  return first?.segment ?? ''
}

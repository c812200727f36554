/** A longer word is cut: prefixes find it all the same. */
const wordChars = 40

const ascii = /^[\0-\u007f]*$/
const asciiWord = /[a-z0-9]+/g
/** Accents, and what is not seen within a word: hyphens that stand only at a line's end, joiners. */
const unseen = /[\p{M}\p{Default_Ignorable_Code_Point}]+/gu
/** Letters that are no other letter with an accent, as who has them not on the keyboard writes them. */
const written: Readonly<Record<string, string>> = { ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', đ: 'd', ł: 'l', ı: 'i' }
const writtenOtherwise = new RegExp(`[${Object.keys(written).join('')}]`, 'gu')
/** Scripts that put no spaces between words, and emoji: there each character stands for itself, and a run of them is a phrase. */
const unspaced =
  '[\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Myanmar}\\p{ExtPict}\\p{RI}]'
const anyWord = new RegExp(`${unspaced}|[[\\p{L}\\p{N}]--${unspaced}]+`, 'gv')

/**
 * The words of a text, in order, as they are compared: in lower case, without accents, in compatibility form. What this gives is in saved indexes:
 * a change of it is a change of their format.
 * "Zoë's e-mail" has four: zoe, s, e, mail.
 */
export const wordsOf = (text: string): readonly string[] => {
  const isAscii = ascii.test(text)
  const folded = isAscii ? text.toLowerCase() : foldedText(text)
  const words: string[] = folded.match(isAscii ? asciiWord : anyWord) ?? []
  return words.map((word) => (word.length > wordChars ? cut(word) : word))
}

const foldedText = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(unseen, '')
    .toLowerCase()
    .replace(writtenOtherwise, (letter) => written[letter] ?? letter)

/** Not within a character: what is no text would be another word when the index is read from the disk. */
const cut = (word: string): string => {
  const start = word.slice(0, wordChars)
  return start.isWellFormed() ? start : start.slice(0, -1)
}

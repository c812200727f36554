/** A longer word is cut: prefixes find it all the same. */
const wordChars = 40

const ascii = /^[\0-\u007f]*$/
const asciiWord = /[a-z0-9]+/g
const marks = /\p{M}+/gu
/** Scripts that put no spaces between words: there each character stands for itself, and a run of them is a phrase. */
const unspaced = '[\\p{sc=Han}\\p{sc=Hiragana}\\p{sc=Katakana}\\p{sc=Thai}\\p{sc=Lao}\\p{sc=Khmer}\\p{sc=Myanmar}]'
const anyWord = new RegExp(`${unspaced}|[[\\p{L}\\p{N}]--${unspaced}]+`, 'gv')

/**
 * The words of a text, in order, as they are compared: in lower case, without accents, in compatibility form.
 * "Zoë's e-mail" has four: zoe, s, e, mail.
 */
export const wordsOf = (text: string): readonly string[] => {
  const isAscii = ascii.test(text)
  const folded = isAscii ? text.toLowerCase() : text.normalize('NFKD').replace(marks, '').toLowerCase()
  const words: string[] = folded.match(isAscii ? asciiWord : anyWord) ?? []
  return words.map((word) => (word.length > wordChars ? cut(word) : word))
}

/** Not within a character: what is no text would be another word when the index is read from the disk. */
const cut = (word: string): string => {
  const start = word.slice(0, wordChars)
  return start.isWellFormed() ? start : start.slice(0, -1)
}

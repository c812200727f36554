const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
const withoutWidth = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}]$/u
const emoji = /\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F/u
/** East Asian wide and fullwidth (UAX 11), by block. */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f200}-\u{1f2ff}\u{20000}-\u{3fffd}]/u
const ellipsis = '…'

/** Text from others, made harmless for a terminal: no escape sequences, no turned direction; line ends stay, tabs are spaces. */
export const printable = (text: string): string =>
  text
    .replaceAll('\r\n', '\n')
    .replaceAll('\t', '    ')
    .replaceAll(/[\p{Bidi_Control}\u2028\u2029]/gu, '')
    .replaceAll(/[^\P{Cc}\n]/gu, '\ufffd')

/** The same in one line. */
export const printableLine = (text: string): string => printable(text).replaceAll('\n', ' ')

/** Columns that a terminal needs for the text. */
export const displayWidth = (text: string): number => {
  let width = 0
  for (const { segment } of graphemes.segment(text)) width += graphemeWidth(segment)
  return width
}

/** The text in `most` code points: the end of a longer one is left out, with a mark in its place and no character torn. */
export const shortened = (text: string, most: number): string => {
  if (Array.from(text).length <= most) return text
  const fits = Array.from(text)
    .slice(0, most - ellipsis.length)
    .join('').length
  return text.slice(0, graphemes.segment(text).containing(fits)?.index ?? fits) + ellipsis
}

/** The text in exactly `columns` columns: cut with an ellipsis, or filled with spaces. */
export const fitted = (text: string, columns: number): string => {
  const width = displayWidth(text)
  if (width <= columns) return text + ' '.repeat(columns - width)
  let kept = ''
  let left = columns - 1
  for (const { segment } of graphemes.segment(text)) {
    left -= graphemeWidth(segment)
    if (left < 0) return fitted(kept + ellipsis, columns)
    kept += segment
  }
  return kept
}

/** The text in lines of at most `columns` columns, broken at spaces where there are any. */
export const wrapped = (text: string, columns: number): readonly string[] =>
  text.split('\n').flatMap((line) => wrappedLine(line, columns))

const wrappedLine = (line: string, columns: number): readonly string[] => {
  const lines: string[] = []
  let current = ''
  for (const word of line.split(/(?<= )/)) {
    if (current !== '' && displayWidth(current) + displayWidth(word.trimEnd()) > columns) {
      lines.push(current.trimEnd())
      current = ''
    }
    current += word
  }
  return [...lines, current.trimEnd()]
}

const graphemeWidth = (grapheme: string): number => {
  if (withoutWidth.test(grapheme)) return 0
  return emoji.test(grapheme) || wide.test(grapheme) ? 2 : 1
}

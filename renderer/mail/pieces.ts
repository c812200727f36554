/** Laid out at once, a paragraph much longer than this keeps the window from answering for seconds. */
export const pieceChars = 65_536

/** A text in pieces of so many characters at most, which end with a line where there is one, or else with a word. */
export const inPieces = (long: string, chars = pieceChars): readonly string[] => {
  const pieces: string[] = []
  let start = 0
  while (long.length - start > chars) {
    const end = endOfPiece(long, start, start + chars)
    pieces.push(long.slice(start, end))
    start = end
  }
  return [...pieces, long.slice(start)]
}

const characters = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
/** More than the longest character that anybody writes. */
const lookedAtUnits = 256

const endOfPiece = (long: string, start: number, most: number): number => {
  const half = (start + most) / 2
  for (const mark of ['\n\n', '\n', ' ']) {
    const at = long.lastIndexOf(mark, most - mark.length)
    if (at > half) return at + mark.length
  }
  const from = Math.max(start, most - lookedAtUnits)
  const character = characters.segment(long.slice(from, most + lookedAtUnits)).containing(most - from)
  return character === undefined || character.index === 0 ? most : from + character.index
}

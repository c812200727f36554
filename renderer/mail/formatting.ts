export const formats = ['bold', 'italic', 'strike', 'code', 'link', 'heading', 'list', 'numbers', 'quote'] as const
export type Format = (typeof formats)[number]

export interface Written {
  readonly text: string
  readonly start: number
  readonly end: number
}

const around: Partial<Record<Format, string>> = { bold: '**', italic: '_', strike: '~~', code: '`' }
const before: Partial<Record<Format, string>> = { heading: '## ', list: '- ', numbers: '1. ', quote: '> ' }

/** What a button of the toolbar makes of the selection; the same button takes it off again. */
export const formatted = (written: Written, format: Format): Written => {
  const mark = around[format]
  if (mark !== undefined) return wrapped(written, mark)
  const prefix = before[format]
  return prefix === undefined ? linked(written) : prefixed(written, prefix)
}

/** The part that is another one in `after`: from where to where it stands in `before`, and what is in its place. */
export const changeBetween = (
  before: string,
  after: string,
): { readonly from: number; readonly to: number; readonly replacement: string } => {
  const shorter = Math.min(before.length, after.length)
  let from = 0
  while (from < shorter && before[from] === after[from]) from += 1
  let same = 0
  while (same < shorter - from && before[before.length - 1 - same] === after[after.length - 1 - same]) same += 1
  return { from, to: before.length - same, replacement: after.slice(from, after.length - same) }
}

const wrapped = ({ text, start, end }: Written, mark: string): Written => {
  const length = mark.length
  const chosen = text.slice(start, end)
  if (text.slice(start - length, start) === mark && text.slice(end, end + length) === mark) {
    const bare = text.slice(0, start - length) + chosen + text.slice(end + length)
    return { text: bare, start: start - length, end: end - length }
  }
  return {
    text: text.slice(0, start) + mark + chosen + mark + text.slice(end),
    start: start + length,
    end: end + length,
  }
}

const prefixed = ({ text, start, end }: Written, prefix: string): Written => {
  // Before the first place nothing is looked for: what is at the first one would be found.
  const from = start === 0 ? 0 : text.lastIndexOf('\n', start - 1) + 1
  const lines = text.slice(from, end).split('\n')
  const isOn = lines.every((line) => line.startsWith(prefix))
  const changed = lines.map((line) => (isOn ? line.slice(prefix.length) : prefix + line)).join('\n')
  const whole = text.slice(0, from) + changed + text.slice(end)
  // Where nothing was chosen nothing is: what is typed next would take its place.
  return { text: whole, start: start === end ? from + changed.length : from, end: from + changed.length }
}

const linked = ({ text, start, end }: Written): Written => {
  const chosen = text.slice(start, end)
  const address = 'https://'
  const link = `[${chosen}](${address})`
  const at = chosen === '' ? start + 1 : start + chosen.length + 3
  return {
    text: text.slice(0, start) + link + text.slice(end),
    start: at,
    end: chosen === '' ? at : at + address.length,
  }
}

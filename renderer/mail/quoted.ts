/** A mail's own words, and what it quotes below them. */
export interface SplitBody {
  readonly own: string
  /** Empty when nothing is quoted at the end. */
  readonly quoted: string
}

/** Takes off the quotation at the end, with the line that says whose it is. A mail that is nothing but quotation stays whole. */
export const splitQuoted = (body: string): SplitBody => {
  const lines = body.trimEnd().split('\n')
  let start = lines.length
  while (start > 0 && isQuotedOrBlank(lines[start - 1] ?? '')) start -= 1
  const hasQuotation = lines.slice(start).some((line) => line.startsWith('>'))
  if (!hasQuotation) return { own: body, quoted: '' }
  const attribution = (lines[start - 1] ?? '').trimEnd()
  if (start > 1 && attribution.endsWith(':')) start -= 1
  const own = lines.slice(0, start).join('\n').trimEnd()
  return own === '' ? { own: body, quoted: '' } : { own, quoted: lines.slice(start).join('\n').trim() }
}

const isQuotedOrBlank = (line: string): boolean => line.startsWith('>') || line.trim() === ''

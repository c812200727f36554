/** A request's own name, given back with its answer; null when it has none. */
export type RequestId = string | number | null

/** Undefined when there is one that cannot be given back. */
export const idOf = (request: object | null): RequestId | undefined => {
  if (request === null || !('id' in request) || request.id === null) return null
  const { id } = request
  if (typeof id === 'string') return id
  // Beyond these another number would be given back in its place.
  const isKept = typeof id === 'number' && Math.abs(id) <= Number.MAX_SAFE_INTEGER
  return isKept ? id : undefined
}

/** A text, a mark, or what stands between marks. A text that is cut off fits none of these. */
const token = /\s*("(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+)/y
const replacement = '\uFFFD'

/**
 * The `id` of a request of which only the beginning was kept; null when it has none there that stands whole and can be given
 * back. Looks at the request's own fields only, not at those within a field.
 */
export const idAtBeginning = (beginning: string): RequestId => {
  const tokens = tokensOf(beginning)
  let depth = 0
  for (const [index, mark] of tokens.entries()) {
    if (mark === '{' || mark === '[') depth += 1
    else if (mark === '}' || mark === ']') depth -= 1
    else if (depth === 1 && tokens[index + 1] === ':' && fieldOf(mark)?.id === 'id') {
      const end = tokens[index + 3]
      // What does not end here may go on, as a number does.
      return end === ',' || end === '}' ? (idOf(fieldOf(tokens[index + 2])) ?? null) : null
    }
  }
  return null
}

const tokensOf = (text: string): readonly string[] => {
  const found: string[] = []
  token.lastIndex = 0
  for (let match = token.exec(text); match !== null; match = token.exec(text)) found.push(match[1] ?? '')
  return found[0] === '{' ? found : []
}

/** What a token says, as a field of a request; null when it says nothing, or a character of it was cut or could not be read. */
const fieldOf = (mark = ''): { readonly id: unknown } | null => {
  if (mark.includes(replacement)) return null
  try {
    return { id: JSON.parse(mark) }
  } catch {
    return null
  }
}

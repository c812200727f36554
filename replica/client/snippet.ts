import MarkdownIt from 'markdown-it'

import { limits } from '../core/model/limits.ts'

/** More than enough to find `limits.snippetChars` characters of text among the marks. */
const lookedAtUnits = 2_000

const markdown = new MarkdownIt({ html: false, linkify: false, typographer: false })

/** The beginning of a Markdown text as one line of plain text, at most `limits.snippetChars` characters. */
export const snippetOf = (body: string): string => {
  const texts = markdown.parse(body.slice(0, lookedAtUnits), {}).flatMap((block) => {
    if (block.type === 'fence' || block.type === 'code_block') return [block.content]
    if (block.type !== 'inline') return []
    return (block.children ?? []).map(({ type, content }) => (type.endsWith('break') ? ' ' : content)).concat(' ')
  })
  const line = texts.join('').replace(/\s+/gu, ' ').trim()
  const chars = Array.from(line)
  if (chars.length <= limits.snippetChars) return line
  return `${chars
    .slice(0, limits.snippetChars - 1)
    .join('')
    .trimEnd()}…`
}

import MarkdownIt, { type StateInline } from 'markdown-it'

import { limits } from '../core/model/limits.ts'

/** More than enough to find `limits.snippetChars` characters of text among the marks. */
const lookedAtUnits = 2_000
/** Enough where there are none that could begin here and end further on. */
const plainUnits = 400
const spanMarks = /[[\]`*_~<&\\]/
/** What may begin a block that is no paragraph, and what Markdown takes for another character. */
const blockMarks = /^(?:[#>+=|:-]|[^\S\r\n]|\d+[.)])|\0/m

const markdown = new MarkdownIt({ html: false, linkify: false, typographer: false })
/** Stars between numbers or Latin letters multiply, as where the mail is shown (`renderer/mail/markdown.ts`). */
markdown.inline.State = class extends markdown.inline.State {
  override scanDelims(
    ...[start, canSplitWord]: Parameters<StateInline['scanDelims']>
  ): ReturnType<StateInline['scanDelims']> {
    const isProduct = /[\p{Script=Latin}\p{Nd}]\*[\p{Script=Latin}\p{Nd}]/u.test(this.src.slice(start - 1, start + 2))
    return super.scanDelims(start, canSplitWord && !isProduct)
  }
}

/** The beginning of a Markdown text as one line of plain text, at most `limits.snippetChars` characters. */
export const snippetOf = (body: string): string => {
  const beginning = body.slice(0, plainUnits)
  if (!spanMarks.test(beginning)) {
    const snippet = shortened(textOf(beginning))
    if (snippet.endsWith(ellipsis) || body.length <= plainUnits) return snippet
  }
  return shortened(textOf(body.slice(0, lookedAtUnits)))
}

const ellipsis = '…'
const surrogate = /[\ud800-\udfff]/

/** Markdown as one line of plain text. What has no marks is that already, but for its spaces: most mails are, and need no parser. */
const textOf = (source: string): string => {
  if (!spanMarks.test(source) && !blockMarks.test(source)) return oneLine(source)
  const texts = markdown.parse(source, {}).flatMap((block) => {
    if (block.type === 'fence' || block.type === 'code_block') return [block.content]
    if (block.type !== 'inline') return []
    return (block.children ?? []).map(({ type, content }) => (type.endsWith('break') ? ' ' : content)).concat(' ')
  })
  return oneLine(texts.join(''))
}

/** All that is not a single space already. */
const widerSpaces = /\s{2,}|[^\S ]/gu

const oneLine = (text: string): string => text.replace(widerSpaces, ' ').trim()

const shortened = (line: string): string => {
  if (line.length <= limits.snippetChars) return line
  if (!surrogate.test(line.slice(0, limits.snippetChars + 1))) {
    return `${line.slice(0, limits.snippetChars - 1).trimEnd()}${ellipsis}`
  }
  // A character has two units at the most.
  const chars = Array.from(line.slice(0, (limits.snippetChars + 1) * 2))
  if (chars.length <= limits.snippetChars) return line
  return `${chars
    .slice(0, limits.snippetChars - 1)
    .join('')
    .trimEnd()}${ellipsis}`
}

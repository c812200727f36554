import fc from 'fast-check'
import MarkdownIt from 'markdown-it'
import { expect, test } from 'vitest'
import { snippetOf } from '../../replica/client/snippet.ts'
import { limits } from '../../replica/core/model/limits.ts'

const markdown = new MarkdownIt({ html: false, linkify: false, typographer: false })

/** These stars multiply, which Markdown itself does not know: `renderer/markdown` compares what becomes of them. */
const product = /[\p{Script=Latin}\p{Nd}]\*[\p{Script=Latin}\p{Nd}]/u

/** The text of everything that a browser would show. */
const parsedText = (source: string): string =>
  markdown
    .parse(source, {})
    .flatMap(({ type, content, children }) => {
      if (type === 'fence' || type === 'code_block') return [content, ' ']
      return [...(children ?? []).map((child) => (child.type.endsWith('break') ? ' ' : child.content)), ' ']
    })
    .join('')
    .replace(/\s+/gu, ' ')
    .trim()

const piece = fc.constantFrom(
  ...[
    'word',
    'and',
    'Ünï',
    '9',
    '1.',
    '12)',
    '2024.',
    'a1.',
    ' ',
    '  ',
    '    ',
    '\t',
    '\n',
    '\n\n',
    '\r\n',
    '\r',
    '\v',
  ],
  ...[
    '#',
    '##',
    '>',
    '-',
    '--',
    '---',
    '+',
    '=',
    '===',
    '|',
    ':',
    ': ',
    '| a |',
    '|-|',
    '*',
    '_',
    '~~',
    '`',
    '[',
    ']:',
  ],
  ...['<', '&amp;', '\\', '\0', '\u00a0', '\u2028', '\u3000', '\ufeff', '.', ',', '!', '(c)', '"', '😀'],
)

test('the snippet of a short text is what parsing all of it says', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 25 }), (pieces) => {
      const body = pieces.join('')
      fc.pre(!product.test(body))
      const text = parsedText(body)
      fc.pre(Array.from(text).length <= 100)
      expect(snippetOf(body)).toBe(text)
    }),
    { numRuns: 3_000 },
  )
})

test('a longer text is cut to the longest snippet that there may be, between characters', () => {
  const filling = fc.array(fc.constantFrom('a', 'b', ' ', '😀', 'é'), { maxLength: 6 })
  fc.assert(
    fc.property(fc.integer({ min: 150, max: 165 }), filling, (length, end) => {
      const body = ['x'.repeat(length), ...end].join('')
      const chars = Array.from(body.replace(/\s+/gu, ' ').trim())
      const cut = `${chars
        .slice(0, limits.snippetChars - 1)
        .join('')
        .trimEnd()}…`
      expect(snippetOf(body)).toBe(chars.length <= limits.snippetChars ? chars.join('') : cut)
    }),
    { numRuns: 2_000 },
  )
})

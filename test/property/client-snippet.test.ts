import fc from 'fast-check'
import MarkdownIt from 'markdown-it'
import { expect, test } from 'vitest'
import { snippetOf } from '../../replica/client/snippet.ts'

const markdown = new MarkdownIt({ html: false, linkify: false, typographer: false })

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
      const text = parsedText(body)
      fc.pre(Array.from(text).length <= 100)
      expect(snippetOf(body)).toBe(text)
    }),
    { numRuns: 3_000 },
  )
})

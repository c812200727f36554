import { describe, expect, it } from 'vitest'
import { changeBetween, type Format, formatted, formats, type Written } from '../../renderer/mail/formatting.ts'

/** A text whose selection stands between two bars; one bar is a cursor. */
const written = (marked: string): Written => {
  const start = marked.indexOf('|')
  const rest = marked.slice(start + 1)
  const length = rest.includes('|') ? rest.indexOf('|') : 0
  return { text: marked.replaceAll('|', ''), start, end: start + length }
}
const marked = ({ text, start, end }: Written): string =>
  start === end
    ? `${text.slice(0, start)}|${text.slice(start)}`
    : `${text.slice(0, start)}|${text.slice(start, end)}|${text.slice(end)}`
const after = (text: string, format: Format): string => marked(formatted(written(text), format))

describe('a button of the toolbar', () => {
  it.each([
    ['bold', 'a |word| here', 'a **|word|** here'],
    ['italic', 'a |word| here', 'a _|word|_ here'],
    ['strike', '|all|', '~~|all|~~'],
    ['code', 'now |', 'now `|`'],
    ['heading', 'one\ntw|o', 'one\n## tw|o'],
    ['list', 'one\nt|wo\nthr|ee\nfour', 'one\n|- two\n- thr|ee\nfour'],
    ['numbers', '|one|', '|1. one|'],
    ['quote', '|', '> |'],
  ] as const)('%s formats what is chosen, and takes that off again', (format, before, expected) => {
    expect(after(before, format)).toBe(expected)
    expect(written(after(expected, format)).text).toBe(written(before).text)
  })

  it.each(['heading', 'list', 'numbers', 'quote'] as const)(
    '%s begins the first line where an answer is written',
    (format) => {
      expect(after('|\n\nOn Monday Anna wrote:', format)).toMatch(/^\S+ \|\n\nOn Monday/u)
    },
  )

  it('prefixes all chosen lines when one of them has no prefix yet', () => {
    expect(after('|- one\ntwo|', 'list')).toBe('|- - one\n- two|')
  })

  it('makes a link of what is chosen, where its address is typed next, or one whose text is', () => {
    expect(after('see |the chart|', 'link')).toBe('see [the chart](|https://|)')
    expect(after('see |', 'link')).toBe('see [|](https://)')
  })

  it('leaves what stands around it as it was', () => {
    for (const format of formats) {
      const { text } = formatted(written('above\n|chosen|\nbelow'), format)
      expect([text.startsWith('above\n'), text.endsWith('\nbelow'), text.includes('chosen')]).toEqual([
        true,
        true,
        true,
      ])
    }
  })
})

it('what a button changes is typed in its place, and all else is left as it was', () => {
  const applied = (before: string, after: string): string => {
    const { from, to, replacement } = changeBetween(before, after)
    return `${before.slice(0, from)}[${before.slice(from, to)}|${replacement}]${before.slice(to)}`
  }
  expect(applied('one two', 'one **two**')).toBe('one [two|**two**]')
  expect(applied('- one\n- two', 'one\ntwo')).toBe('[- one\n- |one\n]two')
  expect(applied('aa', 'aaa')).toBe('aa[|a]')
  expect(applied('aaa', 'aa')).toBe('aa[a|]')
  expect(applied('same', 'same')).toBe('same[|]')
})

import { Readable } from 'node:stream'
import { expect, test } from 'vitest'

import { readLines, type InputLine } from '../../replica/terminal/line-reader.ts'
import { idAtBeginning } from '../../replica/terminal/request-id.ts'

const linesOf = async (pieces: readonly string[], maxBytes: number): Promise<readonly InputLine[]> => {
  const found: InputLine[] = []
  for await (const line of readLines(Readable.from(pieces.map((piece) => Buffer.from(piece))), maxBytes))
    found.push(line)
  return found
}

test('of a line that is too long its beginning is kept, however it comes', async () => {
  const long = `{"id":7,${'x'.repeat(10_000)}`
  const beginning = long.slice(0, 4_096)
  const after = { kind: 'line', text: 'next', bytes: 4 }
  const expected = [{ kind: 'tooLong', beginning }, after]
  expect(await linesOf([`${long}\nnext\n`], 5_000)).toEqual(expected)
  expect(await linesOf([...Array.from(long), '\n', 'next'], 5_000)).toEqual(expected)
  expect(await linesOf([long.slice(0, 6_000), `${long.slice(6_000)}\nne`, 'xt'], 5_000)).toEqual(expected)
  expect(await linesOf(['abcdef'], 5)).toEqual([{ kind: 'tooLong', beginning: 'abcdef' }])
})

test.each([
  ['{"id":7,"do":"send","body":"xxx', 7],
  [' { "do" : "send" , "to" : ["ann", {"id":1}] , "id" : "a\\"b,}" , "body":"xxx', 'a"b,}'],
  ['{"\\u0069d":-1.5,"body":"xxx', -1.5],
  ['{"text":"\\"id\\":1,","id":2,"body":"', 2],
  ['{"id":"ü😀","body":"', 'ü😀'],
])('the name of a request that begins with %s is found', (beginning, id) => {
  expect(idAtBeginning(beginning)).toBe(id)
})

test.each([
  '{"id":12',
  '{"id":"cut off',
  '{"id":"cut \uFFFD","body":"',
  '{"id":{"id":1},"body":"',
  '{"id":null,"body":"',
  '{"id":9007199254740993,"body":"',
  '{"to":[{"id":1,"x":"',
  '[{"id":1,"body":"',
  '"id":1,"body":"',
  'xxx',
  '',
])('nothing is given back of %s', (beginning) => {
  expect(idAtBeginning(beginning)).toBe(null)
})

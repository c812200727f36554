import type { MessageStream } from '@libp2p/interface'
import { expect, test } from 'vitest'
import { fewWaitingAnswers } from '../../replica/drivers/libp2p-answers.ts'

const room = Buffer.alloc(12)
const data = Buffer.alloc(65_536)

/** `reads`: whether the other side takes what is sent. */
const startLine = (reads: 'all' | 'nothing') => {
  const seen = { waiting: 0, ended: 0 }
  const line = {
    get writeBufferLength() {
      return reads === 'all' ? 0 : seen.waiting
    },
    send: (bytes: Uint8Array) => {
      seen.waiting += bytes.length
      return true
    },
    abort: () => {
      seen.ended += 1
    },
  } as unknown as MessageStream
  return { line: fewWaitingAnswers(line), seen }
}

test('a connection is ended when thousands of answers wait that nobody reads', () => {
  const { line, seen } = startLine('nothing')
  for (let index = 0; index < 1_000_000 && seen.ended === 0; index += 1) line.send(room)
  expect(seen.ended).toBe(1)
  expect(seen.waiting / room.length).toBeLessThan(10_000)
})

test('one that is read is not, however long it is used; nor one on which data wait', () => {
  const read = startLine('all')
  for (let index = 0; index < 100_000; index += 1) read.line.send(room)
  const busy = startLine('nothing')
  for (let index = 0; index < 100_000; index += 1) busy.line.send(index % 100 === 0 ? room : data)
  expect([read.seen.ended, busy.seen.ended]).toEqual([0, 0])
})

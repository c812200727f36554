import type { MessageStream } from '@libp2p/interface'
import { expect, test } from 'vitest'
import { fewProposals } from '../../replica/drivers/libp2p-proposals.ts'

const startLine = () => {
  const seen = { sent: 0, ended: 0 }
  const line = {
    send: () => {
      seen.sent += 1
      return true
    },
    abort: () => {
      seen.ended += 1
    },
  } as unknown as MessageStream
  return { line, seen }
}

const answer = (text: string): Uint8Array => Buffer.from(`${String.fromCharCode(text.length)}${text}`)
const long = Buffer.concat([Uint8Array.of(0xac, 2), Buffer.alloc(300)])

test.each([
  ['refusals', answer('na\n')],
  ['greetings', answer('/multistream/1.0.0\n')],
  ['lists of protocols', long],
])('a line on which more and more %s are sent is ended', (_, bytes) => {
  const { line, seen } = startLine()
  fewProposals(line)
  for (let index = 0; index < 8; index += 1) line.send(bytes)
  expect(seen).toEqual({ sent: 8, ended: 0 })
  expect(() => line.send(bytes)).toThrow('too many protocols')
  expect(seen).toEqual({ sent: 8, ended: 1 })
})

test('what noise and yamux send is none of these, nor what is sent once a protocol is agreed on', () => {
  const { line, seen } = startLine()
  fewProposals(line)
  // Noise has the length in two bytes before each message, yamux a zero before each header.
  for (let bytes = 0; bytes < 70_000; bytes += 13) {
    const noise = Buffer.alloc(2 + Math.min(bytes, 65_535))
    noise.writeUInt16BE(Math.min(bytes, 65_535))
    line.send(noise)
    line.send(Buffer.alloc(12 + bytes))
  }
  const agreed = startLine()
  fewProposals(agreed.line, () => true)
  for (let index = 0; index < 100; index += 1) agreed.line.send(answer('na\n'))
  expect([seen.ended, agreed.seen.ended]).toEqual([0, 0])
})

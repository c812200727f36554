import { encode } from 'cborg'
import { expect, test } from 'vitest'
import { limits } from '../../replica/core/model/limits.ts'
import type { GroupKeyMessage } from '../../replica/core/model/messages.ts'
import { encodeMessage } from '../../replica/wire/message-codec.ts'
import { wire } from '../property/arbitraries.ts'

const keyOf = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const textOf = (byte: number): string => Buffer.from(keyOf(byte)).toString('base64url')
const present = { kind: 'groupKey', key: textOf(1), madeAt: 7 } as const

const received = (frame: Uint8Array): unknown => {
  const message = wire.decodeMessage(frame)
  return message.ok ? message.value : message.failure.code
}

test('a group key arrives with the former ones, or with none, as from a former version', () => {
  const messages: readonly GroupKeyMessage[] = [present, { ...present, former: [textOf(2), textOf(3)] }]
  for (const message of messages) expect(received(encodeMessage(message))).toEqual(message)
  expect(received(encode([12, keyOf(1), 7]))).toEqual(present)
})

test('no more former group keys are taken in than are remembered, and none of another length', () => {
  const many = Array.from({ length: limits.formerKeys + 1 }, (_, index) => keyOf(index))
  expect(received(encode([12, keyOf(1), 7, many]))).toBe('TOO_MANY')
  expect(received(encode([12, keyOf(1), 7, [new Uint8Array(31)]]))).toBe('BAD_REQUEST')
})

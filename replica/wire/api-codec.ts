import { encode, Tokenizer, tokensToObject, type DecodeOptions } from 'cborg'

import { errorCodes, fail, reasonOf, succeed, type ErrorCode, type Failure, type Result } from '../core/model/errors.ts'
import { limits } from '../core/model/limits.ts'

/** The version of the client protocol that this code speaks. */
export const apiVersion = 2

/** What goes over a client's stream. Values are not looked into here: the method's shapes do that. */
export type ApiMessage =
  /** First on every connection. */
  | { readonly kind: 'hello'; readonly version: number; readonly adminToken: Uint8Array | null }
  | { readonly kind: 'call'; readonly id: number; readonly method: string; readonly request: unknown }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly failure: Failure }
  | { readonly kind: 'event'; readonly event: unknown }

const answered = 0
const failed = 1
const helloName = 'hello'

/** More than any answer has, and few enough that a frame cannot be blown up into gigabytes of empty lists. */
const itemsPerFrame = 500_000

const decodeOptions: DecodeOptions = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowInfinity: false,
  allowNaN: false,
  allowBigInt: false,
  rejectDuplicateMapKeys: true,
  useMaps: true,
}

class BoundedTokenizer extends Tokenizer {
  #left = itemsPerFrame

  override next(): ReturnType<Tokenizer['next']> {
    this.#left -= 1
    if (this.#left < 0) throw new Error(`more than ${itemsPerFrame} items`)
    return super.next()
  }
}

/** One message. A frame is one or more of them, one after the other (a CBOR sequence, RFC 8742). */
export const encodeApiMessage = (message: ApiMessage): Uint8Array => {
  switch (message.kind) {
    case 'hello':
      return encode([0, helloName, message.version, message.adminToken])
    case 'call':
      return encode([message.id, message.method, message.request ?? null])
    case 'answer':
      return encode([message.id, answered, message.value ?? null])
    case 'failure':
      return encode([message.id, failed, message.failure.code, message.failure.message.slice(0, limits.failureChars)])
    case 'event':
      return encode([0, message.event])
  }
}

/** The messages of a frame. BAD_REQUEST when any of them is not one; never throws. */
export const decodeApiFrame = (frame: Uint8Array): Result<readonly ApiMessage[]> => {
  if (frame.length > limits.frameBytes) return fail('TOO_LARGE', `A frame has at most ${limits.frameBytes} bytes.`)
  try {
    const tokens = new BoundedTokenizer(frame, decodeOptions)
    const messages: ApiMessage[] = []
    while (!tokens.done()) {
      const message = messageOf(tokensToObject(tokens, decodeOptions))
      if (message === null) return fail('BAD_REQUEST', 'A message on the stream has a form that is not known.')
      messages.push(message)
    }
    return succeed(messages)
  } catch (error) {
    return fail('BAD_REQUEST', `A frame on the stream cannot be decoded: ${reasonOf(error)}.`)
  }
}

const messageOf = (value: unknown): ApiMessage | null => {
  if (!Array.isArray(value)) return null
  const items: readonly unknown[] = value
  const [id, tag, third, fourth] = items
  if (typeof id !== 'number' || !Number.isSafeInteger(id) || id < 0) return null
  if (id === 0) return unaskedMessageOf(items)
  if (typeof tag === 'string') {
    return items.length === 3 && tag.length <= limits.methodChars
      ? { kind: 'call', id, method: tag, request: third }
      : null
  }
  if (tag === answered) return items.length === 3 ? { kind: 'answer', id, value: third } : null
  if (tag !== failed || items.length !== 4) return null
  if (typeof third !== 'string' || typeof fourth !== 'string' || fourth.length > limits.failureChars) return null
  return { kind: 'failure', id, failure: { code: codeOf(third), message: fourth } }
}

const unaskedMessageOf = (value: readonly unknown[]): ApiMessage | null => {
  if (value.length === 2) return { kind: 'event', event: value[1] }
  const [, name, version, token] = value
  if (value.length !== 4 || name !== helloName || typeof version !== 'number') return null
  if (token === null) return { kind: 'hello', version, adminToken: null }
  if (!(token instanceof Uint8Array) || token.length > limits.adminTokenBytes) return null
  return { kind: 'hello', version, adminToken: token }
}

/** A newer replica may have codes that this version does not know. */
const codeOf = (text: string): ErrorCode => errorCodes.find((code) => code === text) ?? 'INTERNAL'

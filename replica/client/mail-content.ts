import { deflateRaw, deflateRawSync, inflateRaw, inflateRawSync } from 'node:zlib'
import { promisify } from 'node:util'

import { fail, succeed, type Result } from '../core/model/errors.ts'
import { limits } from '../core/model/limits.ts'
import { concat, utf8 } from '../wire/bytes.ts'
import { encodeCbor, readWhole } from '../wire/cbor.ts'

const bodyForms = { plain: 0, deflated: 1 } as const
/** Below this a call on the same thread costs less than the way to another one; above it would hold others up. */
const inlineBytes = 32_768
const compressionLevel = 5
/** Room for what later versions put beside the subject. */
const headerItems = 16
const headerDepth = 4

const deflateAside = promisify(deflateRaw)
const inflateAside = promisify(inflateRaw)
const fatalUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** What a list shows of a mail, before it is sealed: `[subject, ...]`. */
export const encodeHeader = (subject: string): Uint8Array => encodeCbor([subject])

export const decodeHeader = (bytes: Uint8Array): Result<{ readonly subject: string }> =>
  readWhole(bytes, (reader) => {
    const items = reader.list(1, headerItems, 'header fields')
    const subject = reader.text(limits.subjectChars, 'subject')
    for (let rest = items - 1; rest > 0; rest--) reader.skip(headerDepth)
    return { subject }
  })

/**
 * A form byte and the body in UTF-8, compressed (RFC 1951) where that makes it smaller. What compression tells by its
 * length (as in CRIME) needs a secret and an attacker's text in one message, again and again with the text varied: each mail
 * is compressed by itself and sealed once, when its writer sends it.
 */
export const encodeBody = async (body: string): Promise<Uint8Array> => {
  const text = utf8(body)
  const options = { level: compressionLevel }
  const deflated = text.length <= inlineBytes ? deflateRawSync(text, options) : await deflateAside(text, options)
  return deflated.length < text.length
    ? concat([new Uint8Array([bodyForms.deflated]), deflated])
    : concat([new Uint8Array([bodyForms.plain]), text])
}

/** CANNOT_OPEN when it is not a body, or one that is larger than bodies may be. */
export const decodeBody = async (bytes: Uint8Array): Promise<Result<string>> => {
  try {
    const text = await inflated(bytes)
    if (text === null || text.length > limits.bodyBytes) return unreadable
    return succeed(fatalUtf8.decode(text))
  } catch {
    return unreadable
  }
}

const unreadable = fail('CANNOT_OPEN', 'The body of this mail cannot be read: it is in a form that is not known here.')

const inflated = async (bytes: Uint8Array): Promise<Uint8Array | null> => {
  const rest = bytes.subarray(1)
  const options = { maxOutputLength: limits.bodyBytes }
  switch (bytes[0]) {
    case bodyForms.plain:
      return rest
    case bodyForms.deflated:
      return rest.length <= inlineBytes ? inflateRawSync(rest, options) : await inflateAside(rest, options)
    default:
      return null
  }
}

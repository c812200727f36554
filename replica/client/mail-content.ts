import { deflateRaw, deflateRawSync, inflateRaw, inflateRawSync } from 'node:zlib'
import { promisify } from 'node:util'

import { fail, succeed, type Result } from '../core/model/errors.ts'
import type { UpdateId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { concat, utf8 } from '../wire/bytes.ts'
import { encodeCbor, readWhole } from '../wire/cbor.ts'
import { readUpdateId, updateFields } from '../wire/payload-parts.ts'

const bodyForms = { plain: 0, deflated: 1 } as const
/** Below this a call on the same thread costs less than the way to another one; above it would hold others up. */
const inlineBytes = 32_768
const anyTexts = { level: 5 }
/** A window as long as the text finds all that a longer one finds, and zlib then clears 20 KB for a mail instead of 270. */
const shortBytes = 4_096
const shortTexts = { ...anyTexts, windowBits: 12, memLevel: 5 }
const headerFields = 4
/** With when it was written, which mails of before that field do not tell. */
const datedFields = 5
const msPerSecond = 1_000
/** Room for what later versions put beside the subject. */
const headerItems = 16
const headerDepth = 4

/** What is beyond it a `Date` cannot show. */
const lastSecond = 8_640_000_000_000

const deflateAside = promisify(deflateRaw)
const inflateAside = promisify(inflateRaw)
const fatalUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** What a list shows of a mail. */
export interface HeaderContent {
  readonly subject: string
  /** The beginning of the body as plain text. */
  readonly snippet: string
  /** How many of the recipients, from the first, are addressed; the others have it as a copy. */
  readonly addressed: number
  readonly inReplyTo: UpdateId | null
  /** Milliseconds since 1970, in whole seconds, by the clock of its writer's machine; null in mails of before this was kept. */
  readonly writtenAt: number | null
}

/** Before it is sealed: `[subject, snippet, addressed, mail that it answers or null, written at (s), ...]`. */
export const encodeHeader = ({ subject, snippet, addressed, inReplyTo, writtenAt }: HeaderContent): Uint8Array =>
  encodeCbor([
    subject,
    snippet,
    addressed,
    inReplyTo && updateFields(inReplyTo),
    ...(writtenAt === null ? [] : [Math.floor(writtenAt / msPerSecond)]),
  ])

export const decodeHeader = (bytes: Uint8Array): Result<HeaderContent> =>
  readWhole(bytes, (reader) => {
    const items = reader.list(headerFields, headerItems, 'header fields')
    const subject = reader.text(limits.subjectChars, 'subject')
    const snippet = reader.text(limits.snippetChars, 'snippet')
    const addressed = reader.uint(limits.recipients)
    const inReplyTo = reader.orNull(() => readUpdateId(reader))
    const writtenAt = items < datedFields ? null : reader.uint(lastSecond) * msPerSecond
    for (let rest = items - datedFields; rest > 0; rest--) reader.skip(headerDepth)
    return { subject, snippet, addressed, inReplyTo, writtenAt }
  })

/**
 * A form byte and the body in UTF-8, compressed (RFC 1951) where that makes it smaller. What compression tells by its
 * length (as in CRIME) needs a secret and an attacker's text in one message, again and again with the text varied: each mail
 * is compressed by itself and sealed once, when its writer sends it.
 */
export const encodeBody = async (body: string): Promise<Uint8Array> => {
  const text = utf8(body)
  const deflated =
    text.length <= inlineBytes
      ? deflateRawSync(text, text.length <= shortBytes ? { ...shortTexts, chunkSize: text.length + 64 } : anyTexts)
      : await deflateAside(text, anyTexts)
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

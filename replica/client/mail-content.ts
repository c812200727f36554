import { deflateRaw, deflateRawSync, inflateRaw, inflateRawSync } from 'node:zlib'
import { promisify } from 'node:util'

import { fail, succeed, type Result } from '../core/model/errors.ts'
import type { UpdateId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { concat, utf8 } from '../wire/bytes.ts'
import { encodeCbor, readWhole, type CborReader } from '../wire/cbor.ts'
import { readUpdateId, updateFields } from '../wire/payload-parts.ts'

/** `[body, [[file name, bytes]...]]` in CBOR, where files are attached; else the body alone. */
const bodyForms = { plain: 0, deflated: 1, withFiles: 2, withFilesDeflated: 3 } as const
/** Below this a call on the same thread costs less than the way to another one; above it would hold others up. */
const inlineBytes = 32_768
const anyTexts = { level: 5 }
/** A window as long as the text finds all that a longer one finds, and zlib then clears 20 KB for a mail instead of 270. */
const shortBytes = 4_096
const shortTexts = { ...anyTexts, windowBits: 12, memLevel: 5 }
const headerFields = 4
/** With when it was written, which mails of before that field do not tell. */
const datedFields = 5
/** With how many files are attached, where there are any. */
const fileFields = 6
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
  readonly attachmentCount: number
}

/** Before it is sealed: `[subject, snippet, addressed, mail that it answers or null, written at (s), attached files, ...]`. */
export const encodeHeader = (header: HeaderContent): Uint8Array => {
  const { subject, snippet, addressed, inReplyTo, writtenAt, attachmentCount } = header
  return encodeCbor([
    subject,
    snippet,
    addressed,
    inReplyTo && updateFields(inReplyTo),
    ...(writtenAt === null ? [] : [Math.floor(writtenAt / msPerSecond)]),
    ...(writtenAt === null || attachmentCount === 0 ? [] : [attachmentCount]),
  ])
}

export const decodeHeader = (bytes: Uint8Array): Result<HeaderContent> =>
  readWhole(bytes, (reader) => {
    const items = reader.list(headerFields, headerItems, 'header fields')
    const subject = reader.text(limits.subjectChars, 'subject')
    const snippet = reader.text(limits.snippetChars, 'snippet')
    const addressed = reader.uint(limits.recipients)
    const inReplyTo = reader.orNull(() => readUpdateId(reader))
    const writtenAt = items < datedFields ? null : reader.uint(lastSecond) * msPerSecond
    const attachmentCount = items < fileFields ? 0 : reader.uint()
    for (let rest = items - fileFields; rest > 0; rest--) reader.skip(headerDepth)
    return { subject, snippet, addressed, inReplyTo, writtenAt, attachmentCount }
  })

/** A file as it is sealed in a mail. */
export interface FileContent {
  readonly name: string
  readonly bytes: Uint8Array
}

export interface BodyContent {
  readonly body: string
  readonly files: readonly FileContent[]
}

/**
 * A form byte and the body in UTF-8, or the body with the attached files, compressed (RFC 1951) where that makes it smaller. What
 * compression tells by its length (as in CRIME) needs a secret and an attacker's text in one message, again and again with the text
 * varied: each mail is compressed by itself and sealed once, when its writer sends it.
 */
export const encodeBody = async ({ body, files }: BodyContent): Promise<Uint8Array> => {
  const hasFiles = files.length > 0
  const content = hasFiles ? encodeCbor([body, files.map(({ name, bytes }) => [name, bytes])]) : utf8(body)
  const deflated =
    content.length <= inlineBytes
      ? deflateRawSync(
          content,
          content.length <= shortBytes ? { ...shortTexts, chunkSize: content.length + 64 } : anyTexts,
        )
      : await deflateAside(content, anyTexts)
  const isSmaller = deflated.length < content.length
  const plainForm = hasFiles ? bodyForms.withFiles : bodyForms.plain
  const deflatedForm = hasFiles ? bodyForms.withFilesDeflated : bodyForms.deflated
  return concat([new Uint8Array([isSmaller ? deflatedForm : plainForm]), isSmaller ? deflated : content])
}

/** CANNOT_OPEN when it is not a body, or one that is larger than bodies may be. */
export const decodeBody = async (bytes: Uint8Array): Promise<Result<BodyContent>> => {
  const [form] = bytes
  const rest = bytes.subarray(1)
  try {
    switch (form) {
      case bodyForms.plain:
        return textAlone(rest)
      case bodyForms.deflated:
        return textAlone(await inflated(rest, limits.bodyBytes))
      case bodyForms.withFiles:
        return withFiles(rest)
      case bodyForms.withFilesDeflated:
        return withFiles(await inflated(rest, limits.payloadBytes))
      default:
        return unreadable
    }
  } catch {
    return unreadable
  }
}

const unreadable = fail('CANNOT_OPEN', 'The body of this mail cannot be read: it is in a form that is not known here.')

const inflated = async (bytes: Uint8Array, maxOutputLength: number): Promise<Uint8Array> =>
  bytes.length <= inlineBytes ? inflateRawSync(bytes, { maxOutputLength }) : inflateAside(bytes, { maxOutputLength })

const textAlone = (text: Uint8Array): Result<BodyContent> =>
  text.length > limits.bodyBytes ? unreadable : succeed({ body: fatalUtf8.decode(text), files: [] })

const withFiles = (content: Uint8Array): Result<BodyContent> => {
  const read = readWhole(content, (reader): BodyContent => {
    reader.tuple(2)
    const body = reader.text(limits.bodyBytes, 'body')
    const count = reader.list(0, limits.attachments, 'files')
    return { body, files: Array.from({ length: count }, () => readFile(reader)) }
  })
  return read.ok ? read : unreadable
}

const readFile = (reader: CborReader): FileContent => {
  reader.tuple(2)
  return { name: reader.text(limits.fileNameChars, 'file name'), bytes: reader.bytesUpTo(limits.bodyBytes, 'file') }
}

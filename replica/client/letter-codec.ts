import { QuintetError, type Result } from '../core/model/errors.ts'
import { commandId, type CommandId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { fromBase64Url, toBase64Url } from '../wire/bytes.ts'
import { encodeCbor, readWhole, type CborReader, type CborValue } from '../wire/cbor.ts'
import { readUpdateId, updateFields } from '../wire/payload-parts.ts'
import type { WholeLetter } from './letters.ts'
import { decodeBody, encodeBody } from './mail-content.ts'

/*
 * draft        = [1, letter]
 * outbox entry = [1, letter, queued at (ms), held until (ms) or null, command]
 * letter       = [[to...], [cc...], subject, body (as in a mail), [origin, sequence] of the mail that it answers or null]
 */
const formatVersion = 1
const commandBytes = 12
/** A name that is being typed (`normalName`), which Unicode's normal form can make three times as long. */
const nameChars = (limits.nameChars * 2 + 8) * 3

/** A mail that waits, with the command that it will be given as: given twice, it is sent once. */
export interface WaitingLetter {
  readonly letter: WholeLetter
  readonly queuedAt: number
  readonly heldUntil: number | null
  readonly command: CommandId
}

export const encodeDraft = async (letter: WholeLetter): Promise<Uint8Array> =>
  encodeCbor([formatVersion, await letterFields(letter)])

/** NEWER_FORMAT, CANNOT_OPEN. */
export const decodeDraft = (content: Uint8Array): Promise<WholeLetter> =>
  withBody(readWhole(content, (reader) => readVersioned(reader, 2, () => ({ draft: readLetter(reader) })))).then(
    ({ letter }) => letter,
  )

export const encodeWaiting = async ({ letter, queuedAt, heldUntil, command }: WaitingLetter): Promise<Uint8Array> =>
  encodeCbor([formatVersion, await letterFields(letter), queuedAt, heldUntil, fromBase64Url(command)])

/** NEWER_FORMAT, CANNOT_OPEN. */
export const decodeWaiting = (content: Uint8Array): Promise<WaitingLetter> =>
  withBody(
    readWhole(content, (reader) =>
      readVersioned(reader, 5, () => ({
        draft: readLetter(reader),
        queuedAt: reader.uint(),
        heldUntil: reader.orNull(() => reader.uint()),
        command: commandId(toBase64Url(reader.bytes(commandBytes))),
      })),
    ),
  )

const letterFields = async ({ to, cc, subject, body, inReplyTo }: WholeLetter): Promise<CborValue> => [
  to,
  cc,
  subject,
  await encodeBody(body),
  inReplyTo && updateFields(inReplyTo),
]

interface SealedLetter extends Omit<WholeLetter, 'body'> {
  readonly encodedBody: Uint8Array
}

const readLetter = (reader: CborReader): SealedLetter => {
  reader.tuple(5)
  return {
    to: readNames(reader),
    cc: readNames(reader),
    subject: reader.text(limits.subjectChars, 'subject'),
    encodedBody: reader.bytesUpTo(limits.documentBytes, 'body'),
    inReplyTo: reader.orNull(() => readUpdateId(reader)),
  }
}

const readNames = (reader: CborReader): readonly string[] =>
  Array.from({ length: reader.list(0, limits.recipients, 'names') }, () => reader.text(nameChars, 'name'))

const readVersioned = <Value>(reader: CborReader, fields: number, read: () => Value): Value => {
  reader.list(1, fields, 'fields')
  if (reader.uint() !== formatVersion) {
    throw new QuintetError('NEWER_FORMAT', 'This was written by a newer version. Update this program.')
  }
  return read()
}

const withBody = async <Rest>(
  result: Result<Rest & { readonly draft: SealedLetter }>,
): Promise<Omit<Rest, 'draft'> & { readonly letter: WholeLetter }> => {
  if (!result.ok) {
    const code = result.failure.code === 'NEWER_FORMAT' ? 'NEWER_FORMAT' : 'CANNOT_OPEN'
    throw new QuintetError(code, `A draft cannot be read: ${result.failure.message}`)
  }
  const { draft, ...rest } = result.value
  const { encodedBody, ...letter } = draft
  const body = await decodeBody(encodedBody)
  if (!body.ok) throw new QuintetError(body.failure.code, body.failure.message)
  return { ...rest, letter: { ...letter, body: body.value } }
}

import { QuintetError, type Result, toError } from '../core/model/errors.ts'
import { type AccountId, commandBytes, commandId, type CommandId, documentId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { fromBase64Url, toBase64Url } from '../wire/bytes.ts'
import { encodeCbor, readWhole, type CborReader, type CborValue } from '../wire/cbor.ts'
import { readAccountId, readUpdateId, updateFields } from '../wire/payload-parts.ts'
import type { Attachment, KeptLetter } from './contract/mailbox.ts'
import { noWritings, type Writings } from './draft-writings.ts'
import { decodeBody, encodeBody } from './mail-content.ts'

/*
 * draft        = [1, letter, [[writer, count]...]], without the last in those of before that was kept
 * outbox entry = [1, letter, queued at (ms), held until (ms) or null, command, [account...]]
 * letter       = [[to...], [cc...], subject, body (as in a mail), [origin, sequence] of the mail that it answers or null,
 *                 [[document, name, bytes' number]...]], without the last where nothing is attached
 */
const formatVersion = 1
const draftFields = 3
const waitingFields = 6
/** Names a client that writes at a draft. */
export const writerBytes = 8
const letterFieldsLeast = 5
const letterFieldsMost = 6
const documentBytes = 16
/** A name that is being typed (`normalName`), which Unicode's normal form can make three times as long. */
const nameChars = (limits.nameChars * 2 + 8) * 3

/** A mail that waits, with the command that it will be given as: given twice, it is sent once. */
export interface WaitingLetter {
  readonly letter: KeptLetter
  readonly queuedAt: number
  readonly heldUntil: number | null
  readonly command: CommandId
  /** Whose the names were when it was queued, as far as they were known; empty in entries of before this was kept. */
  readonly meant: readonly AccountId[]
}

export interface DraftContent {
  readonly letter: KeptLetter
  readonly writings: Writings
}

export const encodeDraft = async ({ letter, writings }: DraftContent): Promise<Uint8Array> => {
  const fields = Array.from(writings, ([writer, count]) => [fromBase64Url(writer), count])
  return encodeCbor([formatVersion, await letterFields(letter), ...(fields.length === 0 ? [] : [fields])])
}

/** NEWER_FORMAT, CANNOT_OPEN. */
export const decodeDraft = (content: Uint8Array): Promise<DraftContent> =>
  withBody(
    readWhole(content, (reader) =>
      readVersioned(reader, draftFields, (fields) => ({
        draft: readLetter(reader),
        writings: fields < draftFields ? noWritings : readWritings(reader),
      })),
    ),
  )

export const encodeWaiting = async (entry: WaitingLetter): Promise<Uint8Array> => {
  const { letter, queuedAt, heldUntil, command, meant } = entry
  const times = [queuedAt, heldUntil]
  return encodeCbor([
    formatVersion,
    await letterFields(letter),
    ...times,
    fromBase64Url(command),
    meant.map(fromBase64Url),
  ])
}

/** NEWER_FORMAT, CANNOT_OPEN. */
export const decodeWaiting = (content: Uint8Array): Promise<WaitingLetter> =>
  withBody(
    readWhole(content, (reader) =>
      readVersioned(reader, waitingFields, (fields) => ({
        draft: readLetter(reader),
        queuedAt: reader.uint(),
        heldUntil: reader.orNull(() => reader.uint()),
        command: commandId(toBase64Url(reader.bytes(commandBytes))),
        meant: fields < waitingFields ? [] : readAccounts(reader),
      })),
    ),
  )

const letterFields = async (letter: KeptLetter): Promise<CborValue> => {
  const { to, cc, subject, body, inReplyTo, attachments } = letter
  const encodedBody = await encodeBody({ body, files: [] })
  const files = attachments.map(({ attachment, name, size }) => [fromBase64Url(attachment), name, size])
  const always = [to, cc, subject, encodedBody, inReplyTo && updateFields(inReplyTo)]
  return files.length === 0 ? always : [...always, files]
}

interface SealedLetter extends Omit<KeptLetter, 'body'> {
  readonly encodedBody: Uint8Array
}

const readLetter = (reader: CborReader): SealedLetter => {
  const hasFiles = reader.list(letterFieldsLeast, letterFieldsMost, 'fields of a letter') === letterFieldsMost
  return {
    to: readNames(reader),
    cc: readNames(reader),
    subject: reader.text(limits.subjectChars, 'subject'),
    encodedBody: reader.bytesUpTo(limits.documentBytes, 'body'),
    inReplyTo: reader.orNull(() => readUpdateId(reader)),
    attachments: hasFiles ? readAttachments(reader) : [],
  }
}

const readAttachments = (reader: CborReader): readonly Attachment[] =>
  Array.from({ length: reader.list(1, limits.attachments, 'files') }, () => {
    reader.tuple(3)
    const attachment = documentId(toBase64Url(reader.bytes(documentBytes)))
    return { attachment, name: reader.text(limits.fileNameChars, 'file name'), size: reader.uint(limits.bodyBytes) }
  })

const readNames = (reader: CborReader): readonly string[] =>
  Array.from({ length: reader.list(0, limits.recipients, 'names') }, () => reader.text(nameChars, 'name'))

const readWritings = (reader: CborReader): Writings =>
  new Map(
    Array.from({ length: reader.list(1, limits.draftWriters, 'writers') }, () => {
      reader.tuple(2)
      return [toBase64Url(reader.bytes(writerBytes)), reader.uint()] as const
    }),
  )

const readAccounts = (reader: CborReader): readonly AccountId[] =>
  Array.from({ length: reader.list(0, limits.recipients, 'accounts') }, () => readAccountId(reader))

const readVersioned = <Value>(reader: CborReader, most: number, read: (fields: number) => Value): Value => {
  const fields = reader.list(1, most, 'fields')
  if (reader.uint() !== formatVersion) {
    throw new QuintetError('NEWER_FORMAT', 'This was written by a newer version. Update this program.')
  }
  return read(fields)
}

const withBody = async <Rest>(
  result: Result<Rest & { readonly draft: SealedLetter }>,
): Promise<Omit<Rest, 'draft'> & { readonly letter: KeptLetter }> => {
  if (!result.ok) {
    const code = result.failure.code === 'NEWER_FORMAT' ? 'NEWER_FORMAT' : 'CANNOT_OPEN'
    throw new QuintetError(code, `A draft cannot be read: ${result.failure.message}`)
  }
  const { draft, ...rest } = result.value
  const { encodedBody, ...letter } = draft
  const body = await decodeBody(encodedBody)
  if (!body.ok) throw toError(body.failure)
  return { ...rest, letter: { ...letter, body: body.value.body } }
}

import type { Result } from '../core/model/errors.ts'
import type { DocumentId, OriginId, Sequence, Tag, UpdateId } from '../core/model/ids.ts'
import { anyTag, documentId, splitUpdateId, updateId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { markedBy } from '../core/model/meant.ts'
import type { BulkMark, DocumentChange, ForgettingChange, MarksChange, Shelf } from '../core/model/mailbox-changes.ts'
import { fromBase64Url, toBase64Url } from './bytes.ts'
import type { CborReader } from './cbor.ts'
import { encodeCbor, malformed, readWhole, refuse } from './cbor.ts'
import {
  readOrigin,
  readSaid,
  readSequence,
  readSigner,
  readTag,
  saidFields,
  signer,
  type WordFields,
} from './payload-parts.ts'

/** With when they were said. */
const marksFields = 5
const documentFields = 6
const forgettingFields = 4
const documentIdBytes = 16
const highestShelf = 255

const markCodes: Readonly<Record<BulkMark, number>> = {
  read: 1,
  unread: 2,
  star: 3,
  unstar: 4,
  trash: 5,
  restore: 6,
  delete: 7,
}
const marksByCode = new Map<number, BulkMark>([
  [1, 'read'],
  [2, 'unread'],
  [3, 'star'],
  [4, 'unstar'],
  [5, 'trash'],
  [6, 'restore'],
  [7, 'delete'],
])

/** A document as its person signs it; `sealed` is null when it is deleted. */
export interface DocumentPayload extends WordFields {
  readonly document: DocumentId
  readonly shelf: Shelf
  readonly sealed: Uint8Array | null
}

/**
 * `[account, command, mark, [[origin, [sequence...], [tag...]]...], when it was said]`, without the tags where none is known. The mails are within
 * their limit already.
 */
export const encodeMarksPayload = (change: Omit<MarksChange, 'kind'>): Uint8Array => {
  const byOrigin = new Map<OriginId, { readonly sequences: Sequence[]; readonly tags: Tag[] }>()
  for (const { id, tag } of markedBy(change)) {
    const { origin, sequence } = splitUpdateId(id)
    const ofOrigin = byOrigin.get(origin) ?? { sequences: [], tags: [] }
    ofOrigin.sequences.push(sequence)
    ofOrigin.tags.push(tag)
    byOrigin.set(origin, ofOrigin)
  }
  const mails = [...byOrigin].map(([origin, { sequences, tags }]) =>
    tags.every((tag) => tag === anyTag) ? [origin, sequences] : [origin, sequences, tags],
  )
  return encodeCbor([...signer(change), markCodes[change.mark], mails, ...saidFields(change)])
}

/** `[account, command, document (16), shelf, sealed content or null, when it was said]`. */
export const encodeDocumentPayload = (change: DocumentPayload): Uint8Array =>
  encodeCbor([...signer(change), fromBase64Url(change.document), change.shelf, change.sealed, ...saidFields(change)])

/** `[account, command, said up to, [document (16)...]]`. The documents are within their limit already, and in order. */
export const encodeForgettingPayload = (change: Omit<ForgettingChange, 'kind'>): Uint8Array =>
  encodeCbor([...signer(change), change.saidUpTo, change.documents.map(fromBase64Url)])

/** In the order in which a forgetting names them: as their bytes ascend. */
export const inOrder = (documents: readonly DocumentId[]): readonly DocumentId[] =>
  documents.toSorted((one, other) => Buffer.compare(fromBase64Url(one), fromBase64Url(other)))

/** All of a document's payload, for its person. */
export const decodeDocumentPayload = (payload: Uint8Array): Result<DocumentPayload> => readWhole(payload, readPayload)

export const readMarks = (reader: CborReader): MarksChange => {
  const all = reader.list(marksFields - 1, marksFields, 'fields')
  const signedBy = readSigner(reader)
  const mark = marksByCode.get(reader.uint()) ?? malformed('a mark that is not known here')
  const mails: UpdateId[] = []
  const tags: Tag[] = []
  for (let origins = reader.list(1, limits.marksPerUpdate, 'origins'); origins > 0; origins--) {
    const fields = reader.list(2, 3, 'fields')
    const origin = readOrigin(reader)
    const count = reader.list(1, limits.marksPerUpdate, 'mails')
    for (let left = count; left > 0; left--) mails.push(updateId(origin, readSequence(reader)))
    if (fields === 3) reader.tuple(count)
    // Those that were signed before there were tags have none.
    for (let left = count; left > 0; left--) tags.push(fields === 3 ? readTag(reader) : anyTag)
    if (mails.length > limits.marksPerUpdate) refuse('TOO_MANY', `the limit is ${limits.marksPerUpdate} mails`)
  }
  return { kind: 'marks', ...signedBy, mark, mails, tags, ...readSaid(reader, all, marksFields) }
}

export const readDocument = (reader: CborReader): DocumentChange => {
  const { sealed, ...change } = readPayload(reader)
  return { kind: 'document', ...change, state: sealed === null ? 'deleted' : 'written' }
}

const readPayload = (reader: CborReader): DocumentPayload => {
  const all = reader.list(documentFields - 1, documentFields, 'fields')
  const signedBy = readSigner(reader)
  const document = documentId(toBase64Url(reader.bytes(documentIdBytes)))
  const shelf = reader.uint(highestShelf)
  const sealed = reader.orNull(() => reader.bytesUpTo(limits.documentBytes, 'document'))
  return { ...signedBy, document, shelf, sealed, ...readSaid(reader, all, documentFields) }
}

export const readForgetting = (reader: CborReader): ForgettingChange => {
  reader.tuple(forgettingFields)
  const signedBy = readSigner(reader)
  const saidUpTo = reader.uint(limits.lastClock)
  const documents: DocumentId[] = []
  let before: Uint8Array | null = null
  for (let left = reader.list(0, limits.forgettingDocuments, 'documents'); left > 0; left--) {
    const document = reader.bytes(documentIdBytes)
    if (before !== null && Buffer.compare(before, document) >= 0) malformed('documents do not ascend')
    documents.push(documentId(toBase64Url(document)))
    before = document
  }
  return { kind: 'forgetting', ...signedBy, saidUpTo, documents }
}

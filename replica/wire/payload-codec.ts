import type { Result } from '../core/model/errors.ts'
import type { AccountId, CommandId, Tag, UpdateId } from '../core/model/ids.ts'
import { updateId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { AccountChange, AccountKeysChange, MailChange, PersonChange } from '../core/model/updates.ts'
import { concat, fromBase64Url } from './bytes.ts'
import { attempt, CborReader, encodeCbor, malformed, readWhole, refuse } from './cbor.ts'
import { keyBytes } from './keys.ts'
import { readDocument, readForgetting, readMarks } from './mailbox-payloads.ts'
import { checkName } from './names.ts'
import {
  readAccountId,
  readOrigin,
  readSequence,
  readSigner,
  readTagField,
  readUpdateId,
  signer,
  tagFields,
  updateFields,
  type SignerFields,
} from './payload-parts.ts'
import { readFollow, readPost, readPostDeletion } from './social-payloads.ts'

const encapsulatedBytes = 32
const wrappedKeyBytes = 48
/** Of a read and a deletion. */
const markFields = 5
const emptyBytes = new Uint8Array([0x40])

export type PersonKind = PersonChange['kind']
/** The compiler refuses one too few: a kind that is missing here could be given to no replica. */
const personKinds: Readonly<Record<PersonKind, true>> = {
  account: true,
  accountKeys: true,
  accountDeletion: true,
  mail: true,
  read: true,
  deletion: true,
  marks: true,
  document: true,
  forgetting: true,
  post: true,
  postDeletion: true,
  follow: true,
}
/** For what comes from clients. */
export const personKindNames = Object.keys(personKinds) as readonly PersonKind[]

/** One person's way into a sealed mail: HPKE's encapsulated key and the mail's key sealed under it. */
export interface KeyWrap {
  readonly enc: Uint8Array
  readonly wrappedKey: Uint8Array
}

/** A mail as its sender signs it. `wraps[0]` is the sender's, `wraps[i + 1]` that of `to[i]`. */
export interface MailPayload {
  readonly account: AccountId
  readonly command: CommandId
  readonly to: readonly AccountId[]
  /** The first mail of the conversation; in the clear, so that replicas can give a conversation's mails. */
  readonly conversation: UpdateId | null
  readonly wraps: readonly KeyWrap[]
  readonly sealedHeader: Uint8Array
  readonly sealedBody: Uint8Array
}

/** Encodes once what a person signs at sign-up. The arguments are to be within their limits. */
export const encodeAccountPayload = (change: Omit<AccountChange, 'kind'>): Uint8Array =>
  encodeCbor([...signer(change), change.name, change.sealKey, change.sealedKeys])

/** New locks for the private keys. */
export const encodeAccountKeysPayload = (change: Omit<AccountKeysChange, 'kind'>): Uint8Array =>
  encodeCbor([...signer(change), change.generation, change.sealedKeys])

export const encodeAccountDeletionPayload = (change: SignerFields): Uint8Array => encodeCbor(signer(change))

export const encodeMailPayload = (mail: MailPayload): Uint8Array =>
  encodeCbor([
    ...signer(mail),
    mail.to.map(fromBase64Url),
    mail.conversation && updateFields(mail.conversation),
    mail.wraps.map(({ enc, wrappedKey }) => [enc, wrappedKey]),
    mail.sealedHeader,
    mail.sealedBody,
  ])

export const encodeReadPayload = (change: MarkFields): Uint8Array => encodeMark(change)
export const encodeDeletionPayload = (change: MarkFields): Uint8Array => encodeMark(change)

/**
 * Decodes what a person signed. The signature is not looked at here.
 * BAD_REQUEST, BAD_NAME, TOO_LARGE, TOO_MANY.
 */
export const decodePayload = (kind: PersonKind, payload: Uint8Array): Result<PersonChange> =>
  attempt(() => readPayload(kind, payload))

/** All of a mail's payload, for those who open it. The byte strings are views into `payload`. */
export const decodeMailPayload = (payload: Uint8Array): Result<MailPayload> => readWhole(payload, readMail)

/** A mail without its body. */
export interface MailHead {
  /** The payload with an empty sealed body. */
  readonly head: Uint8Array
  /** How long the sealed body is. */
  readonly bodyBytes: number
}

/** For lists. The signature of the whole mail does not cover it. */
export const headOf = (payload: Uint8Array): Result<MailHead> =>
  readWhole(payload, (reader) => {
    readMailHead(reader)
    const head = payload.subarray(0, reader.position)
    const { length } = reader.bytesUpTo(limits.payloadBytes, 'sealed body')
    return { head: concat([head, emptyBytes]), bodyBytes: length }
  })

/** The command that a payload begins with, of whatever kind; null when there is none. */
export const commandOf = (payload: Uint8Array): CommandId | null => {
  const found = attempt(() => {
    const reader = new CborReader(payload)
    reader.list(2, payload.length, 'fields')
    return readSigner(reader).command
  })
  return found.ok ? found.value : null
}

/** As `decodePayload`, for use within a decoding: refuses instead of answering. */
export function readPayload(kind: PersonKind, payload: Uint8Array): PersonChange {
  if (payload.length > limits.payloadBytes) {
    refuse('TOO_LARGE', `${payload.length} bytes are too much; the limit is ${limits.payloadBytes}`)
  }
  const reader = new CborReader(payload)
  const change = readChange(kind, reader)
  reader.end()
  return change
}

interface MarkFields extends SignerFields {
  readonly mail: UpdateId
  readonly tag: Tag
}

function encodeMark(change: MarkFields): Uint8Array {
  return encodeCbor([...signer(change), ...updateFields(change.mail), ...tagFields(change.tag)])
}

function readChange(kind: PersonKind, reader: CborReader): PersonChange {
  switch (kind) {
    case 'account':
      return readAccount(reader)
    case 'accountKeys': {
      reader.tuple(4)
      const signedBy = readSigner(reader)
      const generation = reader.uint()
      return {
        kind,
        ...signedBy,
        generation,
        sealedKeys: reader.bytesUpTo(limits.sealedKeysBytes, 'sealed keys').slice(),
      }
    }
    case 'accountDeletion':
      reader.tuple(2)
      return { kind, ...readSigner(reader) }
    case 'mail':
      return readMailChange(reader)
    case 'read':
    case 'deletion': {
      const fields = reader.list(markFields - 1, markFields, 'fields')
      const signedBy = readSigner(reader)
      const mail = updateId(readOrigin(reader), readSequence(reader))
      return { kind, ...signedBy, mail, tag: readTagField(reader, fields, markFields) }
    }
    case 'marks':
      return readMarks(reader)
    case 'document':
      return readDocument(reader)
    case 'forgetting':
      return readForgetting(reader)
    case 'post':
      return readPost(reader)
    case 'postDeletion':
      return readPostDeletion(reader)
    case 'follow':
      return readFollow(reader)
  }
}

function readAccount(reader: CborReader): AccountChange {
  reader.tuple(5)
  const signedBy = readSigner(reader)
  const name = checkName(reader.text(limits.nameChars, 'name'))
  if (!name.ok) return refuse(name.failure.code, name.failure.message)
  // Copies: an account is kept for long, and a view would keep the whole frame that it came in.
  const sealKey = reader.bytes(keyBytes).slice()
  const sealedKeys = reader.bytesUpTo(limits.sealedKeysBytes, 'sealed keys').slice()
  return { kind: 'account', ...signedBy, name: name.value, sealKey, sealedKeys }
}

/** What a replica needs of a mail. The form of what is sealed is looked at, too. */
function readMailChange(reader: CborReader): MailChange {
  const change = readMailFields(reader)
  for (let left = change.to.length; left >= 0; left--) {
    reader.tuple(2)
    reader.passBytes(encapsulatedBytes)
    reader.passBytes(wrappedKeyBytes)
  }
  reader.passBytesUpTo(limits.sealedHeaderBytes, 'sealed header')
  reader.passBytesUpTo(limits.payloadBytes, 'sealed body')
  return change
}

function readMail(reader: CborReader): MailPayload {
  const head = readMailHead(reader)
  return { ...head, sealedBody: reader.bytesUpTo(limits.payloadBytes, 'sealed body') }
}

function readMailHead(reader: CborReader): Omit<MailPayload, 'sealedBody'> {
  const { account, command, to, conversation } = readMailFields(reader)
  const wraps = [readWrap(reader)]
  while (wraps.length <= to.length) wraps.push(readWrap(reader))
  const sealedHeader = reader.bytesUpTo(limits.sealedHeaderBytes, 'sealed header')
  return { account, command, to, conversation, wraps, sealedHeader }
}

/** Ends before the first of the wraps. */
function readMailFields(reader: CborReader): MailChange {
  reader.tuple(7)
  const { account, command } = readSigner(reader)
  // Made at its full length: one that grows takes room for 16 more, in every mail for good.
  const to = new Array<AccountId>(reader.list(1, limits.recipients, 'recipients'))
  for (let index = 0; index < to.length; index++) to[index] = readAccountId(reader)
  if (to.length > 1 && new Set(to).size !== to.length) malformed('a mail names a recipient twice')
  const conversation = reader.orNull(() => readUpdateId(reader))
  reader.tuple(to.length + 1)
  return { kind: 'mail', account, command, to, conversation }
}

function readWrap(reader: CborReader): KeyWrap {
  reader.tuple(2)
  return { enc: reader.bytes(encapsulatedBytes), wrappedKey: reader.bytes(wrappedKeyBytes) }
}

import type { Result } from '../core/model/errors.ts'
import type { AccountId, CommandId, OriginId, Sequence, UpdateId } from '../core/model/ids.ts'
import { commandId, isOriginId, originId, splitUpdateId, updateId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { AccountChange, AccountKeysChange, PersonChange } from '../core/model/updates.ts'
import { concat, fromBase64Url, toBase64Url } from './bytes.ts'
import type { CborReader } from './cbor.ts'
import { attempt, encodeCbor, malformed, readWhole, refuse } from './cbor.ts'
import { accountIdOf, keyBytes, shared } from './keys.ts'
import { checkName } from './names.ts'

const commandBytes = 12
const encapsulatedBytes = 32
const wrappedKeyBytes = 48
const originChars = 12
const emptyBytes = new Uint8Array([0x40])

export type PersonKind = PersonChange['kind']
/** For what comes from clients. */
export const personKindNames = [
  'account',
  'accountKeys',
  'accountDeletion',
  'mail',
  'read',
  'deletion',
] as const satisfies readonly PersonKind[]

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

/** The same mail with an empty sealed body, for lists. The signature does not cover it any more. */
export const withoutBody = (payload: Uint8Array): Result<Uint8Array> =>
  readWhole(payload, (reader) => {
    readMailHead(reader)
    const head = payload.subarray(0, reader.position)
    reader.bytesUpTo(limits.payloadBytes, 'sealed body')
    return concat([head, emptyBytes])
  })

/** As `decodePayload`, for use within a decoding: refuses instead of answering. */
export function readPayload(kind: PersonKind, payload: Uint8Array): PersonChange {
  if (payload.length > limits.payloadBytes) {
    refuse('TOO_LARGE', `${payload.length} bytes are too much; the limit is ${limits.payloadBytes}`)
  }
  const result = readWhole(payload, (reader) => readChange(kind, reader))
  return result.ok ? result.value : refuse(result.failure.code, result.failure.message)
}

interface SignerFields {
  readonly account: AccountId
  readonly command: CommandId
}

interface MarkFields extends SignerFields {
  readonly mail: UpdateId
}

const signer = ({ account, command }: SignerFields): Uint8Array[] => [fromBase64Url(account), fromBase64Url(command)]

function encodeMark(change: MarkFields): Uint8Array {
  const { origin, sequence } = splitUpdateId(change.mail)
  return encodeCbor([...signer(change), origin, sequence])
}

function readChange(kind: PersonKind, reader: CborReader): PersonChange {
  switch (kind) {
    case 'account':
      return readAccount(reader)
    case 'accountKeys': {
      reader.tuple(4)
      const signedBy = readSigner(reader)
      const generation = reader.uint()
      return { kind, ...signedBy, generation, sealedKeys: reader.bytesUpTo(limits.sealedKeysBytes, 'sealed keys').slice() }
    }
    case 'accountDeletion':
      reader.tuple(2)
      return { kind, ...readSigner(reader) }
    case 'mail': {
      const { account, command, to } = readMail(reader)
      return { kind, account, command, to }
    }
    case 'read':
    case 'deletion': {
      reader.tuple(4)
      const signedBy = readSigner(reader)
      return { kind, ...signedBy, mail: updateId(readOrigin(reader), readSequence(reader)) }
    }
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

function readMail(reader: CborReader): MailPayload {
  const head = readMailHead(reader)
  return { ...head, sealedBody: reader.bytesUpTo(limits.payloadBytes, 'sealed body') }
}

function readMailHead(reader: CborReader): Omit<MailPayload, 'sealedBody'> {
  reader.tuple(6)
  const signedBy = readSigner(reader)
  // Made at its full length: one that grows takes room for 16 more, in every mail for good.
  const to = new Array<AccountId>(reader.list(1, limits.recipients, 'recipients'))
  for (let index = 0; index < to.length; index++) to[index] = readAccountId(reader)
  if (to.length > 1 && new Set(to).size !== to.length) malformed('a mail names a recipient twice')
  reader.tuple(to.length + 1)
  const wraps = [readWrap(reader)]
  while (wraps.length <= to.length) wraps.push(readWrap(reader))
  return { ...signedBy, to, wraps, sealedHeader: reader.bytesUpTo(limits.sealedHeaderBytes, 'sealed header') }
}

function readWrap(reader: CborReader): KeyWrap {
  reader.tuple(2)
  return { enc: reader.bytes(encapsulatedBytes), wrappedKey: reader.bytes(wrappedKeyBytes) }
}

const readSigner = (reader: CborReader): SignerFields => ({
  account: readAccountId(reader),
  command: commandId(toBase64Url(reader.bytes(commandBytes))),
})

export const readAccountId = (reader: CborReader): AccountId => accountIdOf(reader.bytes(keyBytes))

export function readOrigin(reader: CborReader): OriginId {
  const text = reader.text(originChars, 'origin')
  return isOriginId(text) ? originId(shared(text)) : malformed('an origin has the wrong form')
}

export function readSequence(reader: CborReader): Sequence {
  const sequence = reader.uint()
  return sequence > 0 ? sequence : malformed('sequences begin with 1')
}

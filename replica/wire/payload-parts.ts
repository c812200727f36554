import type { AccountId, Clock, CommandId, OriginId, Sequence, Tag, UpdateId } from '../core/model/ids.ts'
import {
  anyTag,
  commandBytes,
  commandId,
  highestTag,
  isOriginId,
  originId,
  splitUpdateId,
  tag,
  updateId,
} from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { fromBase64Url, toBase64Url } from './bytes.ts'
import type { CborReader, CborValue } from './cbor.ts'
import { malformed } from './cbor.ts'
import { accountIdOf, keyBytes, shared } from './keys.ts'

const originChars = 12

/** What every payload that a person signs begins with. */
export interface SignerFields {
  readonly account: AccountId
  readonly command: CommandId
}

/** As `Word`: absent where a version of before signed it. */
export interface WordFields extends SignerFields {
  readonly saidAt?: Clock
}

/** When a word was said, as a last field. */
export const saidFields = ({ saidAt }: WordFields): Clock[] => (saidAt === undefined ? [] : [saidAt])

/** What `saidFields` wrote, of a payload that has so many fields; of one that has one less nothing is known. */
export const readSaid = (reader: CborReader, fields: number, withClock: number): { readonly saidAt?: Clock } =>
  fields < withClock ? {} : { saidAt: reader.uint(limits.lastClock) }

export const signer = ({ account, command }: SignerFields): Uint8Array[] => [
  fromBase64Url(account),
  fromBase64Url(command),
]

export const readSigner = (reader: CborReader): SignerFields => ({
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

/** `[origin, sequence]`. */
export const updateFields = (id: UpdateId): CborValue[] => {
  const { origin, sequence } = splitUpdateId(id)
  return [origin, sequence]
}

export const readUpdateId = (reader: CborReader): UpdateId => {
  reader.tuple(2)
  return updateId(readOrigin(reader), readSequence(reader))
}

/** The tag of a mail that is marked alone, as a last field; none when it is not known. */
export const tagFields = (known: Tag): CborValue[] => (known === anyTag ? [] : [known])

/** What `tagFields` wrote, of a payload that has so many fields; one that was signed before there were tags has one less. */
export const readTagField = (reader: CborReader, fields: number, withTag: number): Tag => {
  if (fields < withTag) return anyTag
  const found = readTag(reader)
  return found === anyTag ? malformed('a tag is zero') : found
}

export const readTag = (reader: CborReader): Tag => tag(reader.uint(highestTag))

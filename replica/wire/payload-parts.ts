import type { AccountId, CommandId, OriginId, Sequence, UpdateId } from '../core/model/ids.ts'
import { commandId, isOriginId, originId, splitUpdateId, updateId } from '../core/model/ids.ts'
import { fromBase64Url, toBase64Url } from './bytes.ts'
import type { CborReader, CborValue } from './cbor.ts'
import { malformed } from './cbor.ts'
import { accountIdOf, keyBytes, shared } from './keys.ts'

const commandBytes = 12
const originChars = 12

/** What every payload that a person signs begins with. */
export interface SignerFields {
  readonly account: AccountId
  readonly command: CommandId
}

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

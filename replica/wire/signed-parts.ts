import type { Result } from '../core/model/errors.ts'
import type { CborReader } from './cbor.ts'
import { malformed, readWhole } from './cbor.ts'
import { mostSignatureBytes } from './person-signature.ts'
import { limits } from '../core/model/limits.ts'
import type { Aims } from '../core/model/mailbox-changes.ts'
import { aimedTypes, readAims } from './aims-codec.ts'

/** What a person signed, as it stands in an update. */
export interface SignedParts {
  readonly payload: Uint8Array
  readonly signature: Uint8Array
  readonly aims?: Aims
}

const personFields = 4
const aimedFields = 6
const highestType = 65_535

/** Takes a person's payload and signature out of an update's bytes, unverified. BAD_REQUEST when it is not a person's. */
export const signedPartsOf = (updateBytes: Uint8Array): Result<SignedParts> => readWhole(updateBytes, readParts)

const readParts = (reader: CborReader): SignedParts => {
  const fields = reader.list(personFields, aimedFields, 'fields')
  const isAimed = aimedTypes.has(reader.uint(highestType))
  if (fields !== (isAimed ? aimedFields : personFields)) malformed(`a person's update has ${fields} fields`)
  reader.uint()
  if (isAimed) reader.uint(highestType)
  const payload = reader.bytesUpTo(limits.payloadBytes, 'payload')
  const signature = reader.bytesUpTo(mostSignatureBytes, 'signature')
  return isAimed ? { payload, signature, aims: readAims(reader) } : { payload, signature }
}

import type { Result } from '../core/model/errors.ts'
import type { CborReader } from './cbor.ts'
import { readWhole } from './cbor.ts'
import { mostSignatureBytes } from './person-signature.ts'
import { limits } from '../core/model/limits.ts'

/** What a person signed, as it stands in an update. */
export interface SignedParts {
  readonly payload: Uint8Array
  readonly signature: Uint8Array
}

const personFields = 4
const highestType = 65_535

/** Takes a person's payload and signature out of an update's bytes, unverified. BAD_REQUEST when it is not a person's. */
export const signedPartsOf = (updateBytes: Uint8Array): Result<SignedParts> => readWhole(updateBytes, readParts)

const readParts = (reader: CborReader): SignedParts => {
  reader.list(personFields, personFields, 'fields')
  reader.uint(highestType)
  reader.uint()
  return {
    payload: reader.bytesUpTo(limits.payloadBytes, 'payload'),
    signature: reader.bytesUpTo(mostSignatureBytes, 'signature'),
  }
}

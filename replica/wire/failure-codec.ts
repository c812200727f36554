import { errorCodes } from '../core/model/errors.ts'
import type { Failure } from '../core/model/errors.ts'
import { limits } from '../core/model/limits.ts'
import type { CborReader, CborValue } from './cbor.ts'

const codeChars = 64

/** Code and message; a message that is longer than the limit is cut. */
export const failureFields = ({ code, message }: Failure): readonly CborValue[] => [
  code,
  message.slice(0, limits.failureChars),
]

/** Reads a code and a message. A code that is not known here comes from a newer version; its sentence still helps. */
export function readFailure(reader: CborReader): Failure {
  const found = reader.text(codeChars, 'code')
  const code = errorCodes.find((known) => known === found) ?? 'INTERNAL'
  return { code, message: reader.text(limits.failureChars, 'message') }
}

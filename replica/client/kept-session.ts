import { QuintetError } from '../core/model/errors.ts'
import { sessionBytes, sessionId, type Clock, type SessionId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { fromBase64Url, toBase64Url } from '../wire/bytes.ts'
import { encodeCbor, readWhole, type CborReader } from '../wire/cbor.ts'
import type { PrivateHalves } from './person-keys.ts'

/** What goes on with a log-in after a restart, without the password: the person's keys, and which log-in it was. */
export interface KeptSession {
  readonly halves: PrivateHalves
  readonly session: SessionId
  /** When the log-in took place: a later one, elsewhere, stands. */
  readonly clock: Clock
  /** As the person was called then; empty in those of before it was kept. */
  readonly name: string
}

/*
 * kept = [1, signing seed(32), sealing secret(32), session id(12), clock, name], without the last in those of before it was kept
 */
const formatVersion = 1
const halfBytes = 32
const fieldsLeast = 5
const fieldsMost = 6

/** The private keys are in it as they are. */
export const encodeKeptSession = ({ halves, session, clock, name }: KeptSession): Uint8Array =>
  encodeCbor([formatVersion, halves.signSeed, halves.sealSecret, fromBase64Url(session), clock, name])

/** NEWER_FORMAT, DAMAGED. */
export const decodeKeptSession = (bytes: Uint8Array): KeptSession => {
  const kept = readWhole(bytes, readKeptSession)
  if (kept.ok) return kept.value
  const code = kept.failure.code === 'NEWER_FORMAT' ? 'NEWER_FORMAT' : 'DAMAGED'
  throw new QuintetError(code, `What was kept of the log-in cannot be read: ${kept.failure.message}`)
}

const readKeptSession = (reader: CborReader): KeptSession => {
  const fields = reader.list(fieldsLeast, fieldsMost, 'fields')
  if (reader.uint() !== formatVersion)
    throw new QuintetError('NEWER_FORMAT', 'It was kept by a newer version. Log in again.')
  const halves = { signSeed: reader.bytes(halfBytes), sealSecret: reader.bytes(halfBytes) }
  const session = sessionId(toBase64Url(reader.bytes(sessionBytes)))
  const clock = reader.uint()
  return { halves, session, clock, name: fields < fieldsMost ? '' : reader.text(limits.nameChars * 2 + 8, 'name') }
}

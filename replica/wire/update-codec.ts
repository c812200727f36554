import type { Result } from '../core/model/errors.ts'
import { assert, fail, succeed } from '../core/model/errors.ts'
import type { AccountId, Clock, OriginId, PeerId, Sequence } from '../core/model/ids.ts'
import { inviteId, seatOf } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { aimedAt } from '../core/model/meant.ts'
import type {
  Change,
  Draft,
  ForgedChange,
  PersonChange,
  SeatChange,
  SignedChange,
  SystemChange,
  Update,
} from '../core/model/updates.ts'
import { aimedType, aimedTypes, aimFields, readAims } from './aims-codec.ts'
import { fromBase64Url, toBase64Url } from './bytes.ts'
import type { CborValue } from './cbor.ts'
import { attempt, CborReader, encodeCbor, malformed, refuse } from './cbor.ts'
import type { GroupContext } from './group-context.ts'
import { groupContext, signedByPerson } from './group-context.ts'
import type { PrivateKey } from './keys.ts'
import { isPeerId, keyBytes, originOf, signatureBytes, signBytes } from './keys.ts'
import { holdsPersonSignature, isSignatureLength, mostSignatureBytes, signTogether } from './person-signature.ts'
import { isLabel } from './names.ts'
import type { PersonKind } from './payload-codec.ts'
import { decodePayload, readPayload } from './payload-codec.ts'
import { readOrigin } from './payload-parts.ts'

/** What is known of a person's signature before an update is decoded: nothing, that it holds, that it does not. */
export type Trust = 'check' | 'genuine' | 'forged'

const systemTypes = {
  group: 1,
  seat: 2,
  invite: 3,
  admission: 4,
  retirement: 5,
  revocation: 6,
  machineName: 7,
  clientAdmission: 9,
} as const
/** A seat with the proof that its former holder goes on in it. */
const successionType = 8
const personTypes: Readonly<Record<PersonKind, number>> = {
  account: 16,
  accountDeletion: 17,
  mail: 18,
  read: 19,
  deletion: 20,
  marks: 21,
  document: 22,
  forgetting: 27,
  accountKeys: 32,
  post: 40,
  postDeletion: 41,
  follow: 42,
}
/**
 * Words that tell when they were said have types of their own: to a version of before they are of kinds that it does not know, which it keeps and
 * passes on; a field more in those that it knows it would refuse.
 */
const saidTypes: Readonly<Partial<Record<PersonKind, number>>> = { marks: 24, document: 25, follow: 43 }
const personKinds = new Map<number, PersonKind>([
  [16, 'account'],
  [17, 'accountDeletion'],
  [18, 'mail'],
  [19, 'read'],
  [20, 'deletion'],
  [21, 'marks'],
  [22, 'document'],
  [24, 'marks'],
  [25, 'document'],
  [27, 'forgetting'],
  [32, 'accountKeys'],
  [40, 'post'],
  [41, 'postDeletion'],
  [42, 'follow'],
  [43, 'follow'],
])
/** Higher ones are malformed; those between are of later versions. */
export const highestType = 65_535
const knownTypes: ReadonlySet<number> = new Set([
  ...Object.values(systemTypes),
  successionType,
  ...aimedTypes,
  ...personKinds.keys(),
])
/** Whether this version understands updates of this type. */
export const isKnownType = (type: number): boolean => knownTypes.has(type)
const keptForLong: ReadonlySet<Change['kind']> = new Set(['account', 'accountKeys', 'forgetting'])
const peerIdChars = 64

/** What kind of update it is; a word also by when it was said. */
export interface Form {
  readonly kind: PersonKind
  readonly saidAt?: Clock
}

/** A payload that a person is to sign. */
export interface Unsigned extends Form {
  readonly payload: Uint8Array
}

/** The type code by which it is signed and written. */
export const typeOf = ({ kind, saidAt }: Form): number =>
  (saidAt === undefined ? undefined : saidTypes[kind]) ?? personTypes[kind]

/** The signature by `privateKey` that makes `payload`, which does not tell when it was said, a person's update of this group. */
export const signPayload = (
  groupId: Uint8Array,
  kind: PersonKind,
  payload: Uint8Array,
  privateKey: PrivateKey,
): Uint8Array => signBytes(privateKey, signedByPerson(groupContext(groupId), personTypes[kind], payload))

/** The signatures that make 1 to `mostInBundle` payloads updates of a person, at the cost of one. In order. */
export const signPayloads = (
  groupId: Uint8Array,
  unsigned: readonly Unsigned[],
  privateKey: PrivateKey,
): readonly Uint8Array[] => {
  const items = unsigned.map((item) => ({ type: typeOf(item), payload: item.payload }))
  return signTogether(groupContext(groupId), items, privateKey)
}

/** What a client gives in, validated. BAD_SIGNATURE, and the failures of `decodePayload`. */
export function verifySubmission(
  groupId: Uint8Array,
  kind: PersonKind,
  payload: Uint8Array,
  signature: Uint8Array,
): Result<SignedChange> {
  const change = decodePayload(kind, payload)
  if (!change.ok) return change
  const holds = holdsSignature(groupContext(groupId), typeOf(change.value), change.value.account, payload, signature)
  if (!holds) return fail('BAD_SIGNATURE', 'The signature is not that of the account for this group.')
  return succeed({ change: change.value, payload, signature })
}

/** Encodes an update once and for all. */
export function encodeUpdate(draft: Draft): Uint8Array {
  const { change, clock } = draft
  if (!('payload' in change)) return encodeCbor(systemFields(clock, change))
  assert(isSignatureLength(change.signature.length), 'a signature has a known form')
  const type = typeOf(change.change)
  return encodeCbor(
    change.aims === undefined
      ? [type, clock, change.payload, change.signature]
      : [aimedType(change.change), clock, type, change.payload, change.signature, aimFields(change.aims)],
  )
}

/**
 * Decodes one update. A person's update whose signature does not hold becomes a `forged` change; so does one with
 * `trust` `forged`, unchecked. BAD_REQUEST, TOO_LARGE, TOO_MANY, BAD_NAME.
 */
export const decodeUpdate = (
  context: GroupContext,
  origin: OriginId,
  sequence: Sequence,
  bytes: Uint8Array,
  trust: Trust,
): Result<Update> => attempt(() => readUpdate(context, origin, sequence, bytes, trust))

/** As `decodeUpdate`, for use within a decoding: refuses instead of answering. */
export const readUpdate = (
  context: GroupContext,
  origin: OriginId,
  sequence: Sequence,
  bytes: Uint8Array,
  trust: Trust,
): Update =>
  readJudged(origin, sequence, bytes, (type, account, payload, signature) =>
    trust === 'check' ? holdsSignature(context, type, account, payload, signature) : trust === 'genuine',
  )

/** As `readUpdate` with trust `genuine`, which needs no group. */
export const readGenuineUpdate = (origin: OriginId, sequence: Sequence, bytes: Uint8Array): Update =>
  readJudged(origin, sequence, bytes, () => true)

/** Says whether a person's signature holds. */
type Judge = (type: number, account: AccountId, payload: Uint8Array, signature: Uint8Array) => boolean

function readJudged(origin: OriginId, sequence: Sequence, bytes: Uint8Array, judge: Judge): Update {
  if (bytes.length > limits.updateBytes) {
    refuse('TOO_LARGE', `an update has ${bytes.length} bytes; the limit is ${limits.updateBytes}`)
  }
  const reader = new CborReader(bytes)
  const fields = reader.list(2, limits.updateBytes, 'fields')
  const type = reader.uint(highestType)
  const clock = reader.uint(limits.lastClock)
  const change = readChange(reader, type, fields, origin, judge)
  reader.end()
  // An account is kept for long, and a view would keep the whole frame that it came in.
  return { origin, sequence, clock, change, bytes: keptForLong.has(change.kind) ? bytes.slice() : bytes }
}

function readChange(reader: CborReader, type: number, fields: number, origin: OriginId, judge: Judge): Change {
  if (aimedTypes.has(type)) {
    expectFields(fields, 6)
    const change = readPerson(reader, reader.uint(highestType), judge)
    const aims = readAims(reader)
    if (change.kind === 'forged') return change
    if (aimedType(change) !== type) malformed('a mark is aimed as one of another form')
    return aimedAt(change, aims) ?? malformed('a mark is aimed at what it does not mean')
  }
  if (!personKinds.has(type)) return readSystemChange(reader, type, fields, origin)
  expectFields(fields, 4)
  return readPerson(reader, type, judge)
}

function readPerson(reader: CborReader, type: number, judge: Judge): PersonChange | ForgedChange {
  const kind = personKinds.get(type) ?? malformed('a kind of mark that is not known here')
  const payload = reader.bytesUpTo(limits.payloadBytes, 'payload')
  const signature = reader.bytesUpTo(mostSignatureBytes, 'signature')
  if (!isSignatureLength(signature.length)) malformed(`a signature has ${signature.length} bytes`)
  const change = readPayload(kind, payload)
  if (typeOf(change) !== type) malformed('a change has another form than its type')
  return judge(type, change.account, payload, signature) ? change : { kind: 'forged', account: change.account }
}

function readSystemChange(reader: CborReader, type: number, fields: number, origin: OriginId): Change {
  switch (type) {
    case systemTypes.group:
      expectFields(fields, 3)
      return { kind: 'group', name: readLabel(reader, 1, limits.groupNameChars, 'group name') }
    case systemTypes.seat:
      expectFields(fields, 6)
      return readSeat(reader)
    case successionType: {
      expectFields(fields, 8)
      const seat = readSeat(reader)
      const succession = { former: readPeer(reader), signature: reader.bytes(signatureBytes).slice() }
      const holds = seat.replaces === originOf(seat.server, succession.former) && seatOf(origin) === seat.server
      return holds ? { ...seat, succession } : malformed('an install goes on for one that had another seat')
    }
    case systemTypes.invite:
      expectFields(fields, 4)
      return { kind: 'invite', invite: inviteId(toBase64Url(reader.bytes(keyBytes))), expiresAtMs: reader.uint() }
    case systemTypes.admission: {
      expectFields(fields, 5)
      const invite = inviteId(toBase64Url(reader.bytes(keyBytes)))
      return { kind: 'admission', invite, peer: readPeer(reader), server: reader.server() }
    }
    case systemTypes.retirement:
      expectFields(fields, 3)
      return { kind: 'retirement', retired: readOrigin(reader) }
    case systemTypes.revocation:
      expectFields(fields, 3)
      return { kind: 'revocation', invite: inviteId(toBase64Url(reader.bytes(keyBytes))) }
    case systemTypes.machineName:
      expectFields(fields, 3)
      return { kind: 'machineName', name: readLabel(reader, 1, limits.machineNameChars, 'machine name') }
    case systemTypes.clientAdmission: {
      expectFields(fields, 5)
      const invite = inviteId(toBase64Url(reader.bytes(keyBytes)))
      const peer = readPeer(reader)
      const machine = readLabel(reader, 0, limits.machineNameChars, 'machine name')
      return { kind: 'clientAdmission', invite, peer, machine }
    }
    default:
      for (let rest = fields - 2; rest > 0; rest--) reader.skip(limits.unknownDepth)
      return { kind: 'unknown', type }
  }
}

function readSeat(reader: CborReader): SeatChange {
  return {
    kind: 'seat',
    server: reader.server(),
    peer: readPeer(reader),
    machine: readLabel(reader, 0, limits.machineNameChars, 'machine name'),
    replaces: reader.orNull(() => readOrigin(reader)),
  }
}

function systemFields(clock: Clock, change: SystemChange): CborValue[] {
  const head = [systemTypes[change.kind], clock]
  switch (change.kind) {
    case 'group':
      return [...head, change.name]
    case 'seat': {
      const seat = [change.server, change.peer, change.machine, change.replaces]
      const { succession } = change
      if (succession === undefined) return [...head, ...seat]
      return [successionType, clock, ...seat, succession.former, succession.signature]
    }
    case 'retirement':
      return [...head, change.retired]
    case 'revocation':
      return [...head, fromBase64Url(change.invite)]
    case 'machineName':
      return [...head, change.name]
    case 'invite':
      return [...head, fromBase64Url(change.invite), change.expiresAtMs]
    case 'clientAdmission':
      return [...head, fromBase64Url(change.invite), change.peer, change.machine]
    case 'admission':
      return [...head, fromBase64Url(change.invite), change.peer, change.server]
  }
}

const holdsSignature = (
  context: GroupContext,
  type: number,
  account: AccountId,
  payload: Uint8Array,
  signature: Uint8Array,
): boolean => holdsPersonSignature(context, account, { type, payload }, signature)

function expectFields(found: number, expected: number): void {
  if (found !== expected) malformed(`an update has ${found} fields instead of ${expected}`)
}

/** A text shown in one line, of `least` to `most` characters. */
export function readLabel(reader: CborReader, least: number, most: number, what: string): string {
  const text = reader.text(most, what)
  if (text.length < least) return malformed(`${what}: empty`)
  return isLabel(text) ? text : malformed(`${what}: control characters`)
}

export function readPeer(reader: CborReader): PeerId {
  const text = reader.text(peerIdChars, 'peer id')
  return isPeerId(text) ? text : malformed('a peer id has the wrong form')
}

import { assert } from '../core/model/errors.ts'
import type { Result } from '../core/model/errors.ts'
import type { OriginId, Sequence } from '../core/model/ids.ts'
import { sessionBytes, sessionId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type {
  ForkMessage,
  GroupKeyMessage,
  KnowledgeMessage,
  MailRequestMessage,
  MailsMessage,
  Message,
  SessionClaim,
} from '../core/model/messages.ts'
import type { Batch, Update } from '../core/model/updates.ts'
import { standsAlone } from '../core/model/updates.ts'
import { fromBase64Url, toBase64Url } from './bytes.ts'
import { peekBatch, readBatch, readBatches } from './batch-codec.ts'
import { type CborValue, CborReader } from './cbor.ts'
import { linkedVouchers, readVouchers, readVouchersOf, voucherFields } from './vouchers.ts'
import { attempt, encodeCbor, malformed, readWhole, refuse } from './cbor.ts'
import { failureFields, readFailure } from './failure-codec.ts'
import type { GroupContext } from './group-context.ts'
import { addressFields, hashFields, readAddresses, readHashes, readRows, rowFields } from './knowledge-codec.ts'
import { keyBytes } from './keys.ts'
import { readAccountId, readOrigin, readSequence } from './payload-parts.ts'
import { endFields, readEnd, readRetirement, retirementFields } from './proofs.ts'
import { DeferringVerifier } from './signatures.ts'
import { readLabel, readUpdate } from './update-codec.ts'

/** Whether `origin`'s updates up to `last` are held already. */
export type IsHeld = (origin: OriginId, last: Sequence) => boolean

interface Format {
  readonly type: number
  readonly fields: number
  /** Those that an earlier version does not have, and which may be left out. */
  readonly later?: number
}

/** The type and how many fields follow it in this version: what a later version adds to a message comes behind them. */
const formats: Readonly<Record<Message['kind'], Format>> = {
  hello: { type: 1, fields: 9 },
  knowledge: { type: 2, fields: 4, later: 2 },
  request: { type: 3, fields: 4 },
  batches: { type: 4, fields: 2 },
  discarded: { type: 5, fields: 2 },
  stateRequest: { type: 6, fields: 2 },
  stateChunk: { type: 7, fields: 4 },
  mailRequest: { type: 8, fields: 3 },
  mails: { type: 9, fields: 4 },
  refusal: { type: 10, fields: 3, later: 1 },
  fork: { type: 11, fields: 2, later: 1 },
  groupKey: { type: 12, fields: 2, later: 1 },
}
const kindsByType = new Map((Object.keys(formats) as Message['kind'][]).map((kind) => [formats[kind].type, kind]))
/** Of what is passed over, at most so deep. */
const laterDepth = 8
const mostFields = 16
/** Whether what a message says of sessions stands in its list, which is empty otherwise. */
const [inList, asBefore] = [0, 1]

const nothingHeld: IsHeld = () => false

/** The frame of a message. What does not fit into one is a bug of the sender. */
export function encodeMessage(message: Message): Uint8Array {
  const bytes = encodeCbor([formats[message.kind].type, ...fieldsOf(message)])
  assert(bytes.length <= limits.frameBytes, `a ${message.kind} message fits into a frame`)
  return bytes
}

/**
 * Decodes a frame; its batches are verified, except those that `isHeld` knows, which are left out unread. Null for a message of a kind
 * that only a later version of this program knows; of one that says more than this version knows the rest is passed over.
 * BAD_REQUEST, BAD_SIGNATURE, TOO_LARGE, TOO_MANY, BAD_NAME, NEWER_FORMAT.
 */
export function decodeMessage(context: GroupContext, bytes: Uint8Array, isHeld = nothingHeld): Result<Message | null> {
  return readWhole(bytes, (reader) => {
    if (bytes.length > limits.frameBytes) refuse('TOO_LARGE', `a frame has ${bytes.length} bytes`)
    const fields = reader.list(1, mostFields, 'fields')
    const kind = kindsByType.get(reader.uint())
    const { fields: needed, later } = kind === undefined ? { fields: 0, later: 0 } : formats[kind]
    if (fields <= needed) malformed(`a ${kind} message has ${fields - 1} fields instead of ${needed}`)
    const known = Math.min(fields - 1, needed + (later ?? 0))
    const message = kind === undefined ? null : readMessage(context, reader, kind, isHeld, known)
    for (let rest = fields - 1 - known; rest > 0; rest -= 1) reader.skip(laterDepth)
    return message
  })
}

/** Whether a frame is one of those that somebody may send who was not let in yet; one of which that cannot be told is not valid. */
export const tellsWhoItIs = (bytes: Uint8Array): boolean => {
  const found = attempt(() => {
    const reader = new CborReader(bytes)
    reader.list(1, mostFields, 'fields')
    return kindsByType.get(reader.uint())
  })
  return !found.ok || found.value === 'hello' || found.value === 'refusal'
}

/**
 * As `decodeMessage`, but for a message with many signatures a promise: they are verified by other threads, and what the message says
 * counts only when they hold.
 */
export function decodeMessageAside(
  context: GroupContext,
  bytes: Uint8Array,
  isHeld = nothingHeld,
): Result<Message | null> | Promise<Result<Message | null>> {
  const verifier = new DeferringVerifier()
  const message = decodeMessage({ ...context, verifier }, bytes, isHeld)
  if (!message.ok) return message
  // Where one does not hold, it matters which.
  const again = (): Result<Message | null> => decodeMessage(context, bytes, isHeld)
  if (verifier.isShort) return verifier.judge() ? message : again()
  return verifier.judgeAside().then((holds) => (holds ? message : again()))
}

/** Batches as one gossip message. */
export const encodeGossip = (batches: readonly Batch[]): Uint8Array => encodeCbor(batches.map(({ bytes }) => bytes))

/** As `decodeMessage`. */
export const decodeGossip = (
  context: GroupContext,
  bytes: Uint8Array,
  isHeld = nothingHeld,
): Result<readonly Batch[]> =>
  readWhole(bytes, (reader) => {
    if (bytes.length > limits.frameBytes) refuse('TOO_LARGE', `a gossip message has ${bytes.length} bytes`)
    return readNewBatches(context, reader, isHeld)
  })

function fieldsOf(message: Message): readonly CborValue[] {
  switch (message.kind) {
    case 'hello': {
      const { origin, server, clock, rows, admission, vouchers, addresses, keyMadeAt } = message
      const proofs = linkedVouchers(admission, vouchers).map(({ bytes }) => bytes)
      return [
        origin,
        server,
        clock,
        rowFields(rows),
        admission?.bytes ?? null,
        addressFields(addresses),
        keyMadeAt,
        proofs,
        endFields(message.end),
      ]
    }
    case 'knowledge':
      return [
        message.clock,
        rowFields(message.rows),
        hashFields(message.hashes),
        (message.sessions === 'as before' ? [] : message.sessions).map(({ account, session, clock, machine }) => [
          fromBase64Url(account),
          fromBase64Url(session),
          clock,
          machine,
        ]),
        // Always there: what a later version adds comes behind it.
        message.aside ?? 0,
        ...(message.mayShorten === true ? [message.sessions === 'as before' ? asBefore : inList] : []),
      ]
    case 'request':
      return [message.id, message.origin, message.after, message.maxBytes]
    case 'batches':
      return [message.id, message.batches.map(({ bytes }) => bytes)]
    case 'discarded':
      return [message.id, message.origin]
    case 'stateRequest':
      return [message.image, message.index]
    case 'stateChunk':
      return [message.image, message.index, message.count, message.chunk]
    case 'mailRequest':
      return [message.id, message.origin, message.sequences]
    case 'mails':
      return [
        message.id,
        message.origin,
        message.covered,
        message.updates.map(({ sequence, bytes }) => [sequence, bytes]),
      ]
    case 'refusal':
      return [
        ...failureFields(message.failure),
        retirementFields(message.retirement),
        voucherFields(message.retirement?.vouchers ?? []),
      ]
    case 'fork':
      return [message.origin, endFields(message.end), message.unfitting?.bytes ?? null]
    case 'groupKey':
      return [fromBase64Url(message.key), message.madeAt, (message.former ?? []).map(fromBase64Url)]
  }
}

/** `fields`: how many there are of those that this version knows. */
function readMessage(
  context: GroupContext,
  reader: CborReader,
  kind: Message['kind'],
  isHeld: IsHeld,
  fields: number,
): Message {
  switch (kind) {
    case 'hello': {
      const sender = {
        origin: readOrigin(reader),
        server: reader.server(),
        clock: reader.uint(),
        rows: readRows(reader),
      }
      // Also where so much of that log is held: it may be another log, of an old copy, that does not let this peer in.
      const admission = reader.orNull(() => readAdmission(context, reader))
      const known = { addresses: readAddresses(reader), keyMadeAt: reader.uint() }
      const vouchers = linkedVouchers(admission, readVouchers(context, reader))
      return { kind, ...sender, admission, ...known, vouchers, end: readEnd(context, reader) }
    }
    case 'knowledge':
      return {
        kind,
        clock: reader.uint(),
        rows: readRows(reader),
        hashes: readHashes(reader),
        ...readOthers(reader, fields - formats.knowledge.fields),
      }
    case 'request':
      return {
        kind,
        id: reader.uint(),
        origin: readOrigin(reader),
        after: reader.uint(),
        // However much is wanted, an answer has to fit into a frame.
        maxBytes: Math.min(reader.uint(), limits.chunkBytes),
      }
    case 'batches':
      return { kind, id: reader.uint(), batches: readNewBatches(context, reader, isHeld) }
    case 'discarded':
      return { kind, id: reader.uint(), origin: readOrigin(reader) }
    case 'stateRequest':
      return { kind, image: reader.uint(), index: reader.uint(limits.imageChunks) }
    case 'stateChunk':
      return {
        kind,
        image: reader.uint(),
        index: reader.uint(limits.imageChunks),
        count: reader.uint(limits.imageChunks),
        chunk: reader.text(limits.frameBytes, 'chunk'),
      }
    case 'mailRequest':
      return readMailRequest(reader)
    case 'mails':
      return readMails(context, reader)
    case 'refusal':
      return readRefusal(context, reader, fields)
    case 'fork':
      return readFork(context, reader, fields)
    case 'groupKey':
      return readGroupKey(reader, fields)
  }
}

function readGroupKey(reader: CborReader, fields: number): GroupKeyMessage {
  const readKey = (): string => toBase64Url(reader.bytes(keyBytes))
  const groupKey = { kind: 'groupKey', key: readKey(), madeAt: reader.uint() } as const
  if (fields <= formats.groupKey.fields) return groupKey
  const former: string[] = []
  for (let rest = reader.list(0, limits.formerKeys, 'former keys'); rest > 0; rest -= 1) former.push(readKey())
  return former.length === 0 ? groupKey : { ...groupKey, former }
}

/** The sessions, and what later versions have put behind them: so many fields. */
function readOthers(reader: CborReader, later: number): Pick<KnowledgeMessage, 'sessions' | 'aside' | 'mayShorten'> {
  const sessions = readSessions(reader)
  const aside = asideOf(later > 0 ? reader.uint() : 0)
  if (later < 2) return { sessions, ...aside }
  return { sessions: reader.uint() === asBefore ? 'as before' : sessions, ...aside, mayShorten: true }
}

const asideOf = (aside: number): Pick<KnowledgeMessage, 'aside'> => (aside > 0 ? { aside } : {})

/** A batch that is not signed shows nothing: it counts as none. */
function readFork(context: GroupContext, reader: CborReader, fields: number): ForkMessage {
  const fork: ForkMessage = { kind: 'fork', origin: readOrigin(reader), end: readEnd(context, reader) }
  if (fields <= formats.fork.fields) return fork
  const bytes = reader.orNull(() => reader.bytesUpTo(limits.batchFrameBytes, 'batch'))
  const batch = bytes === null ? null : attempt(() => readBatch(context, bytes, () => 'check'))
  return batch?.ok === true ? { ...fork, unfitting: batch.value } : fork
}

function readRefusal(context: GroupContext, reader: CborReader, fields: number): Message {
  const failure = readFailure(reader)
  const proven = readRetirement(context, reader)
  if (proven === null) {
    if (fields > formats.refusal.fields) reader.skip(laterDepth)
    return { kind: 'refusal', failure, retirement: null }
  }
  const vouchers = fields > formats.refusal.fields ? readVouchersOf(context, reader, proven.proof.by) : []
  return { kind: 'refusal', failure, retirement: { ...proven, vouchers } }
}

function readNewBatches(context: GroupContext, reader: CborReader, isHeld: IsHeld): Batch[] {
  const encoded: Uint8Array[] = []
  for (let rest = reader.list(0, limits.batchesPerMessage, 'batches'); rest > 0; rest--) {
    const bytes = bytesUnlessHeld(reader, isHeld)
    if (bytes !== null) encoded.push(bytes)
  }
  return readBatches(context, encoded)
}

function readAdmission(context: GroupContext, reader: CborReader): Batch {
  return readBatch(context, reader.bytesUpTo(limits.batchFrameBytes, 'batch'), () => 'check')
}

function bytesUnlessHeld(reader: CborReader, isHeld: IsHeld): Uint8Array | null {
  const bytes = reader.bytesUpTo(limits.batchFrameBytes, 'batch')
  const span = peekBatch(bytes)
  if (!span.ok) return refuse(span.failure.code, span.failure.message)
  return isHeld(span.value.origin, span.value.last) ? null : bytes
}

function readSessions(reader: CborReader): SessionClaim[] {
  const sessions: SessionClaim[] = []
  for (let rest = reader.list(0, limits.onlineAccounts, 'sessions'); rest > 0; rest--) {
    reader.tuple(4)
    sessions.push({
      account: readAccountId(reader),
      session: sessionId(toBase64Url(reader.bytes(sessionBytes))),
      clock: reader.uint(),
      machine: readLabel(reader, 0, limits.machineNameChars, 'machine name'),
    })
  }
  return sessions
}

function readMailRequest(reader: CborReader): MailRequestMessage {
  const id = reader.uint()
  const origin = readOrigin(reader)
  const sequences: Sequence[] = []
  for (let rest = reader.list(0, limits.sequencesPerRequest, 'sequences'); rest > 0; rest--) {
    sequences.push(readAscending(reader, sequences.at(-1)))
  }
  return { kind: 'mailRequest', id, origin, sequences }
}

function readMails(context: GroupContext, reader: CborReader): MailsMessage {
  const id = reader.uint()
  const origin = readOrigin(reader)
  const covered = reader.uint()
  const updates: Update[] = []
  for (let rest = reader.list(0, limits.sequencesPerRequest, 'mails'); rest > 0; rest--) {
    reader.tuple(2)
    const sequence = readAscending(reader, updates.at(-1)?.sequence)
    const bytes = reader.bytesUpTo(limits.updateBytes, 'update')
    const update = readUpdate(context, origin, sequence, bytes, 'check')
    if (!standsAlone(update.change))
      refuse('BAD_SIGNATURE', `${origin}:${sequence} is neither signed by its person nor of a later version`)
    updates.push(update)
  }
  return { kind: 'mails', id, origin, covered, updates }
}

function readAscending(reader: CborReader, previous: Sequence | undefined): Sequence {
  const sequence = readSequence(reader)
  return sequence > (previous ?? 0) ? sequence : malformed('sequences do not ascend')
}

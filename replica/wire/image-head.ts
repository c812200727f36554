import type { Clock, Hash, InviteId, OriginId, PeerId, Sequence, ServerId } from '../core/model/ids.ts'
import { hash, inviteId, isOriginId, isServerId } from '../core/model/ids.ts'
import type {
  InviteRecord,
  InviterRecord,
  MachineName,
  RetirementRecord,
  SeatClaim,
  StateImage,
  VoucherRecord,
} from '../core/model/image.ts'
import { limits } from '../core/model/limits.ts'
import { fromBase64 } from './bytes.ts'
import { refuse } from './cbor.ts'
import type { ImageCounts, ImageSection } from './image-format.ts'
import { imageFormat, imageSections, partedFormat, untaggedFormat } from './image-format.ts'
import { damaged, ItemReader } from './image-items.ts'
import { readForgetting } from './image-mailbox.ts'
import { isPeerId, shared, signatureBytes } from './keys.ts'
import { isLabel } from './names.ts'

/** The first chunk: what there is little of, and the tables and counts that the others need. */
export interface ImageHead extends Pick<
  StateImage,
  | 'vector'
  | 'hashes'
  | 'signatures'
  | 'clocks'
  | 'newestClock'
  | 'group'
  | 'claims'
  | 'invites'
  | 'inviters'
  | 'machineNames'
  | 'retired'
  | 'vouchers'
  | 'forgettings'
> {
  readonly format: number
  readonly counts: ImageCounts
  /** Ascending. */
  readonly origins: readonly OriginId[]
}

const hashPattern = /^[\w-]{42}[AEIMQUYcgkosw048]$/

export function readHead(chunk: unknown): ImageHead {
  if (typeof chunk !== 'object' || chunk === null) return damaged('its beginning has the wrong form')
  const fields = new Map<string, unknown>(Object.entries(chunk))
  const format = fields.get('format')
  if (typeof format === 'number' && format > imageFormat) {
    refuse('NEWER_FORMAT', `a state image has format ${format}; this version knows ${partedFormat}`)
  }
  if (!isInteger(format) || format < untaggedFormat) return damaged('its format is not known')
  const { origins, ...ends } = readOrigins(new ItemReader(fields.get('origins')))
  const group = fields.get('group') === null ? null : readGroup(new ItemReader(fields.get('group')), origins)
  return {
    format,
    counts: readCounts(fields.get('counts')),
    origins,
    ...ends,
    newestClock: new ItemReader([fields.get('newest') ?? 0]).number(),
    group,
    claims: readEach(fields.get('claims'), (items) => readClaim(items, origins)),
    invites: readEach(fields.get('invites'), readInvite),
    // Images written before there were such have no such lists.
    inviters: readEach(fields.get('inviters') ?? [], (items) => readInviter(items, origins)),
    machineNames: readEach(fields.get('machineNames') ?? [], (items) => readMachineName(items, origins)),
    retired: readEach(fields.get('retired') ?? [], (items) => readRetirement(items, origins)),
    vouchers: readEach(fields.get('vouchers') ?? [], (items) => readVoucher(items, origins)),
    forgettings: readEach(fields.get('forgettings') ?? [], (items) => readForgetting(items, origins, ends.vector)),
  }
}

function readCounts(value: unknown): ImageCounts {
  if (typeof value !== 'object' || value === null) return damaged('its counts are missing')
  const found = new Map<string, unknown>(Object.entries(value))
  // One that was written before a section was added does not count it.
  const countOf = (section: ImageSection): number => new ItemReader([found.get(section) ?? 0]).number()
  return Object.fromEntries(imageSections.map((section) => [section, countOf(section)])) as ImageCounts
}

function readOrigins(items: ItemReader): Pick<ImageHead, 'origins' | 'vector' | 'hashes' | 'signatures' | 'clocks'> {
  const origins: OriginId[] = []
  const vector = new Map<OriginId, Sequence>()
  const hashes = new Map<OriginId, Hash>()
  const signatures = new Map<OriginId, Uint8Array>()
  const clocks = new Map<OriginId, Clock>()
  while (items.more()) {
    const row = items.list()
    const origin = readOrigin(row)
    const sequence = row.number()
    const chainValue = row.orNull(() => hash(row.match(hashPattern)))
    const clock = row.number()
    // One that was written before signatures were kept has none.
    const signature = row.more() ? row.orNull(() => fromBase64(row.text())) : null
    if (signature !== null && signature.length !== signatureBytes) damaged('a signature has the wrong length')
    row.end()
    const before = origins.at(-1)
    if (before !== undefined && before >= origin) damaged('origins do not ascend')
    origins.push(origin)
    if (sequence > 0 && chainValue === null) damaged('a log has no hash of its end')
    if (sequence > 0) vector.set(origin, sequence)
    if (chainValue !== null) hashes.set(origin, chainValue)
    if (signature !== null) signatures.set(origin, signature)
    if (clock > 0) clocks.set(origin, clock)
  }
  return { origins, vector, hashes, signatures, clocks }
}

function readGroup(items: ItemReader, origins: readonly OriginId[]): StateImage['group'] {
  const group = { name: readLabel(items), clock: items.number(), origin: items.pick(origins) }
  items.end()
  return group
}

const readClaim = (items: ItemReader, origins: readonly OriginId[]): SeatClaim => ({
  origin: items.pick(origins),
  server: readServer(items),
  peer: readPeer(items),
  machine: readLabel(items),
  replaces: items.orNull(() => items.pick(origins)),
  clock: items.number(),
})

/** Images that were written before proofs were kept have none. */
const readRetirement = (items: ItemReader, origins: readonly OriginId[]): RetirementRecord => {
  const origin = items.pick(origins)
  if (!items.more()) return { origin, proof: null }
  const proof = { by: items.pick(origins), bytes: fromBase64(items.text()) }
  return proof.bytes.length <= limits.retirementProofBytes ? { origin, proof } : damaged('a proof is too long')
}

const readVoucher = (items: ItemReader, origins: readonly OriginId[]): VoucherRecord => {
  const voucher = {
    peer: readPeer(items),
    server: readServer(items),
    by: items.pick(origins),
    bytes: fromBase64(items.text()),
  }
  return voucher.bytes.length <= limits.voucherBytes ? voucher : damaged('a voucher is too long')
}

const readMachineName = (items: ItemReader, origins: readonly OriginId[]): MachineName => ({
  origin: items.pick(origins),
  name: readLabel(items),
  clock: items.number(),
})

function readInvite(items: ItemReader): InviteRecord {
  const invite: InviteId = inviteId(items.match(hashPattern))
  const expiresAtMs = items.number()
  const admitted = readEach(items.next(), (row) => ({ peer: readPeer(row), server: readServer(row) }))
  return { invite, expiresAtMs, admitted, revoked: items.more() && items.number(1) === 1 }
}

const readInviter = (items: ItemReader, origins: readonly OriginId[]): InviterRecord => ({
  invite: inviteId(items.match(hashPattern)),
  by: items.pick(origins),
})

function readEach<Value>(value: unknown, read: (items: ItemReader) => Value): Value[] {
  const rows = new ItemReader(value)
  const values: Value[] = []
  while (rows.more()) {
    const row = rows.list()
    values.push(read(row))
    row.end()
  }
  return values
}

function readOrigin(items: ItemReader): OriginId {
  const origin = shared(items.text())
  return isOriginId(origin) ? origin : damaged('an origin has the wrong form')
}

function readServer(items: ItemReader): ServerId {
  const server = items.number()
  return isServerId(server) ? server : damaged('there is no such server')
}

export function readPeer(items: ItemReader): PeerId {
  const peer = shared(items.text())
  return isPeerId(peer) ? peer : damaged('a peer id has the wrong form')
}

export function readLabel(items: ItemReader): string {
  const label = items.text()
  const fits = Array.from(label).length <= Math.max(limits.groupNameChars, limits.machineNameChars)
  return fits && isLabel(label) ? label : damaged('a name has the wrong form')
}

const isInteger = (value: unknown): value is number => Number.isInteger(value)

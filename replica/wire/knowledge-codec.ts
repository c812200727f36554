import { assert } from '../core/model/errors.ts'
import type { Hash, OriginId, PeerId, Sequence } from '../core/model/ids.ts'
import { hash } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { KnowledgeRows, VersionVector } from '../core/model/messages.ts'
import { fromBase64Url, hashBytes, toBase64Url } from './bytes.ts'
import type { CborReader, CborValue } from './cbor.ts'
import { malformed } from './cbor.ts'
import { readOrigin } from './payload-parts.ts'
import { readPeer } from './update-codec.ts'

/** `[[origin...], [[row's origin, sequence of each origin...]...]]`: every origin's name once, then only numbers. */
export function rowFields(rows: KnowledgeRows): CborValue {
  const columns = new Set<OriginId>(rows.keys())
  for (const vector of rows.values()) for (const column of vector.keys()) columns.add(column)
  // A state that was joined may be of more logs; that of each row is among the first.
  const origins = [...columns].slice(0, limits.vectorEntries)
  const places = new Map(origins.map((origin, index) => [origin, index]))
  assert(rows.size <= limits.matrixRows, 'a matrix is within its limits')
  return [
    origins,
    Array.from(rows, ([origin, vector]) => [
      places.get(origin) ?? 0,
      ...origins.map((column) => vector.get(column) ?? 0),
    ]),
  ]
}

export function readRows(reader: CborReader): KnowledgeRows {
  reader.tuple(2)
  const origins: OriginId[] = []
  for (let rest = reader.list(0, limits.vectorEntries, 'origins'); rest > 0; rest--) origins.push(readOrigin(reader))
  if (new Set(origins).size !== origins.length) malformed('a matrix names an origin twice')
  const rows = new Map<OriginId, VersionVector>()
  const count = reader.list(0, limits.matrixRows, 'rows')
  for (let index = 0; index < count; index++) {
    reader.tuple(origins.length + 1)
    const origin = origins[reader.uint()] ?? malformed('a row of an origin that is not named')
    rows.set(origin, readVector(reader, origins))
  }
  return rows.size === count ? rows : malformed('a matrix has two rows of one origin')
}

function readVector(reader: CborReader, origins: readonly OriginId[]): VersionVector {
  const vector = new Map<OriginId, Sequence>()
  for (const origin of origins) {
    const sequence = reader.uint()
    if (sequence > 0) vector.set(origin, sequence)
  }
  return vector
}

/** `[[origin, hash]...]`: where each log ends. */
export const hashFields = (hashes: ReadonlyMap<OriginId, Hash>): CborValue =>
  Array.from(hashes)
    .slice(-limits.vectorEntries)
    .map(([origin, value]) => [origin, fromBase64Url(value)])

export function readHashes(reader: CborReader): ReadonlyMap<OriginId, Hash> {
  const hashes = new Map<OriginId, Hash>()
  for (let rest = reader.list(0, limits.vectorEntries, 'hashes'); rest > 0; rest--) {
    reader.tuple(2)
    hashes.set(readOrigin(reader), hash(toBase64Url(reader.bytes(hashBytes))))
  }
  return hashes
}

/** `[[peer, [address...]]...]`, as many as the limits allow. */
export const addressFields = (addresses: ReadonlyMap<PeerId, readonly string[]>): CborValue =>
  Array.from(addresses)
    .slice(0, limits.peersPerHello)
    .map(([peer, places]) => [peer, addressList(places)])

/** As many addresses as a receiver takes: a machine with many networks must not become unreachable by that. */
export const addressList = (addresses: readonly string[]): readonly string[] =>
  addresses.filter(({ length }) => length <= limits.addressChars).slice(0, limits.addressesPerPeer)

export function readAddresses(reader: CborReader): ReadonlyMap<PeerId, readonly string[]> {
  const addresses = new Map<PeerId, readonly string[]>()
  for (let rest = reader.list(0, limits.peersPerHello, 'peers'); rest > 0; rest--) {
    reader.tuple(2)
    addresses.set(readPeer(reader), readAddressList(reader))
  }
  return addresses
}

export function readAddressList(reader: CborReader): readonly string[] {
  const addresses: string[] = []
  for (let rest = reader.list(0, limits.addressesPerPeer, 'addresses'); rest > 0; rest--) {
    addresses.push(reader.text(limits.addressChars, 'address'))
  }
  return addresses
}

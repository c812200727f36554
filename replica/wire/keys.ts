import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { AccountId, OriginId, PeerId, ServerId } from '../core/model/ids.ts'
import { accountId, originId, peerId, seatOf } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { fromBase64Url, sha256, toBase64Url, utf8 } from './bytes.ts'
import { RecentValues } from './recent-values.ts'

/** An Ed25519 private key: node's object, or the raw 32-byte seed. */
export type PrivateKey = KeyObject | Uint8Array

export const keyBytes = 32
export const signatureBytes = 64

// What stands before the raw key in the DER forms of RFC 8410, and in libp2p's protobuf within an identity multihash.
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex')
const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex')
const multihashPrefix = '002408011220'
const base58Alphabet = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const base32Alphabet = 'abcdefghijklmnopqrstuvwxyz234567'
const peerIdChars = 52

const knownKeys = new RecentValues<KeyObject>(limits.cachedKeys)
const knownPeers = new RecentValues<PeerId>(limits.cachedKeys)
const knownOrigins = new RecentValues<boolean>(limits.cachedKeys)
const knownIds = new RecentValues<string>(limits.cachedIds)

/** The account that a raw public key is. Equal ids share one string, since many records hold them for long. */
export const accountIdOf = (publicKey: Uint8Array): AccountId => accountId(shared(toBase64Url(publicKey)))

/** One string for equal strings. */
export function shared(text: string): string {
  const known = knownIds.get(text)
  if (known !== undefined) return known
  knownIds.set(text, text)
  return text
}

export const signBytes = (privateKey: PrivateKey, bytes: Uint8Array): Uint8Array =>
  new Uint8Array(sign(null, bytes, toPrivateKey(privateKey)))

/** A faster way to verify than node's. */
export interface QuickVerification {
  /**
   * For keys and signatures of the right lengths. It must accept nothing that node does not: replicas have to agree on which signatures hold,
   * whatever they are verified with. What it refuses, node judges.
   */
  readonly verify: (publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array) => boolean
  /** How many cores there are for node's verification by other threads while this one verifies. */
  readonly coresBeside: number
  /** Fulfilled in the next turn of the event loop: this thread verifies the signatures of a large message bit by bit. */
  readonly nextTurn: () => Promise<unknown>
}

let quickInUse: QuickVerification | null = null

/** For all of this process. */
export const useQuickVerification = (quick: QuickVerification | null): void => {
  quickInUse = quick
}

export const quickVerification = (): QuickVerification | null => quickInUse

/** Whether `signature` is the Ed25519 signature (RFC 8032) of `bytes` by the raw `publicKey`. */
export function verifyBytes(publicKey: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean {
  try {
    const hasLengths = publicKey.length === keyBytes && signature.length === signatureBytes
    if (hasLengths && quickInUse?.verify(publicKey, bytes, signature) === true) return true
    return verify(null, bytes, toPublicKey(publicKey), signature)
  } catch {
    return false
  }
}

/** The raw public key of a private one. */
export function publicKeyOf(privateKey: PrivateKey): Uint8Array {
  const { x } = createPublicKey(toPrivateKey(privateKey)).export({ format: 'jwk' })
  return fromBase64Url(x ?? '')
}

export const toPrivateKey = (privateKey: PrivateKey): KeyObject =>
  privateKey instanceof Uint8Array
    ? createPrivateKey({ key: Buffer.concat([pkcs8Prefix, privateKey]), format: 'der', type: 'pkcs8' })
    : privateKey

/** Node's object of a raw public key. Throws for what is no such key. */
export function toPublicKey(publicKey: Uint8Array): KeyObject {
  const id = toBase64Url(publicKey)
  const known = knownKeys.get(id)
  if (known !== undefined) return known
  const key = createPublicKey({ key: Buffer.concat([spkiPrefix, publicKey]), format: 'der', type: 'spki' })
  knownKeys.set(id, key)
  return key
}

/** The libp2p peer id of a raw Ed25519 public key: the identity multihash of its protobuf form, in base58btc. */
export function peerIdOf(publicKey: Uint8Array): PeerId {
  const id = toBase64Url(publicKey)
  const known = knownPeers.get(id)
  if (known !== undefined) return known
  let rest = BigInt(`0x${multihashPrefix}${Buffer.from(publicKey).toString('hex')}`)
  let text = ''
  for (; rest > 0n; rest /= 58n) text = base58Alphabet.charAt(Number(rest % 58n)) + text
  // The multihash begins with one zero byte, which base58 writes as a 1.
  const peer = peerId(`1${text}`)
  knownPeers.set(id, peer)
  return peer
}

/** The raw Ed25519 public key in a peer id; null when it is not the id of such a key. */
export function publicKeyOfPeer(peer: string): Uint8Array | null {
  if (peer.length !== peerIdChars || !peer.startsWith('1')) return null
  let value = 0n
  for (const letter of peer) {
    const digit = base58Alphabet.indexOf(letter)
    if (digit < 0) return null
    value = value * 58n + BigInt(digit)
  }
  const hex = value.toString(16).padStart(multihashPrefix.length + keyBytes * 2, '0')
  if (!hex.startsWith(multihashPrefix) || hex.length !== multihashPrefix.length + keyBytes * 2) return null
  return new Uint8Array(Buffer.from(hex.slice(multihashPrefix.length), 'hex'))
}

/** For bytes and arguments from outside. */
export const isPeerId = (value: unknown): value is PeerId =>
  typeof value === 'string' && publicKeyOfPeer(value) !== null

/** Whether `origin` is that of the install with this raw public key. */
export function isOriginOf(origin: OriginId, publicKey: Uint8Array): boolean {
  const id = `${origin} ${toBase64Url(publicKey)}`
  const known = knownOrigins.get(id)
  if (known !== undefined) return known
  const holds = origin === originOf(seatOf(origin), peerIdOf(publicKey))
  knownOrigins.set(id, holds)
  return holds
}

/** The origin that an install is on a seat: `<server>.` and 8 base32 characters of its peer id's SHA-256. */
export function originOf(server: ServerId, peer: PeerId): OriginId {
  // 8 characters of 5 bits are the first 40 bits.
  let rest = sha256(utf8(peer))
    .subarray(0, 5)
    .reduce((value, byte) => value * 256 + byte, 0)
  let text = ''
  for (; text.length < 8; rest = Math.floor(rest / 32)) text = base32Alphabet.charAt(rest % 32) + text
  return originId(shared(`${server}.${text}`))
}

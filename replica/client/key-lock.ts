import { scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto'
import { promisify } from 'node:util'

import { QuintetError } from '../core/model/errors.ts'
import type { AccountId } from '../core/model/ids.ts'
import { concat, fromBase64Url, sha256, toBase64Url, utf8 } from '../wire/bytes.ts'
import { encodeCbor, readWhole, type CborReader } from '../wire/cbor.ts'
import { aesKeyBytes, aesNonceBytes, aesOpen, aesSeal } from './aes.ts'
import type { RandomBytes } from './client-ports.ts'
import type { ChangedKeys } from './contract/events.ts'
import type { PrivateHalves } from './person-keys.ts'
import { bytesFromPhrase } from './recovery-phrase.ts'

/** scrypt's cost (RFC 7914): N is 2 to the `log2N`. */
export interface PasswordCost {
  readonly log2N: number
  readonly r: number
  readonly p: number
}

/** 128 MiB, and from a third of a second to a whole one. */
export const passwordCost: PasswordCost = { log2N: 17, r: 8, p: 1 }

/*
 * sealedKeys = [1, nonce(12), sealed private halves(80), [[method, lock(bytes)], ...]]
 * lock of method 1 (password) = [salt(16), log2N, r, p, check(32), wrapped key(48)]
 * lock of method 2 (recovery phrase) = [salt(16), check(32), wrapped key(48)]
 * method 3 opens nothing: it says that the person has noted the phrase down
 *
 * The private halves are sealed under a random key, and that key under each way to unlock it: a new password or phrase
 * replaces its lock and leaves the rest as it is. Methods that are not known are passed over.
 */
const formatVersion = 1
const passwordMethod = 1
const phraseMethod = 2
const notedMethod = 3
const saltBytes = 16
const checkBytes = 32
const halfBytes = 32
const tagBytes = 16
const mostLocks = 8
const lockBytes = 512
const highestLog2N = 20
const highestR = 16
const highestP = 4
const mostMemoryBytes = 268_435_456

const zeroNonce = new Uint8Array(aesNonceBytes)
const lockLabel = utf8('quintet/1/password-lock')
const phraseLabel = utf8('quintet/1/phrase-lock')
const keysLabel = utf8('quintet/1/private-keys')

interface PasswordLock {
  readonly salt: Uint8Array
  readonly cost: PasswordCost
  readonly check: Uint8Array
  readonly wrappedKey: Uint8Array
}

interface SealedKeys {
  readonly nonce: Uint8Array
  readonly sealed: Uint8Array
  readonly locks: readonly { readonly method: number; readonly lock: Uint8Array }[]
}

export interface LockRequest {
  readonly halves: PrivateHalves
  readonly account: AccountId
  readonly password: string
  readonly phrase: string
  readonly random: RandomBytes
  readonly cost: PasswordCost
}

/** What opens sealed keys. */
export type Secret =
  { readonly kind: 'password'; readonly password: string } | { readonly kind: 'phrase'; readonly phrase: string }

/** What a change of the locks needs beside them. */
export interface LockPorts {
  readonly random: RandomBytes
  readonly cost: PasswordCost
}

/** Seals the private halves under the password and under the phrase: the bytes that go into the account's record. */
export const lockKeys = async (request: LockRequest): Promise<Uint8Array> => {
  const { halves, account, password, phrase, random, cost } = request
  const keysKey = random(aesKeyBytes)
  const nonce = random(aesNonceBytes)
  const secret = concat([halves.signSeed, halves.sealSecret])
  const sealed = aesSeal(keysKey, nonce, secret, boundTo(keysLabel, account))
  const locks = [
    await passwordLock(keysKey, account, password, { random, cost }),
    phraseLock(keysKey, account, phrase, random),
  ]
  return encodeSealedKeys({ nonce, sealed, locks })
}

/** Opens what `lockKeys` sealed. WRONG_PASSWORD, WRONG_PHRASE, NEWER_FORMAT, DAMAGED. */
export const unlockKeys = async (sealedKeys: Uint8Array, account: AccountId, by: Secret): Promise<PrivateHalves> => {
  const keys = orThrow(readWhole(sealedKeys, readSealedKeys))
  const keysKey = await openLock(keys, account, by)
  const secret = aesOpen(keysKey, keys.nonce, keys.sealed, boundTo(keysLabel, account))
  if (secret?.length !== halfBytes * 2) throw new QuintetError('DAMAGED', "The account's sealed keys are damaged.")
  return { signSeed: secret.slice(0, halfBytes), sealSecret: secret.slice(halfBytes) }
}

/** The same keys under another password or phrase. A new phrase is one that nobody has noted yet. As `unlockKeys`. */
export const changeLock = async (
  sealedKeys: Uint8Array,
  account: AccountId,
  by: Secret,
  to: Secret,
  ports: LockPorts,
): Promise<Uint8Array> => {
  const keys = orThrow(readWhole(sealedKeys, readSealedKeys))
  const keysKey = await openLock(keys, account, by)
  const changed =
    to.kind === 'password'
      ? await passwordLock(keysKey, account, to.password, ports)
      : phraseLock(keysKey, account, to.phrase, ports.random)
  const replaced = to.kind === 'password' ? [passwordMethod] : [phraseMethod, notedMethod]
  const others = keys.locks.filter(({ method }) => !replaced.includes(method))
  return encodeSealedKeys({ ...keys, locks: [...others, changed].sort((left, right) => left.method - right.method) })
}

/** Of the locks: whether they are others is told by it, and nothing that opens them. Base64url. */
export interface LockPrints {
  readonly password: string
  readonly phrase: string
}

export const lockPrints = (sealedKeys: Uint8Array): LockPrints => {
  const { locks } = orThrow(readWhole(sealedKeys, readSealedKeys))
  const printOf = (method: number): string =>
    toBase64Url(sha256(locks.find((lock) => lock.method === method)?.lock ?? new Uint8Array()))
  return { password: printOf(passwordMethod), phrase: printOf(phraseMethod) }
}

/** Which of what opens an account's keys is another one in two versions of them; null: none. */
export const changedKeys = (before: LockPrints, after: LockPrints): ChangedKeys | null => {
  const [password, phrase] = [before.password !== after.password, before.phrase !== after.phrase]
  if (password) return phrase ? 'both' : 'password'
  return phrase ? 'phrase' : null
}

/** Whether the person has said that the phrase is noted down. */
export const isPhraseNoted = (sealedKeys: Uint8Array): boolean =>
  orThrow(readWhole(sealedKeys, readSealedKeys)).locks.some(({ method }) => method === notedMethod)

/** The same keys, with the note that the phrase has been noted down. */
export const notePhrase = (sealedKeys: Uint8Array): Uint8Array => {
  const keys = orThrow(readWhole(sealedKeys, readSealedKeys))
  const others = keys.locks.filter(({ method }) => method !== notedMethod)
  return encodeSealedKeys({ ...keys, locks: [...others, { method: notedMethod, lock: new Uint8Array() }] })
}

type Lock = SealedKeys['locks'][number]

const encodeSealedKeys = ({ nonce, sealed, locks }: SealedKeys): Uint8Array =>
  encodeCbor([formatVersion, nonce, sealed, locks.map(({ method, lock }) => [method, lock])])

// A zero nonce is safe in both: the salt makes the key, and it seals this one value.
const passwordLock = async (
  keysKey: Uint8Array,
  account: AccountId,
  password: string,
  { random, cost }: LockPorts,
): Promise<Lock> => {
  const salt = random(saltBytes)
  const { key, check } = await stretch(password, salt, cost)
  const wrappedKey = aesSeal(key, zeroNonce, keysKey, boundTo(lockLabel, account))
  return { method: passwordMethod, lock: encodeCbor([salt, cost.log2N, cost.r, cost.p, check, wrappedKey]) }
}

const phraseLock = (keysKey: Uint8Array, account: AccountId, phrase: string, random: RandomBytes): Lock => {
  const salt = random(saltBytes)
  const { key, check } = keyFromPhrase(phrase, salt)
  const wrappedKey = aesSeal(key, zeroNonce, keysKey, boundTo(phraseLabel, account))
  return { method: phraseMethod, lock: encodeCbor([salt, check, wrappedKey]) }
}

const openLock = async (keys: SealedKeys, account: AccountId, by: Secret): Promise<Uint8Array> => {
  const method = by.kind === 'password' ? passwordMethod : phraseMethod
  const found = keys.locks.find((lock) => lock.method === method)
  if (found === undefined && by.kind === 'phrase')
    throw new QuintetError('WRONG_PHRASE', 'This account has no recovery phrase yet: only the password opens it.')
  if (found === undefined)
    throw new QuintetError('NEWER_FORMAT', 'This account is locked in a way that this version does not know.')
  const opened =
    by.kind === 'password' ? await openByPassword(found.lock, account, by) : openByPhrase(found.lock, account, by)
  if (opened === null) throw new QuintetError('DAMAGED', "The account's sealed keys are damaged.")
  return opened
}

const openByPassword = async (
  bytes: Uint8Array,
  account: AccountId,
  { password }: Extract<Secret, { kind: 'password' }>,
): Promise<Uint8Array | null> => {
  const lock = orThrow(readWhole(bytes, readPasswordLock))
  const { key, check } = await stretch(password, lock.salt, lock.cost)
  if (!timingSafeEqual(check, lock.check)) throw new QuintetError('WRONG_PASSWORD', 'The password is wrong.')
  return aesOpen(key, zeroNonce, lock.wrappedKey, boundTo(lockLabel, account))
}

const openByPhrase = (
  bytes: Uint8Array,
  account: AccountId,
  { phrase }: Extract<Secret, { kind: 'phrase' }>,
): Uint8Array | null => {
  const lock = orThrow(readWhole(bytes, readPhraseLock))
  const { key, check } = keyFromPhrase(phrase, lock.salt)
  if (!timingSafeEqual(check, lock.check))
    throw new QuintetError('WRONG_PHRASE', 'This recovery phrase is not that of the account.')
  return aesOpen(key, zeroNonce, lock.wrappedKey, boundTo(phraseLabel, account))
}

/** The check ties the lock to one phrase, as `stretch` does for a password. */
const keyFromPhrase = (phrase: string, salt: Uint8Array) => {
  const bytes = bytesFromPhrase(phrase, salt, aesKeyBytes + checkBytes)
  return { key: bytes.subarray(0, aesKeyBytes), check: bytes.subarray(aesKeyBytes) }
}

/**
 * The key, and a value by which a lock commits to one password. AES-GCM alone does not commit: a replica that lies could
 * hand out a lock that opens with any of thousands of passwords, and learn from a log-in which of them it was
 * (Len, Grubbs, Ristenpart, "Partitioning Oracle Attacks", 2021).
 */
const stretch = async (password: string, salt: Uint8Array, { log2N, r, p }: PasswordCost) => {
  const options = { N: 2 ** log2N, r, p, maxmem: 256 * 2 ** log2N * r }
  const bytes = await scryptAsync(utf8(password.normalize('NFKC')), salt, aesKeyBytes + checkBytes, options)
  return { key: bytes.subarray(0, aesKeyBytes), check: bytes.subarray(aesKeyBytes) }
}

const scryptAsync: (password: Uint8Array, salt: Uint8Array, length: number, options: ScryptOptions) => Promise<Buffer> =
  promisify(scrypt)

const boundTo = (label: Uint8Array, account: AccountId): Uint8Array => concat([label, fromBase64Url(account)])

const readSealedKeys = (reader: CborReader): SealedKeys => {
  reader.tuple(4)
  if (reader.uint() !== formatVersion) {
    throw new QuintetError('NEWER_FORMAT', "This account's keys were sealed by a newer version. Update this program.")
  }
  const nonce = reader.bytes(aesNonceBytes)
  const sealed = reader.bytes(halfBytes * 2 + tagBytes)
  const locks = Array.from({ length: reader.list(1, mostLocks, 'locks') }, () => {
    reader.tuple(2)
    return { method: reader.uint(), lock: reader.bytesUpTo(lockBytes, 'lock') }
  })
  return { nonce, sealed, locks }
}

const readPasswordLock = (reader: CborReader): PasswordLock => {
  reader.tuple(6)
  const salt = reader.bytes(saltBytes)
  const cost = { log2N: reader.uint(highestLog2N), r: reader.uint(highestR), p: reader.uint(highestP) }
  const memoryBytes = 128 * 2 ** cost.log2N * cost.r
  // Whoever serves the record chooses these: they must not be able to take all of the machine's memory.
  if (cost.log2N < 1 || cost.r < 1 || cost.p < 1 || memoryBytes > mostMemoryBytes) {
    throw new QuintetError('DAMAGED', "The account's password lock asks for a cost that is out of bounds.")
  }
  return { salt, cost, check: reader.bytes(checkBytes), wrappedKey: reader.bytes(aesKeyBytes + tagBytes) }
}

const readPhraseLock = (reader: CborReader): Omit<PasswordLock, 'cost'> => {
  reader.tuple(3)
  return {
    salt: reader.bytes(saltBytes),
    check: reader.bytes(checkBytes),
    wrappedKey: reader.bytes(aesKeyBytes + tagBytes),
  }
}

const orThrow = <Value>(result: ReturnType<typeof readWhole<Value>>): Value => {
  if (result.ok) return result.value
  const code = result.failure.code === 'NEWER_FORMAT' ? 'NEWER_FORMAT' : 'DAMAGED'
  throw new QuintetError(code, `The account's sealed keys cannot be read: ${result.failure.message}`)
}

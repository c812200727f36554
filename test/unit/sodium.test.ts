import { createCipheriv, createHash, randomBytes, verify } from 'node:crypto'
import { existsSync } from 'node:fs'
import { ed25519, ED25519_TORSION_SUBGROUP } from '@noble/curves/ed25519.js'
import { afterEach, describe, expect, it, test } from 'vitest'
import xsalsa20 from 'xsalsa20'
import { loadSodium, type Sodium, verifyWithSodium } from '../../replica/drivers/sodium.ts'
import { concat } from '../../replica/wire/bytes.ts'
import { publicKeyOf, signBytes, toPublicKey, useQuickVerification, verifyBytes } from '../../replica/wire/keys.ts'

const found = loadSodium()
const sodium = found ?? ({} as Sodium)

interface Report {
  readonly header: object
}

test('libsodium is used where there is one for the machine', () => {
  const binary = `sodium-native/prebuilds/${process.platform}-${process.arch}/sodium-native.node`
  const isThere = existsSync(new URL(`../../node_modules/${binary}`, import.meta.url))
  // The binaries for Linux are for glibc.
  const hasLibrary =
    process.platform !== 'linux' || 'glibcVersionRuntime' in (process.report.getReport() as Report).header
  expect(found !== null).toBe(isThere && hasLibrary)
})

const sizes = [0, 1, 15, 16, 63, 64, 65, 511, 1_500, 70_000]
const tagBytes = 16

const bytesOf = (length: number): Uint8Array => new Uint8Array(randomBytes(length))

describe.skipIf(found === null)('encryption by libsodium', () => {
  it.each(sizes)('seals %i bytes as node does, and opens what node has sealed', (size) => {
    const [text, nonce, bound, key] = [bytesOf(size), bytesOf(12), bytesOf(32), bytesOf(32)]
    const cipher = createCipheriv('chacha20-poly1305', key, nonce, { authTagLength: tagBytes })
    cipher.setAAD(bound, { plaintextLength: size })
    const sealed = new Uint8Array(Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]))
    expect(sodium.encrypt(text, nonce, bound, key)).toEqual(sealed)
    expect(sodium.decrypt(sealed, nonce, bound, key)).toEqual(text)
  })

  it('opens nothing that was changed, shortened or bound to something else', () => {
    const [text, nonce, bound, key] = [bytesOf(100), bytesOf(12), bytesOf(32), bytesOf(32)]
    const sealed = sodium.encrypt(text, nonce, bound, key)
    for (let at = 0; at < sealed.length; at++) {
      const changed = sealed.with(at, (sealed[at] ?? 0) ^ 1)
      expect(() => sodium.decrypt(changed, nonce, bound, key)).toThrow('changed')
    }
    expect(() => sodium.decrypt(sealed.subarray(0, 99), nonce, bound, key)).toThrow('changed')
    expect(() => sodium.decrypt(sealed.subarray(0, 15), nonce, bound, key)).toThrow(RangeError)
    expect(() => sodium.decrypt(sealed, nonce, bytesOf(32), key)).toThrow('changed')
  })

  it('refuses keys and nonces of other lengths instead of ending the process', () => {
    const [text, bound] = [bytesOf(10), bytesOf(0)]
    expect(() => sodium.encrypt(text, bytesOf(11), bound, bytesOf(32))).toThrow(RangeError)
    expect(() => sodium.encrypt(text, bytesOf(12), bound, bytesOf(31))).toThrow(RangeError)
    expect(() => sodium.decrypt(bytesOf(20), bytesOf(24), bound, bytesOf(32))).toThrow(RangeError)
    expect(() => sodium.streamCipher(bytesOf(12), bytesOf(32))).toThrow(RangeError)
    expect(() => sodium.streamCipher(bytesOf(24), bytesOf(16))).toThrow(RangeError)
    expect(() => {
      sodium.streamCipher(bytesOf(24), bytesOf(32))(text, bytesOf(9))
    }).toThrow(RangeError)
    expect(() => sodium.verify(bytesOf(31), text, bytesOf(64))).toThrow(RangeError)
    expect(() => sodium.verify(bytesOf(32), text, bytesOf(63))).toThrow(RangeError)
  })

  it('goes on in a stream wherever the pieces were cut, in place or not, as WebAssembly does', () => {
    const [nonce, key] = [bytesOf(24), bytesOf(32)]
    const [apply, assembled] = [sodium.streamCipher(nonce, key), xsalsa20(nonce, key)]
    for (const size of [1, 63, 64, 65, 7, 0, 1_000, 128, 30_001, 3]) {
      const text = bytesOf(size)
      const expected = new Uint8Array(assembled.update(text))
      const aside = new Uint8Array(size)
      if (size % 2 === 0) apply(text, aside)
      else apply(text, text)
      expect(size % 2 === 0 ? aside : text).toEqual(expected)
    }
    assembled.finalize()
  })
})

const { Point } = ed25519
const order = Point.Fn.ORDER
const identity = Point.ZERO.toHex()

const numberOf = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes.toReversed()).toString('hex')}`)
const scalarBytes = (value: bigint): Uint8Array =>
  new Uint8Array(Buffer.from(value.toString(16).padStart(64, '0'), 'hex')).toReversed()
const nodeHolds = (key: Uint8Array, bytes: Uint8Array, signature: Uint8Array): boolean => {
  try {
    return verify(null, bytes, toPublicKey(key), signature)
  } catch {
    return false
  }
}

/** A signature by a key and with a nonce point that a point of small order was added to: verifiers differ on some of them. */
const signedWithTorsion = (keyTorsion: string, nonceTorsion: string) => {
  const [secret, nonce] = [numberOf(bytesOf(40)) % order, numberOf(bytesOf(40)) % order]
  const key = Point.BASE.multiply(secret).add(Point.fromHex(keyTorsion)).toBytes()
  const point = Point.BASE.multiply(nonce).add(Point.fromHex(nonceTorsion)).toBytes()
  const bytes = bytesOf(20)
  const challenge =
    numberOf(
      new Uint8Array(
        createHash('sha512')
          .update(concat([point, key, bytes]))
          .digest(),
      ),
    ) % order
  const scalar = (nonce + challenge * secret) % order
  return { key, point, bytes, scalar }
}

describe.skipIf(found === null)('verification by libsodium', () => {
  afterEach(() => {
    useQuickVerification(null)
  })

  it.each(sizes)('takes the signature of %i bytes, and none of other bytes, another key or a changed one', (size) => {
    const [seed, bytes] = [bytesOf(32), bytesOf(size)]
    const [key, signature] = [publicKeyOf(seed), signBytes(seed, bytes)]
    expect(sodium.verify(key, bytes, signature)).toBe(true)
    expect(sodium.verify(key, concat([bytes, bytesOf(1)]), signature)).toBe(false)
    expect(sodium.verify(publicKeyOf(bytesOf(32)), bytes, signature)).toBe(false)
    for (const at of [0, 31, 32, 63])
      expect(sodium.verify(key, bytes, signature.with(at, (signature[at] ?? 0) ^ 1))).toBe(false)
  })

  // Replicas that verify with different means have to agree.
  it('takes nothing that node refuses, whatever points of small order and numbers beyond the order are in it', () => {
    let taken = 0
    let refused = 0
    for (const keyTorsion of ED25519_TORSION_SUBGROUP)
      for (const nonceTorsion of ED25519_TORSION_SUBGROUP)
        for (let again = 0; again < 8; again++) {
          const { key, point, bytes, scalar } = signedWithTorsion(keyTorsion, nonceTorsion)
          for (const s of [scalar, scalar + order]) {
            const signature = concat([point, scalarBytes(s)])
            const holds = sodium.verify(key, bytes, signature)
            if (holds) expect(nodeHolds(key, bytes, signature)).toBe(true)
            if (holds) taken += 1
            else refused += 1
          }
        }
    expect(taken).toBeGreaterThan(8)
    expect(refused).toBeGreaterThan(8 * 64)
  })

  it('takes nothing that node refuses from keys and points of small order themselves', () => {
    const unusual = [...ED25519_TORSION_SUBGROUP.map((hex) => Point.fromHex(hex).toBytes()), ...notCanonical]
    for (const key of unusual)
      for (const point of unusual)
        for (const scalar of [0n, 1n, order]) {
          const [bytes, signature] = [bytesOf(3), concat([point, scalarBytes(scalar)])]
          if (sodium.verify(key, bytes, signature)) expect(nodeHolds(key, bytes, signature)).toBe(true)
        }
  })

  it('judges as node does once it is used', () => {
    verifyWithSodium()
    for (const keyTorsion of ED25519_TORSION_SUBGROUP)
      for (let again = 0; again < 8; again++) {
        const { key, point, bytes, scalar } = signedWithTorsion(keyTorsion, identity)
        const signature = concat([point, scalarBytes(scalar)])
        expect(verifyBytes(key, bytes, signature)).toBe(nodeHolds(key, bytes, signature))
      }
    for (const hex of ED25519_TORSION_SUBGROUP) {
      const [key, bytes] = [Point.fromHex(hex).toBytes(), bytesOf(3)]
      const signature = concat([Point.fromHex(identity).toBytes(), scalarBytes(0n)])
      expect(verifyBytes(key, bytes, signature)).toBe(nodeHolds(key, bytes, signature))
    }
    expect(verifyBytes(bytesOf(31), bytesOf(3), bytesOf(64))).toBe(false)
    expect(verifyBytes(bytesOf(32), bytesOf(3), bytesOf(63))).toBe(false)
  })
})

/** The field's prime and what follows it, of either sign: other ways to write what has a shorter one. */
const notCanonical = [0n, 1n, 2n, 18n].flatMap((more) => {
  const bytes = scalarBytes(2n ** 255n - 19n + more)
  return [bytes, bytes.with(31, (bytes[31] ?? 0) | 0x80)]
})

import fc from 'fast-check'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { groupContext } from '../../replica/wire/group-context.ts'
import { accountIdOf, publicKeyOf } from '../../replica/wire/keys.ts'
import {
  holdsPersonSignature,
  isSignatureLength,
  mostInBundle,
  mostSignatureBytes,
  signTogether,
} from '../../replica/wire/person-signature.ts'

const context = groupContext(randomBytes(16))
const { privateKey } = generateKeyPairSync('ed25519')
const account = accountIdOf(publicKeyOf(privateKey))
const items = fc.array(
  fc.record({ type: fc.integer({ min: 16, max: 20 }), payload: fc.uint8Array({ maxLength: 200 }) }),
  {
    minLength: 1,
    maxLength: mostInBundle,
  },
)

describe("a person's signature", () => {
  test('holds for each update of a bundle, by itself', () => {
    fc.assert(
      fc.property(items, (bundle) => {
        const signatures = signTogether(context, bundle, privateKey)
        bundle.forEach((item, index) => {
          const signature = signatures[index] ?? new Uint8Array()
          expect(isSignatureLength(signature.length)).toBe(true)
          expect(signature.length).toBeLessThanOrEqual(mostSignatureBytes)
          expect(holdsPersonSignature(context, account, item, signature)).toBe(true)
        })
      }),
      { numRuns: 60 },
    )
  })

  test('fails for another payload, type, account or group, also when its bundle is known to be good', () => {
    fc.assert(
      fc.property(items, fc.uint8Array({ minLength: 1, maxLength: 50 }), (bundle, extra) => {
        const signatures = signTogether(context, bundle, privateKey)
        const stranger = accountIdOf(publicKeyOf(generateKeyPairSync('ed25519').privateKey))
        bundle.forEach((item, index) => {
          const signature = signatures[index] ?? new Uint8Array()
          expect(holdsPersonSignature(context, account, item, signature)).toBe(true)
          const longer = { ...item, payload: new Uint8Array([...item.payload, ...extra]) }
          expect(holdsPersonSignature(context, account, longer, signature)).toBe(false)
          expect(holdsPersonSignature(context, account, { ...item, type: item.type + 1 }, signature)).toBe(false)
          expect(holdsPersonSignature(context, stranger, item, signature)).toBe(false)
          expect(holdsPersonSignature(groupContext(randomBytes(16)), account, item, signature)).toBe(false)
        })
      }),
      { numRuns: 30 },
    )
  })

  test.each([
    ['before the bundle is known', false],
    ['when all of it is known', true],
  ])('fails when any of its bytes is changed, %s', (_when, isKnown) => {
    const bundle = Array.from({ length: 5 }, (_, index) => ({ type: 18, payload: new Uint8Array([index]) }))
    const signatures = signTogether(context, bundle, privateKey)
    const holdAll = (): void => {
      const all = bundle.every((item, index) =>
        holdsPersonSignature(context, account, item, signatures[index] ?? new Uint8Array()),
      )
      expect(all).toBe(true)
    }
    if (isKnown) holdAll()
    bundle.forEach((item, index) => {
      const signature = signatures[index] ?? new Uint8Array()
      for (let at = 0; at < signature.length; at += 1) {
        // Of the index only the bits that choose a side on the way up count; the higher ones prove nothing.
        const flipped = signature.map((byte, position) => (position === at ? byte ^ (at === 64 ? 1 : 128) : byte))
        expect(holdsPersonSignature(context, account, item, flipped)).toBe(index === 4 && at === 64)
      }
    })
    holdAll()
  })

  test('holds for updates of many bundles in any order, each beside others that only borrow its signature', () => {
    const bundles = Array.from({ length: 80 }, (_, bundle) =>
      Array.from({ length: 1 + (bundle % mostInBundle) }, (__, index) => ({
        type: 18,
        payload: new Uint8Array([bundle, index]),
      })),
    )
    const all = bundles.flatMap((items) => {
      const signatures = signTogether(context, items, privateKey)
      return items.map((item, index) => ({ item, signature: signatures[index] ?? new Uint8Array(), holds: true }))
    })
    const borrowed = all.map((one, place) => {
      const other = all[(place + 1) % all.length]?.signature ?? new Uint8Array()
      const signature = new Uint8Array([...one.signature.subarray(0, 64), ...other.subarray(64)])
      return { ...one, signature, holds: Buffer.compare(signature, one.signature) === 0 }
    })
    fc.assert(
      fc.property(fc.shuffledSubarray([...all, ...borrowed]), (some) => {
        for (const { item, signature, holds } of some)
          expect(holdsPersonSignature(context, account, item, signature)).toBe(holds)
      }),
      { numRuns: 20 },
    )
  })
})

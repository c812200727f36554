import fc from 'fast-check'
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { commandId } from '../../replica/core/model/ids.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { groupContext } from '../../replica/wire/group-context.ts'
import { listedMail, provesHead, signedWithHead } from '../../replica/wire/header-proof.ts'
import { accountIdOf, publicKeyOf } from '../../replica/wire/keys.ts'
import {
  holdsPersonSignature,
  isSignatureLength,
  mostInBundle,
  mostSignatureBytes,
  signTogether,
} from '../../replica/wire/person-signature.ts'
import { encodeMailPayload, headOf } from '../../replica/wire/payload-codec.ts'
import { verifySubmission } from '../../replica/wire/update-codec.ts'

const groupId = randomBytes(16)
const context = groupContext(groupId)
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

  test('of a mail with a long body proves its head as well, and nothing else beside it', () => {
    fc.assert(
      fc.property(sealedMail, fc.nat(), (mail, chosen) => {
        const payload = encodeMailPayload(mail)
        const signature = signedWithHead(groupId, payload, privateKey)
        if (signature === null) {
          expect(mail.sealedBody.length).toBeLessThanOrEqual(limits.listedBodyBytes)
          return
        }
        expect(mail.sealedBody.length).toBeGreaterThan(limits.listedBodyBytes)
        expect(verifySubmission(groupId, 'mail', payload, signature).ok).toBe(true)
        const { payload: head, leaf } = listedMail(groupId, payload, signature)
        if (leaf === null) throw new Error('a mail with a long body comes with its leaf')
        expect(head.length).toBeLessThan(payload.length - limits.listedBodyBytes)
        expect(provesHead(groupId, account, head, { leaf, signature })).toBe(true)
        const other = encodeMailPayload({ ...mail, sealedHeader: new Uint8Array([...mail.sealedHeader, 0]) })
        const heads = [headIn(other), flippedAt(head, chosen)]
        for (const one of heads) expect(provesHead(groupId, account, one, { leaf, signature })).toBe(false)
        expect(provesHead(groupId, account, head, { leaf: flippedAt(leaf, chosen), signature })).toBe(false)
        expect(provesHead(randomBytes(16), account, head, { leaf, signature })).toBe(false)
        for (let at = 0; at < signature.length; at += 1)
          expect(provesHead(groupId, account, head, { leaf, signature: flippedAt(signature, at) })).toBe(false)
      }),
      { numRuns: 10 },
    )
  })

  test('of a mail that was signed in any other way does not prove its head', () => {
    const mail = fc.sample(sealedMail, 1)[0]
    if (mail === undefined) throw new Error('there is one')
    const payload = encodeMailPayload({ ...mail, sealedBody: new Uint8Array(limits.listedBodyBytes + 1) })
    for (const others of [0, 1, 2]) {
      const items = Array.from({ length: 1 + others }, () => ({ type: 18, payload }))
      const [signature = new Uint8Array()] = signTogether(context, items, privateKey)
      const { payload: head, leaf } = listedMail(groupId, payload, signature)
      expect(leaf === null).toBe(others === 0)
      const claimed = leaf ?? new Uint8Array(32)
      expect(provesHead(groupId, account, head, { leaf: claimed, signature })).toBe(false)
    }
  })
})

const sealedMail = fc.record({
  account: fc.constant(account),
  command: fc.constant(commandId('A'.repeat(16))),
  to: fc.constant([account]),
  conversation: fc.constant(null),
  wraps: fc.constant(Array.from({ length: 2 }, () => ({ enc: new Uint8Array(32), wrappedKey: new Uint8Array(48) }))),
  sealedHeader: fc.uint8Array({ maxLength: 200 }),
  sealedBody: fc.uint8Array({ maxLength: 3 * limits.listedBodyBytes, size: 'max' }),
})

const headIn = (payload: Uint8Array): Uint8Array => {
  const found = headOf(payload)
  if (!found.ok) throw new Error('it is a mail')
  return found.value.head
}

const flippedAt = (bytes: Uint8Array, at: number): Uint8Array =>
  bytes.map((byte, place) => (place === at % bytes.length ? byte ^ 1 : byte))

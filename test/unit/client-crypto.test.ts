import { createHmac, createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto'
import { describe, expect, test } from 'vitest'

import { mailInfo, recipientMailKeys, senderMailKeys } from '../../replica/client/hpke.ts'
import {
  changeLock,
  isPhraseNoted,
  lockKeys,
  notePhrase,
  passwordCost,
  unlockKeys,
  type Secret,
} from '../../replica/client/key-lock.ts'
import { newRecoveryPhrase } from '../../replica/client/recovery-phrase.ts'
import {
  decodeBody,
  decodeHeader,
  encodeBody,
  encodeHeader,
  type BodyContent,
} from '../../replica/client/mail-content.ts'
import { makePrivateHalves, personKeysOf } from '../../replica/client/person-keys.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { accountId, commandId, originId, updateId } from '../../replica/core/model/ids.ts'
import { concat, fromBase64Url, utf8 } from '../../replica/wire/bytes.ts'
import { cborItems } from '../support/cbor-items.ts'
import { testRandom } from '../support/client-ports.ts'
import { cheapPassword } from '../support/mail-clients.ts'

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))

/** RFC 9180 once more, straight from its text: base mode, X25519, HKDF-SHA256, exporting 32 bytes. */
const exportByTheBook = (secret: Uint8Array, enc: Uint8Array, info: Uint8Array, aead: number, context: Uint8Array) => {
  const hmac = (key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array =>
    new Uint8Array(createHmac('sha256', key).update(concat(parts)).digest())
  const none = new Uint8Array()
  const version = utf8('HPKE-v1')
  const extract = (suite: Uint8Array, salt: Uint8Array, label: string, ikm: Uint8Array): Uint8Array =>
    hmac(salt.length === 0 ? new Uint8Array(32) : salt, version, suite, utf8(label), ikm)
  const expand = (suite: Uint8Array, prk: Uint8Array, label: string, value: Uint8Array): Uint8Array =>
    hmac(prk, new Uint8Array([0, 32]), version, suite, utf8(label), value, new Uint8Array([1]))
  const der = (prefix: string, raw: Uint8Array): Buffer => Buffer.concat([Buffer.from(prefix, 'hex'), raw])
  const privateKey = createPrivateKey({
    key: der('302e020100300506032b656e04220420', secret),
    format: 'der',
    type: 'pkcs8',
  })
  const publicKey = createPublicKey({ key: der('302a300506032b656e032100', enc), format: 'der', type: 'spki' })
  const own = fromBase64Url(createPublicKey(privateKey).export({ format: 'jwk' }).x ?? '')
  const kem = concat([utf8('KEM'), new Uint8Array([0, 0x20])])
  const suite = concat([utf8('HPKE'), new Uint8Array([0, 0x20, 0, 1, 0, aead])])
  const eae = extract(kem, none, 'eae_prk', new Uint8Array(diffieHellman({ privateKey, publicKey })))
  const shared = expand(kem, eae, 'shared_secret', concat([enc, own]))
  const schedule = [
    new Uint8Array([0]),
    extract(suite, none, 'psk_id_hash', none),
    extract(suite, none, 'info_hash', info),
  ]
  const exporter = expand(suite, extract(suite, shared, 'secret', none), 'exp', concat(schedule))
  return expand(suite, exporter, 'sec', context)
}

/** RFC 5869, one block. */
const hkdfExpand = (secret: Uint8Array, info: Uint8Array): Buffer =>
  createHmac('sha256', secret)
    .update(concat([info, new Uint8Array([1])]))
    .digest()

describe('sealing to a person', () => {
  test('is what RFC 9180 says', async () => {
    const published = {
      secret: hex('4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8'),
      enc: hex('37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431'),
      info: hex('4f6465206f6e2061204772656369616e2055726e'),
    }
    // Appendix A.1.1.2, exporter context "": the same suite but for the cipher (AES-128-GCM, id 1).
    const value = exportByTheBook(published.secret, published.enc, published.info, 1, new Uint8Array())
    expect(Buffer.from(value).toString('hex')).toBe('3853fe2b4035195a573ffc53856e77058e15d9ea064de3e59f4961d0095250ee')

    const halves = makePrivateHalves(testRandom)
    const keys = await personKeysOf(halves)
    const command = commandId('AAECAwQFBgcICQoL')
    const expanded = (secret: Uint8Array): Uint8Array =>
      new Uint8Array(hkdfExpand(secret, concat([utf8('key'), fromBase64Url(command)])))
    const context = utf8('quintet/1/wrapping-keys')
    const sender = await senderMailKeys(published.info, keys.sealPair.publicKey)
    const byTheBook = expanded(exportByTheBook(halves.sealSecret, sender.enc, published.info, 2, context))
    expect(sender.wrappingKey(command)).toEqual(byTheBook)
    const recipient = await recipientMailKeys(published.info, keys.sealPair, sender.enc)
    expect(recipient.wrappingKey(command)).toEqual(byTheBook)
  })

  test('gives another key for another mail, group or sender', async () => {
    const keys = await personKeysOf(makePrivateHalves(testRandom))
    const [group, sender] = [new Uint8Array(16), accountId('A'.repeat(43))]
    const sent = await senderMailKeys(mailInfo(group, sender), keys.sealPair.publicKey)
    const one = sent.wrappingKey(commandId('A'.repeat(16)))
    expect(sent.wrappingKey(commandId('B'.repeat(16)))).not.toEqual(one)
    const infos = [mailInfo(new Uint8Array(16).fill(1), sender), mailInfo(group, accountId(`B${'A'.repeat(42)}`))]
    for (const info of infos) {
      const other = await recipientMailKeys(info, keys.sealPair, sent.enc)
      expect(other.wrappingKey(commandId('A'.repeat(16)))).not.toEqual(one)
    }
  })
})

describe('keys under a password', () => {
  const phrase = newRecoveryPhrase(testRandom)
  const by = (password: string): Secret => ({ kind: 'password', password })
  const byPhrase = (words: string): Secret => ({ kind: 'phrase', phrase: words })
  const ports = { random: testRandom, cost: cheapPassword }

  const locked = async (password: string, cost = cheapPassword) => {
    const halves = makePrivateHalves(testRandom)
    const { account } = await personKeysOf(halves)
    return {
      halves,
      account,
      sealedKeys: await lockKeys({ halves, account, password, phrase, random: testRandom, cost }),
    }
  }

  test('open with it, at the cost that people get, and with no other', async () => {
    const { halves, account, sealedKeys } = await locked('secret', passwordCost)
    expect(sealedKeys.length).toBeLessThan(512)
    expect(await unlockKeys(sealedKeys, account, by('secret'))).toEqual(halves)
    await expect(unlockKeys(sealedKeys, account, by('Secret'))).rejects.toMatchObject({ code: 'WRONG_PASSWORD' })
  }, 30_000)

  test('open with the recovery phrase however it is typed, and with no other', async () => {
    const { halves, account, sealedKeys } = await locked('secret')
    const typed = `  ${phrase.toUpperCase().replaceAll(' ', ',  ')} `
    expect(await unlockKeys(sealedKeys, account, byPhrase(typed))).toEqual(halves)
    for (const wrong of [newRecoveryPhrase(testRandom), 'twelve words', phrase.slice(2), '']) {
      await expect(unlockKeys(sealedKeys, account, byPhrase(wrong))).rejects.toMatchObject({ code: 'WRONG_PHRASE' })
    }
  })

  test('take a new password or phrase, and forget the old one alone', async () => {
    const { halves, account, sealedKeys } = await locked('secret')
    const other = newRecoveryPhrase(testRandom)
    const changed = await changeLock(sealedKeys, account, by('secret'), by('better'), ports)
    expect(await unlockKeys(changed, account, by('better'))).toEqual(halves)
    expect(await unlockKeys(changed, account, byPhrase(phrase))).toEqual(halves)
    await expect(unlockKeys(changed, account, by('secret'))).rejects.toMatchObject({ code: 'WRONG_PASSWORD' })
    const renewed = await changeLock(notePhrase(changed), account, by('better'), byPhrase(other), ports)
    expect(await unlockKeys(renewed, account, byPhrase(other))).toEqual(halves)
    expect(await unlockKeys(renewed, account, by('better'))).toEqual(halves)
    await expect(unlockKeys(renewed, account, byPhrase(phrase))).rejects.toMatchObject({ code: 'WRONG_PHRASE' })
    expect([changed, notePhrase(changed), renewed].map(isPhraseNoted)).toEqual([false, true, false])
    await expect(changeLock(renewed, account, by('wrong'), by('new'), ports)).rejects.toMatchObject({
      code: 'WRONG_PASSWORD',
    })
  })

  test('do not open for another account', async () => {
    const { sealedKeys } = await locked('secret')
    const { account } = await locked('secret')
    await expect(unlockKeys(sealedKeys, account, by('secret'))).rejects.toMatchObject({ code: 'DAMAGED' })
  })

  test('leave room for another way to unlock them, and for newer formats', async () => {
    const { halves, account, sealedKeys } = await locked('secret')
    const [version, nonce, sealed, locks] = cborItems.array(sealedKeys)
    const later = cborItems.encode([version, nonce, sealed, [[9, new Uint8Array(300)], ...cborItems.items(locks)]])
    expect(await unlockKeys(later, account, by('secret'))).toEqual(halves)
    const onlyLater = cborItems.encode([version, nonce, sealed, [[9, new Uint8Array(300)]]])
    await expect(unlockKeys(onlyLater, account, by('secret'))).rejects.toMatchObject({ code: 'NEWER_FORMAT' })
    const newer = cborItems.encode([2, nonce, sealed, locks])
    await expect(unlockKeys(newer, account, by('secret'))).rejects.toMatchObject({ code: 'NEWER_FORMAT' })
  })

  test('cannot be made to take all memory, and survive any damage', async () => {
    const { halves, account, sealedKeys } = await locked('secret')
    const [version, nonce, sealed] = cborItems.array(sealedKeys)
    for (const [log2N, r, p] of [
      [20, 16, 1],
      [0, 8, 1],
      [10, 0, 1],
      [10, 8, 0],
      [63, 8, 1],
      [10, 8, 1_000_000],
    ]) {
      const lock = cborItems.encode([new Uint8Array(16), log2N, r, p, new Uint8Array(32), new Uint8Array(48)])
      const bytes = cborItems.encode([version, nonce, sealed, [[1, lock]]])
      await expect(unlockKeys(bytes, account, by('secret'))).rejects.toMatchObject({ code: 'DAMAGED' })
    }
    for (let place = 0; place < sealedKeys.length; place++) {
      const damaged = sealedKeys.map((byte, index) => (index === place ? byte ^ 1 : byte))
      // What opens with a damaged lock of the phrase is still the same.
      const opened = unlockKeys(damaged, account, by('secret')).catch((error: unknown) => error)
      expect([halves, 'QuintetError']).toContainEqual(nameOrValue(await opened))
      await expect(unlockKeys(sealedKeys.subarray(0, place), account, by('secret'))).rejects.toHaveProperty(
        'code',
        'DAMAGED',
      )
    }
  })
})

describe('what is in a mail', () => {
  test('a body is compressed only where that makes it smaller', async () => {
    expect(await encodeBody({ body: 'short', files: [] })).toHaveLength(6)
    expect((await encodeBody({ body: 'again and '.repeat(1_000), files: [] })).length).toBeLessThan(200)
    for (const body of ['short', 'again and '.repeat(10_000)]) {
      const content = { body, files: [] }
      expect(await decodeBody(await encodeBody(content))).toEqual({ ok: true, value: content })
    }
  })

  test('files go with the body, compressed where that makes both smaller', async () => {
    const noise = new Uint8Array(50_000).map((_, index) => (index * index * 7_919) >> 5)
    const contents = [
      { body: 'a map', files: [{ name: 'map.png', bytes: noise.subarray(0, 20) }] },
      {
        body: '',
        files: [
          { name: 'log.txt', bytes: new Uint8Array(limits.bodyBytes - 1_000) },
          { name: 'nothing.txt', bytes: new Uint8Array() },
          { name: '😀'.repeat(limits.fileNameChars / 2), bytes: noise },
        ],
      },
    ]
    for (const content of contents) {
      const encoded = await encodeBody(content)
      expect(encoded.length).toBeLessThan(60_000)
      const decoded = await decodeBody(encoded)
      if (!decoded.ok) throw new Error(decoded.failure.message)
      // Compared as texts: a million bytes one by one take long.
      expect(textsOf(decoded.value)).toEqual(textsOf(content))
    }
  })

  test('a body that unfolds beyond the limit, or is none, is refused', async () => {
    const { deflateRawSync } = await import('node:zlib')
    const bomb = concat([new Uint8Array([1]), deflateRawSync(Buffer.alloc(200 * limits.bodyBytes), { level: 1 })])
    const bodies = [
      bomb,
      new Uint8Array(),
      new Uint8Array([9, 9]),
      new Uint8Array([1, 255, 255]),
      new Uint8Array([0, 255]),
      concat([new Uint8Array([3]), deflateRawSync(Buffer.alloc(200 * limits.bodyBytes), { level: 1 })]),
      concat([
        new Uint8Array([2]),
        cborItems.encode(['one too many', Array.from({ length: 21 }, () => ['a', new Uint8Array()])]),
      ]),
    ]
    for (const body of bodies)
      expect(await decodeBody(body)).toMatchObject({ ok: false, failure: { code: 'CANNOT_OPEN' } })
  })

  test('a header with more fields than this version knows is read', () => {
    const header = {
      subject: 'ü',
      snippet: 'the beginning',
      addressed: 2,
      inReplyTo: null,
      writtenAt: 7_000,
      attachmentCount: 3,
    }
    const later = cborItems.encode(['ü', 'the beginning', 2, null, 7, 3, new Uint8Array(12), ['a', 1]])
    expect(decodeHeader(later)).toEqual({ ok: true, value: header })
    const alone = { ...header, attachmentCount: 0 }
    const without = cborItems.encode(['ü', 'the beginning', 2, null, 7])
    expect(decodeHeader(without)).toEqual({ ok: true, value: alone })
    expect(encodeHeader(alone)).toEqual(without)
    const former = cborItems.encode(['ü', 'the beginning', 2, null])
    expect(decodeHeader(former)).toEqual({ ok: true, value: { ...alone, writtenAt: null } })
    const answer = { ...header, inReplyTo: updateId(originId('2.bbbbbbbb'), 7) }
    expect(decodeHeader(encodeHeader(answer))).toEqual({ ok: true, value: answer })
    expect(decodeHeader(new Uint8Array([1]))).toMatchObject({ ok: false })
  })
})

const textsOf = ({ body, files }: BodyContent): readonly string[] => [
  body,
  ...files.flatMap(({ name, bytes }) => [name, Buffer.from(bytes).toString('base64')]),
]

const nameOrValue = (value: unknown): unknown => (value instanceof Error ? value.name : value)

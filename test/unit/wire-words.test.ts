import { describe, expect, test } from 'vitest'
import { commandId, documentId, tag, updateId } from '../../replica/core/model/ids.ts'
import type { PersonChange, SignedChange } from '../../replica/core/model/updates.ts'
import { encodeCbor, type CborValue } from '../../replica/wire/cbor.ts'
import { groupContext } from '../../replica/wire/group-context.ts'
import { encodeDocumentPayload, encodeMarksPayload } from '../../replica/wire/mailbox-payloads.ts'
import { encodeMessage } from '../../replica/wire/message-codec.ts'
import { updateFields } from '../../replica/wire/payload-parts.ts'
import { encodeFollowPayload } from '../../replica/wire/social-payloads.ts'
import { decodeUpdate, encodeUpdate, signPayload, signPayloads } from '../../replica/wire/update-codec.ts'
import { groupId, installs, people, wire } from '../property/arbitraries.ts'

const { origin } = installs[0]!
const [alice, bob] = [people[0]!, people[1]!]
const [mail, elsewhere] = [updateId(origin, 7), updateId(origin, 9)]
const signer = { account: alice.account, command: commandId('AAAAAAAAAAAAAAAA') }
const document = documentId('A'.repeat(22))
const saidAt = 5

/** Of each kind of word what is signed, as it is now and as it was before it told when it was said. */
const words = [
  {
    types: [21, 24],
    kind: 'marks',
    payload: (said: object) => encodeMarksPayload({ ...signer, mark: 'trash', mails: [mail], tags: [tag(3)], ...said }),
  },
  {
    types: [22, 25],
    kind: 'document',
    payload: (said: object) => encodeDocumentPayload({ ...signer, document, shelf: 1, sealed: null, ...said }),
  },
  {
    types: [42, 43],
    kind: 'follow',
    payload: (said: object) => encodeFollowPayload({ ...signer, whom: bob.account, state: 'follows', ...said }),
  },
] as const

const signed = (kind: PersonChange['kind'], payload: Uint8Array, said: { readonly saidAt?: number }): Uint8Array =>
  signPayloads(groupId, [{ kind, payload, ...said }], alice.privateKey)[0] ?? new Uint8Array()

const read = (...fields: CborValue[]) => {
  const update = decodeUpdate(groupContext(groupId), origin, 1, encodeCbor(fields), 'check')
  return update.ok ? update.value.change : update.failure.code
}

describe.each(words)('$kind', ({ types: [plainType, saidType], kind, payload }) => {
  const [plain, said] = [payload({}), payload({ saidAt })]

  test('has a type of its own when it tells when it was said', () => {
    expect(read(plainType, 9, plain, signed(kind, plain, {}))).toMatchObject({ kind })
    expect(read(plainType, 9, plain, signed(kind, plain, {}))).not.toHaveProperty('saidAt')
    expect(read(saidType, 9, said, signed(kind, said, { saidAt }))).toMatchObject({ kind, saidAt })
  })

  test('is of no other form than its type says', () => {
    expect(read(saidType, 9, plain, signed(kind, plain, {}))).toBe('BAD_REQUEST')
    expect(read(plainType, 9, said, signed(kind, said, { saidAt }))).toBe('BAD_REQUEST')
  })

  test('is signed together with its type', () => {
    const asOfTheOther = signPayload(groupId, kind, said, alice.privateKey)
    expect(read(saidType, 9, said, asOfTheOther)).toEqual({ kind: 'forged', account: alice.account })
  })
})

describe('a mark that is written anew', () => {
  const change = { kind: 'marks', ...signer, mark: 'trash', mails: [elsewhere], tags: [tag(3)] } as const
  const aims = new Map([[mail, elsewhere]])
  const payload = words[0].payload({ saidAt })
  const signature = signed('marks', payload, { saidAt })
  const aimed: SignedChange = { change: { ...change, saidAt }, payload, signature, aims }

  test('still tells when it was said', () => {
    const bytes = encodeUpdate({ clock: 9, change: aimed })
    const update = decodeUpdate(groupContext(groupId), origin, 1, bytes, 'check')
    expect(update).toMatchObject({ ok: true, value: { change: { ...change, saidAt } } })
  })

  test('is refused within the type of those that do not tell', () => {
    const fields = [[updateFields(mail), updateFields(elsewhere)]]
    expect(read(26, 9, 24, payload, signature, fields)).toMatchObject({ saidAt, mails: [elsewhere] })
    expect(read(23, 9, 24, payload, signature, fields)).toBe('BAD_REQUEST')
    const plain = words[0].payload({})
    expect(read(23, 9, 21, plain, signed('marks', plain, {}), fields)).toMatchObject({ mails: [elsewhere] })
    expect(read(26, 9, 21, plain, signed('marks', plain, {}), fields)).toBe('BAD_REQUEST')
  })
})

test('out of its batch a word is taken when its person signed it, as a replica hands it on that does not know its kind', () => {
  const [{ payload }] = words
  const handedOn = (signature: Uint8Array) => {
    const bytes = encodeCbor([24, 9, payload({ saidAt }), signature])
    const updates = [{ origin, sequence: 3, clock: 9, change: { kind: 'unknown', type: 24 }, bytes }] as const
    return wire.decodeMessage(encodeMessage({ kind: 'mails', id: 1, origin, covered: 9, updates }))
  }
  expect(handedOn(signed('marks', payload({ saidAt }), { saidAt }))).toMatchObject({ ok: true })
  expect(handedOn(new Uint8Array(64))).toMatchObject({ ok: false, failure: { code: 'BAD_SIGNATURE' } })
})

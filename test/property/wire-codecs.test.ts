import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { succeed } from '../../replica/core/model/errors.ts'
import type { Result } from '../../replica/core/model/errors.ts'
import { decodeBatch, peekBatch } from '../../replica/wire/batch-codec.ts'
import { groupContext } from '../../replica/wire/group-context.ts'
import type { StateImage } from '../../replica/core/model/image.ts'
import { mailRecords } from '../../replica/core/model/mail-columns.ts'
import { decodeImage } from '../../replica/wire/image-decode.ts'
import { encodeImage } from '../../replica/wire/image-encode.ts'
import { decodeInvite, encodeInvite } from '../../replica/wire/invite-codec.ts'
import { decodeJoinRequest, encodeJoinReply, encodeJoinRequest } from '../../replica/wire/join-codec.ts'
import { encodeGossip, encodeMessage } from '../../replica/wire/message-codec.ts'
import type { PersonKind } from '../../replica/wire/payload-codec.ts'
import { decodeMailPayload, decodePayload, encodeMailPayload, headOf } from '../../replica/wire/payload-codec.ts'
import { verifySubmission } from '../../replica/wire/update-codec.ts'
import * as any from './arbitraries.ts'
import * as joins from './join-arbitraries.ts'
import { stateImage } from './image-arbitraries.ts'
import { inOneGo } from '../support/in-one-go.ts'

const { wire, groupId } = any
const kinds: readonly PersonKind[] = ['account', 'accountDeletion', 'mail', 'read', 'deletion']

type Decoder = (bytes: Uint8Array) => Result<unknown>
const decoders: Readonly<Record<string, Decoder>> = {
  decodeBatch: (bytes) => wire.decodeBatch(bytes),
  decodeStoredBatch: (bytes) => wire.decodeStoredBatch(bytes, []),
  peekBatch,
  decodeMessage: (bytes) => wire.decodeMessage(bytes),
  decodeGossip: (bytes) => wire.decodeGossip(bytes),
  decodeUpdate: (bytes) => wire.decodeUpdate(any.installs[0]!.origin, 1, bytes, 'genuine'),
  decodeJoinRequest,
  decodeJoinReply: (bytes) => wire.decodeJoinReply(bytes),
  decodeMailPayload,
  headOf,
  ...Object.fromEntries(kinds.map((kind) => [kind, (bytes: Uint8Array) => decodePayload(kind, bytes)])),
}

/** Flips, inserts, drops or repeats bytes somewhere. Never the bytes themselves. */
const mutated = (valid: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> =>
  fc
    .tuple(valid, fc.nat(), fc.integer({ min: 0, max: 3 }), any.bytesUpTo(6))
    .map(([bytes, where, dropped, inserted]) => {
      const at = where % (bytes.length + 1)
      return {
        bytes,
        changed: new Uint8Array(Buffer.concat([bytes.subarray(0, at), inserted, bytes.subarray(at + dropped)])),
      }
    })
    .filter(({ bytes, changed }) => Buffer.compare(bytes, changed) !== 0)
    .map(({ changed }) => changed)

const flipped = (valid: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> =>
  fc.tuple(valid, fc.nat(), fc.integer({ min: 1, max: 255 })).map(([bytes, where, mask]) => {
    const changed = bytes.slice()
    const at = where % bytes.length
    changed[at] = (changed[at] ?? 0) ^ mask
    return changed
  })

describe('round trips', () => {
  test('a batch decodes to what was made, fresh and stored', () => {
    fc.assert(
      fc.property(any.batch, (batch) => {
        expect(wire.decodeBatch(batch.bytes)).toEqual(succeed(batch))
        expect(wire.decodeStoredBatch(batch.bytes, [])).toEqual(succeed(batch))
        expect(peekBatch(batch.bytes)).toEqual(succeed({ origin: batch.origin, first: batch.first, last: batch.last }))
      }),
      { numRuns: 200 },
    )
  })

  test('every kind of message', () => {
    fc.assert(
      fc.property(any.message, (message) => {
        expect(wire.decodeMessage(encodeMessage(message))).toEqual(succeed(message))
      }),
      { numRuns: 400 },
    )
  })

  test('gossip, without what is held already', () => {
    fc.assert(
      fc.property(fc.array(any.batch, { maxLength: 4 }), any.origin, (batches, held) => {
        const frame = encodeGossip(batches)
        expect(wire.decodeGossip(frame)).toEqual(succeed(batches))
        const others = batches.filter(({ origin }) => origin !== held)
        expect(wire.decodeGossip(frame, (origin) => origin === held)).toEqual(succeed(others))
      }),
    )
  })

  test('requests to join and the answers', () => {
    fc.assert(
      fc.property(joins.joinRequest, joins.joinAnswer, (request, answer) => {
        expect(decodeJoinRequest(encodeJoinRequest(request))).toEqual(succeed(request))
        expect(wire.decodeJoinReply(encodeJoinReply(succeed(answer)))).toEqual(succeed(answer))
      }),
    )
  })

  test('what a person signs, through the door', () => {
    fc.assert(
      fc.property(any.signedChange, (signed) => {
        const { change, payload, signature } = signed
        expect(decodePayload(change.kind, payload)).toEqual(succeed(change))
        expect(verifySubmission(groupId, change.kind, payload, signature)).toEqual(succeed(signed))
      }),
    )
  })

  test('a mail and its short form', () => {
    fc.assert(
      fc.property(any.person.chain(any.mailPayloadOf), (mail) => {
        const payload = encodeMailPayload(mail)
        expect(decodeMailPayload(payload)).toEqual(succeed(mail))
        const head = encodeMailPayload({ ...mail, sealedBody: new Uint8Array() })
        expect(headOf(payload)).toEqual(succeed({ head, bodyBytes: mail.sealedBody.length }))
      }),
    )
  })

  test('invites, whatever white space came into them', () => {
    fc.assert(
      fc.property(joins.invite, fc.nat(), (invite, where) => {
        const text = encodeInvite(invite)
        const at = where % text.length
        expect(decodeInvite(` ${text.slice(0, at)}\r\n  ${text.slice(at)}\n`)).toEqual(succeed(invite))
      }),
    )
  })

  test('state images', () => {
    fc.assert(
      fc.property(stateImage, (image) => {
        const chunks = encodeImage(image)
        // Of what others sent, ends, retirements and vouchers count as shown only if signatures say so, and these are no such.
        const retired = image.retired.map((one) => ({ ...one, proof: null }))
        const shown = { signatures: new Map(), retired, vouchers: [] }
        for (const [decoded, expected] of [
          [decodeImage(chunks), image],
          [inOneGo(wire.decodeReceivedImageInParts(chunks)), { ...image, ...shown }],
        ] as const)
          expect(decoded.ok && { ...decoded.value, mails: mailRecordsIn(decoded.value) }).toEqual({
            ...expected,
            mails: mailRecordsIn(image),
          })
      }),
    )
  })
})

/** The table of people may have another order. */
const mailRecordsIn = (image: StateImage) => [...mailRecords(image.mails)]

describe('hostile bytes', () => {
  test.each(Object.entries(decoders))('%s answers random bytes', (_name, decode) => {
    fc.assert(
      fc.property(any.bytesUpTo(200), (bytes) => {
        expect(typeof decode(bytes).ok).toBe('boolean')
      }),
      { numRuns: 300 },
    )
  })

  test.each(Object.entries(decoders))('%s survives valid bytes with a mistake in them', (_name, decode) => {
    const valid = fc.oneof(
      any.batch.map(({ bytes }) => bytes),
      any.message.map(encodeMessage),
      joins.joinRequest.map(encodeJoinRequest),
      any.signedChange.map(({ payload }) => payload),
    )
    fc.assert(
      fc.property(mutated(valid), (bytes) => {
        expect(typeof decode(bytes).ok).toBe('boolean')
      }),
      { numRuns: 300 },
    )
  })

  test('no alteration of a signed batch is accepted', () => {
    const valid = any.batch.map(({ bytes }) => bytes)
    fc.assert(
      fc.property(fc.oneof(mutated(valid), flipped(valid)), (bytes) => {
        expect(wire.decodeBatch(bytes).ok).toBe(false)
        expect(wire.decodeStoredBatch(bytes, []).ok).toBe(false)
      }),
      { numRuns: 500 },
    )
  })

  test('a batch is of one group only', () => {
    fc.assert(
      fc.property(any.batch, any.bytes(16), (batch, otherId) => {
        fc.pre(Buffer.compare(otherId, groupId) !== 0)
        expect(decodeBatch(groupContext(otherId), batch.bytes)).toMatchObject({ failure: { code: 'BAD_SIGNATURE' } })
      }),
    )
  })

  test('what a person signed is bound to kind and group', () => {
    fc.assert(
      fc.property(any.signedChange, fc.constantFrom(...kinds), ({ change, payload, signature }, kind) => {
        const elsewhere = verifySubmission(new Uint8Array(16), change.kind, payload, signature)
        expect(elsewhere).toMatchObject({ failure: { code: 'BAD_SIGNATURE' } })
        if (kind !== change.kind) expect(verifySubmission(groupId, kind, payload, signature).ok).toBe(false)
      }),
    )
  })

  test('a mistyped invite is told from a good one', () => {
    fc.assert(
      fc.property(
        joins.invite,
        fc.nat(),
        fc.constantFrom('A', 'Q', 'g', 'w', '0', '-', '_'),
        (invite, where, letter) => {
          const text = encodeInvite(invite)
          const at = where % text.length
          // The last letter may hold bits that belong to no byte.
          fc.pre(text[at] !== letter && at < text.length - 1)
          expect(decodeInvite(text.slice(0, at) + letter + text.slice(at + 1))).toMatchObject({
            failure: { code: 'BAD_INVITE' },
          })
        },
      ),
    )
  })

  test('an image survives damage to its chunks', () => {
    const image = fc.tuple(stateImage, fc.nat(), fc.nat(), fc.string({ maxLength: 3 }))
    fc.assert(
      fc.property(image, ([state, which, where, inserted]) => {
        const chunks = encodeImage(state)
        const place = which % chunks.length
        const chunk = chunks[place] ?? ''
        const at = where % (chunk.length + 1)
        const broken = chunks.with(place, chunk.slice(0, at) + inserted + chunk.slice(at + 1))
        expect(typeof decodeImage(broken).ok).toBe('boolean')
        if (chunks.length > 1) expect(decodeImage(chunks.slice(0, -1)).ok).toBe(false)
      }),
      { numRuns: 300 },
    )
  })

  test('an image survives any JSON', () => {
    fc.assert(
      fc.property(fc.array(fc.json({ maxDepth: 3 }), { maxLength: 3 }), (chunks) => {
        expect(decodeImage(chunks).ok).toBe(false)
      }),
    )
  })
})

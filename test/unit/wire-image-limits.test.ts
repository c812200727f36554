import { isDeepStrictEqual } from 'node:util'
import { describe, expect, test } from 'vitest'
import { inviteId, type OriginId, updateId } from '../../replica/core/model/ids.ts'
import type { StateImage } from '../../replica/core/model/image.ts'
import { limits } from '../../replica/core/model/limits.ts'
import type { Draft } from '../../replica/core/model/updates.ts'
import { GroupState } from '../../replica/core/state/group-state.ts'
import { decodeImage } from '../../replica/wire/image-decode.ts'
import { encodeImage } from '../../replica/wire/image-encode.ts'
import { partedFormat } from '../../replica/wire/image-format.ts'
import { encodeMessage } from '../../replica/wire/message-codec.ts'
import { createWire } from '../../replica/wire/wire.ts'
import { groupId, installs } from '../property/arbitraries.ts'
import { firstHash, makeBatchOf, sign } from '../simulation/sim-codec.ts'
import { commandNamed, madeUpOrigin, mailTo, person, signUp } from '../support/core-fixture.ts'
import { emptyImage } from '../support/empty-image.ts'
import { inOneGo } from '../support/in-one-go.ts'

const wire = createWire({ groupId })
const writer = installs[0]!.origin
const slowMs = 30_000

const madeUp = (number: number): OriginId => madeUpOrigin(1, number)

/** What is left of these changes, in one log, a hundred a batch. */
const stateOf = (changes: readonly Draft['change'][]): GroupState => {
  const state = new GroupState()
  const make = makeBatchOf(writer)
  for (let at = 0; at < changes.length; at += 100) {
    const drafts = changes.slice(at, at + 100).map((change, index) => ({ clock: 1_000 + at + index, change }))
    state.applyBatch(make(at + 1, state.lastHash(writer) ?? firstHash(writer), drafts))
  }
  return state
}

const answerIn = (number: number): Draft['change'] => {
  const conversation = updateId(madeUp(number), 1)
  const command = commandNamed(`m ${number}`)
  return sign({ kind: 'mail', account: person('ada'), command, to: [person('ada')], conversation }, 'signature')
}
const times = <Value>(count: number, make: (index: number) => Value): Value[] =>
  Array.from({ length: count }, (_, index) => make(index))

const roundTrip = (image: StateImage): StateImage => {
  const chunks = encodeImage(image)
  for (const [index, chunk] of chunks.entries())
    encodeMessage({ kind: 'stateChunk', image: 1, index, count: chunks.length, chunk })
  const decoded = decodeImage(chunks)
  if (!decoded.ok) throw new Error(decoded.failure.message)
  return decoded.value
}

describe('every state that can be reached is sent, and decodes again', () => {
  const names = limits.vectorEntries + 100

  test('one whose mails answer in conversations that nobody has begun', () => {
    const image = stateOf(times(names, answerIn)).image()
    const decoded = roundTrip({ ...image, accounts: [] })
    expect(decoded.answers).toEqual(image.answers)
    expect(decoded.vector).toEqual(new Map([[writer, names]]))
  })

  test('one in which a command has hundreds of names', () => {
    const image = stateOf([signUp('ada'), ...times(300, () => mailTo('ada', ['ada'], 'same'))]).image()
    expect(image.executions).toHaveLength(1)
    expect(roundTrip({ ...image, accounts: [] }).executions).toEqual(image.executions)
  })

  test('one of more logs than are told of: its own replica reads it, others do not', () => {
    const logs = times(limits.vectorEntries + 1, madeUp)
    const vector = new Map(logs.map((origin) => [origin, 1]))
    const image = { ...emptyImage, vector, hashes: new Map(logs.map((origin) => [origin, firstHash(origin)])) }
    expect(roundTrip(image).vector).toEqual(vector)
    const received = inOneGo(wire.decodeReceivedImageInParts(encodeImage(image)))
    expect(received).toMatchObject({ ok: false, failure: { code: 'TOO_MANY' } })
  })

  test('but not one whose log could not be followed on: nobody could join it', () => {
    const image = { ...emptyImage, vector: new Map([[writer, 5]]) }
    for (const decoded of [
      decodeImage(encodeImage(image)),
      inOneGo(wire.decodeReceivedImageInParts(encodeImage(image))),
    ])
      expect(decoded).toMatchObject({ ok: false, failure: { code: 'DAMAGED' } })
  })

  const retired = times(400, (index) => ({
    origin: madeUp(index),
    proof: { by: writer, bytes: new Uint8Array(limits.retirementProofBytes).fill(index) },
  }))
  const invites = times(60_000, (index) => ({
    invite: inviteId(Buffer.from(String(index).padStart(32)).toString('base64url')),
    expiresAtMs: 1_700_000_000_000,
    admitted: [],
    revoked: false,
  }))
  const answers = times(150_000, (index) => ({
    origin: writer,
    sequence: index + 1,
    conversation: updateId(madeUp(index), 1),
  }))
  const execution = {
    account: person('ada'),
    command: commandNamed('same'),
    recipients: '0123456789abcdef',
    names: times(150_000, (index) => ({ origin: writer, sequence: index + 1, clock: 1_700_000_000_000_000 + index })),
  }
  const heldFar = { vector: new Map([[writer, 150_000]]), hashes: new Map([[writer, firstHash(writer)]]) }
  const large = [
    ['proofs of retirements', { retired }],
    ['invites', { invites }],
    ['names of origins', { answers }],
    ['names of one command', { ...heldFar, executions: [execution] }],
  ] as const

  test.each(large)(
    'one whose %s are more than a frame holds',
    (_what, given) => {
      const image = { ...emptyImage, ...given }
      // The table of people may have others.
      expect(isDeepStrictEqual({ ...roundTrip(image), mails: image.mails }, image)).toBe(true)
      expect(encodeImage(image)[0]).toBe(`{"format":${partedFormat}}`)
    },
    slowMs,
  )
})

describe('an image with a chunk that was cut', () => {
  const image = {
    ...emptyImage,
    machineNames: times(20_000, (at) => ({ origin: madeUp(at), name: '"😀\\'.repeat(8), clock: at })),
  }
  const chunks = encodeImage(image)
  const codeOf = (texts: readonly string[]): string => {
    const decoded = decodeImage(texts)
    return decoded.ok ? 'ok' : decoded.failure.code
  }

  test('is put together, wherever a character was cut', () => {
    expect(chunks.length).toBeGreaterThan(20)
    expect(roundTrip(image)).toEqual(image)
  })

  test('is of one format with those before where nothing was cut', () => {
    expect(encodeImage(emptyImage)).toHaveLength(1)
    expect(codeOf([`{"format":${partedFormat}}`, ...encodeImage(emptyImage)])).toBe('ok')
  })

  test('is damage where a part is missing, doubled, out of order or of another form', () => {
    expect(codeOf(chunks.toSpliced(5, 1))).toBe('DAMAGED')
    expect(codeOf(chunks.toSpliced(5, 0, chunks[5]!))).toBe('DAMAGED')
    expect(codeOf(chunks.slice(0, -1))).toBe('DAMAGED')
    expect(codeOf(chunks.slice(0, 1))).toBe('DAMAGED')
    expect(codeOf(chunks.toSpliced(5, 0, '["people",[]]'))).toBe('DAMAGED')
    expect(codeOf(chunks.with(5, '["part",1]'))).toBe('DAMAGED')
    expect(codeOf(chunks.with(5, '["part"]'))).toBe('DAMAGED')
    expect(codeOf(chunks.slice(1))).toBe('DAMAGED')
  })
})

import { encode } from 'cborg'
import { expect, test } from 'vitest'
import { serverId } from '../../replica/core/model/ids.ts'
import type { StateImage } from '../../replica/core/model/image.ts'
import type { RetirementNews } from '../../replica/core/model/messages.ts'
import { type SignedEnd, signatureOf } from '../../replica/core/model/proofs.ts'
import { GroupState } from '../../replica/core/state/group-state.ts'
import { encodeImage } from '../../replica/wire/image-encode.ts'
import { encodeMessage } from '../../replica/wire/message-codec.ts'
import { installs, wire } from '../property/arbitraries.ts'
import { inOneGo } from '../support/in-one-go.ts'

const [ours, theirs] = [installs[0]!, installs[1]!]

test('what a member says of where a log ends, or of a retirement, arrives only with the signature that shows it', () => {
  const retirement = theirs.make(7, wire.firstHash(theirs.origin), [
    { clock: 1, change: { kind: 'retirement', retired: ours.origin } },
  ])
  const { origin, peer } = theirs
  const end: SignedEnd = {
    origin,
    peer,
    sequence: 7,
    hash: retirement.lastHash,
    signature: signatureOf(retirement),
  }
  const endIn = (changed: Partial<SignedEnd>) => {
    const message = wire.decodeMessage(encodeMessage({ kind: 'fork', origin, end: { ...end, ...changed } }))
    return message.ok && message.value?.kind === 'fork' ? message.value.end : 'none'
  }
  expect(endIn({})).toEqual(end)
  for (const lie of [{ sequence: 8 }, { hash: wire.firstHash(origin) }, { origin: ours.origin }, { peer: ours.peer }])
    expect(endIn(lie)).toBe(null)

  const told = { retired: ours.origin, proof: { by: origin, bytes: retirement.bytes }, vouchers: [] }
  const newsIn = (changed: Partial<RetirementNews>) => {
    const failure = { code: 'RETIRED', message: 'It is.' } as const
    const refusal = { kind: 'refusal', failure, retirement: { ...told, ...changed } } as const
    const message = wire.decodeMessage(encodeMessage(refusal))
    return message.ok && message.value?.kind === 'refusal' ? message.value.retirement : 'none'
  }
  expect(newsIn({})).toEqual(told)
  const broken = retirement.bytes.slice()
  broken[broken.length - 1] = (broken.at(-1) ?? 0) ^ 1
  for (const lie of [
    { retired: origin },
    { proof: { by: ours.origin, bytes: retirement.bytes } },
    { proof: { by: origin, bytes: broken } },
    { proof: { by: origin, bytes: new Uint8Array(9) } },
  ])
    expect(newsIn(lie)).toBe(null)
})

test('a state of others arrives with the signatures and proofs that hold, and without the others', () => {
  const { origin, peer } = theirs
  const state = new GroupState()
  const batch = theirs.make(1, wire.firstHash(origin), [
    { clock: 1, change: { kind: 'seat', server: serverId(2), peer, machine: 'b', replaces: null } },
    { clock: 2, change: { kind: 'retirement', retired: ours.origin } },
  ])
  state.applyBatch(batch)
  const image = state.image()
  const arriving = (changed: Partial<StateImage>) => {
    const decoded = inOneGo(wire.decodeReceivedImageInParts(encodeImage({ ...image, ...changed })))
    return decoded.ok && { signatures: decoded.value.signatures, retired: decoded.value.retired }
  }
  const signatures = new Map([[origin, signatureOf(batch)]])
  const retired = [{ origin: ours.origin, proof: { by: origin, bytes: batch.bytes } }]
  expect(arriving({})).toEqual({ signatures, retired })
  expect(arriving({ vector: new Map([[origin, 3]]), checkpoints: [] })).toEqual({ signatures: new Map(), retired })
  expect(arriving({ retired: [{ origin, proof: retired[0]!.proof }] })).toEqual({
    signatures,
    retired: [{ origin, proof: null }],
  })
})

test('a batch of our own log that is shown with a fork counts only if it is signed', () => {
  const unfitting = ours.make(1, wire.firstHash(ours.origin), [{ clock: 1, change: { kind: 'group', name: 'Ship' } }])
  const fork = { kind: 'fork', origin: ours.origin, end: null } as const
  const decoded = (bytes: Uint8Array) =>
    wire.decodeMessage(encodeMessage({ ...fork, unfitting: { ...unfitting, bytes } }))
  expect(decoded(unfitting.bytes)).toEqual({ ok: true, value: { ...fork, unfitting } })
  expect(decoded(unfitting.bytes.with(-1, 7))).toEqual({ ok: true, value: fork })
  // Of before there were such.
  expect(wire.decodeMessage(encode([11, ours.origin, null]))).toEqual({ ok: true, value: fork })
})

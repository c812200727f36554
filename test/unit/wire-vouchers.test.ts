import { describe, expect, test } from 'vitest'
import { inviteId, type OriginId } from '../../replica/core/model/ids.ts'
import { limits } from '../../replica/core/model/limits.ts'
import type { Voucher } from '../../replica/core/model/proofs.ts'
import type { Batch, Draft } from '../../replica/core/model/updates.ts'
import { encodeCbor } from '../../replica/wire/cbor.ts'
import { GroupState } from '../../replica/core/state/group-state.ts'
import { encodeImage } from '../../replica/wire/image-encode.ts'
import { encodeMessage } from '../../replica/wire/message-codec.ts'
import { type Install, installs, wire } from '../property/arbitraries.ts'
import { inOneGo } from '../support/in-one-go.ts'

const [retired, by, second, third] = installs.slice(0, 4) as [Install, Install, Install, Install]
const { proof, failure } = {
  proof: firstOf(by, { kind: 'retirement', retired: retired.origin }).bytes,
  failure: { code: 'RETIRED', message: 'It is.' } as const,
}

function firstOf(from: Install, change: Draft['change']): Batch {
  return from.make(1, wire.firstHash(from.origin), [{ clock: 1, change }])
}

/** `member` lets `install` in. */
const voucher = (member: Install, { peer, server }: Install): Voucher => ({
  by: member.origin,
  bytes: firstOf(member, { kind: 'admission', invite: inviteId('A'.repeat(43)), peer, server }).bytes,
})

const frameOf = (vouchers: readonly Voucher[], signer = by): Uint8Array =>
  encodeMessage({
    kind: 'refusal',
    failure,
    retirement: { retired: retired.origin, proof: { by: signer.origin, bytes: proof }, vouchers },
  })

/** Who is shown to have let the one in who signed, and one another. */
const shown = (vouchers: readonly Voucher[]): readonly OriginId[] | string => {
  const message = wire.decodeMessage(frameOf(vouchers))
  if (!message.ok) return message.failure.code
  return message.value?.kind === 'refusal' ? (message.value.retirement?.vouchers.map((one) => one.by) ?? []) : 'none'
}

describe('with a retirement it is shown', () => {
  test('how the one was let in who signed it, by members that let one another in', () => {
    expect(shown([voucher(second, by), voucher(third, second)])).toEqual([second.origin, third.origin])
    expect(shown([])).toEqual([])
  })

  test('as far as the links follow on each other and hold, and no further', () => {
    expect(shown([voucher(third, second)])).toEqual([])
    expect(shown([voucher(second, retired), voucher(third, second)])).toEqual([])
    expect(shown([voucher(second, by), voucher(third, by)])).toEqual([second.origin])
    const { bytes } = voucher(second, by)
    const broken = bytes.with(bytes.length - 1, (bytes.at(-1) ?? 0) ^ 1)
    expect(shown([{ by: second.origin, bytes: broken }, voucher(third, second)])).toEqual([])
    // Another's name over what it did not sign.
    expect(shown([{ by: third.origin, bytes: bytes.slice(0, 40) }])).toEqual([])
    expect(shown([{ by: third.origin, bytes }])).toEqual([second.origin])
  })

  test('in circles as often as there is room for, which proves no more than once', () => {
    const circle = Array.from({ length: limits.vouchers }, (_, index) =>
      index % 2 === 0 ? voucher(second, by) : voucher(by, second),
    )
    expect(new Set(shown(circle))).toEqual(new Set([second.origin, by.origin]))
  })

  test('not more than there is room for', () => {
    const many = Array.from({ length: limits.vouchers + 1 }, () => voucher(second, by))
    expect(shown(many)).toBe('TOO_MANY')
    expect(shown([{ by: second.origin, bytes: new Uint8Array(limits.voucherBytes + 1) }])).toBe('TOO_LARGE')
  })

  test('nothing by an earlier version, and nothing where the retirement itself does not hold', () => {
    const told = [retired.origin, by.origin, proof] as const
    const earlier = wire.decodeMessage(encodeCbor([10, failure.code, failure.message, told]))
    expect(earlier).toMatchObject({ ok: true, value: { retirement: { retired: retired.origin, vouchers: [] } } })
    const message = wire.decodeMessage(frameOf([voucher(second, by)], third))
    expect(message).toMatchObject({ ok: true, value: { kind: 'refusal', retirement: null } })
  })
})

test('a hello shows how its sender was let in also to who holds so much of that log, which may be another one by that name', () => {
  const admission = firstOf(second, {
    kind: 'admission',
    invite: inviteId('A'.repeat(43)),
    peer: by.peer,
    server: by.server,
  })
  const { origin, server } = by
  const known = { clock: 1, rows: new Map(), addresses: new Map(), keyMadeAt: 0, end: null }
  const frame = encodeMessage({ kind: 'hello', origin, server, ...known, admission, vouchers: [] })
  expect(wire.decodeMessage(frame, () => true)).toMatchObject({ ok: true, value: { admission: { last: 1 } } })
})

test('a state of others arrives with how members were let in, where that holds', () => {
  const state = new GroupState()
  state.applyBatch(
    firstOf(second, {
      kind: 'admission',
      invite: inviteId('A'.repeat(43)),
      peer: by.peer,
      server: by.server,
    }),
  )
  const image = state.image()
  const { vouchers } = image
  const arriving = (changed: readonly (typeof vouchers)[number][]) => {
    const decoded = inOneGo(wire.decodeReceivedImageInParts(encodeImage({ ...image, vouchers: changed })))
    return decoded.ok && decoded.value.vouchers
  }
  expect(vouchers).toHaveLength(1)
  expect(arriving(vouchers)).toEqual(vouchers)
  for (const lie of [{ by: third.origin }, { peer: third.peer }, { bytes: new Uint8Array(9) }])
    expect(arriving(vouchers.map((one) => ({ ...one, ...lie })))).toEqual([])
})

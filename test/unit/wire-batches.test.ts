import { peerIdFromPrivateKey, peerIdFromString } from '@libp2p/peer-id'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import { encode } from 'cborg'
import { describe, expect, test } from 'vitest'
import { commandId, hash, seatOf, serverId, tagOf, updateId } from '../../replica/core/model/ids.ts'
import { limits } from '../../replica/core/model/limits.ts'
import type { Draft } from '../../replica/core/model/updates.ts'
import { peekBatch } from '../../replica/wire/batch-codec.ts'
import { isPeerId, originOf, peerIdOf, publicKeyOf, publicKeyOfPeer } from '../../replica/wire/keys.ts'
import { encodeMailPayload, encodeReadPayload } from '../../replica/wire/payload-codec.ts'
import { signPayload } from '../../replica/wire/update-codec.ts'
import { createWire } from '../../replica/wire/wire.ts'
import { groupId, installs, people, wire } from '../property/arbitraries.ts'

const [ours, theirs] = [installs[0]!, installs[1]!]
const [alice, bob] = [people[0]!, people[1]!]
const command = commandId('AAAAAAAAAAAAAAAA')
const group: Draft = { clock: 5, change: { kind: 'group', name: 'Ship' } }

function readMark(signer: typeof alice, account = signer.account): Draft {
  const change = { kind: 'read' as const, account, command, mail: updateId(ours.origin, 1), tag: tagOf(command) }
  const payload = encodeReadPayload(change)
  return { clock: 6, change: { change, payload, signature: signPayload(groupId, 'read', payload, signer.privateKey) } }
}

function mailOf(bodyBytes: number): Draft {
  const wrap = { enc: new Uint8Array(32), wrappedKey: new Uint8Array(48) }
  const head = { account: alice.account, command, to: [bob.account], conversation: null }
  const payload = encodeMailPayload({
    ...head,
    wraps: [wrap, wrap],
    sealedHeader: new Uint8Array(10),
    sealedBody: new Uint8Array(bodyBytes),
  })
  const signature = signPayload(groupId, 'mail', payload, alice.privateKey)
  return { clock: 7, change: { change: { kind: 'mail', ...head }, payload, signature } }
}

const failureOf = (result: { readonly ok: boolean; readonly failure?: { readonly code: string } }) =>
  result.failure?.code

describe('origins', () => {
  test('peer ids and origins are those of libp2p', async () => {
    for (const seedByte of [0, 1, 77, 255]) {
      const seed = new Uint8Array(32).fill(seedByte)
      const peer = peerIdOf(publicKeyOf(seed))
      expect(peer).toBe(peerIdFromPrivateKey(await generateKeyPairFromSeed('Ed25519', seed)).toString())
      expect(publicKeyOfPeer(peer)).toEqual(publicKeyOf(seed))
      expect(peerIdFromString(peer).toString()).toBe(peer)
    }
  })

  test('an origin is the seat and 40 bits of the hash of the peer id', () => {
    expect(originOf(serverId(1), peerIdOf(publicKeyOf(new Uint8Array(32).fill(7))))).toBe('1.hipj5fb2')
    expect(seatOf(ours.origin)).toBe(1)
  })

  test('what only looks like a peer id is none', () => {
    expect(isPeerId(ours.peer)).toBe(true)
    expect(isPeerId(`${ours.peer.slice(0, -1)}0`)).toBe(false)
    expect(isPeerId(`12D3KooW${'z'.repeat(44)}`)).toBe(false)
    expect(isPeerId(ours.peer.slice(0, -1))).toBe(false)
    expect(isPeerId(7)).toBe(false)
  })
})

describe('batches', () => {
  const start = wire.firstHash(ours.origin)

  test('each batch follows on the last hash of the one before', () => {
    const first = ours.make(1, start, [group])
    const second = ours.make(2, first.lastHash, [readMark(alice), readMark(bob)])
    const decoded = wire.decodeBatch(second.bytes)
    expect(decoded).toEqual({ ok: true, value: second })
    expect(second.previousHash).toBe(first.lastHash)
    // The chain does not depend on how updates are grouped.
    const whole = ours.make(1, start, [group, readMark(alice), readMark(bob)])
    expect(whole.lastHash).toBe(second.lastHash)
  })

  test('the same drafts give the same bytes', () => {
    expect(ours.make(1, start, [group, readMark(alice)])).toEqual(ours.make(1, start, [group, readMark(alice)]))
  })

  test('a log that does not begin with the hash of its group and origin is refused', () => {
    const batch = ours.make(1, wire.firstHash(theirs.origin), [group])
    expect(failureOf(wire.decodeBatch(batch.bytes))).toBe('BAD_SIGNATURE')
  })

  test('a batch of another group is refused', () => {
    const other = createWire({ groupId: new Uint8Array(16).fill(4) })
    const later = ours.make(2, hash('A'.repeat(43)), [group])
    expect(wire.decodeBatch(later.bytes).ok).toBe(true)
    expect(failureOf(other.decodeBatch(later.bytes))).toBe('BAD_SIGNATURE')
    expect(failureOf(other.decodeStoredBatch(later.bytes, []))).toBe('BAD_SIGNATURE')
  })

  test("a batch that names another's origin is refused, whoever signed it", () => {
    const batch = theirs.make(2, start, [group])
    const at = Buffer.from(batch.bytes).indexOf(theirs.origin)
    const stolen = Buffer.from(batch.bytes)
    stolen.write(ours.origin, at)
    expect(failureOf(wire.decodeBatch(stolen))).toBe('BAD_SIGNATURE')
    expect(() => wire.makeBatchWith({ ...theirs, origin: ours.origin })).toThrow('invariant broken')
  })

  test("a claim of another install's seat is refused", () => {
    const seat = { kind: 'seat', server: theirs.server, peer: theirs.peer, machine: 'm', replaces: null } as const
    expect(failureOf(wire.decodeBatch(ours.make(2, start, [{ clock: 1, change: seat }]).bytes))).toBe('BAD_REQUEST')
    const own = { ...seat, server: ours.server, peer: ours.peer }
    expect(wire.decodeBatch(ours.make(2, start, [{ clock: 1, change: own }]).bytes).ok).toBe(true)
  })

  test('an update that its person did not sign becomes forged, and the batch stays valid', () => {
    const batch = ours.make(1, start, [group, readMark(bob, alice.account), readMark(alice)])
    const decoded = wire.decodeBatch(batch.bytes)
    expect(decoded.ok && decoded.value.updates.map(({ change }) => change.kind)).toEqual(['group', 'forged', 'read'])
    expect(decoded.ok && decoded.value.updates[1]).toEqual({
      ...batch.updates[1],
      change: { kind: 'forged', account: alice.account },
    })
    expect(decoded.ok && decoded.value.lastHash).toBe(batch.lastHash)
  })

  test('a stored batch is read as it was judged when it came', () => {
    const batch = ours.make(1, start, [group, readMark(bob, alice.account), readMark(alice)])
    expect(wire.decodeStoredBatch(batch.bytes, [2])).toEqual(wire.decodeBatch(batch.bytes))
  })

  test('an update of a kind that is not known is kept whole', () => {
    const bytes = encode([999, 8, { new: ['field', null, true] }, new Uint8Array(3)])
    const update = wire.decodeUpdate(ours.origin, 4, bytes, 'check')
    expect(update).toMatchObject({ ok: true, value: { clock: 8, change: { kind: 'unknown', type: 999 } } })
    expect(update.ok && Buffer.compare(update.value.bytes, bytes)).toBe(0)
    expect(wire.decodeUpdate(ours.origin, 4, encode([999]), 'check').ok).toBe(false)
    expect(wire.decodeUpdate(ours.origin, 4, encode([65_536, 8]), 'check').ok).toBe(false)
    const deep = Buffer.concat([encode([999, 8, []]).subarray(0, -1), Buffer.alloc(1_000_000, 0x81), Buffer.from([1])])
    expect(wire.decodeUpdate(ours.origin, 4, deep, 'check').ok).toBe(false)
  })

  test('a batch of a newer format is refused as such', () => {
    const batch = ours.make(1, start, [group])
    const newer = batch.bytes.slice()
    newer[1] = 2
    expect(failureOf(wire.decodeBatch(newer))).toBe('NEWER_FORMAT')
    expect(failureOf(peekBatch(newer))).toBe('NEWER_FORMAT')
  })

  test('peeking tells where a batch stands, and does not believe it', () => {
    const batch = ours.make(7, start, [group, group])
    const span = { ok: true, value: { origin: ours.origin, first: 7, last: 8 } }
    expect(peekBatch(batch.bytes)).toEqual(span)
    expect(peekBatch(batch.bytes.subarray(0, 120))).toEqual(span)
    expect(peekBatch(batch.bytes.subarray(0, 60)).ok).toBe(false)
  })
})

describe('limits', () => {
  const start = wire.firstHash(ours.origin)

  test('a batch holds at most limits.batchUpdates updates', () => {
    const most = Array.from({ length: limits.batchUpdates }, () => group)
    expect(wire.decodeBatch(ours.make(1, start, most).bytes).ok).toBe(true)
    expect(() => ours.make(1, start, [...most, group])).toThrow('invariant broken')
    const header = [1, ours.origin, ours.publicKey, 1, new Uint8Array(32)]
    const tooMany = encode([...header, [...most, group].map(() => new Uint8Array(1)), new Uint8Array(64)])
    expect(failureOf(wire.decodeBatch(tooMany))).toBe('TOO_MANY')
  })

  test('the largest mail passes, a larger one does not', () => {
    expect(wire.decodeBatch(ours.make(1, start, [mailOf(limits.bodyBytes + 1_000)]).bytes).ok).toBe(true)
    expect(failureOf(wire.decodeBatch(ours.make(1, start, [mailOf(limits.payloadBytes)]).bytes))).toBe('TOO_LARGE')
  })

  test('frames and batches that are too large are refused before they are read', () => {
    expect(failureOf(wire.decodeBatch(new Uint8Array(limits.batchFrameBytes + 1)))).toBe('TOO_LARGE')
    const frame = new Uint8Array(limits.frameBytes + 1)
    frame[0] = 0x81
    expect(failureOf(wire.decodeMessage(frame))).toBe('TOO_LARGE')
    expect(failureOf(wire.decodeGossip(frame))).toBe('TOO_LARGE')
  })
})

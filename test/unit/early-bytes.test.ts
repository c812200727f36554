import { expect, test } from 'vitest'
import type { ReplicaApi } from '../../replica/api/contract.ts'
import { connectReplica } from '../../replica/api/remote-replica.ts'
import { adminTokenCheck, serveReplica } from '../../replica/api/serve-replica.ts'
import { accountId, peerId, sessionId } from '../../replica/core/model/ids.ts'
import { limits } from '../../replica/core/model/limits.ts'
import type { ByteStream, ByteStreamListener } from '../../replica/drivers/byte-stream.ts'
import { EarlyBytes } from '../../replica/drivers/early-bytes.ts'
import { LinkFrameStream } from '../../replica/drivers/frame-stream.ts'
import { frameHeaderBytes, frameTags, writeFrameHeader } from '../../replica/drivers/frames.ts'
import { systemTestClock } from '../support/client-ports.ts'
import { makeFramePair } from '../support/frame-pair.ts'
import { MemoryReplica } from '../support/memory-replica.ts'

const token = new Uint8Array(32).fill(7)
const nothing = (): void => undefined
/** It stands still. */
const clock = { nowMs: () => 0, after: () => nothing, every: () => nothing }

/** The other end of a client's stream, as its server has it. */
class Wire implements ByteStream {
  readonly stream: LinkFrameStream
  isOpen = true
  readonly canSend = true
  readonly arrivedBytes = 0
  isPaused = false
  #listener: ByteStreamListener | null = null

  constructor(early: EarlyBytes | null) {
    this.stream = new LinkFrameStream(this, peerId('client'), clock, nothing, early)
  }

  listen(listener: ByteStreamListener): void {
    this.#listener = listener
  }

  /** A frame comes, or its beginning. */
  come(bytes: number, sent = bytes): void {
    const chunk = new Uint8Array(frameHeaderBytes + sent)
    writeFrameHeader(chunk, 0, frameTags.data, bytes)
    this.more(chunk)
  }

  more(chunk: Uint8Array): void {
    if (this.isOpen) this.#listener?.read([chunk])
  }

  send(): void {
    // Nobody reads it.
  }

  pause(): void {
    this.isPaused = true
  }

  resume(): void {
    this.isPaused = false
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  abort(): void {
    this.isOpen = false
  }
}

const nextOf = async (wire: Wire): Promise<number> => {
  const { value } = (await wire.stream.frames[Symbol.asyncIterator]().next()) as { value: Uint8Array }
  return value.length
}

test('a long frame is taken of nobody who has not logged in, and of everybody who has', async () => {
  const early = new EarlyBytes()
  const [stranger, person] = [new Wire(early), new Wire(early)]
  stranger.come(limits.earlyFrameBytes + 1, 0)
  expect(stranger.isOpen).toBe(false)
  person.come(limits.earlyFrameBytes)
  expect(await nextOf(person)).toBe(limits.earlyFrameBytes)
  person.stream.trust()
  person.come(limits.frameBytes)
  expect(await nextOf(person)).toBe(limits.frameBytes)
})

test('what those have half sent is bounded in all, and costs nobody who sends slowly a place', async () => {
  const early = new EarlyBytes()
  const slow = new Wire(early)
  slow.come(2_000, 1_000)
  const flood = Array.from({ length: (4 * limits.earlyBytes) / limits.earlyFrameBytes }, () => {
    const wire = new Wire(early)
    wire.come(limits.earlyFrameBytes, 100)
    return wire
  })
  expect(flood.filter(({ isOpen }) => isOpen).length).toBeLessThanOrEqual(limits.earlyBytes / limits.earlyFrameBytes)
  slow.more(new Uint8Array(1_000))
  expect(await nextOf(slow)).toBe(2_000)
})

test('who has logged in, or is gone, or has been looked at, does not count any more', async () => {
  const early = new EarlyBytes()
  const places = limits.earlyBytes / limits.earlyFrameBytes
  for (let round = 0; round < 3; round += 1) {
    const wires = Array.from({ length: places }, () => new Wire(early))
    for (const wire of wires) wire.come(limits.earlyFrameBytes, round === 1 ? limits.earlyFrameBytes : 1)
    expect(wires.every(({ isOpen }) => isOpen)).toBe(true)
    for (const wire of wires) {
      if (round === 0) wire.stream.trust()
      if (round === 1) await nextOf(wire)
      if (round === 2) wire.stream.abort('gone')
    }
  }
  const [one, other] = [new Wire(early), new Wire(early)]
  one.come(limits.earlyFrameBytes, 1)
  other.come(limits.earlyFrameBytes, 1)
  expect([one.isOpen, other.isOpen]).toEqual([true, true])
})

test('frames that nobody looks at stop the reading of them', () => {
  const wire = new Wire(new EarlyBytes())
  wire.come(limits.earlyFrameBytes)
  expect(wire.isPaused).toBe(false)
  wire.come(1)
  expect(wire.isPaused).toBe(true)
})

test.each([
  { who: 'somebody who logs in', adminToken: null, trusted: [false, true] },
  { who: 'who has the right to the data directory', adminToken: token, trusted: [true, true] },
])('takes long frames of $who, and before of nobody', async ({ adminToken, trusted }) => {
  const pair = makeFramePair()
  let isTrusted = false
  const trust = (): void => {
    isTrusted = true
  }
  const open = (): ReplicaApi =>
    Object.assign(new MemoryReplica().connect(), { logIn: () => Promise.resolve({ clock: 1, takenBy: null }) })
  const stream = { ...pair.replica, trust }
  void serveReplica({ stream, open, isAdminToken: adminTokenCheck(token), requires: 'person' })
  const api = connectReplica({ stream: pair.client, adminToken, clock: systemTestClock })
  await api.group()
  const before = isTrusted
  await api.logIn({
    account: accountId('A'.repeat(43)),
    signature: new Uint8Array(64),
    session: sessionId('s'.repeat(16)),
    clock: null,
    machine: 'm',
  })
  await api.close()
  expect([before, isTrusted]).toEqual(trusted)
})

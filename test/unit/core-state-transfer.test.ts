import { beforeEach, describe, expect, test } from 'vitest'
import type { PeerId } from '../../replica/core/model/ids.ts'
import { StateTransfer } from '../../replica/core/state-transfer.ts'
import { identity } from '../support/core-fixture.ts'

const { peer } = identity(2, 'b')
const other = identity(3, 'c').peer

describe('a state transfer', () => {
  let transfer: StateTransfer

  /** Something of it comes each second, and nothing is whole. */
  const hear = (from: PeerId, forMs: number): void => {
    for (let nowMs = 1_000; nowMs <= forMs; nowMs += 1_000) transfer.arriving(nowMs, from)
  }

  beforeEach(() => {
    transfer = new StateTransfer()
    transfer.begin(0, peer)
  })

  test('is given up when nothing comes for a while', () => {
    expect(transfer.abandonIfStalled(15_000)).toBeNull()
    expect(transfer.abandonIfStalled(15_001)).toBe(peer)
  })

  test('goes on as long as each piece comes in time, however many there are', () => {
    for (let index = 0; index < 5; index += 1) {
      expect(transfer.abandonIfStalled(index * 10_000)).toBeNull()
      transfer.chunk(index * 10_000, peer, { kind: 'stateChunk', image: 1, index, count: 9, chunk: 'a piece' })
    }
    expect(transfer.abandonIfStalled(55_000)).toBeNull()
    expect(transfer.abandonIfStalled(55_001)).toBe(peer)
  })

  test('goes on while a part of an answer comes, as on a slow line, up to five minutes for each', () => {
    hear(peer, 300_000)
    expect(transfer.abandonIfStalled(300_000)).toBeNull()
    expect(transfer.abandonIfStalled(300_001)).toBe(peer)
  })

  test('is given up when no more of it comes, or only something from somebody else', () => {
    hear(peer, 20_000)
    expect(transfer.abandonIfStalled(35_000)).toBeNull()
    hear(other, 36_000)
    expect(transfer.abandonIfStalled(35_001)).toBe(peer)
  })
})

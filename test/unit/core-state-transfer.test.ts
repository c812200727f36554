import { beforeEach, describe, expect, test } from 'vitest'
import type { PeerId } from '../../replica/core/model/ids.ts'
import { StateTransfer } from '../../replica/core/state-transfer.ts'
import type { Update } from '../../replica/core/model/updates.ts'
import { foundedCore, give, identity, mailTo, person } from '../support/core-fixture.ts'

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

  test('takes only what it has asked for, and what by its tag and its person is what the image lists', () => {
    const core = foundedCore(['ada', 'bob'])
    const [one, two] = ['one', 'two'].map(
      (body) => give(core, { kind: 'submit', signed: mailTo('ada', ['ada'], body) }).persist[0]!.updates[0]!,
    ) as [Update, Update]
    const { origin } = one
    transfer.chunk(0, peer, { kind: 'stateChunk', image: 1, index: 0, count: 1, chunk: '' })
    const { findMissing } = transfer.decoded(0, peer, core.state.image(), new Map())
    const { ask } = transfer.missing(0, { search: findMissing!.search, mails: new Map([[origin, [one.sequence]]]) })
    const id = ask.flatMap((message) => (message.kind === 'mailRequest' ? [message.id] : []))[0]!
    const answer = (updates: readonly Update[]) =>
      ({ kind: 'mails', id, origin, covered: two.sequence, updates }) as const
    expect(transfer.contentsIn(answer([{ ...two, sequence: one.sequence }, two]))).toEqual([])
    // Whoever has an account can sign a mail of the tag that is wanted.
    const another = { ...one, change: { ...one.change, account: person('bob') } } as Update
    expect(transfer.contentsIn(answer([another, two]))).toEqual([])
    expect(transfer.contentsIn(answer([one, two]))).toEqual([one])
  })

  test('is given up when no more of it comes, or only something from somebody else', () => {
    hear(peer, 20_000)
    expect(transfer.abandonIfStalled(35_000)).toBeNull()
    hear(other, 36_000)
    expect(transfer.abandonIfStalled(35_001)).toBe(peer)
  })
})

import { describe, expect, test } from 'vitest'
import type { Holder } from '../../replica/core/anti-entropy.ts'
import { AntiEntropy } from '../../replica/core/anti-entropy.ts'
import type { OriginId } from '../../replica/core/model/ids.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { identity, madeUpOrigin } from '../support/core-fixture.ts'

const authors: readonly OriginId[] = ['d', 'e', 'f', 'g'].map((letter) => identity(4, letter).origin)
const [first, second, third, fourth] = authors as [OriginId, OriginId, OriginId, OriginId]
const nothing = new Map<OriginId, number>()

const holderOf = (letter: string, origins: readonly OriginId[]): Holder => {
  const { peer, origin } = identity(2, letter)
  return { peer, origin, row: new Map(origins.map((author) => [author, 100])) }
}

const plan = (antiEntropy: AntiEntropy, nowMs: number, holders: readonly Holder[]) =>
  antiEntropy.plan(nowMs, nothing, holders, 'merge')

/** Asks for one log and has the answer come after so long, time after time. Returns how much was asked for each time. */
const askedBytes = (antiEntropy: AntiEntropy, answersMs: readonly number[]): readonly number[] => {
  const holder = holderOf('b', [first])
  let nowMs = 0
  return answersMs.map((answerMs) => {
    const [asked] = plan(antiEntropy, nowMs, [holder])
    if (asked === undefined) throw new Error('the holder is asked')
    nowMs += answerMs
    antiEntropy.answered(nowMs, asked.to, asked.message.id, 'some')
    return asked.message.maxBytes
  })
}

describe('what a holder is asked for', () => {
  test('grows as long as its answers come quickly, up to a chunk', () => {
    expect(askedBytes(new AntiEntropy(), [50, 50, 50, 50])).toEqual([65_536, 131_072, 262_144, 262_144])
  })

  test('shrinks when its answers take long, and stays when they do neither', () => {
    expect(askedBytes(new AntiEntropy(), [4_500, 4_500, 4_500, 2_000, 2_000])).toEqual([
      65_536, 32_768, 16_384, 16_384, 16_384,
    ])
  })

  test('begins anew with a new connection', () => {
    const antiEntropy = new AntiEntropy()
    askedBytes(antiEntropy, [4_500, 4_500])
    antiEntropy.disconnected(holderOf('b', []).peer)
    expect(askedBytes(antiEntropy, [50])).toEqual([65_536])
  })

  test('is not asked of another while it answers something, though each single answer takes long', () => {
    const antiEntropy = new AntiEntropy()
    const holders = [holderOf('b', [first, second])]
    const [one, other] = plan(antiEntropy, 0, holders)
    antiEntropy.answered(4_000, holders[0]!.peer, other!.message.id, 'some')
    const more = [...holders, holderOf('c', [first])]
    const origins = (nowMs: number) => plan(antiEntropy, nowMs, more).map(({ message }) => message.origin)
    expect(origins(8_000)).not.toContain(one!.message.origin)
    expect(origins(9_100)).toContain(one!.message.origin)
  })

  test('is asked of another after a minute, whatever else the holder answers meanwhile', () => {
    const antiEntropy = new AntiEntropy()
    const [busy, other] = [holderOf('b', [first, second]), holderOf('c', [first])]
    const asked = plan(antiEntropy, 0, [busy])
    const stuck = asked.find(({ message }) => message.origin === first)
    let flowing = asked.find(({ message }) => message.origin === second)
    for (let nowMs = 1_000; nowMs < 60_000; nowMs += 1_000) {
      antiEntropy.answered(nowMs, busy.peer, flowing!.message.id, 'some')
      const next = plan(antiEntropy, nowMs, [busy, other])
      expect(next.map(({ message }) => message.origin)).toEqual([second])
      flowing = next[0]
    }
    antiEntropy.answered(60_000, busy.peer, flowing!.message.id, 'some')
    const again = plan(antiEntropy, 60_000, [busy, other]).find(({ message }) => message.origin === first)
    expect(again?.to).toBe(other.peer)
    expect(again?.message.id).not.toBe(stuck?.message.id)
  })

  test('is not asked of another while something long comes from it that is not whole, up to five minutes', () => {
    const antiEntropy = new AntiEntropy()
    const holders = [holderOf('b', [first]), holderOf('c', [first])]
    const [asked] = plan(antiEntropy, 0, holders)
    for (let nowMs = 1_000; nowMs < 300_000; nowMs += 1_000) {
      antiEntropy.arriving(nowMs, asked!.to)
      expect(plan(antiEntropy, nowMs, holders)).toEqual([])
    }
    expect(plan(antiEntropy, 300_000, holders).map(({ to }) => to)).not.toContain(asked!.to)
  })

  test('is asked of another soon when nothing more comes from it', () => {
    const antiEntropy = new AntiEntropy()
    const holders = [holderOf('b', [first]), holderOf('c', [first])]
    const [asked] = plan(antiEntropy, 0, holders)
    antiEntropy.arriving(20_000, asked!.to)
    expect(plan(antiEntropy, 24_999, holders)).toEqual([])
    expect(plan(antiEntropy, 25_000, holders).map(({ to }) => to)).not.toContain(asked!.to)
  })

  test('is not asked of anybody while it may be on its way from who wrote it, of which others told sooner', () => {
    const antiEntropy = new AntiEntropy()
    const writer = { peer: identity(4, 'd').peer, origin: first, row: nothing }
    const holders = [writer, holderOf('b', [first])]
    const asked = (nowMs: number) => antiEntropy.plan(nowMs, nothing, holders, 'ordinary')
    antiEntropy.arriving(0, writer.peer)
    expect(asked(0)).toEqual([])
    expect(asked(4_999)).toEqual([])
    expect(asked(5_000).map(({ to }) => to)).toEqual([holders[1]!.peer])
  })

  test('is spread: one holder is asked for two logs at once, and the rest of others or when it has answered', () => {
    const antiEntropy = new AntiEntropy()
    const alone = holderOf('b', [first, second, third, fourth])
    const asked = plan(antiEntropy, 0, [alone])
    expect(asked).toHaveLength(2)
    const rest = plan(antiEntropy, 10, [alone, holderOf('c', [first, second, third, fourth])])
    expect(rest.map(({ to }) => to)).toEqual([identity(2, 'c').peer, identity(2, 'c').peer])
  })
})

describe('a holder that says that it has more', () => {
  const liar = holderOf('b', [first])

  /** Lets one request after the other run out. */
  const waitInVain = (antiEntropy: AntiEntropy, fromMs: number, requests: number): number => {
    let nowMs = fromMs
    for (let count = 0; count < requests; count += 1) {
      expect(plan(antiEntropy, nowMs, [liar])).toHaveLength(1)
      nowMs += 5_000
      expect(plan(antiEntropy, nowMs, [liar])).toEqual([])
      nowMs += 5_000
    }
    return nowMs
  }

  test('and twice brings nothing of it is not waited for', () => {
    const antiEntropy = new AntiEntropy()
    waitInVain(antiEntropy, 0, 1)
    expect(antiEntropy.isInVain(first, liar.peer)).toBe(false)
    const nowMs = waitInVain(antiEntropy, 10_000, 1)
    expect(antiEntropy.isInVain(first, liar.peer)).toBe(true)
    expect(antiEntropy.isInVain(second, liar.peer)).toBe(false)
    const [asked] = plan(antiEntropy, nowMs, [liar])
    antiEntropy.answered(nowMs, liar.peer, asked!.message.id, 'some')
    expect(antiEntropy.isInVain(first, liar.peer)).toBe(false)
  })

  test('begins anew with a new connection', () => {
    const antiEntropy = new AntiEntropy()
    waitInVain(antiEntropy, 0, 2)
    antiEntropy.disconnected(liar.peer)
    expect(antiEntropy.isInVain(first, liar.peer)).toBe(false)
  })

  test('and claims ever other logs has us remember only those of them that it still claims', () => {
    const antiEntropy = new AntiEntropy()
    const fails = (nowMs: number, claimed: readonly OriginId[]): void => {
      for (const { to, message } of plan(antiEntropy, nowMs, [holderOf('b', claimed)]))
        antiEntropy.answered(nowMs, to, message.id, 'none')
    }
    for (const nowMs of [0, 5_000]) fails(nowMs, [first, second])
    expect([first, second].map((origin) => antiEntropy.isInVain(origin, liar.peer))).toEqual([true, true])
    for (let number = 0; number < limits.vectorEntries; number += 1) fails(5_001, [first, madeUpOrigin(5, number)])
    expect([first, second].map((origin) => antiEntropy.isInVain(origin, liar.peer))).toEqual([true, false])
  })
})

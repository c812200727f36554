import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { OriginId } from '../../replica/core/model/ids.ts'
import { GroupState } from '../../replica/core/state/group-state.ts'
import { decodeImage } from '../../replica/wire/image-decode.ts'
import { encodeImage } from '../../replica/wire/image-encode.ts'
import { describeImage, describeUpdates } from '../simulation/reference-model.ts'
import { cut, interleave, logs, order, origins, stateOf } from './core-histories.ts'

const updatesIn = (state: GroupState): readonly string[] => describeImage(state.image())

const union = (one: ReadonlyMap<OriginId, number>, two: ReadonlyMap<OriginId, number>): ReadonlyMap<OriginId, number> =>
  new Map(origins.map((origin) => [origin, Math.max(one.get(origin) ?? 0, two.get(origin) ?? 0)]))

describe('the replicated state', () => {
  test('is the same for every order in which a set of updates comes', () => {
    fc.assert(
      fc.property(logs, order, order, (all, one, two) => {
        const left = stateOf(interleave(all, one, null))
        const right = stateOf(interleave(all, two, null))
        expect(updatesIn(left)).toEqual(updatesIn(right))
        expect(left.digest()).toBe(right.digest())
      }),
      { numRuns: 400 },
    )
  })

  test('is that of the plain model', () => {
    fc.assert(
      fc.property(logs, order, cut, (all, turns, upTo) => {
        const batches = interleave(all, turns, upTo)
        const model = describeUpdates(batches.flatMap(({ updates }) => updates))
        expect(updatesIn(stateOf(batches))).toEqual(model)
      }),
      { numRuns: 400 },
    )
  })

  test('is the same from a snapshot and the log after it as from the whole log', () => {
    fc.assert(
      fc.property(logs, order, fc.nat(12), (all, turns, at) => {
        const batches = interleave(all, turns, null)
        const image = decodeImage(encodeImage(stateOf(batches.slice(0, at)).image()))
        if (!image.ok) throw new Error(image.failure.message)
        const state = new GroupState()
        state.join(image.value)
        for (const batch of batches.slice(at)) state.applyBatch(batch)
        const whole = stateOf(batches)
        expect(updatesIn(state)).toEqual(updatesIn(whole))
        expect(state.digest()).toBe(whole.digest())
        expect(state.vector).toEqual(whole.vector)
      }),
      { numRuns: 400 },
    )
  })

  test('joined with another is that of the union of both sets', () => {
    fc.assert(
      fc.property(logs, order, cut, cut, (all, turns, one, two) => {
        const [left, right] = [stateOf(interleave(all, turns, one)), stateOf(interleave(all, turns, two))]
        const [leftImage, rightImage] = [left.image(), right.image()]
        const both = stateOf(interleave(all, turns, union(one, two)))
        const copy = structuredClone(leftImage)
        left.join(structuredClone(rightImage))
        right.join(copy)
        for (const joined of [left, right]) {
          expect(updatesIn(joined)).toEqual(updatesIn(both))
          expect(joined.digest()).toBe(both.digest())
          expect(new Map([...joined.vector].sort())).toEqual(new Map([...both.vector].sort()))
        }
      }),
      { numRuns: 600 },
    )
  })

  test('goes on after a join as if it had seen every update itself', () => {
    fc.assert(
      fc.property(logs, order, cut, cut, (all, turns, one, two) => {
        const state = stateOf(interleave(all, turns, one))
        state.join(structuredClone(stateOf(interleave(all, turns, two)).image()))
        for (const batch of interleave(all, turns, null)) {
          if (batch.last > state.held(batch.origin)) state.applyBatch(batch)
        }
        expect(state.digest()).toBe(stateOf(interleave(all, turns, null)).digest())
      }),
      { numRuns: 400 },
    )
  })

  test('has folders that list each live copy once, newest first, page by page', () => {
    fc.assert(
      fc.property(logs, order, fc.integer({ min: 1, max: 4 }), (all, turns, limit) => {
        const state = stateOf(interleave(all, turns, null))
        const mails = state.mails.records()
        for (const account of new Set(mails.flatMap(({ from, to }) => [from, ...to]))) {
          const { inbox } = state.mails.mailbox(account)
          const expected = mails
            .filter(({ to, marks }) =>
              to.some((owner, index) => owner === account && ((marks[index + 1] ?? 0) & 2) === 0),
            )
            .map((mail) => state.mails.get(mail.origin, mail.sequence))
            .sort((a, b) => (b?.clock ?? 0) - (a?.clock ?? 0) || ((b?.origin ?? '') < (a?.origin ?? '') ? -1 : 1))
          const paged = []
          for (let page = inbox.page(limit, null); page.length > 0; page = inbox.page(limit, page.at(-1) ?? null))
            paged.push(...page)
          expect(paged).toEqual(expected)
          expect(inbox.size).toBe(expected.length)
        }
      }),
      { numRuns: 300 },
    )
  })
})

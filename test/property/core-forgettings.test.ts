import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Batch } from '../../replica/core/model/updates.ts'
import { GroupState } from '../../replica/core/state/group-state.ts'
import { decodeImage } from '../../replica/wire/image-decode.ts'
import { encodeImage } from '../../replica/wire/image-encode.ts'
import { describeImage, describeUpdates } from '../simulation/reference-model.ts'
import { cut, documentLogs, interleave, order, stateOf } from './core-histories.ts'

const numRuns = 1_000

const expectSame = (one: GroupState, other: GroupState): void => {
  expect(describeImage(one.image())).toEqual(describeImage(other.image()))
  expect(one.digest()).toBe(other.digest())
}

/** As a snapshot brings it. */
const again = (state: GroupState): GroupState => {
  const image = decodeImage(encodeImage(state.image()))
  if (!image.ok) throw new Error(image.failure.message)
  const copy = new GroupState()
  copy.join(image.value)
  return copy
}

const goOn = (state: GroupState, batches: readonly Batch[]): void => {
  for (const batch of batches) if (batch.last > state.held(batch.origin)) state.applyBatch(batch)
}

describe('old documents that their person lets be forgotten', () => {
  test('are those of the plain model, in whatever order everything comes', () => {
    fc.assert(
      fc.property(documentLogs, order, order, (all, one, two) => {
        const [left, right] = [stateOf(interleave(all, one, null)), stateOf(interleave(all, two, null))]
        expectSame(left, right)
        expect(describeImage(left.image())).toEqual(describeUpdates([...all.values()].flat().flatMap((b) => b.updates)))
      }),
      { numRuns },
    )
  })

  test('are the same after joins and snapshots, and whatever comes after them', () => {
    fc.assert(
      fc.property(documentLogs, order, cut, cut, (all, turns, one, two) => {
        const [left, right] = [one, two].map((upTo) => stateOf(interleave(all, turns, upTo)))
        if (left === undefined || right === undefined) throw new Error('both are there')
        const before = left.image()
        left.join(again(right).image())
        right.join(structuredClone(before))
        expectSame(left, right)
        const whole = interleave(all, turns, null)
        for (const state of [left, again(right)]) {
          goOn(state, whole)
          expectSame(state, stateOf(whole))
        }
      }),
      { numRuns },
    )
  })

  test('are not shown again by a version that was said before, and everything that is said later is shown', () => {
    fc.assert(
      fc.property(documentLogs, order, (all, turns) => {
        const { documents } = stateOf(interleave(all, turns, null))
        for (const { account, saidUpTo, documents: named } of documents.forgettings.records())
          for (const update of [...all.values()].flat().flatMap(({ updates }) => updates)) {
            const { change } = update
            if (change.kind !== 'document' || named.includes(change.document)) continue
            const shown = documents.get(account, change.document)
            if (shown !== undefined) expect(shown.clock).toBeGreaterThan(saidUpTo)
            expect(documents.lastClock(account, change.document)).toBeGreaterThanOrEqual(saidUpTo)
          }
      }),
      { numRuns },
    )
  })
})

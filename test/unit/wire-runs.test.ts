import { describe, expect, test } from 'vitest'
import type { Batch } from '../../replica/core/model/updates.ts'
import { LogIntake } from '../../replica/core/log-intake.ts'
import { GroupState } from '../../replica/core/state/group-state.ts'
import { encodeMessage } from '../../replica/wire/message-codec.ts'
import { LogMaker } from '../conformance/storage-fixture.ts'
import { wire } from '../property/arbitraries.ts'

/** What a member that passes the batch on may make of it: the signature is at the end. */
const spoiled = (batch: Batch): Batch => {
  const bytes = batch.bytes.slice()
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
  return { ...batch, bytes }
}

const frameOf = (batches: readonly Batch[]): Uint8Array => encodeMessage({ kind: 'batches', id: 1, batches })
const decoded = (batches: readonly Batch[]) => wire.decodeMessage(frameOf(batches))
const refusal = { ok: false, failure: { code: 'BAD_SIGNATURE' } }

describe('a run of batches', () => {
  const log = new LogMaker(1)
  const [one, two, three] = log.batches(3, 2) as [Batch, Batch, Batch]

  test('is proven by the signature of its last one', () => {
    const proven = { ok: true, value: { batches: [{ ...one, provenBy: 'next' }, { ...two, provenBy: 'next' }, three] } }
    expect(decoded([one, two, three])).toMatchObject(proven)
    expect(decoded([one, spoiled(two), three]).ok).toBe(true)
    expect(decoded([one, two, spoiled(three)])).toMatchObject(refusal)
  })

  test('with a gap is two runs', () => {
    expect(decoded([spoiled(one), three])).toMatchObject(refusal)
    expect(decoded([three, spoiled(one)])).toMatchObject(refusal)
    expect(decoded([two, spoiled(one), three])).toMatchObject(refusal)
  })

  test('that goes another way than its last one is not proven by it', () => {
    const other = new LogMaker(1)
    const strange = spoiled(other.batch(2))
    expect(strange.last).toBe(one.last)
    expect(decoded([strange, two, three])).toMatchObject(refusal)
  })

  test("is one origin's", () => {
    const theirs = new LogMaker(2).batch(2)
    expect(decoded([spoiled(theirs), two])).toMatchObject(refusal)
    expect(decoded([theirs, two])).toMatchObject({ ok: true, value: { batches: [theirs, two] } })
  })

  test('does not hide what a person did not sign', () => {
    const forging = new LogMaker(1)
    const frame = frameOf([forging.batchWithForged(), forging.batch(1)])
    const message = wire.decodeMessage(frame)
    const kinds = message.ok && message.value?.kind === 'batches' && message.value.batches[0]?.updates
    expect(kinds && kinds.map(({ change }) => change.kind)).toEqual(['mail', 'forged'])
  })

  test('is not kept for later without its last one', () => {
    const intake = new LogIntake(new GroupState(), wire.firstHash)
    const message = decoded([two, three])
    for (const batch of message.ok && message.value?.kind === 'batches' ? message.value.batches : []) {
      expect(intake.judge(batch)).toBe('early')
      intake.keepEarly(batch)
    }
    const state = new GroupState()
    state.applyBatch(one)
    const after = new LogIntake(state, wire.firstHash)
    after.keepEarly({ ...two, provenBy: 'next' })
    expect(after.takeNext(log.origin)).toBeNull()
    after.keepEarly(two)
    expect(after.takeNext(log.origin)).toEqual(two)
  })

  test('waits for what it follows on as far as there is room for it', () => {
    const held = new GroupState()
    held.applyBatch(one)
    const intake = new LogIntake(held, wire.firstHash)
    const [mostBytes, waiting] = [2_097_152, log.batch(1)]
    intake.keepEarly({ ...waiting, bytes: new Uint8Array(mostBytes - two.bytes.length) })
    intake.keepEarly({ ...three, bytes: new Uint8Array(two.bytes.length + 1) })
    intake.keepEarly(two)
    expect(intake.takeNext(log.origin)).toEqual(two)
    held.applyBatch(two)
    expect(intake.takeNext(log.origin)).toBeNull()
    held.applyBatch(three)
    expect(intake.takeNext(log.origin)?.first).toBe(waiting.first)
  })

  test('can be told from batches that prove themselves', () => {
    expect(wire.isProven(two)).toBe(true)
    expect(wire.isProven(spoiled(two))).toBe(false)
  })
})

describe('a message whose signatures are verified aside', () => {
  const aside = async (batches: readonly Batch[]) => wire.decodeMessageAside(frameOf(batches))

  test('says the same as one that is verified at once', async () => {
    const log = new LogMaker(1)
    const batches = log.batches(10, 3)
    const soon = wire.decodeMessageAside(frameOf(batches))
    expect(soon).toBeInstanceOf(Promise)
    expect(await soon).toEqual(decoded(batches))
  })

  test('with few of them is decoded at once', () => {
    const batches = [new LogMaker(1).batch(1)]
    expect(wire.decodeMessageAside(frameOf(batches))).toEqual(decoded(batches))
  })

  test('is refused, or marked as forged, as one that is verified at once', async () => {
    const log = new LogMaker(1)
    const batches = log.batches(10, 3)
    expect(await aside([...batches.slice(0, -1), spoiled(log.batch(1))])).toMatchObject(refusal)
    const forging = new LogMaker(1)
    const withForged = [...forging.batches(5, 2), forging.batchWithForged()]
    const message = await aside(withForged)
    expect(message).toEqual(decoded(withForged))
    const last = message.ok && message.value?.kind === 'batches' && message.value.batches.at(-1)
    expect(last && last.updates.map(({ change }) => change.kind)).toEqual(['mail', 'forged'])
  })
})

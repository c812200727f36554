import { expect, test } from 'vitest'
import { updateSpans } from '../../replica/wire/kept-codec.ts'
import { LogMaker } from '../conformance/storage-fixture.ts'
import { wire } from '../property/arbitraries.ts'

const decoded = (bytes: Uint8Array) => {
  const batch = wire.decodeBatch(bytes)
  if (!batch.ok) throw new Error(batch.failure.message)
  return batch.value
}

test("an update's place in its batch is the same for who made the batch, who decoded it and who has a copy of the bytes", () => {
  const made = new LogMaker(1).batch(5)
  const came = decoded(made.bytes)
  const copied = { ...came, bytes: Uint8Array.from(came.bytes) }
  for (const batch of [made, came, copied]) {
    const spans = updateSpans(batch)
    expect(spans.map(({ start, length }) => made.bytes.subarray(start, start + length))).toEqual(
      made.updates.map(({ bytes }) => bytes),
    )
  }
})

test('the places in a batch that was decoded are known without reading it again', () => {
  const came = decoded(new LogMaker(1).batch(3).bytes)
  const expected = updateSpans(came)
  // What stands before the updates is not looked at.
  came.bytes.fill(0xff, 0, 8)
  expect(updateSpans(came)).toEqual(expected)
})

import { setImmediate } from 'node:timers/promises'
import { type Failure, QuintetError, type Result } from '../core/model/errors.ts'
import type { StateImage } from '../core/model/image.ts'
import { decodeImage, decodeImageInParts } from '../wire/image-decode.ts'
import { encodeImage, encodeImageInParts } from '../wire/image-encode.ts'

/** As `encodeImage`, while everything else goes on: a large mailbox takes longer than anybody should wait for an answer. */
export const encodeInTurns = (image: StateImage): Promise<string[]> => inTurns(encodeImageInParts(image))

/** As `snapshotChunks`, while everything else goes on. */
export const snapshotChunksInTurns = async (image: StateImage): Promise<string[]> => {
  const chunks = await encodeInTurns(image)
  const read = await inTurns(decodeImageInParts(chunks))
  return read.ok ? chunks : cannotBeRead(read.failure)
}

/** A received image, as `work` decodes it in steps, while everything else goes on. */
export const decodeInTurns = (work: Generator<undefined, Result<StateImage>>): Promise<Result<StateImage>> =>
  inTurns(work)

/**
 * The chunks of an image, read back once. INTERNAL when a start could not read them: such a snapshot must not take another's place, and nothing
 * of the log may be discarded for its sake.
 */
export const snapshotChunks = (image: StateImage): string[] => {
  const chunks = encodeImage(image)
  const read = decodeImage(chunks)
  return read.ok ? chunks : cannotBeRead(read.failure)
}

const inTurns = async <Value>(work: Generator<undefined, Value>): Promise<Value> => {
  for (;;) {
    const { done, value } = work.next()
    if (done === true) return value
    await setImmediate()
  }
}

const cannotBeRead = ({ code, message }: Failure): never => {
  throw new QuintetError('INTERNAL', `A snapshot of this state could not be read again: ${message} (${code}).`)
}

import { setImmediate } from 'node:timers/promises'
import type { StateImage } from '../core/model/image.ts'
import { encodeImageInParts } from '../wire/image-encode.ts'

/** As `encodeImage`, while everything else goes on: a large mailbox takes longer than anybody should wait for an answer. */
export const encodeInTurns = async (image: StateImage): Promise<string[]> => {
  const encoding = encodeImageInParts(image)
  for (;;) {
    const { done, value } = encoding.next()
    if (done === true) return value
    await setImmediate()
  }
}

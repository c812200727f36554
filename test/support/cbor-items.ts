import { decode, encode } from 'cborg'

/** Formats taken apart and put together again as a later version, or an attacker, would write them. */
export const cborItems = {
  encode: (value: unknown): Uint8Array => encode(value),
  array: (bytes: Uint8Array): readonly unknown[] => cborItems.items(decode(bytes)),
  items: (value: unknown): readonly unknown[] => {
    if (!Array.isArray(value)) throw new Error('not an array')
    return value
  },
}

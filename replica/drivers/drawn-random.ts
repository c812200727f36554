import { randomFillSync } from 'node:crypto'

const poolBytes = 4_096
/** More than that is not drawn from the pool. */
const mostDrawn = 256

const pool = new Uint8Array(poolBytes)
let used = poolBytes

/**
 * `length` random bytes of node's, fit for keys. A call of node costs some microseconds whatever it asks for, and a client needs some bytes
 * for each mail: they are fetched for many at once. What has been given out is no longer in the pool.
 */
export const drawRandom = (length: number): Uint8Array => {
  if (length > mostDrawn) return randomFillSync(new Uint8Array(length))
  if (used + length > poolBytes) {
    randomFillSync(pool)
    used = 0
  }
  const drawn = pool.slice(used, used + length)
  pool.fill(0, used, used + length)
  used += length
  return drawn
}

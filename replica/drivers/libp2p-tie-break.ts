import type { PeerId } from '../core/model/ids.ts'

/** Two streams opened within this time of each other may be a race of both sides; later ones are not. */
const raceMs = 3_000

/** One of two streams between the same pair of replicas. */
export interface Contender {
  readonly opener: PeerId
  /** Which run of the other side's process this stream leads to; null while it has not answered. */
  readonly boot: string | null
  readonly ageMs: number
}

/**
 * Which of two streams stays, by a rule that gives both sides the same answer when they open one at the same time: the
 * smaller peer id's. A stream that cannot be part of such a race proves that the other side has lost the older one.
 */
export const staying = (older: Contender, newer: Contender): 'older' | 'newer' => {
  if (older.boot !== null && older.boot !== newer.boot) return 'newer'
  if (older.opener === newer.opener) return 'newer'
  if (older.boot !== null && older.ageMs > raceMs) return 'newer'
  return older.opener < newer.opener ? 'older' : 'newer'
}

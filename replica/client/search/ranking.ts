import type { IndexedMail } from './segment.ts'

export interface Ranked {
  readonly mail: IndexedMail
  readonly score: number
}

/** Scores that differ by less than this share of the best are alike: then the newer mail comes first. */
const steps = 12

/**
 * The ones at `offset` and after, at most `limit`: by score in steps, then newest first. Only what is asked for is put in
 * order, since a common word is in nearly every mail.
 */
export const bestOf = (found: readonly Ranked[], offset: number, limit: number): readonly Ranked[] => {
  const wanted = offset + limit
  const most = found.reduce((highest, { score }) => Math.max(highest, score), 0)
  const step = (ranked: Ranked): number => (most === 0 ? 0 : Math.round((steps * ranked.score) / most))
  const byStep: Ranked[][] = Array.from({ length: steps + 1 }, () => [])
  for (const ranked of found) byStep[step(ranked)]?.push(ranked)
  const best: Ranked[] = []
  for (let index = steps; index >= 0 && best.length < wanted; index -= 1) {
    best.push(...newest(byStep[index] ?? [], wanted - best.length))
  }
  return best.slice(offset, wanted)
}

/** The `count` newest, newest first. Most of a mailbox is older than a page that is full, and needs one look each. */
const newest = (found: readonly Ranked[], count: number): readonly Ranked[] => {
  let kept: Ranked[] = []
  let oldest = -Infinity
  for (const ranked of found) {
    if (ranked.mail.sentAt < oldest) continue
    kept.push(ranked)
    if (kept.length >= 2 * count + 64) {
      kept = kept.sort(byNewest).slice(0, count)
      oldest = kept.at(-1)?.mail.sentAt ?? -Infinity
    }
  }
  return kept.sort(byNewest).slice(0, count)
}

const byNewest = (left: Ranked, right: Ranked): number =>
  right.mail.sentAt - left.mail.sentAt || (left.mail.mail < right.mail.mail ? -1 : 1)

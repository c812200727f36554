import type { MailQuestion, MailSearch } from '../core/effects.ts'
import type { OriginId, Sequence } from '../core/model/ids.ts'
import { isItself } from '../core/state/live-updates.ts'
import type { Storage } from './ports.ts'

/** Each may have a megabyte. */
const readAtOnce = 32

/** Which of the live updates that are asked about have to be fetched; see `MailQuestion`. */
export const notStored = async (
  storage: Pick<Storage, 'missing' | 'readUpdates'>,
  { search, mails }: MailQuestion,
): Promise<MailSearch> => {
  const found = new Map<OriginId, readonly Sequence[]>()
  for (const [origin, wanted] of mails) {
    const missing = await storage.missing(
      origin,
      wanted.map(({ sequence }) => sequence),
    )
    const absent = new Set(missing)
    const stored = wanted.filter(({ sequence }) => !absent.has(sequence))
    for (let start = 0; start < stored.length; start += readAtOnce) {
      const asked = stored.slice(start, start + readAtOnce)
      const updates = await storage.readUpdates(
        origin,
        asked.map(({ sequence }) => sequence),
      )
      const kept = new Map(updates.map((update) => [update.sequence, update]))
      for (const wish of asked) {
        const update = kept.get(wish.sequence)
        if (update === undefined || !isItself(wish, update)) absent.add(wish.sequence)
      }
    }
    const fetched = wanted.flatMap(({ sequence }) => (absent.has(sequence) ? [sequence] : []))
    if (fetched.length > 0) found.set(origin, fetched)
  }
  return { search, mails: found }
}

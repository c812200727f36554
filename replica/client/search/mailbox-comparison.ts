import type { NamePage, ReplicaApi } from '../../api/contract.ts'
import type { UpdateId } from '../../core/model/ids.ts'
import type { Turns } from './turns.ts'

export interface ComparisonOptions {
  readonly call: <Value>(request: (api: ReplicaApi) => Promise<Value>) => Promise<Value>
  readonly turns: Turns
  /** The mails that the index has. */
  readonly indexed: () => Iterable<UpdateId>
  /** Whether a mail of the mailbox need not be indexed (any more). */
  readonly isKnown: (mail: UpdateId) => boolean
  readonly isOver: () => boolean
}

export interface Differences {
  /** What the mailbox has and is to be indexed, newest first within each folder. */
  readonly missing: readonly UpdateId[]
  /** What the mailbox has no more. */
  readonly gone: readonly UpdateId[]
}

/** A mail that is in the trash is in no other folder. */
const indexedFolders = ['inbox', 'sent', 'trash'] as const
/** Where replica and client are one process, a page is made, encoded and decoded in one turn of the event loop: 5,000 held it for 30 ms. */
const namesPerPage = 1_000

/** Finds what the mailbox has and the index has not, and the other way round; null when it `isOver` before. */
export const compareWithMailbox = async (options: ComparisonOptions): Promise<Differences | null> => {
  const { call, turns, indexed, isKnown, isOver } = options
  const present = new Set<UpdateId>()
  const missing: UpdateId[] = []
  for (const folder of indexedFolders) {
    let next: string | null = null
    do {
      const query = { folder, only: 'all', limit: namesPerPage, before: next } as const
      const page: NamePage = await call((api) => api.mailNames(query))
      await turns.afresh()
      for (const mail of page.mails) {
        present.add(mail)
        if (!isKnown(mail)) missing.push(mail)
      }
      next = page.next
    } while (next !== null && !isOver())
  }
  const gone: UpdateId[] = []
  for (const mail of indexed()) {
    if (!present.has(mail)) gone.push(mail)
    await turns.pass()
  }
  return isOver() ? null : { missing, gone }
}

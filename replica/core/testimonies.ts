import type { Hash, OriginId, Sequence } from './model/ids.ts'
import { updateId } from './model/ids.ts'
import type { Known, MarkRecord, MarkRegisters, StateImage } from './model/image.ts'
import type { GroupState } from './state/group-state.ts'
import { fitOfHeld } from './state/log-chains.ts'
import { heldFrom } from './version-vector.ts'

/** Those of former states that are still waited for; beyond, the oldest are given up. */
const keptTestimonies = 8

/** Where a log ends that a witness holds. */
interface End {
  readonly sequence: Sequence
  readonly hash: Hash
}

interface Testimony {
  readonly known: Known
  /** The ends that have not come here yet. */
  readonly ends: Map<OriginId, End>
}

/** What a member knows that confirmed a state, and where its logs end. */
export type Witness = Pick<StateImage, 'vector' | 'hashes'> & Known

/**
 * What those who confirmed a state know besides, without telling by which update: accounts, keys and marks. Some of it may be of updates
 * that are still to come, and never do, because their log is given up; so it counts when all logs have come here as far as the witness
 * held them. Of an honest state there is nothing to take then.
 */
export class Testimonies {
  #open: readonly Testimony[] = []

  add(witnesses: readonly Witness[]): void {
    const more = witnesses.map(({ vector, hashes, accounts, accountKeys, marks }) => {
      const ends = [...hashes].map(([origin, hash]) => [origin, { sequence: heldFrom(vector, origin), hash }] as const)
      return { known: { accounts, accountKeys, marks }, ends: new Map(ends) }
    })
    this.#open = [...this.#open, ...more].slice(-keptTestimonies)
  }

  /** What counts by now and is not known here; null when there is none. What has come true, or cannot any more, is done with. */
  take(state: GroupState): Known | null {
    if (this.#open.length === 0) return null
    const due: Known[] = []
    this.#open = this.#open.filter(({ known, ends }) => {
      const standing = settle(state, ends)
      if (standing === 'come') due.push(known)
      return standing === 'to come'
    })
    const news = newTo(state, {
      accounts: due.flatMap(({ accounts }) => accounts),
      accountKeys: due.flatMap(({ accountKeys }) => accountKeys),
      marks: due.flatMap(({ marks }) => marks),
    })
    return news.accounts.length + news.accountKeys.length + news.marks.length > 0 ? news : null
  }
}

/** Looks at each end once, when as much is held: what comes after it is no concern of the witness. */
const settle = (state: GroupState, ends: Map<OriginId, End>): 'to come' | 'come' | 'given up' => {
  for (const [origin, { sequence, hash }] of ends) {
    if (state.held(origin) < sequence) continue
    if (fitOfHeld(state, origin, sequence, hash) !== 'same') return 'given up'
    ends.delete(origin)
  }
  return ends.size === 0 ? 'come' : 'to come'
}

const newTo = (state: GroupState, { accounts, accountKeys, marks }: Known): Known => ({
  accounts: accounts.filter((record) => state.accounts.isNews(record)),
  accountKeys: accountKeys.filter(
    (record) => state.accountKeys.isNews(record) && !state.accounts.isDeleted(record.account),
  ),
  marks: marks.filter((mark) => isNews(state, mark)),
})

const isNews = ({ mails }: GroupState, { origin, sequence, account, registers }: MarkRecord): boolean => {
  if (!isLater(registers, mails.registersOf({ origin, sequence }, account))) return false
  const mail = mails.find(updateId(origin, sequence))
  return mail !== undefined && mails.isOwnedBy(mail, account) && isLater(registers, mails.registersOf(mail, account))
}

const isLater = (one: MarkRegisters, other: MarkRegisters): boolean =>
  one.read > other.read || one.star > other.star || one.trash > other.trash

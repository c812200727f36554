import { KnowledgeMatrix } from './knowledge.ts'
import type { Hash, OriginId, Sequence } from './model/ids.ts'
import type { KnowledgeMessage, VersionVector } from './model/messages.ts'
import type { GroupState } from './state/group-state.ts'
import { fitOfHeld } from './state/log-chains.ts'
import { covers, heldFrom } from './version-vector.ts'

const nothing: VersionVector = new Map()

/** Where a member has said that its copy of a log ends. */
interface ToldEnd {
  readonly sequence: Sequence
  readonly hash: Hash
}

/**
 * What a member has shown on this connection, and what is held here does not reach yet. Of what was not reached the first word is kept as
 * well as the last: while much comes, it is the one that is reached.
 */
interface Open {
  row: VersionVector
  readonly ends: Map<OriginId, readonly ToldEnd[]>
}

/**
 * How much each member is known to hold of the very logs that are held here. How many updates of a log it holds does not say that: where an
 * old copy was written to, two logs go by one name. So a member must have shown where its copies end, with hashes that fit what is held
 * here; or another one that did so must tell of it, which tells of others only what it has found to be so.
 */
export class AgreedLogs {
  readonly #state: GroupState
  readonly #agreed = new KnowledgeMatrix()
  /** Of each member the last row of which all was agreed at once: it has held just that at some time. */
  readonly #rows = new Map<OriginId, VersionVector>()
  readonly #open = new Map<OriginId, Open>()

  constructor(state: GroupState) {
    this.#state = state
  }

  /** What there is to tell others of what this member holds. */
  row(member: OriginId): VersionVector {
    return this.#rows.get(member) ?? nothing
  }

  /** What all who have a seat hold, of the same logs. Whoever wrote a log has held what is held of it here. */
  stable(own: OriginId): VersionVector {
    const holders = this.#state.seats.holders().map(({ origin }) => origin)
    this.#agreed.mergeRow(own, this.#state.vector)
    for (const holder of holders) this.#agreed.raise(holder, holder, this.#state.held(holder))
    return this.#agreed.stable(holders)
  }

  /** A connection to it begins: what it held before may have been another copy. */
  greeted(member: OriginId): void {
    this.#agreed.setRow(member, nothing)
    this.#rows.delete(member)
    this.#open.delete(member)
  }

  /** A member says what it holds, and where that ends. */
  showed(member: OriginId, { rows, hashes }: Pick<KnowledgeMessage, 'rows' | 'hashes'>): void {
    const row = rows.get(member)
    if (row === undefined) return
    const open = this.#open.get(member) ?? { row, ends: new Map<OriginId, readonly ToldEnd[]>() }
    this.#open.set(member, open)
    for (const [origin, hash] of hashes) {
      const first = open.ends.get(origin)?.slice(0, 1) ?? []
      open.ends.set(origin, [...first, { sequence: heldFrom(row, origin), hash }])
    }
    for (const [origin, ends] of open.ends) {
      // Of a log that it does not hold any more, or has made up, nothing will be reached.
      const left = row.has(origin) ? ends.filter((end) => !this.#isReached(member, origin, end)) : []
      if (left.length === 0) open.ends.delete(origin)
      else open.ends.set(origin, left)
    }
    this.#settle(member, open, row)
  }

  /** A member tells what another one holds, which is not here. */
  told(teller: OriginId, member: OriginId, row: VersionVector): void {
    const agreed = this.#agreed.row(teller)
    for (const [origin, sequence] of row)
      this.#agreed.raise(member, origin, Math.min(sequence, heldFrom(agreed, origin)))
    if (covers(agreed, row) && covers(row, this.row(member))) this.#rows.set(member, row)
  }

  #settle(member: OriginId, open: Open, latest: VersionVector): void {
    const agreed = this.#agreed.row(member)
    const row = [latest, open.row].find((told) => covers(agreed, told))
    if (row === undefined) return
    this.#rows.set(member, row)
    open.row = latest
  }

  /** Whether what is held here goes so far; if so, it is compared. */
  #isReached(member: OriginId, origin: OriginId, { sequence, hash }: ToldEnd): boolean {
    if (sequence > this.#state.held(origin)) return false
    if (fitOfHeld(this.#state, origin, sequence, hash) === 'same') this.#agreed.raise(member, origin, sequence)
    return true
  }
}

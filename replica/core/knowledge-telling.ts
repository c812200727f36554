import type { Hash, OriginId } from './model/ids.ts'
import type { KnowledgeRows, VersionVector } from './model/messages.ts'
import { covers } from './version-vector.ts'

/** Everything is told again so often, for whoever took it for hearsay when it was news. */
const wholeEveryMs = 10_000

/** What of the matrix goes into one message. */
export interface Told {
  readonly rows: KnowledgeRows
  readonly hashes: ReadonlyMap<OriginId, Hash>
}

/** `news`: what is held here has changed. `round`: it is time to tell of the others, too. */
export type Occasion = 'news' | 'round'

/**
 * Chooses what to tell of the matrix. It has as many rows as there are installs, and each of them tells its own row to all: so the
 * own row goes along always, those of others when they have changed. Streams keep their order and lose nothing while they last, so
 * one who has been told everything needs only what is new from then on.
 */
export class KnowledgeTelling {
  readonly #own: OriginId
  #rows: KnowledgeRows = new Map()
  #hashes: ReadonlyMap<OriginId, Hash> = new Map()
  #wholeMs: number | null = null

  constructor(own: OriginId) {
    this.#own = own
  }

  /** For those who have been told everything before; `all` is what there is to tell now. */
  next(nowMs: number, occasion: Occasion, all: () => Told, own: VersionVector): Told {
    if (occasion === 'news') return { rows: new Map([[this.#own, new Map(own)]]), hashes: new Map() }
    const { rows, hashes } = all()
    const isWhole = this.#wholeMs === null || nowMs - this.#wholeMs >= wholeEveryMs
    if (isWhole) this.#wholeMs = nowMs
    const told = isWhole ? { rows, hashes } : { rows: this.#newRows(rows), hashes: this.#newHashes(hashes) }
    this.#rows = rows
    this.#hashes = new Map(hashes)
    return told
  }

  #newRows(rows: KnowledgeRows): KnowledgeRows {
    const changed = [...rows].filter(([holder, row]) => holder === this.#own || !isSame(row, this.#rows.get(holder)))
    return new Map(changed)
  }

  #newHashes(hashes: ReadonlyMap<OriginId, Hash>): ReadonlyMap<OriginId, Hash> {
    return new Map([...hashes].filter(([origin, hash]) => this.#hashes.get(origin) !== hash))
  }
}

const isSame = (row: VersionVector, told: VersionVector | undefined): boolean =>
  told !== undefined && covers(row, told) && covers(told, row)

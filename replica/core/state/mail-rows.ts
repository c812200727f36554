import { assert } from '../model/errors.ts'
import type { Clock, OriginId, Sequence, Tag } from '../model/ids.ts'
import { anyTag, tag } from '../model/ids.ts'
import { markBits, type MarkRegisters } from '../model/image.ts'
import type { MailRecord, OriginMails } from '../model/mail-columns.ts'
import { marksCount, noCopy, placeCount, placeOf, type Places, unsetPlaces } from './mail-folders.ts'

/** What a row has but its owners. */
type NewRow = Pick<MailRecord, 'sequence' | 'clock' | 'tag' | 'marks'>

const firstRows = 16
const growth = 1.25

/**
 * One origin's mails in memory, as growing columns. A row is appended once; afterwards only its marks change, so that all
 * other columns may be shared with images. A row whose copies are all deleted is dead: it is as if it were not there.
 */
export class MailRows {
  readonly origin: OriginId
  #sequences: Float64Array
  #clocks: Float64Array
  #tags: Uint32Array
  #copyStarts: Uint32Array
  #owners: Uint32Array
  #marks: Uint8Array
  #rows: number
  #dead = 0

  /** Takes the columns over, but for the marks, of which it makes a copy. */
  constructor(mails: OriginMails) {
    this.origin = mails.origin
    this.#sequences = mails.sequences
    this.#clocks = mails.clocks
    this.#tags = mails.tags
    this.#copyStarts = mails.copyStarts
    this.#owners = mails.owners
    this.#marks = mails.marks.slice()
    this.#rows = mails.sequences.length
  }

  static empty(origin: OriginId): MailRows {
    return new MailRows({
      origin,
      sequences: new Float64Array(0),
      clocks: new Float64Array(0),
      tags: new Uint32Array(0),
      copyStarts: new Uint32Array(1),
      owners: new Uint32Array(0),
      marks: new Uint8Array(0),
    })
  }

  /** Dead rows included. */
  get rows(): number {
    return this.#rows
  }

  get lastSequence(): Sequence {
    return this.sequenceAt(this.#rows - 1)
  }

  get dead(): number {
    return this.#dead
  }

  /** The row of a live mail, or -1. */
  find(sequence: Sequence): number {
    let low = 0
    let high = this.#rows
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#sequences[middle] ?? Infinity) < sequence) low = middle + 1
      else high = middle
    }
    return low < this.#rows && this.#sequences[low] === sequence && !this.isDead(low) ? low : -1
  }

  sequenceAt(row: number): Sequence {
    return this.#sequences[row] ?? 0
  }

  clockAt(row: number): Clock {
    return this.#clocks[row] ?? 0
  }

  tagAt(row: number): Tag {
    return tag(this.#tags[row] ?? anyTag)
  }

  /** The first of the row's copies, which is the sender's. */
  copyStart(row: number): number {
    return this.#copyStarts[row] ?? 0
  }

  copyEnd(row: number): number {
    return this.#copyStarts[row + 1] ?? 0
  }

  ownerOf(copy: number): number {
    return this.#owners[copy] ?? -1
  }

  marksOf(copy: number): number {
    return this.#marks[copy] ?? 0
  }

  isDeleted(copy: number): boolean {
    return (this.marksOf(copy) & markBits.deleted) !== 0
  }

  isDead(row: number): boolean {
    const end = this.copyEnd(row)
    for (let copy = this.copyStart(row); copy < end; copy += 1) if (!this.isDeleted(copy)) return false
    return true
  }

  setMarks(copy: number, bits: number): void {
    this.#marks[copy] = bits
  }

  /** Rare, so that images may share the column: it is copied. */
  setClock(row: number, clock: Clock): void {
    this.#clocks = this.#clocks.slice()
    this.#clocks[row] = clock
  }

  /** Tells that a row has died by its last mark. */
  noteDeath(): void {
    this.#dead += 1
  }

  /** Of columns that were taken over. */
  countDead(): void {
    const [starts, marks] = [this.#copyStarts, this.#marks]
    this.#dead = 0
    let end = starts[0] ?? 0
    for (let row = 0; row < this.#rows; row += 1) {
      let copy = end
      end = starts[row + 1] ?? 0
      while (copy < end && ((marks[copy] ?? 0) & markBits.deleted) !== 0) copy += 1
      if (copy === end) this.#dead += 1
    }
  }

  /** `owners[0]` is the sender's place. An origin's mails come in the order of their sequences. */
  append({ sequence, clock, tag: tagOfRow, marks }: NewRow, owners: readonly number[]): number {
    const row = this.#rows
    assert(row === 0 || sequence > this.sequenceAt(row - 1), `mail ${this.origin}:${sequence} comes out of order`)
    const start = this.copyStart(row)
    this.#makeRoom(row + 1, start + owners.length)
    this.#sequences[row] = sequence
    this.#clocks[row] = clock
    this.#tags[row] = tagOfRow
    this.#copyStarts[row + 1] = start + owners.length
    this.#owners.set(owners, start)
    this.#marks.set(marks, start)
    this.#rows = row + 1
    return row
  }

  /**
   * Where the person whose place is `owner` sees each mail. `registers`: what the person has set, by sequence. The first thing that a start
   * does with every mail, and done before any of it is compiled: so it calls as little as possible.
   */
  placesOf(owner: number, registers: ReadonlyMap<Sequence, MarkRegisters> | undefined): Places {
    const [rows, starts, owners, marks] = [this.#rows, this.#copyStarts, this.#owners, this.#marks]
    const places = new Uint8Array(rows)
    const counts = new Uint32Array(placeCount)
    let end = starts[0] ?? 0
    for (let row = 0; row < rows; row += 1) {
      const start = end
      end = starts[row + 1] ?? 0
      const sent = owners[start] === owner ? (marks[start] ?? noCopy) : noCopy
      let received: number = noCopy
      for (let copy = start + 1; copy < end; copy += 1) if (owners[copy] === owner) received = marks[copy] ?? noCopy
      const set = registers?.get(this.sequenceAt(row))
      const place = set === undefined ? (unsetPlaces[sent * marksCount + received] ?? 0) : placeOf(sent, received, set)
      places[row] = place
      counts[place] = (counts[place] ?? 0) + 1
    }
    return { places, counts, clocks: this.#clocks }
  }

  /** The live mails. Only the marks are copied, unless there are dead rows. */
  columns(): OriginMails {
    if (this.#dead > 0) return this.#liveColumns()
    const copies = this.copyStart(this.#rows)
    return {
      origin: this.origin,
      sequences: this.#sequences.subarray(0, this.#rows),
      clocks: this.#clocks.subarray(0, this.#rows),
      tags: this.#tags.subarray(0, this.#rows),
      copyStarts: this.#copyStarts.subarray(0, this.#rows + 1),
      owners: this.#owners.subarray(0, copies),
      marks: this.#marks.slice(0, copies),
    }
  }

  #liveColumns(): OriginMails {
    const live: number[] = []
    let copies = 0
    for (let row = 0; row < this.#rows; row += 1) {
      if (this.isDead(row)) continue
      live.push(row)
      copies += this.copyEnd(row) - this.copyStart(row)
    }
    const copyStarts = new Uint32Array(live.length + 1)
    const owners = new Uint32Array(copies)
    const marks = new Uint8Array(copies)
    let place = 0
    live.forEach((row, index) => {
      const [start, end] = [this.copyStart(row), this.copyEnd(row)]
      owners.set(this.#owners.subarray(start, end), place)
      marks.set(this.#marks.subarray(start, end), place)
      place += end - start
      copyStarts[index + 1] = place
    })
    return {
      origin: this.origin,
      sequences: Float64Array.from(live, (row) => this.sequenceAt(row)),
      clocks: Float64Array.from(live, (row) => this.clockAt(row)),
      tags: Uint32Array.from(live, (row) => this.tagAt(row)),
      copyStarts,
      owners,
      marks,
    }
  }

  #makeRoom(rows: number, copies: number): void {
    if (rows > this.#sequences.length) {
      const room = Math.max(firstRows, Math.ceil(rows * growth))
      this.#sequences = grown(this.#sequences, new Float64Array(room))
      this.#clocks = grown(this.#clocks, new Float64Array(room))
      this.#tags = grown(this.#tags, new Uint32Array(room))
      this.#copyStarts = grown(this.#copyStarts, new Uint32Array(room + 1))
    }
    if (copies > this.#owners.length) {
      const room = Math.max(firstRows, Math.ceil(copies * growth))
      this.#owners = grown(this.#owners, new Uint32Array(room))
      this.#marks = grown(this.#marks, new Uint8Array(room))
    }
  }
}

const grown = <Column extends Float64Array | Uint32Array | Uint8Array>(from: Column, to: Column): Column => {
  to.set(from)
  return to
}

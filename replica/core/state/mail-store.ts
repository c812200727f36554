import { assert } from '../model/errors.ts'
import type { AccountId, Clock, OriginId, Sequence, Tag } from '../model/ids.ts'
import { markBits } from '../model/image.ts'
import type { MailRecord } from '../model/mail-columns.ts'
import type { MailColumns } from '../model/mail-columns.ts'
import type { PlacedMails } from './mail-folders.ts'
import { MailRows } from './mail-rows.ts'
import type { MailEntry, MailKey, MailPlace } from './mail-entry.ts'
import type { MailSource } from './mailbox-index.ts'
import { compareMails } from './mailbox-index.ts'
import type { RegisterTable } from './mark-registers.ts'

/** A key is the place of its origin's rows, and the row. */
const rowRange = 0x1_0000_0000
/** Dead rows are thrown out when they are this many, and more than the others. */
const deadRows = 1_000

/** The live mails, as columns by origin: some 39 bytes for a mail to one person, and next to no work to take a snapshot in. */
export class MailStore implements MailSource {
  readonly #origins: MailRows[] = []
  readonly #originPlaces = new Map<OriginId, number>()
  readonly #people: AccountId[] = []
  readonly #places = new Map<AccountId, number>()
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Nothing was ever in it. */
  get isUnused(): boolean {
    return this.#origins.length === 0 && this.#people.length === 0
  }

  find(origin: OriginId, sequence: Sequence): MailKey | null {
    const place = this.#originPlaces.get(origin)
    if (place === undefined) return null
    const row = this.#rowsAt(place).find(sequence)
    return row < 0 ? null : place * rowRange + row
  }

  entryAt(key: MailKey): MailEntry {
    const [rows, row] = this.#locate(key)
    const start = rows.copyStart(row)
    const end = rows.copyEnd(row)
    const to: AccountId[] = []
    const marks: number[] = []
    for (let copy = start; copy < end; copy += 1) {
      if (copy > start) to.push(this.#personAt(rows.ownerOf(copy)))
      marks.push(rows.marksOf(copy))
    }
    const from = this.#personAt(rows.ownerOf(start))
    const [sequence, clock, tag] = [rows.sequenceAt(row), rows.clockAt(row), rows.tagAt(row)]
    return { origin: rows.origin, sequence, clock, tag, from, to, marks }
  }

  clockAt(key: MailKey): Clock {
    const place = Math.floor(key / rowRange)
    return this.#rowsAt(place).clockAt(key - place * rowRange)
  }

  tagAt(key: MailKey): Tag {
    const [rows, row] = this.#locate(key)
    return rows.tagAt(row)
  }

  /** A folder that is put in order compares all of its mails: nothing is made for it. */
  compare(left: MailKey, right: MailKey): number {
    const [leftPlace, rightPlace] = [Math.floor(left / rowRange), Math.floor(right / rowRange)]
    const [leftRow, rightRow] = [left - leftPlace * rowRange, right - rightPlace * rowRange]
    const [leftRows, rightRows] = [this.#rowsAt(leftPlace), this.#rowsAt(rightPlace)]
    const difference = leftRows.clockAt(leftRow) - rightRows.clockAt(rightRow)
    return difference === 0 ? compareMails(placeOf(leftRows, leftRow), placeOf(rightRows, rightRow)) : difference
  }

  compareWith(key: MailKey, place: MailPlace): number {
    const [rows, row] = this.#locate(key)
    return compareMails(placeOf(rows, row), place)
  }

  /** The record's marks are not all deletions, and it comes after all that its origin has here. */
  append(record: MailRecord): MailKey {
    let place = this.#originPlaces.get(record.origin)
    if (place === undefined) {
      place = this.#origins.push(MailRows.empty(record.origin)) - 1
      this.#originPlaces.set(record.origin, place)
    }
    const owners = [record.from, ...record.to].map((account) => this.#placeOf(account))
    const row = this.#rowsAt(place).append(record, owners)
    this.#size += 1
    return place * rowRange + row
  }

  setMarks(key: MailKey, marks: readonly number[]): void {
    const [rows, row] = this.#locate(key)
    const start = rows.copyStart(row)
    marks.forEach((bits, copy) => {
      rows.setMarks(start + copy, bits)
    })
    if (!rows.isDead(row)) return
    rows.noteDeath()
    this.#size -= 1
  }

  /** An origin's mails are appended in the order of their sequences. */
  canAppend(origin: OriginId, sequence: Sequence): boolean {
    const place = this.#originPlaces.get(origin)
    return place === undefined || this.#rowsAt(place).lastSequence < sequence
  }

  /** To be called while no folder's index has the mail. */
  setClock(key: MailKey, clock: Clock): void {
    const [rows, row] = this.#locate(key)
    rows.setClock(row, clock)
  }

  /** Throws dead rows out when it pays to. When the mails are `rearranged`, all keys have become others. */
  tidy(): 'in place' | 'rearranged' {
    let outcome: 'in place' | 'rearranged' = 'in place'
    this.#origins.forEach((rows, place) => {
      if (rows.dead < deadRows || rows.dead * 2 < rows.rows) return
      this.#origins[place] = new MailRows(rows.columns())
      outcome = 'rearranged'
    })
    return outcome
  }

  /** Takes over all mails of an image into an unused store. Copies whose owners are gone count as deleted. */
  adopt({ people, origins }: MailColumns, isGone: (account: AccountId) => boolean): void {
    people.forEach((account, place) => {
      assert(this.#placeOf(account) === place, 'an image names each person once')
    })
    const gone = new Set(people.flatMap((account, place) => (isGone(account) ? [place] : [])))
    for (const mails of origins) {
      const rows = new MailRows(mails)
      this.#originPlaces.set(mails.origin, this.#origins.push(rows) - 1)
      if (gone.size > 0) for (let row = 0; row < rows.rows; row += 1) deleteCopies(rows, row, gone)
      rows.countDead()
      this.#size += rows.rows - rows.dead
    }
  }

  /** Where an account sees each mail. */
  placesOf(account: AccountId, registers: Pick<RegisterTable, 'ofOrigin'>): readonly PlacedMails[] {
    const owner = this.#places.get(account)
    if (owner === undefined) return []
    return this.#origins.map((rows, place) => ({
      firstKey: place * rowRange,
      ...rows.placesOf(owner, registers.ofOrigin(account, rows.origin)),
    }))
  }

  /** The mails of which an account has a copy that it has not deleted. */
  keysOf(account: AccountId): readonly MailKey[] {
    return this.placesOf(account, { ofOrigin: () => undefined }).flatMap(({ firstKey, places }) =>
      [...places.entries()].flatMap(([row, place]) => (place === 0 ? [] : [firstKey + row])),
    )
  }

  /** What later changes do not touch. */
  columns(): MailColumns {
    const origins = this.#origins.filter((rows) => rows.rows > rows.dead).map((rows) => rows.columns())
    return { people: [...this.#people], origins: origins.sort((left, right) => (left.origin < right.origin ? -1 : 1)) }
  }

  #locate(key: MailKey): readonly [MailRows, number] {
    const place = Math.floor(key / rowRange)
    return [this.#rowsAt(place), key - place * rowRange]
  }

  #rowsAt(place: number): MailRows {
    const rows = this.#origins[place]
    if (rows === undefined) throw new RangeError('a key of a mail that is not here')
    return rows
  }

  #personAt(place: number): AccountId {
    const person = this.#people[place]
    if (person === undefined) throw new RangeError('a copy of a mail has no owner')
    return person
  }

  #placeOf(account: AccountId): number {
    let place = this.#places.get(account)
    if (place === undefined) {
      place = this.#people.push(account) - 1
      this.#places.set(account, place)
    }
    return place
  }
}

const placeOf = (rows: MailRows, row: number): MailPlace => ({
  origin: rows.origin,
  sequence: rows.sequenceAt(row),
  clock: rows.clockAt(row),
})

const deleteCopies = (rows: MailRows, row: number, gone: ReadonlySet<number>): void => {
  const end = rows.copyEnd(row)
  for (let copy = rows.copyStart(row); copy < end; copy += 1) {
    if (gone.has(rows.ownerOf(copy))) rows.setMarks(copy, rows.marksOf(copy) | markBits.deleted)
  }
}

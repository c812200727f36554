import type { LRUCache } from 'lru-cache'
import type { Sequence } from '../core/model/ids.ts'
import type { Database } from './nedb-database.ts'
import type { HeldUpdate, StoredDocument } from './nedb-documents.ts'
import { headOf, heldUpdate, lineDocument, readLine, textOf } from './nedb-documents.ts'
import type { Entry, Scan } from './nedb-segment-index.ts'
import { idOf, SegmentIndex } from './nedb-segment-index.ts'

/** What a segment holds at one time. */
export interface SegmentView {
  readonly index: SegmentIndex
  /** Whether the disk fails to read the file, or some of it, so that it may hold more than is known. */
  readonly isUnread: boolean
  /** Whether nothing but whole lines is in the file. */
  readonly isClean: boolean
  /** Where a write was torn off; null when none was. */
  readonly tornAt: number | null
  /** In the order asked; null for what has been taken away since `index` was looked at. */
  documents(entries: readonly Entry[]): Promise<readonly (StoredDocument | null)[]>
  /** Single updates out of documents. */
  updates(wanted: Wanted): Promise<readonly HeldUpdate[]>
}

/** Which updates of which documents are asked for. */
export type Wanted = ReadonlyMap<Entry, readonly Sequence[]>

/** Contents of files by version, bounded by limits.openSegments and limits.openSegmentBytes. */
export type SegmentFiles = LRUCache<symbol, FileView>

/** A segment to which nothing is being written, as its file stood when it was read. */
export class FileView implements SegmentView {
  readonly index: SegmentIndex
  readonly isUnread: boolean
  readonly isClean: boolean
  readonly tornAt: number | null
  readonly #content: Buffer

  constructor(content: Buffer, { index, isClean, tornAt }: Scan, was: 'read' | 'read in part' = 'read') {
    this.isUnread = was === 'read in part'
    this.index = index
    this.isClean = isClean
    this.tornAt = tornAt
    this.#content = content
  }

  /** What it takes in memory. */
  get bytes(): number {
    return Math.max(1, this.#content.length)
  }

  documents(entries: readonly Entry[]): Promise<readonly (StoredDocument | null)[]> {
    return Promise.resolve(entries.map((entry) => this.#document(entry)))
  }

  updates(wanted: Wanted): Promise<readonly HeldUpdate[]> {
    const updates: HeldUpdate[] = []
    for (const [entry, sequences] of wanted) {
      const line = this.#line(entry)
      const read = readLine(line)
      if (read === null) continue
      const { textStart, textEnd } = read
      const slice = (from: number, to: number): string => line.toString('latin1', textStart + from, textStart + to)
      for (const sequence of sequences) updates.push(heldUpdate(read, sequence, slice, textEnd - textStart))
    }
    return Promise.resolve(updates)
  }

  #line({ position, bytes }: Entry): Buffer {
    return this.#content.subarray(position, position + bytes)
  }

  #document(entry: Entry): StoredDocument | null {
    const line = this.#line(entry)
    const read = readLine(line)
    return read === null ? null : lineDocument(line, read)
  }
}

/** All that is whole in a segment. */
export const wholeOf = async (view: SegmentView): Promise<readonly StoredDocument[]> =>
  (await view.documents(view.index.entries)).filter((document) => document !== null)

/** A segment whose file the disk fails to read. */
export class UnreadView implements SegmentView {
  readonly index = new SegmentIndex([])
  readonly isUnread = true
  readonly isClean = false
  readonly tornAt = null

  documents(entries: readonly Entry[]): Promise<readonly null[]> {
    return Promise.resolve(entries.map(() => null))
  }

  updates(): Promise<readonly HeldUpdate[]> {
    return Promise.resolve([])
  }
}

/** A segment that is being written to: its datastore has it in memory. */
export class DatabaseView implements SegmentView {
  readonly index: SegmentIndex
  readonly isUnread = false
  readonly isClean = true
  readonly tornAt = null
  readonly #database: Database<StoredDocument>

  constructor(database: Database<StoredDocument>, index: SegmentIndex) {
    this.#database = database
    this.index = index
  }

  async documents(entries: readonly Entry[]): Promise<readonly (StoredDocument | null)[]> {
    const found = await this.#database.find(entries.map(idOf))
    const byId = new Map(found.map((document) => [document._id, document]))
    return entries.map((entry) => byId.get(idOf(entry)) ?? null)
  }

  async updates(wanted: Wanted): Promise<readonly HeldUpdate[]> {
    const documents = await this.documents([...wanted.keys()])
    return [...wanted.values()].flatMap((sequences, index) => {
      const document = documents[index] ?? null
      if (document === null) return []
      const [head, text] = [headOf(document), textOf(document)]
      const slice = (from: number, to: number): string => text.slice(from, to)
      return sequences.map((sequence) => heldUpdate(head, sequence, slice, text.length))
    })
  }
}

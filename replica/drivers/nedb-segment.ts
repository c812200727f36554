import { dirname } from 'node:path'
import type { OriginId, Sequence } from '../core/model/ids.ts'
import type { Damage } from '../host/ports.ts'
import type { Database } from './nedb-database.ts'
import type { StoredDocument } from './nedb-documents.ts'
import { kindOf, sequenceOf } from './nedb-documents.ts'
import type { FileSystem, OpenFile } from './nedb-files.ts'
import { diskError, syncFile } from './nedb-files.ts'
import type { SegmentFiles, SegmentView } from './nedb-segment-view.ts'
import type { PartlyRead } from './nedb-partly-read.ts'
import { nothingRead, readPartly } from './nedb-partly-read.ts'
import { DatabaseView, FileView, UnreadView, wholeOf } from './nedb-segment-view.ts'
import type { Entry, Scan } from './nedb-segment-index.ts'
import { entryOf, idOf, isEndKnown, scanSegment, SegmentIndex } from './nedb-segment-index.ts'
import { holdsAll, removeDatabase, writeSegment } from './nedb-segment-writing.ts'
import { isOfReading, UnreadFile } from './nedb-unread-file.ts'

/** What segments share. */
export interface SegmentContext {
  readonly files: FileSystem
  readonly readErrors: 'damage' | 'failure'
  /** Contents of segments that were read lately. */
  readonly opened: SegmentFiles
  /** Of segments that could not be read wholly what could be: for one call alone, because the next one may be able to. */
  readonly partly: Map<symbol, SegmentView>
  report(damage: Damage): void
}

interface Writer {
  readonly database: Database<StoredDocument>
  readonly file: OpenFile
  readonly view: DatabaseView
}

/** What is to be written into one segment at once. */
export interface SegmentChange {
  readonly documents: StoredDocument[]
  /** What the new documents take the place of, besides those of the same ids. */
  readonly obsolete: Entry[]
}

const extension = '.db'
const rewriteExtension = '.rewrite'

/**
 * One file of an origin's log. Everything is written through NeDB; a file to which nothing is being written is read
 * without it, because NeDB's loading writes each file anew, fsyncs it three times, and takes ten times as long.
 */
export class Segment {
  readonly origin: OriginId
  readonly first: Sequence
  readonly path: string
  readonly #context: SegmentContext
  readonly #endOf: (segment: Segment) => Sequence | null
  readonly #unread: UnreadFile
  /** What is durable. The file may be longer while a write is under way, or after one that could not be undone. */
  #bytes: number
  /** Another one whenever the file was written anew, or has been found again, so that what was read before is not taken for what is there now. */
  #version = Symbol('the version of a segment')
  #writer: Writer | null = null
  #index: SegmentIndex | null = null
  #loading: Promise<SegmentView> | null = null
  #bytesBefore: number | null = null

  /** `endOf` tells the last sequence that belongs to a segment: null for the last one. */
  constructor(
    context: SegmentContext,
    place: { readonly origin: OriginId; readonly first: Sequence; readonly directory: string; readonly bytes: number },
    endOf: (segment: Segment) => Sequence | null,
  ) {
    this.#context = context
    this.origin = place.origin
    this.first = place.first
    this.path = `${place.directory}/${place.first}${extension}`
    this.#bytes = place.bytes
    this.#endOf = endOf
    this.#unread = new UnreadFile(context.files, this.path)
  }

  get bytes(): number {
    return this.#bytes
  }

  /** With what is kept beside it. */
  get diskBytes(): number {
    return this.#bytes + this.#unread.bytes
  }

  get isWriting(): boolean {
    return this.#writer !== null
  }

  /** What the segment holds, as far as that has been looked at since it was last written anew. */
  get knownIndex(): SegmentIndex | null {
    return this.#index
  }

  /** Whether a file is kept beside this one that could not be read when this one was begun: see `UnreadFile`. */
  get keepsUnread(): boolean {
    return this.#unread.isThere
  }

  async index(): Promise<SegmentIndex> {
    return this.#index ?? (await this.view()).index
  }

  /**
   * What the segment holds now, to be read from; stays readable whatever is written meanwhile. What the disk cannot read is damaged, and
   * the view is one of the rest, or of nothing. DISK_FAILED when the log may have ended there: nobody would know how far it went.
   */
  async view(): Promise<SegmentView> {
    if (this.#writer !== null) return this.#writer.view
    const opened = this.#context.opened.get(this.#version) ?? this.#context.partly.get(this.#version)
    if (opened !== undefined) return opened
    this.#loading ??= this.#load().finally(() => {
      this.#loading = null
    })
    return this.#loading
  }

  /** Writes `change`, not yet durably. After a failure, or when another segment's part of the write failed: `undo`. */
  async put({ documents, obsolete }: SegmentChange): Promise<void> {
    this.#bytesBefore = null
    const { database, view } = await this.#openWriter()
    this.#bytesBefore = this.#bytes
    const isKnown = (document: StoredDocument): boolean => view.index.has(kindOf(document), sequenceOf(document))
    await database.insert(documents.filter((document) => !isKnown(document)))
    await database.replace(documents.filter(isKnown))
    const written = new Set(documents.map(({ _id }) => _id))
    await database.remove(obsolete.map(idOf).filter((id) => !written.has(id)))
    if (obsolete.length > 0) view.index.remove(obsolete)
    for (const document of documents) view.index.put(entryOf(document))
  }

  /** Makes what was put durable. */
  async sync(): Promise<void> {
    if (this.#writer === null) return
    this.#bytes = await this.#writer.file.sync()
  }

  /** What was put stands: an `undo` after this is of a later `put`. */
  keep(): void {
    this.#bytesBefore = null
  }

  /** Brings the file back to what it was before the last `put` that was not kept. What another process, or a person, put in its place stays. */
  async undo(): Promise<void> {
    if (this.#bytesBefore !== null) this.#bytes = this.#bytesBefore
    this.#bytesBefore = null
    const isDeleted = this.#writer?.file.isDeleted() === true
    await this.seal()
    if (isDeleted) return
    if (this.#bytes > 0) await this.#cut()
    else if (this.#unread.isThere) await this.#putUnreadBack()
    else await this.#removeFile()
  }

  /** Frees what writing to the segment needs; NeDB's copy of it goes with its datastore. */
  async seal(): Promise<void> {
    const writer = this.#writer
    if (writer === null) return
    this.#writer = null
    this.#changed()
    await writer.file.close()
  }

  /**
   * Puts `documents` into the place of everything that the segment holds: into a file beside it, which is verified, made
   * durable, and then takes its name.
   */
  async rewrite(documents: readonly StoredDocument[], makeRoom = nothingToDo): Promise<void> {
    const { files } = this.#context
    const beside = this.path.slice(0, -extension.length) + rewriteExtension
    await this.seal()
    try {
      const { bytes, index } = await writeSegment(files, beside, this.first, documents)
      await makeRoom()
      await files.rename(beside, this.path)
      this.#changed()
      this.#bytes = bytes
      this.#index = index
      await files.syncDirectory(dirname(this.path))
    } catch (error) {
      await removeDatabase(files, beside).catch(() => undefined)
      throw error
    }
  }

  async delete(): Promise<void> {
    await this.seal()
    await this.#unread.remove()
    this.#bytes = 0
    await this.#removeFile()
  }

  /** Gives up what is kept of a file that could not be read. */
  async dropUnread(): Promise<void> {
    await this.#unread.remove()
  }

  /** At a start: what was kept because it could not be read is taken in again as far as it can be read now and nothing else stands in its place. */
  async takeUnread(): Promise<void> {
    await this.#unread.find()
    if (this.#bytes === 0) {
      await this.#putUnreadBack()
      return
    }
    const end = this.#endOf(this)
    try {
      const read = await readPartly(this.#context, this.#unread.path)
      if (read.unread?.isMost !== true) await this.#takeContent(read, scanSegment(read.content, this.first, end))
      else this.#reportUnread(end ?? Math.max(this.first, (await this.index()).last))
    } catch (error) {
      if (diskError(error, '').code !== 'DISK_FULL') throw error
      // Where there is no room for it, it waits as well.
      this.#reportUnread(end ?? Math.max(this.first, (await this.index()).last))
    }
  }

  /** Cuts off what a crash left half-written at the end; tells how many bytes that were. */
  async cutTornEnd(): Promise<number> {
    const { tornAt } = await this.view()
    if (tornAt === null) return 0
    const torn = this.#bytes - tornAt
    this.#bytes = tornAt
    if (tornAt === 0) await this.#removeFile()
    else await this.#cut()
    return torn
  }

  async #takeContent({ content, unread }: PartlyRead, scan: Scan): Promise<void> {
    const view = await this.view()
    if (view.isUnread) return
    const kept = new FileView(content, scan)
    const lacking = kept.index.entries.filter((entry) => view.index.lacks(entry))
    const taken = (await kept.documents(lacking)).filter((document) => document !== null)
    if (taken.length > 0) await this.rewrite([...(await wholeOf(view)), ...taken].sort(byId))
    const { index } = await this.view()
    const missing = scan.broken.filter((stretch) => index.lacksSome(stretch))
    this.#reportBroken(missing, unread)
    if (unread === null || missing.length === 0) await this.#unread.remove()
  }

  #changed(): void {
    this.#context.opened.delete(this.#version)
    this.#version = Symbol('the version of a segment')
    this.#index = null
  }

  async #load(): Promise<SegmentView> {
    for (;;) {
      const version = this.#version
      if (this.#writer !== null) return this.#writer.view
      const { content, unread } = this.#bytes === 0 ? nothingRead : await this.#read()
      if (version !== this.#version) continue
      const end = this.#bytes === 0 ? null : this.#endOf(this)
      const scan = scanSegment(content.subarray(0, this.#bytes), this.first, end)
      if (unread !== null && end === null && (unread.isMost || !isEndKnown(scan, unread.end))) throw unread.error
      if (unread?.isMost === true) this.#reportUnread(end ?? this.first)
      else this.#reportBroken(scan.broken, unread)
      if (unread !== null) {
        const view = unread.isMost ? new UnreadView() : new FileView(content, scan, 'read in part')
        this.#context.partly.set(this.#version, view)
        return view
      }
      const view = new FileView(content, scan)
      this.#index = scan.index
      if (this.#bytes > 0) this.#context.opened.set(this.#version, view)
      return view
    }
  }

  async #read(): Promise<PartlyRead> {
    const version = this.#version
    try {
      return await readPartly(this.#context, this.path)
    } catch (error) {
      // It was deleted while it was being opened.
      if (version !== this.#version) return nothingRead
      throw error
    }
  }

  #report(found: Omit<Damage, 'origin' | 'reason'> & { readonly reason: string }): void {
    this.#context.report({ ...found, origin: this.origin, reason: `${this.path}: ${found.reason}` })
  }

  #reportBroken(broken: Scan['broken'], unread: PartlyRead['unread']): void {
    const found = unread === null ? { reason: 'lines that are broken, or whose checksum does not hold' } : unreadFinding
    for (const { first, last } of broken) this.#report({ first, last, ...found })
  }

  #reportUnread(last: Sequence): void {
    this.#report({ first: this.first, last, ...unreadFinding })
  }

  async #openWriter(): Promise<Writer> {
    if (this.#writer !== null) return this.#writer
    const { files } = this.#context
    const documents = await this.#prepareFile()
    let file: OpenFile | null = null
    try {
      const database = await this.#openDatabase(documents)
      await syncFile(files, this.path)
      await files.syncDirectory(dirname(this.path))
      file = await files.openForAppending(this.path)
      database.appendTo(file)
      const bytes = file.bytes()
      this.#changed()
      this.#bytes = bytes
      const view = new DatabaseView(database, new SegmentIndex(documents.map(entryOf)))
      this.#index = view.index
      this.#writer = { database, file, view }
      return this.#writer
    } catch (error) {
      await file?.close()
      await files.remove(`${this.path}~`).catch(() => undefined)
      throw error
    }
  }

  /**
   * NeDB reads the file once more, and passes over what it does not take for a document: where that does not give all that was read of
   * it before (`known`), it is written anew.
   */
  async #openDatabase(known: readonly StoredDocument[]): Promise<Database<StoredDocument>> {
    const { files } = this.#context
    try {
      const database = await files.openDatabase<StoredDocument>(this.path)
      if (await holdsAll(database, known)) return database
    } catch (error) {
      if (known.length === 0 || !isOfReading(error)) throw error
    }
    await this.rewrite(known)
    return files.openDatabase<StoredDocument>(this.path)
  }

  /** Makes the file one that NeDB can open without losing anything; tells what is in it. */
  async #prepareFile(): Promise<readonly StoredDocument[]> {
    if (this.#bytes === 0) {
      await this.#removeFile()
      return []
    }
    const view = await this.view()
    const documents = await wholeOf(view)
    if (view.isUnread) await this.#beginAnew(view, documents)
    else if (view.isClean) await this.#cut()
    else await this.rewrite(documents)
    return documents
  }

  /** Where not all of the file can be read: with what can be. One that was begun so itself holds besides only what the others have given again. */
  async #beginAnew(view: SegmentView, documents: readonly StoredDocument[]): Promise<void> {
    const makeRoom = async (): Promise<void> => {
      const bytes = this.#bytes
      // Who reads meanwhile finds what could be read, and does not look for a file that is not there.
      this.#bytes = 0
      this.#changed()
      if (view instanceof FileView) this.#context.opened.set(this.#version, view)
      try {
        if (this.#unread.isThere) await this.#removeFile()
        else await this.#unread.keep(bytes)
      } catch (error) {
        this.#changed()
        if (!this.#unread.isThere) this.#bytes = bytes
        throw error
      }
    }
    if (documents.length === 0) await makeRoom()
    else await this.rewrite(documents, this.#unread.isThere ? nothingToDo : makeRoom)
  }

  async #putUnreadBack(): Promise<void> {
    const bytes = await this.#unread.putBack()
    this.#changed()
    this.#bytes = bytes
  }

  async #cut(): Promise<void> {
    const { files } = this.#context
    if ((await files.bytes(this.path)) === this.#bytes) return
    await files.truncate(this.path, this.#bytes)
    await syncFile(files, this.path)
    this.#changed()
  }

  async #removeFile(): Promise<void> {
    const { files } = this.#context
    this.#changed()
    await removeDatabase(files, this.path)
    await files.syncDirectory(dirname(this.path))
  }
}

const nothingToDo = (): Promise<void> => Promise.resolve()

const unreadFinding = { reason: 'the disk fails to read it', mayComeBack: true } as const

const byId = (left: StoredDocument, right: StoredDocument): number => (left._id < right._id ? -1 : 1)

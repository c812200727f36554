import { QuintetError } from '../core/model/errors.ts'
import type { DocumentId, UpdateId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { shelves } from '../core/model/mailbox-changes.ts'
import { encodeCbor, readWhole, type CborReader } from '../wire/cbor.ts'
import type { ClientContext } from './client-context.ts'
import { notReadable, type Documents } from './documents.ts'
import type { Session } from './session.ts'

/*
 * what is remembered = [1, [[about, value, since (s)], ...]]
 */
const formatVersion = 1
const entryFields = 3
const mostEntries = Math.max(limits.rememberedNames, limits.rememberedTrash)
/** A name that is too long for this is one that compatibility form has made longer than it was: it is not remembered. */
const textChars = 140
const msPerSecond = 1_000

/** What a person's client remembers of one kind of thing. */
export interface Memory {
  /** Where: the same in every account. */
  readonly document: DocumentId
  /** More are not remembered: what would push others out could be made up. */
  readonly most: number
  /** What is older is forgotten; null: nothing is. */
  readonly forMs: number | null
  /** It is written whole, and no sooner again. */
  readonly everyMs: number
  /** Of two values of one thing that two clients have noted apart. Left out: the later one. */
  readonly joined?: (later: string, earlier: string) => string
}

interface Entry {
  readonly value: string
  /** Seconds since 1970, by the clock of the machine that noted it. */
  readonly since: number
}

/**
 * Values by what they are about, of who is logged in: a document of the account, sealed, so that it is the same wherever the person logs in, and
 * no server can read or make it up. A server can keep it back, or give an older one, to a client that has just logged in; what a client has
 * once seen of it, it keeps for as long as it runs.
 */
export class Remembered {
  readonly #context: ClientContext
  readonly #documents: Documents
  readonly #memory: Memory
  readonly #entries = new Map<string, Entry>()
  /** As it is in the document, as far as this client knows: who else has changed that is found out by it. */
  #written: ReadonlyMap<string, Entry> = new Map()
  /** The version of the document that was looked at last. */
  #version: UpdateId | null = null
  #loading: Promise<void> | null = null
  #isChanged = false
  /** What a later version wrote, or what is spoiled here, is not written over. */
  #mayWrite = true
  #writing: Promise<void> = Promise.resolve()
  /** One was written not long ago, or is being written. */
  #isResting = false
  #stopRest: () => void = () => undefined

  constructor(context: ClientContext, documents: Documents, memory: Memory) {
    this.#context = context
    this.#documents = documents
    this.#memory = memory
    context.listen({
      loggedIn: (session) => {
        this.#clear()
        this.ready(session).catch(() => undefined)
      },
      loggedOut: () => {
        this.#clear()
      },
      leaving: (session) => (this.#isChanged || this.#isResting ? this.#writeRest(session) : null),
      event: ({ event }) => {
        if (event === 'mailbox') this.#lookAgain()
      },
      // What one server could not give, another one may.
      connected: () => {
        if (!this.#mayWrite) this.#version = null
        this.#lookAgain()
      },
    })
  }

  /** Fulfilled when what was remembered before is here. Fails as requests do, and is tried anew at the next call. */
  ready(session: Session): Promise<void> {
    const loading = this.#loading ?? this.#load(session)
    this.#loading = loading
    loading.catch(() => {
      if (this.#loading === loading) this.#loading = null
    })
    return loading
  }

  get(about: string): string | null {
    return this.#entries.get(about)?.value ?? null
  }

  /** As of when, in milliseconds since 1970 and whole seconds; null where nothing is remembered. */
  sinceMs(about: string): number | null {
    const entry = this.#entries.get(about)
    return entry === undefined ? null : entry.since * msPerSecond
  }

  *all(): Iterable<readonly [about: string, value: string]> {
    for (const [about, { value }] of this.#entries) yield [about, value]
  }

  /** With the values that have been there since before `beforeMs`. */
  *olderThan(beforeMs: number): Iterable<readonly [about: string, value: string]> {
    for (const [about, { value, since }] of this.#entries) {
      if (since * msPerSecond <= beforeMs) yield [about, value]
    }
  }

  /** Not before `notBeforeMs`, whatever this machine's clock says. Nothing, when somebody else has logged in meanwhile. */
  set(session: Session, about: string, value: string, notBeforeMs = 0): void {
    if (!this.#context.isPresent(session)) return
    if (about.length > textChars || value.length > textChars) return
    const held = this.#entries.get(about)
    if (held === undefined && this.#entries.size >= this.#memory.most) return
    // A clock that was put back does not make it older than what it replaces.
    const since = Math.max(this.#now(), Math.floor(notBeforeMs / msPerSecond), (held?.since ?? -1) + 1)
    this.#entries.set(about, { value, since })
    this.#changed(session)
  }

  /** As `set`. */
  forget(session: Session, about: string): void {
    if (this.#context.isPresent(session) && this.#entries.delete(about)) this.#changed(session)
  }

  /** Fulfilled when what is remembered is durable, or cannot be made so soon. */
  async flush(session: Session): Promise<void> {
    await new Promise<void>((over) => {
      const stop = this.#context.ports.clock.after(limits.rememberFlushMs, over)
      void this.#writeRest(session).finally(() => {
        stop()
        over()
      })
    })
  }

  /** Fulfilled when what is remembered is durable, as far as it may be written here. Fails as requests do. */
  async save(session: Session): Promise<void> {
    await this.#writing
    if (this.#isChanged) await this.#writeNow(session)
  }

  async #writeRest(session: Session): Promise<void> {
    await this.save(session).catch(() => undefined)
  }

  /** Another client of the person may have written on another side of a split, or before this server had caught up: of the two versions only one is left. */
  #lookAgain(): void {
    const { session } = this.#context
    if (session === null) return
    const look = async (): Promise<void> => {
      await this.ready(session)
      const all = await this.#documents.names(session, shelves.memory)
      const version = all.find(({ document }) => document === this.#memory.document)?.update ?? null
      if (version === null || version === this.#version || !this.#context.isPresent(session)) return
      this.#version = version
      await this.#load(session)
      if (this.#context.isPresent(session) && this.#knowsMore()) this.#changed(session)
    }
    // What fails is seen at the next change, or written over by what is noted next.
    look().catch(() => undefined)
  }

  /** Than the document says. One that is full stays as it is: two who cannot hold each other's would write in turns for ever. */
  #knowsMore(): boolean {
    this.#forgetOld()
    const hasRoom = this.#written.size < this.#memory.most
    return Array.from(this.#entries).some(([about, entry]) => {
      const other = this.#written.get(about)
      return other === undefined ? hasRoom : other.value !== entry.value || other.since !== entry.since
    })
  }

  #clear(): void {
    this.#entries.clear()
    this.#written = new Map()
    this.#version = null
    this.#loading = null
    this.#isChanged = false
    this.#mayWrite = true
    this.#isResting = false
    this.#stopRest()
  }

  async #load(session: Session): Promise<void> {
    try {
      const read = await this.#documents.read(session, this.#memory.document)
      if (read === null || !this.#context.isPresent(session)) return
      this.#merge(decode(read.content))
      this.#version = read.update
      this.#mayWrite = true
    } catch (error) {
      if (!(error instanceof QuintetError) || !notReadable.has(error.code)) throw error
      if (this.#context.isPresent(session)) this.#mayWrite = false
    }
  }

  /** Of each thing the last value counts. What this client has taken out does not come back with what it had read before. */
  #merge(theirs: ReadonlyMap<string, Entry>): void {
    for (const [about, entry] of theirs) {
      const before = this.#written.get(about)
      if (before?.since === entry.since && before.value === entry.value) continue
      const own = this.#entries.get(about)
      if (own !== undefined) this.#entries.set(about, this.#joined(entry, own))
      else if (this.#entries.size < this.#memory.most) this.#entries.set(about, entry)
    }
    this.#written = theirs
  }

  #joined(one: Entry, other: Entry): Entry {
    const [later, earlier] = isLater(one, other) ? [one, other] : [other, one]
    const { joined } = this.#memory
    if (joined === undefined || later.value === earlier.value) return later
    return { value: joined(later.value, earlier.value), since: later.since }
  }

  #changed(session: Session): void {
    this.#isChanged = true
    if (!this.#isResting) this.#write(session)
  }

  /** At once, then not again for a while: many come together. */
  #write(session: Session): void {
    this.#isResting = true
    const writing = this.#writeOnce(session)
    this.#writing = writing.then(() => undefined)
    void writing.then((outcome) => {
      if (!this.#context.isPresent(session)) return
      const restMs = outcome === 'written' ? this.#memory.everyMs : limits.rememberRetryMs
      this.#stopRest = this.#context.ports.clock.after(restMs, () => {
        this.#isResting = false
        if (this.#isChanged && this.#context.isPresent(session)) this.#write(session)
      })
    })
  }

  async #writeOnce(session: Session): Promise<'written' | 'not'> {
    // A full disk, a lost connection, too many drafts: tried again later.
    return this.#writeNow(session).catch(() => 'not')
  }

  async #writeNow(session: Session): Promise<'written' | 'not'> {
    try {
      await this.ready(session)
      // Another client of the person may have written since, also one of a later version.
      if (this.#mayWrite) await this.#load(session)
      if (!this.#mayWrite || !this.#context.isPresent(session)) return 'not'
      this.#isChanged = false
      this.#forgetOld()
      const written = new Map(this.#entries)
      const version = await this.#documents.write(session, this.#memory.document, shelves.memory, encode(written))
      if (this.#context.isPresent(session)) [this.#written, this.#version] = [written, version]
      return 'written'
    } catch (error) {
      if (this.#context.isPresent(session)) this.#isChanged = true
      throw error
    }
  }

  #forgetOld(): void {
    const { forMs } = this.#memory
    if (forMs === null) return
    const oldest = this.#now() - forMs / msPerSecond
    for (const [about, { since }] of this.#entries) if (since < oldest) this.#entries.delete(about)
  }

  #now(): number {
    return Math.max(0, Math.floor(this.#context.ports.clock.nowMs() / msPerSecond))
  }
}

/** Two that were noted in the same second: any rule does, if it is the same everywhere. */
const isLater = (one: Entry, other: Entry): boolean =>
  one.since > other.since || (one.since === other.since && one.value > other.value)

const encode = (entries: ReadonlyMap<string, Entry>): Uint8Array =>
  encodeCbor([formatVersion, Array.from(entries, ([about, { value, since }]) => [about, value, since])])

/** NEWER_FORMAT, CANNOT_OPEN. */
const decode = (content: Uint8Array): ReadonlyMap<string, Entry> => {
  const read = readWhole(content, readEntries)
  if (read.ok) return read.value
  const code = read.failure.code === 'NEWER_FORMAT' ? 'NEWER_FORMAT' : 'CANNOT_OPEN'
  throw new QuintetError(code, `What was remembered cannot be read: ${read.failure.message}`)
}

const readEntries = (reader: CborReader): ReadonlyMap<string, Entry> => {
  reader.tuple(2)
  if (reader.uint() !== formatVersion) throw new QuintetError('NEWER_FORMAT', 'It was written by a newer version.')
  const count = reader.list(0, mostEntries, 'entries')
  return new Map(
    Array.from({ length: count }, () => {
      reader.tuple(entryFields)
      const about = reader.text(textChars, 'what it is about')
      return [about, { value: reader.text(textChars, 'value'), since: reader.uint() }] as const
    }),
  )
}

import type { ReplicaApi, SealedMail } from '../../api/contract.ts'
import { nameBeforeDeletion } from '../../core/model/deleted-name.ts'
import type { AccountId, UpdateId } from '../../core/model/ids.ts'
import type { ClientClock } from '../client-ports.ts'
import type { KnownPeople } from '../known-people.ts'
import type { Session } from '../session.ts'
import { compareWithMailbox } from './mailbox-comparison.ts'
import { Quiet } from './quiet.ts'
import { SavedIndex, type SavedIndexOptions } from './saved-index.ts'
import { roleBits } from './segment.ts'
import { SearchIndex, type SearchableMail } from './search-index.ts'
import { Turns } from './turns.ts'

export interface IndexerOptions {
  readonly session: Session
  readonly people: Pick<KnownPeople, 'nameOf' | 'asFarAsKnown'>
  readonly clock: ClientClock
  /** Where the index is kept; null for one that lives in memory only. */
  readonly saving: SavedIndexOptions | null
  /** Nothing is read from the disk before. */
  readonly ready: Promise<void>
  readonly call: <Value>(request: (api: ReplicaApi) => Promise<Value>) => Promise<Value>
  /** When the person last asked the server for something else, by `performance.now()`. */
  readonly askedMs: () => number
}

/** The index is saved so long after it began to differ from what is saved. */
const saveDelayMs = 5_000
const retryMs = 2_000
const mailsPerFetch = 32
const newestNames = 100
/** Changes that were made elsewhere are looked for so long after the first word of them, since many come together. */
const compareDelayMs = 3_000

/**
 * Keeps one person's index up with the mailbox, in the background: what arrives goes first, then what the index misses, newest
 * first. Each piece of work is short, so that typing goes on smoothly.
 */
export class MailIndexer {
  readonly #options: IndexerOptions
  readonly #turns: Turns
  readonly #quiet: Quiet
  #index = new SearchIndex()
  #saved: SavedIndex | null = null
  /** What is known to be in the mailbox and not in the index. */
  readonly #wanted = new Set<UpdateId>()
  /** In which order it is indexed, from the end; some of it may not be wanted any more. */
  #queue: UpdateId[] = []
  /** Mails that cannot be opened: they are counted as searchable, since there is nothing to find in them. */
  readonly #unreadable = new Set<UpdateId>()
  #comparison: 'none' | 'if counts differ' | 'surely' = 'surely'
  /** By how much the folders' counts exceeded what is known here, after the last comparison: a mail to oneself is in two folders. */
  #excess: number | null = null
  #unsavedSinceMs: number | null = null
  #isResting = false
  #isClosed = false
  #stopTimer: (() => void) | null = null
  #wake: () => void = () => undefined
  #waiting: (() => void)[] = []
  readonly #finished: Promise<void>

  constructor(options: IndexerOptions) {
    this.#options = options
    this.#quiet = new Quiet(options.askedMs)
    this.#turns = new Turns((delayMs, task) => options.clock.after(delayMs, task))
    this.#finished = this.#run()
  }

  get index(): SearchIndex {
    return this.#index
  }

  /** Mails that are searchable, and all that there are, as far as is known. */
  get progress(): { readonly indexed: number; readonly mails: number } {
    const indexed = this.#index.size + this.#unreadable.size
    return { indexed, mails: indexed + this.#wanted.size + (this.#comparison === 'none' ? 0 : 1) }
  }

  /** Somebody searches: what is missing is wanted now. */
  searched(): void {
    this.#quiet.searched()
    if (this.#isResting) this.#wake()
  }

  /** A mail has come, or was sent. */
  arrived(mail: UpdateId): void {
    this.#quiet.arrived()
    if (!this.#index.has(mail) && !this.#unreadable.has(mail)) this.#want([mail])
    if (!this.#isResting) this.#wake()
  }

  gone(mail: UpdateId): void {
    this.#wanted.delete(mail)
    this.#unreadable.delete(mail)
    const segment = this.#index.remove(mail)
    if (segment === null) return
    this.#want(this.#index.emptyIfWorn(segment))
    this.#wake()
  }

  /** Something in the mailbox may have changed that nobody has told. */
  compare(): void {
    this.#comparison = 'surely'
    this.#wake()
  }

  /** As `compare`, a little later, once for many, and only when there are more or fewer mails than are known: mostly it was a mark. */
  compareSoon(): void {
    this.#stopTimer ??= this.#options.clock.after(compareDelayMs, () => {
      this.#stopTimer = null
      if (this.#comparison === 'none') this.#comparison = 'if counts differ'
      this.#wake()
    })
  }

  /** Fulfilled when all that is known now is searchable, or after `mostMs` (null: however long it takes). */
  async upToDate(mostMs: number | null): Promise<void> {
    if (this.#isClosed || (this.#wanted.size === 0 && this.#comparison === 'none')) return
    await new Promise<void>((over) => {
      const stop = mostMs === null ? null : this.#options.clock.after(mostMs, over)
      this.#waiting.push(() => {
        stop?.()
        over()
      })
      this.#wake()
    })
  }

  /** Saves what is not saved, and ends. */
  async close(): Promise<void> {
    this.#end()
    await this.#finished
    await this.#saved?.close()
  }

  #end(): void {
    this.#isClosed = true
    this.#stopTimer?.()
    this.#wake()
  }

  async #run(): Promise<void> {
    await this.#options.ready
    await this.#load()
    while (!this.#isClosed) {
      try {
        await this.#work()
      } catch {
        // The server is away, or the disk is full: nothing is lost by trying again, and nobody need wait for it.
        this.#tellWaiting()
        await this.#sleep(retryMs)
      }
    }
    await this.#save().catch(() => undefined)
    this.#tellWaiting()
  }

  async #load(): Promise<void> {
    const { saving } = this.#options
    if (saving === null) return
    try {
      const { saved, index } = await SavedIndex.load(saving, this.#turns)
      this.#saved = saved
      this.#index = index
    } catch {
      // A disk that cannot be used: the index then lives in memory.
      this.#index = new SearchIndex()
    }
  }

  async #work(): Promise<void> {
    if (this.#comparison === 'surely') await this.#compareWithMailbox()
    else if (this.#comparison === 'if counts differ') await this.#compareCounts()
    else if (this.#wanted.size > 0) await this.#indexSome()
    else {
      this.#tellWaiting()
      const dueMs = this.#unsavedSinceMs === null ? null : this.#unsavedSinceMs + saveDelayMs
      const nowMs = this.#options.clock.nowMs()
      if (dueMs !== null && dueMs <= nowMs) await this.#save()
      else await this.#sleep(dueMs === null ? null : dueMs - nowMs)
    }
  }

  async #compareCounts(): Promise<void> {
    await this.#giveWay()
    const excess = await this.#countExcess()
    const isSame = excess === this.#excess && !(await this.#lacksNewest())
    if (this.#comparison === 'surely') return
    this.#comparison = isSame ? 'none' : 'surely'
  }

  /** As many may have come as have gone: nobody tells of what the person sent elsewhere. */
  async #lacksNewest(): Promise<boolean> {
    const query = { folder: 'sent', only: 'all', limit: newestNames, before: null } as const
    const { mails } = await this.#options.call((api) => api.mailNames(query))
    return mails.some((mail) => !this.#index.has(mail) && !this.#unreadable.has(mail) && !this.#wanted.has(mail))
  }

  async #countExcess(): Promise<number> {
    const { inbox, sent, trash } = await this.#options.call((api) => api.counts())
    return inbox + sent + trash - this.#index.size - this.#unreadable.size - this.#wanted.size
  }

  async #compareWithMailbox(): Promise<void> {
    this.#comparison = 'none'
    try {
      const differences = await compareWithMailbox({
        call: this.#options.call,
        turns: this.#turns,
        indexed: () => this.#index.mails(),
        isKnown: (mail) => this.#index.has(mail) || this.#unreadable.has(mail) || this.#wanted.has(mail),
        isOver: () => this.#isClosed,
      })
      if (differences === null) return
      for (const mail of differences.gone) {
        this.gone(mail)
        await this.#turns.pass()
      }
      await this.#wantLater(differences.missing)
      this.#excess = await this.#countExcess()
    } catch (error) {
      this.#comparison = 'surely'
      throw error
    }
  }

  /** Newest first, when all that is wanted already has been taken. */
  async #wantLater(mails: readonly UpdateId[]): Promise<void> {
    for (const mail of mails) {
      this.#wanted.add(mail)
      await this.#turns.pass()
    }
    this.#queue = mails.toReversed().concat(this.#queue)
  }

  /** The last ones are taken first. */
  #want(mails: readonly UpdateId[]): void {
    for (const mail of mails) {
      this.#wanted.add(mail)
      this.#queue.push(mail)
    }
  }

  #take(): readonly UpdateId[] {
    const taken = new Set<UpdateId>()
    while (taken.size < mailsPerFetch) {
      const mail = this.#queue.pop()
      if (mail === undefined) break
      if (this.#wanted.has(mail)) taken.add(mail)
    }
    return [...taken]
  }

  /** Who waits for the index is served at once. */
  async #giveWay(): Promise<void> {
    const sinceMs = performance.now()
    while (this.#waiting.length === 0 && !this.#isClosed) {
      const restMs = this.#quiet.restMs(sinceMs)
      if (restMs === 0) return
      this.#isResting = true
      await this.#sleep(restMs)
      this.#isResting = false
    }
  }

  async #indexSome(): Promise<void> {
    await this.#giveWay()
    const asked = this.#take()
    try {
      const { mails, covered } = await this.#options.call((api) => api.fetchMany({ mails: asked, content: 'whole' }))
      await this.#turns.afresh()
      for (const sealed of mails) {
        await this.#turns.pass()
        if (this.#isClosed) return
        await this.#indexOne(sealed)
      }
      const found = new Set(mails.map(({ mail }) => mail))
      for (const mail of asked.slice(0, covered)) if (!found.has(mail)) this.#wanted.delete(mail)
    } finally {
      this.#queue.push(...asked.filter((mail) => this.#wanted.has(mail)).reverse())
    }
    await this.#saveInTime()
  }

  async #indexOne(sealed: SealedMail): Promise<void> {
    const opened = await this.#open(sealed)
    // Either is some milliseconds' work where a mail is large.
    await this.#turns.pass()
    // It may have been removed meanwhile.
    if (!this.#wanted.delete(sealed.mail)) return
    if (opened === null) this.#unreadable.add(sealed.mail)
    else this.#index.add(opened)
    this.#unsavedSinceMs ??= this.#options.clock.nowMs()
  }

  /** A long building is saved as it goes on, so that it can be taken up again. */
  async #saveInTime(): Promise<void> {
    const { clock } = this.#options
    if (this.#unsavedSinceMs !== null && clock.nowMs() >= this.#unsavedSinceMs + saveDelayMs) await this.#save()
  }

  async #open(sealed: SealedMail): Promise<SearchableMail | null> {
    const { session, people } = this.#options
    // What somebody was called whose account is deleted finds their mail.
    const named = (name: string, account: AccountId | undefined): string =>
      account === undefined ? name : nameBeforeDeletion(people.nameOf(name, account))
    try {
      await people.asFarAsKnown(session)
      const { subject, body, files, addressed } = await session.opener.open(sealed)
      const { mail, sentAt, fromName, toNames } = sealed
      const names = toNames.map((name, place) => named(name, sealed.to[place]))
      const isRecipient = sealed.to.includes(session.account)
      const roles = (sealed.from === session.account ? roleBits.sender : 0) | (isRecipient ? roleBits.recipient : 0)
      return {
        mail,
        sentAt,
        roles,
        from: named(fromName, sealed.from),
        to: names.slice(0, addressed),
        cc: names.slice(addressed),
        subject,
        // What is attached is found by its name.
        body: [...files.map(({ name }) => name), body].join('\n'),
      }
    } catch {
      return null
    }
  }

  async #save(): Promise<void> {
    if (this.#unsavedSinceMs === null) return
    this.#unsavedSinceMs = null
    try {
      await this.#saved?.save(this.#index, this.#turns)
    } catch (error) {
      this.#unsavedSinceMs = this.#options.clock.nowMs()
      throw error
    }
  }

  #tellWaiting(): void {
    for (const over of this.#waiting.splice(0)) over()
  }

  async #sleep(mostMs: number | null): Promise<void> {
    if (this.#isClosed) return
    await new Promise<void>((over) => {
      const stop = mostMs === null ? null : this.#options.clock.after(mostMs, over)
      this.#wake = () => {
        stop?.()
        over()
      }
    })
    this.#wake = () => undefined
    this.#turns.begin()
  }
}

import { LRUCache } from 'lru-cache'

import { QuintetError } from '../core/model/errors.ts'
import { isEveryone } from '../core/model/everyone.ts'
import type { AccountId, CommandId, DocumentId, UpdateId } from '../core/model/ids.ts'
import { documentId, tagOf } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { shelves } from '../core/model/mailbox-changes.ts'
import { decodeMailPayload } from '../wire/payload-codec.ts'
import { eachOnce, UnknownNames } from './account-directory.ts'
import type { ClientContext } from './client-context.ts'
import type { Attachments } from './attachments.ts'
import type { KeptLetter, Mailbox, OutboxReason, SendAnswer, TakenBack, TakenBackLetter } from './contract/mailbox.ts'
import type { Documents } from './documents.ts'
import type { KnownPeople } from './known-people.ts'
import type { Drafts } from './drafts.ts'
import { decodeWaiting, encodeWaiting, type WaitingLetter } from './letter-codec.ts'
import { checkSize, type WholeLetter } from './letters.ts'
import { InDoubt, LeaveDoubts, type Doubt } from './leave-doubts.ts'
import { reachOf } from './reach.ts'
import type { Sending } from './sending.ts'
import type { Session } from './session.ts'

/** A mail that is to wait, in place of its draft. `command`: as which it may have been given to a server already. */
interface Queued extends Pick<WaitingLetter, 'command'> {
  readonly letter: WholeLetter
  readonly draft: DocumentId | null
}

export interface OutboxPorts {
  readonly context: ClientContext
  readonly documents: Documents
  readonly drafts: Drafts
  readonly sending: Sending
  readonly attachments: Attachments
  readonly people: KnownPeople
}

interface Entry extends WaitingLetter {
  readonly document: DocumentId
}

/** Clocks of servers may be apart: a mail that was sent for an entry is looked for so long before it was queued. */
const clocksApartMs = 3_600_000
const sentPage = 100
/** A clock that is set right by less changes nothing. */
const clockStepMs = 60_000

/**
 * Mails that wait: for the time in which they can be taken back, or for an account that is not known on this side of a
 * partition. Each is a document, written before the answer, so that it survives a crash and leaves from wherever the
 * person logs in next.
 */
export class Outbox {
  readonly #context: ClientContext
  readonly #documents: Documents
  readonly #drafts: Drafts
  readonly #sending: Sending
  readonly #attachments: Attachments
  readonly #people: KnownPeople
  readonly #doubts: LeaveDoubts
  readonly #reasons = new Map<DocumentId, OutboxReason>()
  readonly #leaving = new Map<DocumentId, Promise<void>>()
  /** Entries that this client wrote since it logged in, or has looked for in vain among what was sent: of mails that were given to no server before. */
  readonly #fresh = new Set<DocumentId>()
  /** Of mails that have left, or were taken back, while this client runs: a server that shows their entries again gets nothing sent by it. */
  readonly #done = new LRUCache<CommandId, true>({ max: limits.cachedIds })
  /** Whether there may be mails that can still be taken back. */
  #holds = false
  #isLooking = false
  #isAsked = false
  #stopTimer: () => void = () => undefined

  constructor({ context, documents, drafts, sending, attachments, people }: OutboxPorts) {
    this.#context = context
    this.#documents = documents
    this.#drafts = drafts
    this.#sending = sending
    this.#attachments = attachments
    this.#people = people
    this.#doubts = new LeaveDoubts(context)
    const look = (): void => {
      this.#look()
    }
    context.listen({
      loggedIn: look,
      connected: look,
      loggedOut: () => {
        this.#stopTimer()
        this.#reasons.clear()
        this.#fresh.clear()
        this.#holds = false
      },
      leaving: (session) => (this.#holds ? this.#letGo(session) : null),
      event: ({ event }) => {
        if (event === 'people' || event === 'view' || event === 'mailbox') look()
      },
    })
  }

  /** Keeps a mail back for `holdMs`. */
  hold(session: Session, queued: Queued, holdMs: number): Promise<SendAnswer> {
    const until = this.#context.ports.clock.nowMs() + holdMs
    const document = this.#documents.newId()
    this.#holds = true
    this.#fresh.add(document)
    return this.#put(session, queued, document, { kind: 'held', until })
  }

  /** Keeps a mail until these names are known. */
  wait(session: Session, queued: Queued, { names, known }: UnknownNames): Promise<SendAnswer> {
    const document = this.#documents.newId()
    if (known === 'nowhere') this.#fresh.add(document)
    return this.#put(session, queued, document, { kind: 'unknownNames', names })
  }

  /** In the order in which they were queued. */
  async list(): ReturnType<Mailbox['outbox']> {
    const { entries, leftOut } = await this.#load(this.#context.person())
    const shown = entries.map((entry) => ({
      outbox: entry.document,
      ...entry.letter,
      queuedAt: entry.queuedAt,
      reason: this.#reasonOf(entry),
    }))
    return { entries: shown, ...(leftOut > 0 ? { leftOut } : {}) }
  }

  /** Takes a mail back. The entry becomes a draft, or goes. NO_SUCH_MAIL when it has left. */
  async cancel(document: DocumentId, keep: 'draft' | 'nothing' = 'nothing'): Promise<TakenBack> {
    return this.#cancel(this.#context.person(), document, keep)
  }

  async #cancel(session: Session, document: DocumentId, keep: 'draft' | 'nothing'): Promise<TakenBack> {
    await this.#leaving.get(document)
    const entry = (await this.#load(session)).entries.find((found) => found.document === document)
    // It can have begun to leave while the list was on its way; what is cancelled from here on does not.
    if (entry !== undefined && !this.#leaving.has(document)) {
      const taken =
        keep === 'draft'
          ? this.#drafts.write(session, document, entry.letter, null).then(({ update }) => update)
          : this.#documents.delete(session, document, shelves.outbox)
      this.#leaving.set(document, settled(taken))
      try {
        const update = await taken
        this.#done.set(entry.command, true)
        return {
          ...takenBack(entry.letter),
          ...((await this.#isOver(session, entry, update)) ? {} : { mayHaveLeft: true }),
        }
      } finally {
        this.#leaving.delete(document)
        this.#reasons.delete(document)
      }
    }
    if (entry !== undefined) return this.#cancel(session, document, keep)
    throw new QuintetError('NO_SUCH_MAIL', 'This mail has left, or was taken back already.')
  }

  /** Of one that was taken back by `update`. */
  async #isOver(session: Session, { document, command, queuedAt }: Entry, update: UpdateId): Promise<boolean> {
    const isOver = await this.#doubts.isOver(session, document, update).catch(() => false)
    return isOver && (this.#doubts.isCleared(document) || (await this.#sentBefore(session, command, queuedAt)) === null)
  }

  async #put(
    session: Session,
    { letter, command, draft }: Queued,
    document: DocumentId,
    reason: Extract<OutboxReason, { kind: 'held' | 'unknownNames' }>,
  ): Promise<SendAnswer> {
    const attachments = await this.#attachments.describe(session, letter.attachments)
    checkSize(letter.body, attachments)
    const meant = await this.#accountsOf(session, letter)
    const queuedAt = this.#context.ports.clock.nowMs()
    const kept = { ...letter, attachments }
    const heldUntil = reason.kind === 'held' ? reason.until : null
    const entry = { letter: kept, queuedAt, heldUntil, command, meant }
    this.#doubts.clear(document)
    await this.#documents.write(session, document, shelves.outbox, await encodeWaiting(entry))
    // Not by the draft's name: on another side of a split it may be written on, sent or thrown away, and this one would be gone without a word.
    if (draft !== null) await this.#drafts.delete(session, draft).catch(() => undefined)
    this.#reasons.set(document, reason)
    this.#look()
    return { outbox: document, reason }
  }

  #reasonOf(entry: Entry): OutboxReason {
    const { document, heldUntil } = entry
    const isHeld = heldMsOf(entry, this.#context.ports.clock.nowMs()) > 0
    if (heldUntil !== null && isHeld) return { kind: 'held', until: heldUntil }
    const reason = this.#reasons.get(document)
    return reason === undefined || reason.kind === 'held'
      ? { kind: 'failed', code: 'BUSY', message: 'It is about to leave.' }
      : reason
  }

  async #load(session: Session): Promise<{ readonly entries: readonly Entry[]; readonly leftOut: number }> {
    const { found, leftOut } = await this.#documents.list(session, shelves.outbox, decodeWaiting)
    const all = found.map(({ document, content }) => ({ document, ...content }))
    const entries = all.filter(({ command }) => !this.#done.has(command))
    return { entries: entries.sort((left, right) => left.queuedAt - right.queuedAt), leftOut }
  }

  /** Sends what may leave now; while that goes on, once more afterwards. */
  #look(): void {
    this.#isAsked = true
    if (!this.#isLooking) void this.#lookWhileAsked()
  }

  async #lookWhileAsked(): Promise<void> {
    this.#isLooking = true
    while (this.#isAsked) {
      const { session } = this.#context
      if (session === null) break
      await this.#lookOnce(session)
    }
    this.#isLooking = false
  }

  async #lookOnce(session: Session): Promise<void> {
    this.#isAsked = false
    this.#stopTimer()
    const { clock } = this.#context.ports
    let againMs = Infinity
    try {
      const { entries, doubt } = await this.#waiting(session)
      for (const entry of entries) {
        // Whoever has logged in meanwhile has an outbox of their own.
        if (!this.#context.isPresent(session)) return
        const heldMs = heldMsOf(entry, clock.nowMs())
        if (heldMs > 0) {
          this.#holds = true
          againMs = Math.min(againMs, heldMs)
        } else if (doubt === null && !this.#doubts.isCleared(entry.document)) {
          // Its time has run out meanwhile.
          againMs = 0
        } else if ((await this.#leave(session, entry, doubt)) === 'again')
          againMs = Math.min(againMs, limits.outboxRetryMs)
      }
    } catch {
      // The list could not be had: as if all of it had to be tried again.
      againMs = limits.outboxRetryMs
    }
    if (againMs === Infinity || !this.#context.isPresent(session)) return
    this.#stopTimer = clock.after(againMs, () => {
      this.#look()
    })
  }

  /** What waits, after it was asked whether that of which the time is over was taken back elsewhere. */
  async #waiting(session: Session): Promise<{ readonly entries: readonly Entry[]; readonly doubt: Doubt | null }> {
    const { entries } = await this.#load(session)
    const nowMs = this.#context.ports.clock.nowMs()
    const isSure = entries.every((entry) => heldMsOf(entry, nowMs) > 0 || this.#doubts.isCleared(entry.document))
    const doubt = isSure ? null : await this.#doubts.doubt(session)
    if (isSure || doubt !== null) return { entries, doubt }
    const left = (await this.#load(session)).entries
    for (const { document } of left) this.#doubts.clear(document)
    return { entries: left, doubt }
  }

  /** Nobody takes them back any more: mails that are kept back for that leave now, and do not wait until their writer is here again. */
  async #letGo(session: Session): Promise<void> {
    const nowMs = this.#context.ports.clock.nowMs()
    for (const entry of (await this.#load(session)).entries)
      if (heldMsOf(entry, nowMs) > 0 && this.#doubts.isCleared(entry.document))
        await (this.#leaving.get(entry.document) ?? this.#leave(session, entry))
  }

  async #leave(session: Session, entry: Entry, doubt: Doubt | null = null): Promise<'left' | 'waits' | 'again'> {
    const { document } = entry
    if (this.#leaving.has(document)) return 'again'
    // It was taken back while those before it left.
    if (this.#done.has(entry.command)) return 'left'
    const leaving = this.#send(session, entry, doubt)
    this.#leaving.set(document, settled(leaving))
    try {
      const mail = await leaving
      this.#done.set(entry.command, true)
      this.#reasons.delete(document)
      this.#context.tell({ event: 'sent', outbox: document, mail })
      return 'left'
    } catch (error) {
      return await this.#failed(document, error)
    } finally {
      this.#leaving.delete(document)
    }
  }

  async #failed(document: DocumentId, error: unknown): Promise<'waits' | 'again'> {
    if (error instanceof InDoubt) {
      this.#waits(document, { kind: 'inDoubt', ...error.doubt })
      return 'again'
    }
    if (error instanceof UnknownNames) {
      if (error.known === 'elsewhere') this.#fresh.delete(document)
      const former = this.#reasons.get(document)
      // A name that was mistyped would be waited for without end, and without a word.
      const reach = await reachOf(this.#context).catch(() => 'less')
      const reason = { kind: 'unknownNames', names: error.names } as const
      if (this.#reasons.get(document) === former)
        this.#waits(document, reach === 'all' ? { ...reason, nobody: true } : reason)
      return 'waits'
    }
    const { code, message } =
      error instanceof QuintetError ? error : { code: 'INTERNAL' as const, message: 'It could not be sent.' }
    this.#waits(document, { kind: 'failed', code, message })
    return 'again'
  }

  /** Whoever wrote it believes that it leaves when it cannot be taken back any more. */
  #waits(document: DocumentId, reason: OutboxReason): void {
    const isNews = JSON.stringify(this.#reasons.get(document)) !== JSON.stringify(reason)
    this.#reasons.set(document, reason)
    if (isNews) this.#context.tell({ event: 'mailbox' })
  }

  async #send(session: Session, entry: Entry, doubt: Doubt | null): Promise<UpdateId> {
    const { document, letter, command, queuedAt, meant } = entry
    // One that is new has not left before, unless it was tried and the answer was lost.
    const isNew = this.#fresh.has(document) && this.#reasons.get(document)?.kind !== 'failed'
    const before = isNew ? null : await this.#sentBefore(session, command, queuedAt)
    // One that waits for a name is looked at whenever something changes: what was sent is not gone through each time.
    if (before === null) this.#fresh.add(document)
    const attachments = letter.attachments.map(({ attachment }) => documentId(attachment))
    const [whole, wish] = [
      { ...letter, attachments },
      { command, meant },
    ]
    if (before === null && doubt !== null && !this.#doubts.isCleared(document)) {
      // What keeps it back all the same is told first.
      await this.#sending.check(session, whole, wish)
      throw new InDoubt(doubt)
    }
    const mail = before ?? (await this.#sending.send(session, whole, wish))
    await this.#documents.delete(session, document, shelves.outbox)
    return mail
  }

  /** NAME_CHANGED_HANDS. */
  async #accountsOf(session: Session, { to, cc }: WholeLetter): Promise<readonly AccountId[]> {
    const { directory, groupId } = this.#context
    const known = await directory.known(
      groupId,
      [...to, ...cc].filter((name) => !isEveryone(name)),
    )
    await this.#people.meet(
      session,
      known.map(({ name, recipient }) => [name, recipient.account]),
    )
    return eachOnce(known).map(({ account }) => account)
  }

  /** A client may have crashed between sending and taking the entry out, longer ago than replicas remember commands. */
  async #sentBefore(session: Session, command: Entry['command'], queuedAt: number): Promise<UpdateId | null> {
    for (let offset = 0; ; offset += sentPage) {
      const query = { folder: 'sent' as const, limit: sentPage, before: null, offset }
      const { mails } = await this.#context.ask(session, (api) => api.list(query))
      for (const { mail, payload } of mails) {
        const decoded = decodeMailPayload(payload)
        if (!decoded.ok || decoded.value.command !== command) continue
        this.#context.shownTags.note(mail, tagOf(command))
        return mail
      }
      const oldest = mails.at(-1)
      if (oldest === undefined || oldest.sentAt < queuedAt - clocksApartMs) return null
    }
  }
}

/** How long it is still kept back. A clock that was ahead when it was queued must not keep it for years. */
const heldMsOf = ({ heldUntil, queuedAt }: WaitingLetter, nowMs: number): number => {
  if (heldUntil === null) return 0
  const leftMs = heldUntil - nowMs
  return leftMs > heldUntil - queuedAt + clockStepMs ? 0 : leftMs
}

const settled = (work: Promise<unknown>): Promise<void> =>
  work.then(
    () => undefined,
    () => undefined,
  )

const takenBack = ({ inReplyTo, attachments, ...letter }: KeptLetter): TakenBackLetter => ({
  ...letter,
  ...(inReplyTo === null ? {} : { inReplyTo }),
  ...(attachments.length === 0 ? {} : { attachments }),
})

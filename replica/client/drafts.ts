import { LRUCache } from 'lru-cache'

import { QuintetError } from '../core/model/errors.ts'
import type { AccountId, DocumentId, UpdateId } from '../core/model/ids.ts'
import { splitUpdateId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { shelves } from '../core/model/mailbox-changes.ts'
import { concat, toBase64Url, utf8 } from '../wire/bytes.ts'
import { aesNonceBytes, aesOpen, aesSeal } from './aes.ts'
import type { Attachments } from './attachments.ts'
import type { ClientContext } from './client-context.ts'
import type { KeptLetter, Mailbox } from './contract/mailbox.ts'
import { notReadable, type Documents } from './documents.ts'
import { covers, joined, noWritings, versionOf, written, type Writings } from './draft-writings.ts'
import { decodeDraft, encodeDraft, writerBytes, type DraftContent } from './letter-codec.ts'
import type { Session } from './session.ts'

/** What this client wrote of a draft last. */
interface Own {
  readonly account: AccountId
  /** The log-in at which that was. */
  readonly logIn: number
  readonly version: UpdateId
  readonly writings: Writings
  /** Sealed for its person: they may have logged out since. */
  readonly sealed: Uint8Array
}

interface Write {
  readonly update: UpdateId
  readonly writings: Writings
}

const sealLabel = utf8('quintet/1/own-draft')

/**
 * A person's drafts. Of one that was written on two sides of a split the later version counts, so a client that wrote the other one, and runs, keeps both: its
 * own under the draft's name, and what it finds there as a draft of its own. So does one whose draft was sent or thrown away on the other side.
 */
export class Drafts {
  readonly #context: ClientContext
  readonly #documents: Documents
  readonly #attachments: Attachments
  readonly #writer: string
  readonly #own = new LRUCache<DocumentId, Own>({
    maxSize: limits.cachedDocumentBytes,
    sizeCalculation: ({ sealed }) => sealed.length,
  })
  /** What the versions have taken up that were shown last. */
  readonly #shown = new Map<DocumentId, Writings>()
  /** Versions that have become drafts of their own. */
  readonly #apart = new LRUCache<UpdateId, true>({ max: limits.draftWriters })
  #count = 0
  #logIn = 0
  #keeping: Promise<void> = Promise.resolve()

  constructor(context: ClientContext, documents: Documents, attachments: Attachments) {
    this.#context = context
    this.#documents = documents
    this.#attachments = attachments
    this.#writer = toBase64Url(context.ports.random(writerBytes))
    const look = (): void => {
      const { session } = context
      // What fails is seen when drafts are looked at, or written, next.
      if (session !== null) this.keepBoth(session).catch(() => undefined)
    }
    context.listen({
      loggedIn: (session) => {
        this.#logIn += 1
        for (const [document, { account }] of this.#own.entries())
          if (account !== session.account) this.#own.delete(document)
        look()
      },
      loggedOut: () => {
        this.#shown.clear()
      },
      connected: look,
      event: ({ event }) => {
        if (event === 'mailbox') look()
      },
    })
  }

  newId(): DocumentId {
    return this.#documents.newId()
  }

  async list(): ReturnType<Mailbox['drafts']> {
    const session = this.#context.person()
    await this.keepBoth(session)
    const { found, leftOut } = await this.#documents.list(session, shelves.drafts, decodeDraft)
    if (this.#context.isPresent(session))
      for (const { document, content } of found) this.#shown.set(document, content.writings)
    const drafts = found.map(({ document, writtenAt, content }) => ({
      draft: document,
      version: versionOf(content.writings),
      ...content.letter,
      savedAt: writtenAt,
    }))
    return { drafts: drafts.reverse(), ...(leftOut > 0 ? { leftOut } : {}) }
  }

  /** Durable when fulfilled, with the update that it is, and what it has taken up. `seen`: as of `keepUnseen`; null where that is not known. */
  async write(session: Session, document: DocumentId, letter: KeptLetter, seen: Writings | null): Promise<Write> {
    await this.keepBoth(session)
    if (seen !== null) {
      const before = await this.#unseenKept(session, document, seen, letter)
      return this.#write(session, document, letter, before)
    }
    const before = joined(this.#shown.get(document) ?? noWritings, this.#own.get(document)?.writings ?? noWritings)
    return this.#write(session, document, letter, before)
  }

  /** Before a draft is sent, or thrown away: a version that its person has not seen, who saw `seen`, becomes a draft of its own. */
  async keepUnseen(session: Session, document: DocumentId, seen: Writings): Promise<void> {
    await this.keepBoth(session)
    await this.#unseenKept(session, document, seen, null)
  }

  /** It is sent, or thrown away. */
  async delete(session: Session, document: DocumentId): Promise<void> {
    this.#own.delete(document)
    await this.#documents.delete(session, document, shelves.drafts)
  }

  /** Fulfilled when what others made of this client's drafts, as far as its server shows that, has cost none of them. One after the other. */
  keepBoth(session: Session): Promise<void> {
    const kept = this.#keeping.then(() => this.#keepBoth(session))
    this.#keeping = kept.catch(() => undefined)
    return kept
  }

  async #keepBoth(session: Session): Promise<void> {
    if (this.#own.size === 0) return
    const present = new Map(
      (await this.#documents.names(session, shelves.drafts)).map(({ document, update }) => [document, update]),
    )
    for (const [document, own] of [...this.#own.entries()]) {
      const version = present.get(document)
      if (this.#own.get(document) !== own || version === own.version) continue
      if (version === undefined) await this.#keepGone(session, document, own)
      else await this.#keepChanged(session, document, own)
    }
  }

  /** All that has been seen of a draft, or is kept apart now, unless it is just what is being written. */
  async #unseenKept(
    session: Session,
    document: DocumentId,
    seen: Writings,
    letter: KeptLetter | null,
  ): Promise<Writings> {
    const own = this.#own.get(document)
    // What this client has written last is what is there: others' versions have been looked at.
    if (own !== undefined) return joined(seen, own.writings)
    const read = await this.#read(session, document)
    if (read === null || covers(seen, read.writings)) return seen
    if (letter === null || !isSame(letter, read.letter)) {
      const copy = await this.#writeApart(session, read.letter)
      this.#context.tell({ event: 'draftKept', draft: document, copy })
    }
    return joined(seen, read.writings)
  }

  async #keepChanged(session: Session, document: DocumentId, own: Own): Promise<void> {
    const read = await this.#read(session, document)
    if (read === null) return
    const [isBefore, isAfter] = [covers(own.writings, read.writings), covers(read.writings, own.writings)]
    // One that was given to two servers may change its name.
    if (isBefore && isAfter && this.#own.get(document) === own)
      this.#own.set(document, { ...own, version: read.version })
    // A server that lags.
    if (isBefore) return
    if (!isAfter) {
      const letter = await this.#letterOf(session, document, own)
      if (letter !== null && !isSame(letter, read.letter)) {
        const copy = this.#apart.has(read.version) ? null : await this.#writeApart(session, read.letter)
        this.#apart.set(read.version, true)
        await this.#write(session, document, letter, joined(own.writings, read.writings))
        if (copy !== null) this.#context.tell({ event: 'draftKept', draft: document, copy })
        return
      }
    }
    if (this.#own.get(document) === own) this.#own.delete(document)
  }

  /** Nobody else could do that knowing this version, unless the person has been logged in elsewhere since. */
  async #keepGone(session: Session, document: DocumentId, own: Own): Promise<void> {
    const isSince = own.logIn === this.#logIn
    if (isSince) {
      const { origin, sequence } = splitUpdateId(own.version)
      const { vector } = await this.#context.ask(session, (api) => api.status())
      // A server that lags has not got it yet.
      if ((vector[origin] ?? 0) < sequence || !(await this.#isUnderstood(session))) return
      await new Promise<void>((over) => this.#context.ports.clock.after(limits.takenOverToldMs, over))
      const names = await this.#documents.names(session, shelves.drafts)
      if (names.some((one) => one.document === document)) return
    }
    if (this.#own.get(document) !== own) return
    const letter = isSince ? await this.#letterOf(session, document, own) : null
    if (letter !== null) {
      const copy = await this.#writeApart(session, letter)
      this.#context.tell({ event: 'draftKept', draft: document, copy })
    }
    this.#own.delete(document)
  }

  /** Whether all that the server holds is: to one of a former version a draft may not be there that it keeps. */
  async #isUnderstood(session: Session): Promise<boolean> {
    const everything = { beforeMs: 0, forMs: 0 }
    return this.#context
      .ask(session, (api) => api.forgettable(everything))
      .then(
        (found) => found !== null,
        () => false,
      )
  }

  async #write(session: Session, document: DocumentId, letter: KeptLetter, before: Writings): Promise<Write> {
    this.#count += 1
    const writings = written(before, this.#writer, this.#count)
    const content = await encodeDraft({ letter, writings })
    const version = await this.#documents.write(session, document, shelves.drafts, content)
    const sealed = this.#seal(session, document, content)
    if (this.#context.isPresent(session))
      this.#own.set(document, { account: session.account, logIn: this.#logIn, version, writings, sealed })
    return { update: version, writings }
  }

  /** With files of its own: those of a letter go when that is sent. */
  async #writeApart(session: Session, letter: KeptLetter): Promise<DocumentId> {
    const copy = this.#documents.newId()
    await this.#write(
      session,
      copy,
      { ...letter, attachments: await this.#attachments.copies(session, letter) },
      noWritings,
    )
    return copy
  }

  /** Null where there is none, or it cannot be read here. */
  async #read(session: Session, document: DocumentId): Promise<(DraftContent & { readonly version: UpdateId }) | null> {
    try {
      const read = await this.#documents.read(session, document)
      return read === null ? null : { ...(await decodeDraft(read.content)), version: read.update }
    } catch (error) {
      if (error instanceof QuintetError && notReadable.has(error.code)) return null
      throw error
    }
  }

  #seal({ storeKey }: Session, document: DocumentId, content: Uint8Array): Uint8Array {
    const nonce = this.#context.ports.random(aesNonceBytes)
    return concat([nonce, aesSeal(storeKey, nonce, content, concat([sealLabel, utf8(document)]))])
  }

  async #letterOf({ storeKey }: Session, document: DocumentId, { sealed }: Own): Promise<KeptLetter | null> {
    const [nonce, rest] = [sealed.subarray(0, aesNonceBytes), sealed.subarray(aesNonceBytes)]
    const content = aesOpen(storeKey, nonce, rest, concat([sealLabel, utf8(document)]))
    return content === null ? null : (await decodeDraft(content)).letter
  }
}

const isSame = (one: KeptLetter, other: KeptLetter): boolean => JSON.stringify(one) === JSON.stringify(other)

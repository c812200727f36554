import type { Folder, NamePage } from '../../api/contract.ts'
import type { UpdateId } from '../../core/model/ids.ts'
import { limits } from '../../core/model/limits.ts'
import type { ClientContext } from '../client-context.ts'
import type { ClientStore } from '../client-ports.ts'
import type { Header, Mailbox, SearchPage } from '../contract/mailbox.ts'
import type { KnownPeople } from '../known-people.ts'
import { checkPage } from '../page-limits.ts'
import { MailIndexer } from './mail-indexer.ts'
import type { Session } from '../session.ts'
import { parseQuery, type Query } from './query.ts'
import { SavedIndex, type SavedIndexOptions } from './saved-index.ts'
import { roleBits, type IndexedMail } from './segment.ts'

/** When a person's index is built or loaded: an app wants it ready, a program that may never search need not pay for it. */
export type SearchStart = 'atLogIn' | 'atFirstSearch'

/** Shows mails in the order given; those that are gone are left out. */
export type ShowHeaders = (session: Session, mails: readonly UpdateId[]) => Promise<readonly Header[]>

type SearchRequest = Parameters<Mailbox['search']>[0]

/** A search waits so long for mails that came just before it. */
const mostWaitMs = 1_000
/** With more than this missing, waiting would not help. */
const fewMails = 200
/** What is shown is looked at again when some of it turns out to be gone, so often. */
const mostRounds = 3
const wholeMailbox = ['inbox', 'sent', 'trash'] as const

export interface SearchOptions {
  readonly store: ClientStore | null
  readonly people: KnownPeople
  readonly start: SearchStart
}

/** Full text search over the mail of whoever is logged in. */
export class SearchDesk {
  readonly #context: ClientContext
  readonly #store: ClientStore | null
  readonly #people: KnownPeople
  #indexer: MailIndexer | null = null
  #closing: Promise<void> = Promise.resolve()

  constructor(context: ClientContext, { store, people, start }: SearchOptions) {
    this.#context = context
    this.#store = store
    this.#people = people
    context.listen({
      loggedIn: () => {
        if (start === 'atLogIn') this.#begin()
      },
      loggedOut: () => {
        this.#end()
      },
      deleted: (session) => {
        // What stays on the disk can be read by nobody else.
        this.forget(session).catch(() => undefined)
      },
      event: (event) => {
        if (event.event === 'mail') this.#indexer?.arrived(event.mail.mail)
        if (event.event === 'mailbox') this.#indexer?.compareSoon()
      },
      sent: (mail) => {
        this.#indexer?.arrived(mail)
      },
      connected: () => {
        this.#indexer?.compare()
      },
    })
  }

  /** The person of this session removed it. */
  removed(session: Session, mails: readonly UpdateId[]): void {
    if (!this.#context.isPresent(session)) return
    for (const mail of mails) this.#indexer?.gone(mail)
  }

  /** Saves what is not saved. */
  async close(): Promise<void> {
    this.#end()
    await this.#closing
  }

  /** Removes the index of `session`'s account from the disk, when it is logged in no more. */
  async forget(session: Session): Promise<void> {
    await this.#closing
    const saving = this.#savingOf(session)
    if (saving !== null) await SavedIndex.discard(saving)
  }

  /** BAD_REQUEST, TOO_LARGE, TOO_MANY, NOT_LOGGED_IN. */
  async search({ query: text, limit, offset = 0, until }: SearchRequest, show: ShowHeaders): Promise<SearchPage> {
    const session = this.#context.person()
    checkPage('headers', limit, offset)
    const query = parseQuery(text)
    const indexer = this.#indexer ?? this.#begin()
    indexer.searched()
    const { indexed, mails } = indexer.progress
    if (until === 'indexed') await indexer.upToDate(null)
    else if (mails - indexed <= fewMails) await indexer.upToDate(mostWaitMs)
    const admits = await this.#filter(session, query)
    for (let round = 1; ; round += 1) {
      const found = indexer.index.search({ query, admits, offset, limit })
      const headers = await show(session, found.mails)
      if (headers.length === found.mails.length || round === mostRounds) {
        return { headers, total: found.total, ...indexer.progress }
      }
      const shown = new Set(headers.map(({ mail }) => mail))
      this.removed(
        session,
        found.mails.filter((mail) => !shown.has(mail)),
      )
    }
  }

  /** Marks and the trash are not in the index: they change too often. What is asked of them is looked up now. */
  async #filter(session: Session, { read, starred, place }: Query): Promise<(mail: IndexedMail) => boolean> {
    const [unread, stars, trash] = await Promise.all([
      read === null ? null : this.#names(session, wholeMailbox, 'unread'),
      starred || place === 'starred' ? this.#names(session, ['starred'], 'all') : null,
      place === 'anywhere' ? null : this.#names(session, ['trash'], 'all'),
    ])
    const role = place === 'sent' ? roleBits.sender : place === 'inbox' ? roleBits.recipient : 0
    return ({ mail, roles }) =>
      (roles & role) === role &&
      (trash === null || trash.has(mail) === (place === 'trash')) &&
      (stars === null || stars.has(mail)) &&
      (unread === null || unread.has(mail) === (read === 'unread'))
  }

  async #names(session: Session, folders: readonly Folder[], only: 'all' | 'unread'): Promise<ReadonlySet<UpdateId>> {
    const found = new Set<UpdateId>()
    for (const folder of folders) {
      let before: string | null = null
      do {
        const query = { folder, only, limit: limits.pageNames, before }
        const page: NamePage = await this.#context.ask(session, (api) => api.mailNames(query))
        for (const mail of page.mails) found.add(mail)
        before = page.next
      } while (before !== null)
    }
    return found
  }

  #begin(): MailIndexer {
    const session = this.#context.person()
    // The former person's files are closed before these are opened: it may be the same person.
    const ready = this.#closing
    const indexer = new MailIndexer({
      session,
      people: this.#people,
      clock: this.#context.ports.clock,
      saving: this.#savingOf(session),
      ready,
      call: (request) => this.#context.askBeside(session, request),
      askedMs: () => this.#context.link.askedMs,
    })
    this.#indexer = indexer
    return indexer
  }

  #savingOf({ account, storeKey }: Session): SavedIndexOptions | null {
    const { random } = this.#context.ports
    return this.#store === null ? null : { store: this.#store, account, key: storeKey, random }
  }

  #end(): void {
    const indexer = this.#indexer
    this.#indexer = null
    if (indexer !== null) this.#closing = indexer.close()
  }
}

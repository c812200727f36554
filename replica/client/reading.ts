import { LRUCache } from 'lru-cache'

import type { SealedMail } from '../api/contract.ts'
import { QuintetError } from '../core/model/errors.ts'
import type { AccountId, Tag, UpdateId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { Arrivals } from './arrivals.ts'
import { BoundedWork, InOrder } from './bounded-work.ts'
import type { ClientContext } from './client-context.ts'
import type { Header, HeaderPage, Mail, Mailbox } from './contract/mailbox.ts'
import { answersAfterQuestions } from './conversation-order.ts'
import { fileName } from './file-name.ts'
import type { KnownPeople } from './known-people.ts'
import type { FileContent, HeaderContent } from './mail-content.ts'
import type { OpenedHeader } from './mail-opener.ts'
import { isWhole, OpenedMails, type OpenedContent } from './opened-mails.ts'
import { checkPage } from './page-limits.ts'
import { ProvenHeaders } from './proven-headers.ts'
import type { Sending } from './sending.ts'
import type { Session } from './session.ts'

/** A mail that was sent longer ago than this came with a merge or after an absence. */
const lateMs = 60_000
/** Clocks are apart, and a mail may have waited for a connection after it was sealed. */
const datesApartMs = 86_400_000

interface MailWithFiles {
  readonly mail: Mail
  /** As `mail.attachments` lists them. */
  readonly files: readonly FileContent[]
}

interface OpenedMail {
  readonly sealed: SealedMail
  readonly opened: OpenedContent
  /** As `opened.attachments` lists them. */
  readonly files: readonly FileContent[]
}

type Use = 'read' | 'not read'

/** Lists and opens mails. */
export class Reading {
  readonly #context: ClientContext
  readonly #sending: Sending
  readonly #people: KnownPeople
  readonly #opening = new BoundedWork(limits.mailsAtOnce)
  readonly #headers: ProvenHeaders
  readonly #opened: OpenedMails
  /** A mail and its conversation are opened at the same time. */
  readonly #beingOpened = new Map<UpdateId, Promise<OpenedMail>>()
  readonly #announcing = new InOrder()
  /** Mails whose mark is on its way, so that reading twice does not mark twice. */
  readonly #markedRead = new LRUCache<UpdateId, Tag>({ max: limits.cachedIds })

  constructor(context: ClientContext, sending: Sending, people: KnownPeople) {
    this.#context = context
    this.#sending = sending
    this.#people = people
    this.#headers = new ProvenHeaders(context)
    this.#opened = new OpenedMails(context)
    new Arrivals(context, (mail) => this.#announce(mail))
    context.listen({
      loggedIn: () => {
        this.#markedRead.clear()
      },
      loggedOut: () => {
        this.#beingOpened.clear()
      },
      event: (event) => {
        if (event.event === 'mailbox') context.tell({ event: 'mailbox' })
        if (event.event === 'knowledge') context.tell({ event: 'knowledge' })
      },
    })
  }

  async list({ folder, limit, before, offset = 0 }: Parameters<Mailbox['list']>[0]): Promise<HeaderPage> {
    const session = this.#context.person()
    checkPage('headers', limit, offset)
    const mails: SealedMail[] = []
    let next = before ?? null
    let counts: { readonly total: number; readonly unread: number }
    // A page of mails with many recipients can come in several parts.
    do {
      const query = { folder, limit: limit - mails.length, before: next, offset: next === null ? offset : 0 }
      const page = await this.#context.ask(session, (api) => api.list(query))
      mails.push(...page.mails)
      counts = { total: page.total, unread: page.unread }
      next = page.mails.length > 0 ? page.next : null
    } while (next !== null && mails.length < limit)
    const headers = await this.#shownHeaders(session, mails)
    return next === null ? { headers, ...counts } : { headers, ...counts, next }
  }

  /** The headers of those of these mails that are in the mailbox, in the order given. */
  async headersOf(session: Session, mails: readonly UpdateId[]): Promise<readonly Header[]> {
    return this.#shownHeaders(session, await this.#listed(session, mails))
  }

  async read(id: UpdateId): Promise<Mail> {
    const session = this.#context.person()
    const { sealed, opened } = await this.#openWhole(session, id)
    const mail = await this.#shown(session, sealed, opened, 'read')
    await this.#markRead(session, sealed)
    return { ...mail, read: true }
  }

  /** A mail with its files, which is not marked for that. */
  async withFiles(id: UpdateId): Promise<MailWithFiles> {
    const session = this.#context.person()
    const { sealed, opened, files } = await this.#openWhole(session, id)
    return { mail: await this.#shown(session, sealed, opened, 'not read'), files }
  }

  /** Those that cannot be opened are left out; reading one of them says why. */
  async conversation(id: UpdateId): Promise<readonly Mail[]> {
    const session = this.#context.person()
    const ids = await this.#context.ask(session, (api) => api.conversation({ conversation: id }))
    const listed = await this.#listed(session, ids)
    const opened = await Promise.all(
      listed.map((mail) =>
        this.#opening
          .run(async () => [await this.#openListed(session, mail)])
          .catch((error: unknown): Mail[] => {
            if (error instanceof QuintetError && notShown.has(error.code)) return []
            throw error
          }),
      ),
    )
    return answersAfterQuestions(opened.flat())
  }

  /** Marks that were set otherwise: what was read may be unread again. */
  forget(mails: readonly UpdateId[]): void {
    for (const mail of mails) this.#markedRead.delete(mail)
  }

  /** What lists show of those of these mails that are in the mailbox, in the order given. */
  async #listed(session: Session, mails: readonly UpdateId[]): Promise<readonly SealedMail[]> {
    const listed: SealedMail[] = []
    for (let done = 0; done < mails.length;) {
      const asked = mails.slice(done, done + limits.pageHeaders)
      const page = await this.#context.ask(session, (api) => api.fetchMany({ mails: asked, content: 'header' }))
      const meant = new Set(asked)
      listed.push(...page.mails.filter(({ mail }) => meant.has(mail)))
      // A replica that looks at none of them is asked no further.
      if (page.covered === 0) break
      done += page.covered
    }
    return listed
  }

  async #openListed(session: Session, listed: SealedMail): Promise<Mail> {
    const opened = await this.#opened.get(session, listed)
    if (opened !== null) return this.#shown(session, listed, opened, 'read')
    const anew = isWhole(listed) ? await this.#open(session, listed) : await this.#openWhole(session, listed.mail)
    return this.#shown(session, anew.sealed, anew.opened, 'read')
  }

  #openWhole(session: Session, id: UpdateId): Promise<OpenedMail> {
    const begun = this.#beingOpened.get(id)
    if (begun !== undefined) return begun
    const opening = this.#fetch(session, id)
      .then((sealed) => this.#open(session, sealed))
      .finally(() => {
        if (this.#beingOpened.get(id) === opening) this.#beingOpened.delete(id)
      })
    this.#beingOpened.set(id, opening)
    return opening
  }

  async #fetch(session: Session, id: UpdateId): Promise<SealedMail> {
    const sealed = await this.#context.ask(session, (api) => api.fetch({ mail: id }))
    if (sealed.mail === id) return sealed
    throw new QuintetError('CANNOT_OPEN', 'The replica gave another mail than the one asked for.')
  }

  async #open(session: Session, sealed: SealedMail): Promise<OpenedMail> {
    const { files, ...content } = await session.opener.open(sealed)
    const attachments = files.map(({ name, bytes }) => ({ name: fileName(name), size: bytes.length }))
    const opened = { ...content, attachments, attachmentCount: files.length }
    if (this.#context.isPresent(session)) this.#opened.note(sealed, opened)
    return { sealed, opened, files }
  }

  async #shown(session: Session, sealed: SealedMail, opened: OpenedContent, use: Use): Promise<Mail> {
    this.#context.shownTags.noteMail(sealed)
    const { body, attachments, inReplyTo } = opened
    const header = this.#header(session, sealed, opened)
    const { fromName, from: account } = sealed
    const author =
      use === 'read'
        ? await this.#people.read(session, fromName, account)
        : await this.#people.author(session, fromName, account)
    const from = author === 'another' ? { fromAnother: true as const } : {}
    return { ...header, ...from, body, attachments, inReplyTo, fromAccount: account }
  }

  async #shownHeaders(session: Session, mails: readonly SealedMail[]): Promise<readonly Header[]> {
    await this.#people.asFarAsKnown(session)
    const opened = await this.#headers.open(session, mails, 'without files')
    return opened.map(({ mail, header }) => {
      this.#context.shownTags.noteMail(mail)
      return this.#provenOrNot(session, mail, header)
    })
  }

  /** A header that cannot be opened is shown as an empty one; opening the mail says why. */
  #provenOrNot(session: Session, mail: SealedMail, header: OpenedHeader | null): Header {
    const content = header?.content ?? { ...unreadable, addressed: mail.to.length }
    const shown = this.#header(session, mail, content)
    return header?.isProven === true ? shown : { ...shown, unproven: true }
  }

  #header(session: Session, mail: SealedMail, content: HeaderContent): Header {
    const { subject, snippet, addressed, attachmentCount, writtenAt } = content
    const conversation = mail.conversation ?? mail.mail
    this.#sending.noteConversation(mail.mail, conversation)
    const isApart = writtenAt !== null && Math.abs(writtenAt - mail.sentAt) > datesApartMs
    const names = mail.toNames.map((name, place) => this.#nameOf(name, mail.to[place]))
    const toOthers = mail.toNames.filter((name, place) => this.#isAnothers(session, name, mail.to[place]))
    return {
      mail: mail.mail,
      from: this.#nameOf(mail.fromName, mail.from),
      to: names.slice(0, addressed),
      cc: names.slice(addressed),
      ...(toOthers.length > 0 ? { toOthers } : {}),
      subject,
      snippet,
      sentAt: mail.sentAt,
      ...(isApart ? { writtenAt } : {}),
      read: mail.read,
      starred: mail.starred,
      conversation,
      own: mail.from === session.account,
      inTrash: mail.inTrash,
      attachmentCount,
      ...(this.#people.isAnother(session, mail.fromName, mail.from) ? { fromAnother: true } : {}),
    }
  }

  #nameOf(name: string, account: AccountId | undefined): string {
    return account === undefined ? name : this.#people.nameOf(name, account)
  }

  #isAnothers(session: Session, name: string, account: AccountId | undefined): boolean {
    return account !== undefined && this.#people.isAnother(session, name, account)
  }

  async #markRead(session: Session, { mail, read, markedUnread }: SealedMail): Promise<void> {
    const tag = await this.#context.shownTags.tagOf(mail)
    if (read || this.#markedRead.get(mail) === tag) return
    this.#markedRead.set(mail, tag)
    try {
      const meant = { id: mail, tag }
      if (markedUnread) await this.#context.say(session, session.marks('read', [meant]))
      else await this.#context.submit(session, await session.markRead(meant))
    } catch {
      // The mail is open: that it stays unread (a full disk, a lost connection) must not keep it from the reader.
      this.#markedRead.delete(mail)
    }
  }

  async #openedAlone(session: Session, mail: SealedMail): Promise<Header> {
    const [opened] = await this.#headers.open(session, [mail], 'any')
    return this.#provenOrNot(session, opened?.mail ?? mail, opened?.header ?? null)
  }

  #announce(mail: SealedMail): void {
    const session = this.#context.session
    if (session === null) return
    const told = this.#announcing.run(
      () => this.#openedAlone(session, mail),
      async (header) => {
        if (!this.#context.isPresent(session)) return
        // What was written long ago is no news, though a server may say that it has just been sent.
        const { sentAt, writtenAt = sentAt } = header
        const late = this.#context.ports.clock.nowMs() - Math.min(sentAt, writtenAt) > lateMs
        this.#context.shownTags.noteMail(mail, 'told')
        this.#context.tell({ event: 'mail', header, late })
      },
    )
    told.catch(() => undefined)
  }
}

const unreadable: HeaderContent = {
  subject: '',
  snippet: '',
  addressed: 0,
  inReplyTo: null,
  writtenAt: null,
  attachmentCount: 0,
}
const notShown: ReadonlySet<string> = new Set(['NO_SUCH_MAIL', 'CANNOT_OPEN', 'DAMAGED'])

import { LRUCache } from 'lru-cache'

import type { SealedMail } from '../api/contract.ts'
import { QuintetError } from '../core/model/errors.ts'
import type { UpdateId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { BoundedWork, InOrder } from './bounded-work.ts'
import type { ClientContext } from './client-context.ts'
import type { Header, HeaderPage, Mail, Mailbox } from './contract/mailbox.ts'
import { Sending } from './sending.ts'
import type { SearchDesk } from './search/search-desk.ts'
import type { Session } from './session.ts'

type MailboxPart = Pick<Mailbox, 'send' | 'list' | 'read' | 'delete' | 'safety' | 'search'>

/** A person's mail. */
export const mailboxPart = (context: ClientContext, search: SearchDesk): MailboxPart => {
  const sending = new Sending(context)
  const reading = new Reading(context)
  return {
    send: async (request) => {
      const mail = await sending.send(request)
      search.sent(mail)
      return { mail }
    },
    list: (request) => reading.list(request),
    read: ({ mail }) => reading.read(mail),
    delete: async ({ mail }) => {
      const { update } = await context.submit(await context.person().deletion(mail))
      search.removed([mail])
      return { removal: update }
    },
    search: (request) => search.search(request, (mails) => reading.headersOf(mails)),
    safety: async (request) => {
      context.person()
      return { servers: await context.link.call((api) => api.safety(request)) }
    },
  }
}

/** Lists and opens mails. */
class Reading {
  readonly #context: ClientContext
  readonly #opening = new BoundedWork(limits.mailsAtOnce)
  readonly #announcing = new InOrder()
  readonly #markedRead = new LRUCache<UpdateId, true>({ max: limits.cachedIds })

  constructor(context: ClientContext) {
    this.#context = context
    context.listen({
      loggedIn: () => {
        this.#markedRead.clear()
      },
      event: (event) => {
        if (event.event === 'mail') this.#announce(event.mail)
      },
    })
  }

  async list({ folder, limit, before }: Parameters<Mailbox['list']>[0]): Promise<HeaderPage> {
    const session = this.#context.person()
    if (!Number.isInteger(limit) || limit < 1)
      throw new QuintetError('BAD_REQUEST', 'The limit of a page is from 1 up.')
    if (limit > limits.pageHeaders)
      throw new QuintetError('TOO_MANY', `A page has at most ${limits.pageHeaders} headers.`)
    const mails: SealedMail[] = []
    let next = before ?? null
    let total: number
    // A page of mails with many recipients can come in several parts.
    do {
      if (folder !== 'inbox' && folder !== 'sent')
        throw new QuintetError('NOT_YET', 'This folder comes with a later version.')
      const query = { folder, limit: limit - mails.length, before: next }
      const page = await this.#context.link.call((api) => api.list(query))
      mails.push(...page.mails)
      total = page.total
      next = page.mails.length > 0 ? page.next : null
    } while (next !== null && mails.length < limit)
    const headers = await Promise.all(mails.map((mail) => this.#header(session, mail)))
    const unread = headers.filter((header) => !header.read).length
    return next === null ? { headers, total, unread } : { headers, total, unread, next }
  }

  /** The headers of those of these mails that are in the mailbox, in the order given. */
  async headersOf(mails: readonly UpdateId[]): Promise<readonly Header[]> {
    const session = this.#context.person()
    const headers: Header[] = []
    for (let done = 0; done < mails.length; ) {
      const asked = mails.slice(done)
      const page = await this.#context.link.call((api) => api.fetchMany({ mails: asked, content: 'header' }))
      headers.push(...(await Promise.all(page.mails.map((mail) => this.#header(session, mail)))))
      // A replica that looks at none of them is asked no further.
      if (page.covered === 0) break
      done += page.covered
    }
    return headers
  }

  async read(id: UpdateId): Promise<Mail> {
    const session = this.#context.person()
    const sealed = await this.#context.link.call((api) => api.fetch({ mail: id }))
    if (sealed.mail !== id)
      throw new QuintetError('CANNOT_OPEN', 'The replica gave another mail than the one asked for.')
    const { subject, body } = await session.opener.open(sealed)
    await this.#markRead(session, sealed)
    const header = await this.#header(session, sealed)
    return { ...header, subject, body, inReplyTo: null, fromAccount: sealed.from }
  }

  /** A subject that cannot be opened is shown as an empty one; opening the mail says why. */
  async #header(session: Session, mail: SealedMail): Promise<Header> {
    const subject = await this.#opening.run(() => session.opener.openSubject(mail).catch(() => ''))
    const isOwnCopy = mail.from === session.account && !mail.to.includes(session.account)
    const read = mail.read || isOwnCopy || this.#markedRead.has(mail.mail)
    return {
      mail: mail.mail,
      from: mail.fromName,
      to: mail.toNames,
      cc: [],
      subject,
      snippet: '',
      sentAt: mail.sentAt,
      read,
      starred: false,
      conversation: mail.mail,
      own: mail.from === session.account,
      inTrash: false,
    }
  }

  async #markRead(session: Session, { mail, read, to }: SealedMail): Promise<void> {
    if (read || !to.includes(session.account) || this.#markedRead.has(mail)) return
    this.#markedRead.set(mail, true)
    try {
      await this.#context.submit(await session.markRead(mail))
    } catch {
      // The mail is open: that it stays unread (a full disk, a lost connection) must not keep it from the reader.
      this.#markedRead.delete(mail)
    }
  }

  #announce(mail: SealedMail): void {
    const session = this.#context.session
    if (session === null) return
    const told = this.#announcing.run(
      () => this.#header(session, mail),
      async (header) => {
        this.#context.tell({ event: 'mail', header, late: false })
      },
    )
    told.catch(() => undefined)
  }
}

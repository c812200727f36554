import { LRUCache } from 'lru-cache'

import type { ManyMails, SealedMail } from '../api/contract.ts'
import type { UpdateId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { BoundedWork } from './bounded-work.ts'
import type { ClientContext } from './client-context.ts'
import { payloadName, type OpenedHeader } from './mail-opener.ts'
import type { Session } from './session.ts'

/** What a list shows of a mail. `header`: null when it cannot be opened, or is not its sender's. */
export interface ListedHeader {
  readonly mail: SealedMail
  readonly header: OpenedHeader | null
}

/** Which mails are waited for where only the whole proves the header: files can be large, and many on a page. */
export type WaitedFor = 'without files' | 'any'

type FetchWhole = (mails: readonly UpdateId[]) => Promise<ManyMails>

/** Opens headers, and finds out whether they are their senders'. */
export class ProvenHeaders {
  readonly #context: ClientContext
  readonly #opening = new BoundedWork(limits.mailsAtOnce)
  /** Headers, by the hashes of what came of their mails, that the whole mails do not prove. */
  readonly #refuted = new LRUCache<string, true>({ max: limits.cachedHeaders })
  readonly #beingChecked = new Set<string>()
  #checking: Promise<void> = Promise.resolve()
  /** Something has been found out since the lists were last looked at. */
  #isNews = false

  constructor(context: ClientContext) {
    this.#context = context
  }

  /** In the order given. */
  async open(session: Session, mails: readonly SealedMail[], waitedFor: WaitedFor): Promise<readonly ListedHeader[]> {
    const listed = await Promise.all(mails.map((mail) => this.#open(session, mail)))
    const awaited = new Set<UpdateId>()
    for (const { mail, header } of listed) {
      if (header === null || header.isProven) continue
      if (waitedFor === 'any' || header.content.attachmentCount === 0) awaited.add(mail.mail)
      else this.#checkBeside(session, mail)
    }
    if (awaited.size === 0) return listed
    const fetch: FetchWhole = (asked) =>
      this.#context.ask(session, (api) => api.fetchMany({ mails: asked, content: 'whole' }))
    // The other headers are here, and whoever lists them looks again when there is a connection.
    const whole = await this.#openWhole(session, [...awaited], fetch).catch(() => new Map<UpdateId, ListedHeader>())
    return listed.map((one) => {
      if (one.header?.isProven === true || !awaited.has(one.mail.mail)) return one
      // What the server does not show whole, it may have made up.
      return whole.get(one.mail.mail) ?? { ...one, header: null }
    })
  }

  /** Mails of former versions with long bodies, and all mails of a server of a former version: what is there signed is only the whole. */
  async #openWhole(
    session: Session,
    names: readonly UpdateId[],
    fetch: FetchWhole,
  ): Promise<Map<UpdateId, ListedHeader>> {
    const opened = new Map<UpdateId, ListedHeader>()
    for (let left = names; left.length > 0;) {
      const meant = new Set(left)
      const { mails, covered } = await fetch(left)
      for (const mail of mails) {
        const one = await this.#open(session, mail)
        if (!meant.has(mail.mail) || one.header?.isProven !== true) continue
        session.opener.noteProven(mail)
        opened.set(mail.mail, one)
      }
      if (covered === 0) break
      left = left.slice(covered)
    }
    return opened
  }

  /** Fetches a mail that nobody waits for, and has the list looked at again when it is known what it proves. */
  #checkBeside(session: Session, mail: SealedMail): void {
    const name = payloadName(mail.payload)
    // The others are when the list is looked at again.
    if (this.#beingChecked.has(name) || this.#beingChecked.size >= limits.mailsAtOnce) return
    this.#beingChecked.add(name)
    const fetch: FetchWhole = (mails) =>
      this.#context.askBeside(session, (api) => api.fetchMany({ mails, content: 'whole' }))
    const check = async (): Promise<void> => {
      await this.#openWhole(session, [mail.mail], fetch)
      const { header } = await this.#open(session, mail)
      if (header?.isProven !== true) this.#refuted.set(name, true)
      this.#isNews = true
    }
    // One that could not be fetched is when it is listed again.
    this.#checking = this.#checking.then(check).catch(() => undefined)
    void this.#checking.then(() => {
      this.#beingChecked.delete(name)
      if (this.#beingChecked.size > 0 || !this.#isNews) return
      this.#isNews = false
      if (this.#context.isPresent(session)) this.#context.tell({ event: 'mailbox' })
    })
  }

  async #open(session: Session, mail: SealedMail): Promise<ListedHeader> {
    const header = await this.#opening.run(() => session.opener.openHeader(mail).catch(() => null))
    const isRefuted = header?.isProven === false && this.#refuted.has(payloadName(mail.payload))
    return { mail, header: isRefuted ? null : header }
  }
}

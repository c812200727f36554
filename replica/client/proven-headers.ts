import type { SealedMail } from '../api/contract.ts'
import type { UpdateId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { BoundedWork } from './bounded-work.ts'
import type { ClientContext } from './client-context.ts'
import type { OpenedHeader } from './mail-opener.ts'
import type { Session } from './session.ts'

/** What a list shows of a mail. `header`: null when it cannot be opened, or is not its sender's. */
export interface ListedHeader {
  readonly mail: SealedMail
  readonly header: OpenedHeader | null
}

/** Which mails are fetched whole where nothing else proves their headers: files can be large, and many on a page. */
export type FetchedWhole = 'without files' | 'any'

/** Opens headers, and finds out whether they are their senders'. */
export class ProvenHeaders {
  readonly #context: ClientContext
  readonly #opening = new BoundedWork(limits.mailsAtOnce)

  constructor(context: ClientContext) {
    this.#context = context
  }

  /** In the order given. */
  async open(session: Session, mails: readonly SealedMail[], fetched: FetchedWhole): Promise<readonly ListedHeader[]> {
    const listed = await Promise.all(mails.map((mail) => this.#open(session, mail)))
    const unproven = listed.filter(({ header }) => {
      if (header === null || header.isProven) return false
      return fetched === 'any' || header.content.attachmentCount === 0
    })
    if (unproven.length === 0) return listed
    const whole = await this.#openWhole(
      session,
      unproven.map(({ mail }) => mail.mail),
    )
    // What the server does not show whole, it may have made up.
    return listed.map((one) => (unproven.includes(one) ? (whole.get(one.mail.mail) ?? { ...one, header: null }) : one))
  }

  /** Mails of former versions with long bodies, and all mails of a server of a former version: what is there signed is only the whole. */
  async #openWhole(session: Session, names: readonly UpdateId[]): Promise<ReadonlyMap<UpdateId, ListedHeader>> {
    const opened = new Map<UpdateId, ListedHeader>()
    for (let left = names; left.length > 0;) {
      const asked = left
      const fetching = this.#context.ask(session, (api) => api.fetchMany({ mails: asked, content: 'whole' }))
      // The other headers are here, and whoever lists them looks again when there is a connection.
      const found = await fetching.catch(() => ({ mails: [], covered: 0 }))
      const meant = new Set(asked)
      for (const mail of found.mails) {
        const one = await this.#open(session, mail)
        if (!meant.has(mail.mail) || one.header?.isProven !== true) continue
        session.opener.noteProven(mail)
        opened.set(mail.mail, one)
      }
      if (found.covered === 0) break
      left = asked.slice(found.covered)
    }
    return opened
  }

  async #open(session: Session, mail: SealedMail): Promise<ListedHeader> {
    return { mail, header: await this.#opening.run(() => session.opener.openHeader(mail).catch(() => null)) }
  }
}

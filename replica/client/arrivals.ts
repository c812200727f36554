import { LRUCache } from 'lru-cache'
import type { SealedMail } from '../api/contract.ts'
import type { Tag, UpdateId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { ClientContext } from './client-context.ts'
import { tagIn } from './shown-tags.ts'

type Telling = 'told' | 'noted'

/**
 * Mails as they arrive. A server tells of them once, so those that came while no server was connected, or while the client was on
 * its way to another one, are looked for when it is connected again.
 */
export class Arrivals {
  readonly #context: ClientContext
  readonly #announce: (mail: SealedMail) => void
  /** With their tags: where a log has forked a name that is known may be another mail's. */
  readonly #known = new LRUCache<UpdateId, Tag>({ max: limits.cachedIds })
  /** Whether what was there at the log-in is known. */
  #next: Telling = 'noted'

  constructor(context: ClientContext, announce: (mail: SealedMail) => void) {
    this.#context = context
    this.#announce = announce
    context.listen({
      loggedIn: () => {
        this.#known.clear()
        this.#next = 'noted'
        this.#look()
      },
      connected: () => {
        this.#look()
      },
      event: (event) => {
        if (event.event !== 'mail') return
        this.#known.set(event.mail.mail, tagIn(event.mail.payload))
        announce(event.mail)
      },
    })
  }

  #look(): void {
    const { session } = this.#context
    if (session === null) return
    const page = { folder: 'inbox', limit: limits.arrivalsLooked, before: null, offset: 0 } as const
    this.#context
      .ask(session, (api) => api.list(page))
      .then(({ mails }) => {
        if (!this.#context.isPresent(session)) return
        for (const mail of mails.toReversed()) this.#take(mail, this.#next)
        this.#next = 'told'
      })
      // Whatever keeps the list away keeps the client from more than this.
      .catch(() => undefined)
  }

  #take(mail: SealedMail, telling: Telling): void {
    const tag = tagIn(mail.payload)
    const isNews = this.#known.get(mail.mail) !== tag && !mail.read
    this.#known.set(mail.mail, tag)
    if (telling === 'told' && isNews) this.#announce(mail)
  }
}

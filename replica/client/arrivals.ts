import { LRUCache } from 'lru-cache'
import type { SealedMail, SealedPage } from '../api/contract.ts'
import { limits } from '../core/model/limits.ts'
import { commandOf } from '../wire/payload-codec.ts'
import type { ClientContext } from './client-context.ts'
import type { Session } from './session.ts'

type Telling = 'told' | 'noted'

/**
 * What a mail is known by: one that was given to two servers has two names, and where a log has forked one name means two mails. One
 * whose content storage has lost has only its name.
 */
const wishOf = ({ mail, from, payload }: SealedMail): string => {
  const command = commandOf(payload)
  return command === null ? mail : `${from} ${command}`
}

/**
 * Mails as they arrive, each told once. A server tells of them once, so those that came while no server was connected, or while the client was on
 * its way to another one, are looked for when it is connected again.
 */
export class Arrivals {
  readonly #context: ClientContext
  readonly #announce: (mail: SealedMail) => void
  readonly #known = new LRUCache<string, Telling>({ max: limits.cachedIds })
  /** Whether what was there at the log-in is known. */
  #next: Telling = 'noted'
  /** What is older was there at the log-in, known here or not. */
  #sinceMs = -Infinity

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
        const wish = wishOf(event.mail)
        // The server that is gone over to tells of it as well as the one that is left.
        if (this.#known.get(wish) === 'told') return
        this.#known.set(wish, 'told')
        announce(event.mail)
      },
    })
  }

  #look(): void {
    const { session } = this.#context
    if (session === null) return
    this.#newest(session, this.#next)
      .then((mails) => {
        if (!this.#context.isPresent(session)) return
        for (const mail of mails.toReversed()) this.#take(mail, this.#next)
        this.#next = 'told'
      })
      // Whatever keeps the list away keeps the client from more than this.
      .catch(() => undefined)
  }

  /** Of the inbox, newest first: those that are to be told of as far back as there are new ones. */
  async #newest(session: Session, telling: Telling): Promise<readonly SealedMail[]> {
    const newest: SealedMail[] = []
    for (let before: string | null = null; ;) {
      const { mails, next }: SealedPage = await this.#page(session, before)
      newest.push(...mails)
      const oldest = mails.at(-1)
      const hasMore = next !== null && oldest !== undefined
      if (telling === 'noted') {
        this.#sinceMs = hasMore ? oldest.sentAt : -Infinity
        return newest
      }
      const isNew = hasMore && oldest.sentAt >= this.#sinceMs && !this.#known.has(wishOf(oldest))
      if (!isNew || newest.length >= limits.arrivalsTold) return newest
      before = next
    }
  }

  #page(session: Session, before: string | null): Promise<SealedPage> {
    const query = { folder: 'inbox', limit: limits.arrivalsLooked, before, offset: 0 } as const
    return this.#context.ask(session, (api) => api.list(query))
  }

  #take(mail: SealedMail, telling: Telling): void {
    const wish = wishOf(mail)
    if (this.#known.has(wish)) return
    this.#known.set(wish, telling)
    if (telling === 'told' && !mail.read && mail.sentAt >= this.#sinceMs) this.#announce(mail)
  }
}

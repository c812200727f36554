import type { TrashQuery } from '../api/contract.ts'
import { QuintetError } from '../core/model/errors.ts'
import type { UpdateId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { Meant } from '../core/model/meant.ts'
import type { BulkMark } from '../core/model/mailbox-changes.ts'
import type { ClientContext } from './client-context.ts'
import type { Session } from './session.ts'

const msPerDay = 86_400_000
/** Everything that was put into the trash up to now, whatever the servers' clocks say. */
const always = Number.MAX_SAFE_INTEGER

/** Marks and deletes mails, and empties the trash of what has been in it for `limits.trashDays`. */
export class Marking {
  readonly #context: ClientContext
  #stopTimer: () => void = () => undefined

  constructor(context: ClientContext) {
    this.#context = context
    context.listen({
      loggedIn: () => {
        this.#lookThroughTrash()
      },
      loggedOut: () => {
        this.#stopTimer()
      },
    })
  }

  /** As few updates as `limits.marksPerUpdate` allows; returns them. NO_SUCH_MAIL when the person has none of an update's mails. */
  async mark(mails: readonly UpdateId[], mark: BulkMark): Promise<readonly UpdateId[]> {
    const session = this.#context.person()
    const different = [...new Set(mails)]
    if (different.length > limits.markedAtOnce)
      throw new QuintetError('TOO_MANY', `At most ${limits.markedAtOnce} mails can be marked at once.`)
    return this.#markMeant(session, await this.#context.shownTags.meant(different), mark)
  }

  async #markMeant(session: Session, mails: readonly Meant[], mark: BulkMark): Promise<readonly UpdateId[]> {
    const updates: UpdateId[] = []
    for (let start = 0; start < mails.length; start += limits.marksPerUpdate) {
      const word = session.marks(mark, mails.slice(start, start + limits.marksPerUpdate))
      updates.push((await this.#context.say(session, word)).update)
    }
    return updates
  }

  /** Deletes all that is in the trash. */
  emptyTrash(): Promise<void> {
    return this.#deleteTrashed({ beforeMs: always, forMs: null })
  }

  async #deleteTrashed(which: TrashQuery): Promise<void> {
    const session = this.#context.person()
    for (;;) {
      const mails = await this.#context.ask(session, (api) => api.trashed(which))
      if (mails.length === 0) return
      await this.#markMeant(session, mails, 'delete')
    }
  }

  /**
   * By the person's own client and with the person's signature, as every deletion: a replica cannot do it. When nobody
   * logs in for long the trash waits. What fails is tried at the next turn. Both this machine's clock and the server's have to say that the
   * time is over: one that is years ahead must not empty the trash.
   */
  #lookThroughTrash(): void {
    this.#stopTimer()
    const { clock } = this.#context.ports
    const session = this.#context.session
    const forMs = limits.trashDays * msPerDay
    this.#deleteTrashed({ beforeMs: Math.max(0, clock.nowMs() - forMs), forMs })
      .catch(() => undefined)
      .finally(() => {
        if (this.#context.session !== session) return
        this.#stopTimer = clock.after(limits.trashEveryMs, () => {
          this.#lookThroughTrash()
        })
      })
  }
}

import { QuintetError } from '../core/model/errors.ts'
import type { UpdateId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { Meant } from '../core/model/meant.ts'
import type { BulkMark } from '../core/model/mailbox-changes.ts'
import type { ClientContext } from './client-context.ts'
import type { Session } from './session.ts'

const msPerDay = 86_400_000

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
      const submission = await session.marks(mark, mails.slice(start, start + limits.marksPerUpdate))
      updates.push((await this.#context.submit(session, submission)).update)
    }
    return updates
  }

  /** Deletes what was put into the trash before `beforeMs` (milliseconds since 1970). */
  async emptyTrash(beforeMs: number): Promise<void> {
    const session = this.#context.person()
    for (;;) {
      const mails = await this.#context.ask(session, (api) => api.trashed({ beforeMs }))
      if (mails.length === 0) return
      await this.#markMeant(session, mails, 'delete')
    }
  }

  /**
   * By the person's own client and with the person's signature, as every deletion: a replica cannot do it. When nobody
   * logs in for long the trash waits. What fails is tried at the next turn.
   */
  #lookThroughTrash(): void {
    this.#stopTimer()
    const { clock } = this.#context.ports
    const session = this.#context.session
    this.emptyTrash(clock.nowMs() - limits.trashDays * msPerDay)
      .catch(() => undefined)
      .finally(() => {
        if (this.#context.session !== session) return
        this.#stopTimer = clock.after(limits.trashEveryMs, () => {
          this.#lookThroughTrash()
        })
      })
  }
}

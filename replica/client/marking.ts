import type { TrashQuery } from '../api/contract.ts'
import { QuintetError } from '../core/model/errors.ts'
import type { UpdateId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { Meant } from '../core/model/meant.ts'
import type { BulkMark } from '../core/model/mailbox-changes.ts'
import type { ClientContext } from './client-context.ts'
import { hearingOf, isCaughtUp, unheardSince } from './reach.ts'
import type { Session } from './session.ts'
import type { Due, TrashDiary } from './trash-diary.ts'

const msPerDay = 86_400_000
/** Everything that was put into the trash up to now, whatever the servers' clocks say. */
const everything: TrashQuery = { beforeMs: Number.MAX_SAFE_INTEGER, forMs: null, among: null }

/** Marks and deletes mails, and empties the trash of what has been in it for `limits.trashDays`. */
export class Marking {
  readonly #context: ClientContext
  readonly #diary: TrashDiary
  #stopTimer: () => void = () => undefined
  #isLooking = false
  #isAsked = false

  constructor(context: ClientContext, diary: TrashDiary) {
    this.#context = context
    this.#diary = diary
    context.listen({
      loggedIn: () => {
        this.#lookThroughTrash()
      },
      loggedOut: () => {
        this.#stopTimer()
      },
      connected: () => void this.#lookForRest(),
      event: ({ event }) => {
        if (event === 'mailbox') void this.#lookForRest()
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
      const some = mails.slice(start, start + limits.marksPerUpdate)
      const { update, clock } = await this.#context.say(session, session.marks(mark, some))
      updates.push(update)
      // It is done: that it cannot be noted means that the mail stays in the trash until somebody empties that.
      await this.#diary.note(session, mark, some, clock).catch(() => undefined)
    }
    return updates
  }

  /**
   * Deletes all that is in the trash, and what this server does not show there yet, as soon as it does. But not what the person has taken out, as long as
   * the server may not have heard of that.
   */
  async emptyTrash(): Promise<void> {
    const session = this.#context.person()
    const untilMs = await this.#diary.now(session)
    for (;;) {
      const shown = await this.#context.ask(session, (api) => api.trashed(everything))
      const mails = shown.filter((mail) => !this.#diary.isTakenOut(mail))
      const isUpToDate = mails.length < shown.length && (await this.#isUpToDate(session))
      const deleted = isUpToDate ? shown : mails
      if (deleted.length === 0) break
      await this.#markMeant(session, deleted, 'delete')
    }
    await this.#diary.emptied(session, untilMs)
  }

  async #isUpToDate(session: Session): Promise<boolean> {
    const before = await hearingOf(this.#context, session)
    const unheard = await unheardSince(this.#context, session, before)
    return unheard.length === 0 && (await isCaughtUp(this.#context, session))
  }

  /** Of what the person is known to have put there. What was put there otherwise, as by an earlier version, the person deletes. */
  async #deleteOld(session: Session): Promise<void> {
    const forMs = limits.trashDays * msPerDay
    const beforeMs = Math.max(0, this.#context.ports.clock.nowMs() - forMs)
    await this.#deleteDue(session, await this.#diary.before(session, beforeMs), { beforeMs, forMs })
    await this.#deleteDue(session, await this.#diary.rest(session), everything)
  }

  /** Those of them that are in the trash. */
  async #deleteDue(session: Session, due: Due, { beforeMs, forMs }: Omit<TrashQuery, 'among'>): Promise<void> {
    const { ids } = due
    for (let start = 0; start < ids.length; start += limits.marksPerUpdate) {
      const among = ids.slice(start, start + limits.marksPerUpdate)
      const mails = await this.#context.ask(session, (api) => api.trashed({ beforeMs, forMs, among }))
      const known = mails.filter((mail) => due.has(mail))
      if (known.length > 0) await this.#markMeant(session, known, 'delete')
    }
  }

  /** What was in the trash when that was emptied may have come. Several that come at once are looked at together. */
  async #lookForRest(): Promise<void> {
    this.#isAsked = true
    if (this.#isLooking) return
    this.#isLooking = true
    while (this.#isAsked) {
      this.#isAsked = false
      const { session } = this.#context
      // What fails is tried when something comes next, and in an hour.
      if (session !== null)
        await this.#diary
          .rest(session)
          .then((due) => this.#deleteDue(session, due, everything))
          .catch(() => undefined)
    }
    this.#isLooking = false
  }

  /**
   * By the person's own client and with the person's signature, as every deletion: a replica cannot do it, nor have it done to what the person did not put
   * there. When nobody logs in for long the trash waits. What fails is tried at the next turn. Both this machine's clock and the server's have to say that the
   * time is over: one that is years ahead must not empty the trash.
   */
  #lookThroughTrash(): void {
    this.#stopTimer()
    const { clock } = this.#context.ports
    const { session } = this.#context
    if (session === null) return
    this.#deleteOld(session)
      .catch(() => undefined)
      .finally(() => {
        if (this.#context.session !== session) return
        this.#stopTimer = clock.after(limits.trashEveryMs, () => {
          this.#lookThroughTrash()
        })
      })
  }
}

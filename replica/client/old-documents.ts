import type { ForgettableInfo } from '../api/contract.ts'
import { msToClock } from '../core/model/clock.ts'
import { limits } from '../core/model/limits.ts'
import { encodeForgettingPayload, inOrder } from '../wire/mailbox-payloads.ts'
import type { ClientContext } from './client-context.ts'
import { ownDocuments } from './own-documents.ts'
import { isCaughtUp, isTogether } from './reach.ts'
import type { Session } from './session.ts'

const msPerDay = 86_400_000

/**
 * Lets drafts, waiting mails and files be forgotten that were deleted long ago: every server would remember for as long as the account exists that
 * they were. By the person's own client and with the person's signature, because of what is not named nothing is left.
 */
export class OldDocuments {
  readonly #context: ClientContext
  #stopTimer = (): void => undefined

  constructor(context: ClientContext) {
    this.#context = context
    context.listen({
      loggedIn: () => {
        this.#look()
      },
      loggedOut: () => {
        this.#stopTimer()
      },
    })
  }

  /** Nobody waits for it: what fails is tried at the next turn. A server of a former version does not know the question. */
  #look(): void {
    this.#stopTimer()
    const { ports, session } = this.#context
    if (session === null) return
    this.#forget(session)
      .catch(() => undefined)
      .finally(() => {
        if (!this.#context.isPresent(session)) return
        this.#stopTimer = ports.clock.after(limits.forgetEveryMs, () => {
          this.#look()
        })
      })
  }

  async #forget(session: Session): Promise<void> {
    if ((await this.#forgettable(session)) === null) return
    // In a split a draft may be on the other side, however long that lasts.
    if (!(await isTogether(this.#context, session)) || !(await isCaughtUp(this.#context, session))) return
    // Once more: with what has come until then.
    const found = await this.#forgettable(session)
    if (found === null) return
    const documents = inOrder([...new Set([...found.left, ...Object.values(ownDocuments)])])
    if (documents.length > limits.forgettingDocuments) return
    const fields = { saidUpTo: found.saidUpTo, documents }
    const forgetting = await session.change('forgetting', (signer) => encodeForgettingPayload({ ...signer, ...fields }))
    await this.#context.submit(session, forgetting)
  }

  /** Null where it is not worth it, or the server is not this machine's own: one that hides a draft would have it gone by the person's own word. */
  async #forgettable(session: Session): Promise<ForgettableInfo | null> {
    const forMs = limits.forgottenDays * msPerDay
    const beforeMs = Math.max(0, this.#context.ports.clock.nowMs() - forMs)
    const found = await this.#context.ask(session, (api) => api.forgettable({ beforeMs, forMs }))
    if (found === null || found.deleted < limits.forgottenAtLeast || !this.#context.link.isAtHome) return null
    return { ...found, saidUpTo: Math.min(found.saidUpTo, msToClock(beforeMs)) }
  }
}

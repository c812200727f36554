import type { ForgettableInfo, ReplicaApi } from '../api/contract.ts'
import { msToClock } from '../core/model/clock.ts'
import { limits } from '../core/model/limits.ts'
import { encodeForgettingPayload, inOrder } from '../wire/mailbox-payloads.ts'
import type { ClientContext } from './client-context.ts'
import { ownDocuments } from './own-documents.ts'
import { hasAllItKnows, isCaughtUp, isTogether } from './reach.ts'
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
    const { link } = this.#context
    if ((await this.#forgettable(session)) === null) return
    // In a split a draft may be on the other side, however long that lasts.
    if (!(await isTogether(this.#context, session)) || !(await isCaughtUp(this.#context, session))) return
    // Once more: with what has come until then.
    const found = await this.#forgettable(session)
    const confirmed = found === null || link.isAtHome === true ? found : await this.#confirmed(found)
    if (confirmed === null) return
    const documents = inOrder([...new Set([...confirmed.left, ...Object.values(ownDocuments)])])
    if (documents.length > limits.forgettingDocuments) return
    const fields = { saidUpTo: confirmed.saidUpTo, documents }
    const forgetting = await session.change('forgetting', (signer) => encodeForgettingPayload({ ...signer, ...fields }))
    await this.#context.submit(session, forgetting)
  }

  /** Null where it is not worth it, or the server is not this machine's own, which has one. */
  async #forgettable(session: Session): Promise<ForgettableInfo | null> {
    const found = await this.#context.ask(session, (api) => api.forgettable(this.#query()))
    const isWorthIt = found !== null && found.deleted >= limits.forgottenAtLeast
    return isWorthIt && this.#context.link.isAtHome !== false ? this.#limited(found) : null
  }

  /**
   * With what a second server has besides, for a machine that has none: one that hides a draft would have it gone by the person's own word. Null where
   * none confirms it.
   */
  async #confirmed(found: ForgettableInfo): Promise<ForgettableInfo | null> {
    const { link } = this.#context
    for (const server of await link.others()) {
      const other = await link.askAt(server, (api) => this.#askSecond(api)).catch(() => null)
      if (other === null) continue
      return { ...found, saidUpTo: Math.min(found.saidUpTo, other.saidUpTo), left: [...found.left, ...other.left] }
    }
    return null
  }

  /** Null where it lacks something that it knows of. */
  async #askSecond(api: ReplicaApi): Promise<ForgettableInfo | null> {
    const found = await api.forgettable(this.#query())
    return found === null || !hasAllItKnows(await api.status()) ? null : this.#limited(found)
  }

  #query(): { readonly beforeMs: number; readonly forMs: number } {
    const forMs = limits.forgottenDays * msPerDay
    return { beforeMs: Math.max(0, this.#context.ports.clock.nowMs() - forMs), forMs }
  }

  /** By this machine's clock, too. */
  #limited(found: ForgettableInfo): ForgettableInfo {
    return { ...found, saidUpTo: Math.min(found.saidUpTo, msToClock(this.#query().beforeMs)) }
  }
}

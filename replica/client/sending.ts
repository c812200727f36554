import { LRUCache } from 'lru-cache'

import type { Accepted, Submission } from '../api/contract.ts'
import { QuintetError } from '../core/model/errors.ts'
import { isEveryone } from '../core/model/everyone.ts'
import type { AccountId, CommandId, DocumentId, UpdateId } from '../core/model/ids.ts'
import { tagOf } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { BoundedWork, InOrder } from './bounded-work.ts'
import type { Attachments } from './attachments.ts'
import { eachOnce, everybody, UnknownNames, type NamedRecipient } from './account-directory.ts'
import type { ClientContext } from './client-context.ts'
import type { KnownPeople } from './known-people.ts'
import { checkRecipients, checkSize, type WholeLetter } from './letters.ts'
import type { Recipient } from './mail-sealer.ts'
import { isTogether } from './reach.ts'
import type { Session } from './session.ts'
import { snippetOf } from './snippet.ts'
import { Unanswered } from './unanswered.ts'

export interface MailWish {
  readonly command: CommandId
  /** Who must be among those to whom the letter's names lead now. */
  readonly meant: readonly AccountId[]
}

interface Addresses {
  /** Those whose names are in the letter: whoever writes to all means whoever that is. */
  readonly written: readonly NamedRecipient[]
  /** The addressed ones first, then those who have a copy. */
  readonly recipients: readonly Recipient[]
  readonly addressed: number
}

interface SendingPorts {
  readonly attachments: Attachments
  readonly people: KnownPeople
}

/** Seals mails and gives them to the replica, in the order in which they were asked for. */
export class Sending {
  readonly #context: ClientContext
  readonly #attachments: Attachments
  readonly #people: KnownPeople
  readonly #order = new InOrder()
  readonly #sealing = new BoundedWork(limits.mailsAtOnce)
  /** Of mails that were seen. */
  readonly #conversations = new LRUCache<UpdateId, UpdateId>({ max: limits.cachedIds })
  #sends = 0

  constructor(context: ClientContext, { attachments, people }: SendingPorts) {
    this.#context = context
    this.#attachments = attachments
    this.#people = people
  }

  /** Notes in which conversation a mail is, so that an answer to it need not ask. */
  noteConversation(mail: UpdateId, conversation: UpdateId): void {
    this.#conversations.set(mail, conversation)
  }

  /**
   * Durable when fulfilled, and carried out once for each `command`. NO_SUCH_ACCOUNT (as `UnknownNames`, or when a name does not lead to
   * whom it meant any more), NAME_CHANGED_HANDS, TOO_MANY, TOO_LARGE, NO_SUCH_ATTACHMENT, BUSY.
   */
  async send(session: Session, letter: WholeLetter, { command, meant }: MailWish): Promise<UpdateId> {
    if (this.#sends >= limits.requestsInFlight) {
      throw new QuintetError(
        'BUSY',
        `${limits.requestsInFlight} mails are on their way already: wait for some of them.`,
      )
    }
    this.#sends += 1
    const seal = async (): Promise<Submission> => {
      const [{ recipients, addressed }, conversation] = await Promise.all([
        this.#checkedAddresses(session, letter, meant),
        this.#conversationOf(session, letter.inReplyTo),
      ])
      const { subject, body, inReplyTo, attachments } = letter
      const files = attachments.length === 0 ? [] : await this.#attachments.load(session, attachments)
      checkSize(
        body,
        files.map(({ name, bytes }) => ({ name, size: bytes.length })),
      )
      const content = { subject, snippet: snippetOf(body), addressed, inReplyTo, body, files }
      return session.mail({ ...content, command, to: recipients, conversation })
    }
    try {
      const { update } = await this.#order.run(
        () => this.#sealing.run(seal),
        (submission) => this.#submit(session, submission, letter, seal),
      )
      this.#context.shownTags.note(update, tagOf(command))
      this.#context.noteSent(session, update)
      if (letter.attachments.length > 0) await this.#removeFiles(session, letter.attachments).catch(() => undefined)
      return update
    } finally {
      this.#sends -= 1
    }
  }

  /** Whether a letter's names lead to whom it is meant for: as `send`, of which nothing else is done. NO_SUCH_ACCOUNT, NAME_CHANGED_HANDS. */
  async check(session: Session, letter: WholeLetter, { meant }: MailWish): Promise<void> {
    await this.#checkedAddresses(session, letter, meant)
  }

  /**
   * The mail has them. On the other side of a split its draft may have been written on, or wait for a name: they stay for that, as when this fails, and are
   * removed when no letter has named them for long.
   */
  async #removeFiles(session: Session, files: readonly DocumentId[]): Promise<void> {
    if (await isTogether(this.#context, session)) await this.#attachments.remove(session, files)
  }

  async #checkedAddresses(session: Session, letter: WholeLetter, meant: MailWish['meant']): Promise<Addresses> {
    const addresses = await this.#addresses(session, letter)
    checkMeant(meant, addresses.recipients)
    await this.#people.meet(
      session,
      addresses.written.map(({ name, recipient }) => [name, recipient.account]),
    )
    return addresses
  }

  async #addresses(session: Session, { to, cc }: WholeLetter): Promise<Addresses> {
    const isToAll = [...to, ...cc].some(isEveryone)
    const all = isToAll ? await this.#everyone(session) : []
    const namesOf = (names: readonly string[]): readonly string[] =>
      names.flatMap((name) => (isEveryone(name) ? all : [name]))
    const [addressedNames, copyNames] = [namesOf(to), namesOf(cc)]
    checkRecipients(new Set([...addressedNames, ...copyNames]).size)
    const { directory, groupId } = this.#context
    // All at once, so that a failure names all that are unknown.
    const found = await directory.recipients(groupId, [...addressedNames, ...copyNames])
    const written = isToAll ? found.filter(({ name }) => to.includes(name) || cc.includes(name)) : found
    const addressed = eachOnce(found.slice(0, addressedNames.length)).length
    return { written, recipients: eachOnce(found), addressed }
  }

  /** All others; who is alone writes to nobody but oneself. */
  async #everyone({ account }: Session): Promise<readonly string[]> {
    const people = await everybody(this.#context, '*')
    const others = people.filter((person) => person.account !== account)
    return (others.length > 0 ? others : people).map(({ name }) => name)
  }

  /** Of an answer, also to a mail that has been deleted since. */
  async #conversationOf(session: Session, inReplyTo: UpdateId | null): Promise<UpdateId | null> {
    if (inReplyTo === null) return null
    const known = this.#conversations.get(inReplyTo)
    if (known !== undefined) return known
    try {
      const { conversation } = await this.#context.ask(session, (api) => api.fetch({ mail: inReplyTo }))
      return conversation ?? inReplyTo
    } catch (error) {
      if (error instanceof QuintetError && ['NO_SUCH_MAIL', 'DAMAGED'].includes(error.code)) return inReplyTo
      throw error
    }
  }

  /** An account that the directory remembers can be gone, or its name be another's: then once more, with what is true now. */
  async #submit(
    session: Session,
    submission: Submission,
    { to, cc }: WholeLetter,
    seal: () => Promise<Submission>,
  ): Promise<Accepted> {
    try {
      return await this.#context.submit(session, submission)
    } catch (error) {
      const isOpen = error instanceof Unanswered
      const refusal = isOpen ? error.refusal : error
      if (!(refusal instanceof QuintetError) || refusal.code !== 'NO_SUCH_ACCOUNT') throw error
      if ([...to, ...cc].some(isEveryone)) this.#context.directory.forgetAll()
      this.#context.directory.forget([...to, ...cc])
      return this.#context.submit(session, await (isOpen ? seal().catch(asKnownElsewhere) : seal()))
    }
  }
}

/** The mail may have been sent by a server that knew them. */
const asKnownElsewhere = (error: unknown): never => {
  throw error instanceof UnknownNames ? new UnknownNames(error.names, 'elsewhere') : error
}

/** A name can become somebody else's when a partition heals, and what was written to the former one is not for them. */
const checkMeant = (meant: readonly AccountId[], recipients: readonly Recipient[]): void => {
  const accounts = new Set(recipients.map(({ account }) => account))
  if (meant.every((account) => accounts.has(account))) return
  const message = "One of its names is somebody else's by now. Take it back, and look whom it is for."
  throw new QuintetError('NO_SUCH_ACCOUNT', message)
}

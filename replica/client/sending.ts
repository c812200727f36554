import type { Accepted, Submission } from '../api/contract.ts'
import { QuintetError } from '../core/model/errors.ts'
import type { UpdateId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { utf8 } from '../wire/bytes.ts'
import { BoundedWork, InOrder } from './bounded-work.ts'
import type { ClientContext } from './client-context.ts'
import type { Letter } from './contract/mailbox.ts'
import type { Recipient } from './mail-sealer.ts'
import { normalName } from './session.ts'

/** Seals mails and gives them to the replica, in the order in which they were asked for. */
export class Sending {
  readonly #context: ClientContext
  readonly #order = new InOrder()
  readonly #sealing = new BoundedWork(limits.mailsAtOnce)
  #sends = 0

  constructor(context: ClientContext) {
    this.#context = context
  }

  /** Durable when fulfilled. NO_SUCH_ACCOUNT, BUSY, and what is wrong with the letter. */
  async send({ to, subject, body }: Letter): Promise<UpdateId> {
    const session = this.#context.person()
    const names = checkedNames(to)
    checkContent(subject, body)
    if (this.#sends >= limits.requestsInFlight) {
      throw new QuintetError(
        'BUSY',
        `${limits.requestsInFlight} mails are on their way already: wait for some of them.`,
      )
    }
    this.#sends += 1
    const seal = (recipients: readonly Recipient[]): Promise<Submission> =>
      session.mail({ to: recipients, subject, body })
    try {
      const { update } = await this.#order.run(
        () => this.#sealing.run(async () => seal(await this.#recipients(names))),
        (submission) => this.#submit(submission, names, seal),
      )
      return update
    } finally {
      this.#sends -= 1
    }
  }

  #recipients(names: readonly string[]): Promise<readonly Recipient[]> {
    return this.#context.directory.recipients(this.#context.groupId, names)
  }

  /** An account that the directory remembers can be gone, or its name be another's: then once more, with what is true now. */
  async #submit(
    submission: Submission,
    names: readonly string[],
    seal: (recipients: readonly Recipient[]) => Promise<Submission>,
  ): Promise<Accepted> {
    try {
      return await this.#context.submit(submission)
    } catch (error) {
      if (!(error instanceof QuintetError) || error.code !== 'NO_SUCH_ACCOUNT') throw error
      this.#context.directory.forget(names)
      return this.#context.submit(await seal(await this.#recipients(names)))
    }
  }
}

/** Different names, in the order given. TOO_MANY, BAD_REQUEST, BAD_NAME. */
const checkedNames = (to: readonly string[]): readonly string[] => {
  const names = [...new Set(to.map(normalName))]
  if (names.length === 0) throw new QuintetError('BAD_REQUEST', 'A mail needs at least one recipient.')
  if (names.length > limits.recipients) {
    throw new QuintetError(
      'TOO_MANY',
      `A mail can have ${limits.recipients} recipients at most; this one has ${names.length}.`,
    )
  }
  return names
}

const checkContent = (subject: string, body: string): void => {
  if (subject.length > limits.subjectChars && Array.from(subject).length > limits.subjectChars) {
    throw new QuintetError('TOO_LARGE', `A subject can have ${limits.subjectChars} characters at most.`)
  }
  if (body.length > limits.bodyBytes || utf8(body).length > limits.bodyBytes) {
    throw new QuintetError('TOO_LARGE', `A body can have ${limits.bodyBytes} bytes at most.`)
  }
}

import type { ClientEvent } from '../../replica/client/contract/events.ts'
import type { MailClient } from '../../replica/client/contract/mail-client.ts'

const pauseMs = 250
/** After these calls there may be more or fewer unread mails. */
const countingMethods: ReadonlySet<string> = new Set(['read', 'mark', 'delete', 'deleteMany', 'emptyTrash'])

/** The mailbox as it is counted. */
export interface CountedMailbox {
  readonly isOpen: boolean
  readonly client: Pick<MailClient, 'loggedInAs' | 'counts'>
}

/** How much is unread, asked for when something happened, and not more often than every `pauseMs`. */
export class UnreadCount {
  readonly #mailbox: CountedMailbox
  readonly #tell: (unread: number) => void
  #timer: NodeJS.Timeout | null = null

  constructor(mailbox: CountedMailbox, tell: (unread: number) => void) {
    this.#mailbox = mailbox
    this.#tell = tell
  }

  hear({ event }: ClientEvent): void {
    if (event === 'mail' || event === 'mailbox' || event === 'connected') this.recount()
  }

  called(method: string): void {
    if (countingMethods.has(method)) this.recount()
  }

  recount(): void {
    if (this.#timer !== null) return
    this.#timer = setTimeout(() => {
      this.#timer = null
      // While no server answers, what was known stays.
      void this.#ask().then(this.#tell, () => undefined)
    }, pauseMs)
  }

  /** Nobody who is logged in has nothing unread. */
  async #ask(): Promise<number> {
    if (!this.#mailbox.isOpen) return 0
    const { client } = this.#mailbox
    if (client.loggedInAs === null) return 0
    return (await client.counts()).unread
  }
}

import type { UpdateId } from '../model/ids.ts'
import type { MailEntry } from './mail-entry.ts'

/** The mails that answer, by the first mail of their conversation. */
export class Conversations {
  readonly #answers = new Map<UpdateId, MailEntry[]>()

  add(mail: MailEntry): void {
    if (mail.conversation === null) return
    const answers = this.#answers.get(mail.conversation)
    if (answers === undefined) this.#answers.set(mail.conversation, [mail])
    else answers.push(mail)
  }

  remove(mail: MailEntry): void {
    if (mail.conversation === null) return
    const answers = (this.#answers.get(mail.conversation) ?? []).filter((answer) => answer !== mail)
    if (answers.length === 0) this.#answers.delete(mail.conversation)
    else this.#answers.set(mail.conversation, answers)
  }

  /** In no order. */
  answers(conversation: UpdateId): readonly MailEntry[] {
    return this.#answers.get(conversation) ?? []
  }

  /** One text for all mails of a conversation, so that each does not hold its own. */
  shared(conversation: UpdateId | null): UpdateId | null {
    const first = conversation === null ? undefined : this.#answers.get(conversation)?.[0]
    return first === undefined ? conversation : first.conversation
  }
}

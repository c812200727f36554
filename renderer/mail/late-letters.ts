import type { DocumentId, OutboxEntry } from '../../replica/client/contract/mailbox.ts'
import { gathering } from '../base/gathering.ts'
import { showWarning, type ToastAction } from '../base/toasts.ts'
import { client, onClientEvent } from '../bridge.ts'
import { text } from '../locales/i18n.ts'
import { shownNames } from '../people/person-words.ts'
import { isLate, outboxWords } from './outbox-words.ts'

const gatheringMs = 300

/** Follows letters of which was said that they leave in a moment, and warns of one that does not. Returns the function that begins with one. */
export const followLetters = (seeOutbox: ToastAction): ((outbox: DocumentId) => void) => {
  /** How the warning is taken away; null while there is none. */
  const followed = new Map<DocumentId, (() => void) | null>()

  const leave = (outbox: DocumentId): void => {
    followed.get(outbox)?.()
    followed.delete(outbox)
  }
  const warnOf = ({ to, cc, reason }: OutboxEntry): (() => void) => {
    const happened = text('mail.notLeft', { names: shownNames([...to, ...cc]) })
    return showWarning(happened, outboxWords(reason, Date.now()), seeOutbox)
  }
  const look = async (): Promise<void> => {
    const waiting = new Map((await client.outbox()).entries.map((entry) => [entry.outbox, entry]))
    for (const [outbox, end] of followed) {
      const entry = waiting.get(outbox)
      if (entry === undefined) leave(outbox)
      else if (end === null && isLate(entry.reason)) followed.set(outbox, warnOf(entry))
    }
  }
  const lookSoon = gathering(() => {
    // The outbox shows it all the same.
    look().catch(() => undefined)
  }, gatheringMs)

  onClientEvent((event) => {
    if (event.event === 'sent') leave(event.outbox)
    if (event.event === 'mailbox' && followed.size > 0) lookSoon()
  })
  return (outbox) => {
    followed.set(outbox, null)
  }
}

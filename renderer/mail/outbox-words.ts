import type { OutboxReason } from '../../replica/client/contract/mailbox.ts'
import { formatList, formatNumber, text } from '../locales/i18n.ts'

const secondMs = 1_000

/** Why an entry has not left, and what makes it leave. */
export const outboxWords = (reason: OutboxReason, nowMs: number): string => {
  switch (reason.kind) {
    case 'held': {
      const seconds = Math.max(Math.ceil((reason.until - nowMs) / secondMs), 0)
      return text('mail.outbox.held', { seconds: formatNumber(seconds) })
    }
    case 'unknownNames':
      return text('mail.outbox.unknownNames', { names: formatList(reason.names) })
    case 'failed':
      return text('mail.outbox.failed', { message: reason.message })
  }
}

import type { OutboxReason } from '../../replica/client/contract/mailbox.ts'
import { formatNumber, text } from '../locales/i18n.ts'
import { isErrorCode } from '../locales/messages.ts'
import { shownNames } from '../people/person-words.ts'
import { shortDate } from './dates.ts'

const secondMs = 1_000

/** Why an entry has not left, and what makes it leave. */
export const outboxWords = (reason: OutboxReason, nowMs: number): string => {
  switch (reason.kind) {
    case 'held': {
      const seconds = Math.max(Math.ceil((reason.until - nowMs) / secondMs), 0)
      return text('mail.outbox.held', { seconds: formatNumber(seconds) })
    }
    case 'unknownNames':
      return text(reason.nobody ? 'mail.outbox.nobody' : 'mail.outbox.unknownNames', {
        names: shownNames(reason.names),
      })
    case 'inDoubt':
      return text('mail.outbox.inDoubt', { until: shortDate(reason.until, nowMs) })
    case 'failed':
      return isToLeave(reason) ? text('mail.outbox.leaving') : text('mail.outbox.failed', { message: remedyOf(reason) })
  }
}

type Failed = Extract<OutboxReason, { readonly kind: 'failed' }>

/** Whether it has not left though its time has come. */
export const isLate = (reason: OutboxReason): boolean =>
  reason.kind === 'unknownNames' || reason.kind === 'inDoubt' || (reason.kind === 'failed' && !isToLeave(reason))

/** Nothing has failed yet: its turn comes. */
const isToLeave = ({ code }: Failed): boolean => code === 'BUSY'

/** In the window's language, where the code is known here. */
const remedyOf = ({ code, message }: Failed): string => (isErrorCode(code) ? text(`errors.${code}`) : message)

import type { Removal } from '../../replica/client/contract/mailbox.ts'
import type { ServerId } from '../../replica/core/model/ids.ts'
import { formatList, formatNumber, text, textOf } from '../locales/i18n.ts'

/** "Removed on 4 of 5, waiting for Galley." For several deletions: what is true of all of them. Empty for none. */
export const removalWords = (removals: readonly Removal[], nameOf: (server: ServerId) => string): string => {
  if (removals.length === 0) return ''
  const waitingFor = new Set(removals.flatMap((removal) => removal.waitingFor))
  const seats = new Set(removals.flatMap(({ removedOn, waitingFor: waiting }) => [...removedOn, ...waiting]))
  const mails = textOf('mail.removal.mails', removals.length)
  if (waitingFor.size === 0) return text('mail.removal.everywhere', { mails, seats: formatNumber(seats.size) })
  return text('mail.removal.waiting', {
    mails,
    removed: formatNumber(seats.size - waitingFor.size),
    seats: formatNumber(seats.size),
    names: formatList([...waitingFor].map(nameOf)),
  })
}

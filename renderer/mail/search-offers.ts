import type { MessageKey } from '../locales/messages.ts'

/** What can be looked for without knowing how it is written. */
export interface SearchOffer {
  readonly label: MessageKey
  readonly query: string
}

/** `nowMs`: milliseconds since 1970. */
export const searchOffers = (nowMs: number): readonly SearchOffer[] => {
  const now = new Date(nowMs)
  const monthOf = (monthsAgo: number): string => {
    const first = new Date(now.getFullYear(), now.getMonth() - monthsAgo, 1)
    return `${first.getFullYear()}-${String(first.getMonth() + 1).padStart(2, '0')}`
  }
  return [
    { label: 'mail.search.unread', query: 'is:unread' },
    { label: 'mail.search.starred', query: 'is:starred' },
    { label: 'mail.search.thisMonth', query: `after:${monthOf(0)}` },
    { label: 'mail.search.lastMonth', query: `after:${monthOf(1)} before:${monthOf(0)}` },
    { label: 'mail.search.sent', query: 'in:sent' },
  ]
}

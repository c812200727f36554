import type { ServerId } from '../../replica/core/model/ids.ts'
import { formatNumber, text, textOf } from '../locales/i18n.ts'

/**
 * What the holders of a mail mean for it, in words. `seats`: how many seats are in use. With k holders any k - 1 machines may break.
 */
export const safetyWords = (holders: readonly ServerId[], seats: number): string => {
  const held = holders.length
  if (held <= 1) return text('mail.safety.here')
  if (held >= seats) {
    return seats === 5 ? text('mail.safety.allFive') : text('mail.safety.all', { seats: formatNumber(seats) })
  }
  const words = { held: formatNumber(held), seats: formatNumber(seats), survives: formatNumber(held - 1) }
  return textOf('mail.safety.some', held - 1, words)
}

/** How much of the mark's meaning is reached: for its colour. */
export const safetyLevel = (held: number, seats: number): 'here' | 'some' | 'all' => {
  if (held >= seats) return 'all'
  return held <= 1 ? 'here' : 'some'
}

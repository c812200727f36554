import type { ServerId } from '../../replica/core/model/ids.ts'
import { formatNumber, text, textOf } from '../locales/i18n.ts'

/**
 * What the holders of a mail mean for it, in words. `seats`: how many seats are in use. With k holders any k - 1 machines may break.
 * `alone`: the name of the machine that has it alone; null where that is this one.
 */
export const safetyWords = (holders: readonly ServerId[], seats: number, alone: string | null = null): string => {
  const held = holders.length
  if (held === 0) return text('mail.safety.nowhere')
  if (held === 1) return alone === null ? text('mail.safety.here') : text('mail.safety.there', { name: alone })
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

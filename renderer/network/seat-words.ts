import type { NetworkSeat } from '../../replica/client/contract/group.ts'
import { timeOfDay } from '../mail/dates.ts'
import { pastTime } from '../base/moments.ts'
import { currentLocale, formatNumber, text, textOf } from '../locales/i18n.ts'

const dayMs = 86_400_000

export const lagWords = (lagMs: number): string => {
  const shown = new Intl.NumberFormat(currentLocale.value, { maximumFractionDigits: lagMs < 10 ? 1 : 0 }).format(lagMs)
  return text('network.lag', { ms: shown })
}

/** The machine's name, or that the seat is free. */
export const seatName = ({ server, machine }: NetworkSeat): string => machine ?? text('network.freeSeat', { server })

/** When it was seen last: the time of the last day, how long ago before. */
export const seenTime = (lastSeenAt: number | null, nowMs: number): string => {
  if (lastSeenAt === null) return text('network.neverSeen')
  return nowMs - lastSeenAt < dayMs ? timeOfDay(lastSeenAt) : pastTime(lastSeenAt, nowMs)
}

/** Empty for a seat that nobody has, and for the server that is asked. */
export const seenWords = ({ state, lastSeenAt }: NetworkSeat, nowMs: number): string =>
  state === 'free' || state === 'here' ? '' : seenTime(lastSeenAt, nowMs)

/** A seat's state in one short line, as under its picture. */
export const stateWords = (seat: NetworkSeat, nowMs: number): string => {
  switch (seat.state) {
    case 'here':
      return text('network.states.here')
    case 'connected':
      return seat.lagMs === null ? text('network.states.connected') : lagWords(seat.lagMs)
    case 'unreachable':
      return seat.lastSeenAt === null
        ? text('network.neverSeen')
        : text('network.seenAt', { time: seenTime(seat.lastSeenAt, nowMs) })
    case 'paused':
      return text('network.states.paused')
    case 'free':
      return stateName(seat)
  }
}

/** A seat's state in a word. A seat that is promised is nobody's yet, and not to be had. */
export const stateName = ({ state, promised }: NetworkSeat): string =>
  text(promised === null ? `network.states.${state}` : 'network.states.promised')

/** What it holds of what there is. */
export const behindWords = ({ state, behind }: NetworkSeat): string => {
  if (behind === 0) return text('network.holdsAll')
  const words = textOf('network.lacks', behind)
  return state === 'unreachable' || state === 'paused' ? text('network.atLeast', { what: words }) : words
}

/** How far off its clock is, in the greatest unit; null when it is not. */
export const clockWords = ({ clockOffMs }: NetworkSeat): string | null => {
  if (clockOffMs === null) return null
  const minutes = formatNumber(Math.max(1, Math.round(Math.abs(clockOffMs) / 60_000)))
  return text(clockOffMs > 0 ? 'network.clockAhead' : 'network.clockBehind', { minutes })
}

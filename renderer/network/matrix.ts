import type { NetworkSeat } from '../../replica/client/contract/group.ts'
import type { ServerId } from '../../replica/core/model/ids.ts'
import { currentLocale, formatNumber, text } from '../locales/i18n.ts'

/** What one seat is known to hold of another's updates. */
export interface MatrixCell {
  readonly holder: ServerId
  readonly origin: ServerId
  readonly held: number
  /** How many of them exist, as far as any seat is known to hold them. */
  readonly known: number
}

export interface MatrixRow {
  readonly seat: NetworkSeat
  readonly cells: readonly MatrixCell[]
}

/** The knowledge matrix of the seats in use: a row for each that holds, a column for each that wrote. */
export const matrixOf = (seats: readonly NetworkSeat[]): readonly MatrixRow[] => {
  const used = seats.filter(({ state }) => state !== 'free')
  // A seat that nobody has now may have been another machine's, whose updates live on.
  const origins = seats.filter(({ state, server }) => state !== 'free' || knownOf(seats, server) > 0)
  return used.map((seat) => ({
    seat,
    cells: origins.map(({ server }) => ({
      holder: seat.server,
      origin: server,
      held: heldBy(seat, server),
      known: knownOf(seats, server),
    })),
  }))
}

const heldBy = (seat: NetworkSeat, origin: ServerId): number => seat.holds[String(origin)] ?? 0
const knownOf = (seats: readonly NetworkSeat[], origin: ServerId): number =>
  Math.max(0, ...seats.map((seat) => heldBy(seat, origin)))

export const missingOf = ({ held, known }: MatrixCell): number => known - held

/** What the cell shows: that nothing is missing, or how much is. */
export const cellMark = (cell: MatrixCell): string => {
  if (cell.known === 0) return '·'
  return missingOf(cell) === 0 ? '✓' : `−${shortNumber(missingOf(cell))}`
}

/** The whole sentence, for the focus, the pointer and screen readers. */
export const cellWords = (cell: MatrixCell, nameOf: (server: ServerId) => string): string => {
  const names = { holder: nameOf(cell.holder), origin: nameOf(cell.origin) }
  if (cell.known === 0) return text('network.matrix.none', names)
  if (missingOf(cell) === 0) return text('network.matrix.all', { ...names, known: formatNumber(cell.known) })
  return text('network.matrix.some', {
    ...names,
    held: formatNumber(cell.held),
    known: formatNumber(cell.known),
    missing: formatNumber(missingOf(cell)),
  })
}

/** Strength of a cell's colour, 0 (nothing missing) to 1 (a thousand or more): by tens, as few and many differ most. */
export const heatOf = (cell: MatrixCell): number => Math.min(1, Math.log10(1 + missingOf(cell)) / 3)

const shortNumber = (value: number): string =>
  new Intl.NumberFormat(currentLocale.value, { notation: 'compact', maximumFractionDigits: 1 }).format(value)

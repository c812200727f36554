import type { ServerId } from '../../replica/core/model/ids.ts'
import { seatPlaces } from '../shell/seat-places.ts'

/** A seat that can be chosen (`machine` null) or is taken by the machine that is named; without a name, by one that has not told it yet. */
export interface ChoosableSeat {
  readonly server: ServerId
  readonly machine: string | null
}

/** All five, free: those of a group that is being made, or of one of which nothing is known yet. */
export const freeSeats: readonly ChoosableSeat[] = seatPlaces.map(({ server }) => ({
  server: server as ServerId,
  machine: null,
}))

/** Places on a ring in percent of the picture's width and height, the first at the top. */
export const ringPlaces = (count: number): readonly { readonly x: number; readonly y: number }[] =>
  Array.from({ length: count }, (_, index) => {
    const angle = (index / count) * 2 * Math.PI - Math.PI / 2
    return { x: 50 + 36 * Math.cos(angle), y: 53 + 37 * Math.sin(angle) }
  })

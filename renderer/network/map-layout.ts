import type { NetworkSeat } from '../../replica/client/contract/group.ts'

export interface MapPlace {
  /** Percent of the picture's width and height. */
  readonly x: number
  readonly y: number
}

/** `beside`: clusters stand left and right; `above`: one over the other, where it is narrow. */
export type MapDirection = 'beside' | 'above'

/** Whether the seat stands apart: in use, but nothing goes to it or comes from it. */
export const isApart = ({ state }: NetworkSeat): boolean => state === 'unreachable' || state === 'paused'

/** Whether a link to it is live. */
export const isLinked = ({ state }: NetworkSeat): boolean => state === 'here' || state === 'connected'

/**
 * Where each seat stands, in the order of `seats`: on one ring while all are together, on two (what we reach here, what we do not there)
 * while the group is split, so that a partition is seen as what it is.
 */
export const placesOf = (seats: readonly NetworkSeat[], direction: MapDirection): readonly MapPlace[] => {
  const apart = seats.filter(isApart)
  const near = seats.filter((seat) => !isApart(seat))
  const places = new Map<number, MapPlace>()
  const put = (cluster: readonly NetworkSeat[], place: (index: number) => MapPlace): void =>
    cluster.forEach(({ server }, index) => places.set(server, place(index)))

  if (apart.length === 0) put(near, ring(near.length, { x: 50, y: 54 }, { x: direction === 'beside' ? 30 : 36, y: 33 }))
  else if (direction === 'beside') {
    put(near, ring(near.length, { x: 31, y: 51 }, { x: 19, y: 30 }))
    put(apart, ring(apart.length, { x: 81, y: 51 }, { x: 10, y: 30 }))
  } else {
    put(near, ring(near.length, { x: 50, y: 29 }, { x: 34, y: 14 }))
    put(apart, ring(apart.length, { x: 50, y: 78 }, { x: 30, y: 8 }))
  }
  return seats.map(({ server }) => places.get(server) ?? { x: 50, y: 50 })
}

/** One stands in the middle, two beside each other or one above the other as there is room, more on a ring that begins at the top. */
const ring = (count: number, middle: MapPlace, radius: MapPlace) => {
  if (count === 1) return () => middle
  const first = count === 2 && radius.x > radius.y ? Math.PI : -Math.PI / 2
  return (index: number): MapPlace => {
    const angle = first + (index / count) * 2 * Math.PI
    return { x: middle.x + radius.x * Math.cos(angle), y: middle.y + radius.y * Math.sin(angle) }
  }
}

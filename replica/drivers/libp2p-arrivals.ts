import type { Connection, MultiaddrConnection } from '@libp2p/interface'

/** Bytes that have come on each connection, as they came; by its timeline, which a connection has in common with what carries it. */
const arrived = new WeakMap<object, number>()
/** What the way there and back took in the handshake, in milliseconds, by the same. */
const roundTrips = new WeakMap<object, number>()

export const noteArrived = ({ timeline }: MultiaddrConnection, bytes: number): void => {
  arrived.set(timeline, (arrived.get(timeline) ?? 0) + bytes)
}

/** Those that are part of a message which is not whole yet included: a stream learns nothing of these. */
export const arrivedOn = ({ timeline }: Connection): number => arrived.get(timeline) ?? 0

export const noteRoundTrip = ({ timeline }: MultiaddrConnection, ms: number): void => {
  roundTrips.set(timeline, ms)
}

/** Null when nothing was measured. */
export const roundTripOn = ({ timeline }: Connection): number | null => roundTrips.get(timeline) ?? null

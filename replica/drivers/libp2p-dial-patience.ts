import type { ClockPort } from '../host/ports.ts'

/** How long something may take to answer at an address, and the handshakes with it where the way there is short. */
const dialTimeoutMs = 3_000
/**
 * Where it is long, the handshakes may take as long as so many ways there and back: they are five or six, and what is lost on the way
 * is sent again. The first one, that of TCP, has been measured by then.
 */
const roundTripsAllowed = 12

/** How long the handshakes may take where the way there and back takes `roundTripMs`. */
export const handshakesMs = (roundTripMs: number): number => roundTripMs * roundTripsAllowed

/** Of libp2p's progress events; one is ours. */
export interface DialProgress {
  readonly type: string
  readonly detail?: unknown
}

/** What libp2p hands on of a dial's options, though not all of its interfaces say so. */
export interface ProgressOptions {
  readonly onProgress?: (event: DialProgress) => void
}

const reached = 'quintet:reached'
const refused = 'quintet:refused'

/**
 * Tells who dials that something answers, and what is left are handshakes: first when TCP is connected, then, with what the way there and
 * back takes, when the other side itself has answered. Satellite modems and other helpers answer for TCP in its place.
 */
export const tellReached = (options: ProgressOptions | undefined, roundTripMs: number | null): void => {
  options?.onProgress?.({ type: reached, detail: roundTripMs })
}

/** Tells who dials that something answers which does not know the group's present key. */
export const tellRefused = (options: ProgressOptions | undefined): void => {
  options?.onProgress?.({ type: refused })
}

export const isRefusal = ({ type }: DialProgress): boolean => type === refused

export interface DialPatienceOptions {
  readonly clock: ClockPort
  /** What the way there and back takes, as far as is known. */
  readonly onReached: (roundTripMs: number) => void
  readonly onOver: () => void
}

/** The time that one try to reach one address has: until something answers, and then by how long the way turns out to be. */
export class DialPatience {
  readonly #options: DialPatienceOptions
  /** A clock that is set meanwhile says nothing about the way. */
  readonly #begunMs = performance.now()
  #endMs = dialTimeoutMs
  #cancel: () => void

  constructor(options: DialPatienceOptions) {
    this.#options = options
    this.#cancel = options.clock.after(dialTimeoutMs, options.onOver)
  }

  heard({ type, detail }: DialProgress): void {
    if (type !== reached) return
    const { clock, onReached, onOver } = this.#options
    const tookMs = performance.now() - this.#begunMs
    const roundTripMs = typeof detail === 'number' ? detail : tookMs
    this.#endMs = Math.max(this.#endMs, tookMs + handshakesMs(roundTripMs))
    this.#cancel()
    this.#cancel = clock.after(this.#endMs - tookMs, onOver)
    onReached(roundTripMs)
  }

  end(): void {
    this.#cancel()
  }
}

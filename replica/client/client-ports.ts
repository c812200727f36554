/** `length` random bytes, fit for keys. */
export type RandomBytes = (length: number) => Uint8Array

/** Time as a client needs it; the host's `ClockPort` fits. */
export interface ClientClock {
  nowMs(): number
  /** Calls `task` after `delayMs` unless the returned function is called before. */
  after(delayMs: number, task: () => void): () => void
}

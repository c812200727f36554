/** So much at once, and so much a second. Times are in milliseconds and never go back. */
export class TokenBucket {
  readonly #most: number
  readonly #aSecond: number
  #tokens: number
  #filledMs = 0

  constructor(most: number, aSecond: number) {
    this.#most = most
    this.#aSecond = aSecond
    this.#tokens = most
  }

  /** As of the last time that anything was taken. */
  get isEmpty(): boolean {
    return this.#tokens < 1
  }

  /** Takes one, if there is one. */
  takeOne(nowMs: number): boolean {
    return this.take(1, nowMs)
  }

  /** Takes so many, if they are there. */
  take(count: number, nowMs: number): boolean {
    this.#fill(nowMs)
    if (this.#tokens < count) return false
    this.#tokens -= count
    return true
  }

  /** Takes so many, or what there is. */
  drain(count: number, nowMs: number): void {
    this.#fill(nowMs)
    this.#tokens = Math.max(0, this.#tokens - count)
  }

  #fill(nowMs: number): void {
    const elapsedMs = Math.max(0, nowMs - this.#filledMs)
    this.#filledMs = nowMs
    this.#tokens = Math.min(this.#most, this.#tokens + (elapsedMs * this.#aSecond) / 1_000)
  }
}

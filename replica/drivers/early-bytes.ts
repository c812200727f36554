import { limits } from '../core/model/limits.ts'

/** A stream of somebody who has not shown who it is. */
interface EarlyStream {
  abort(reason: string): void
}

/**
 * What is kept of what they have sent who have not logged in: frames of which a part has come, and frames that nobody has looked at.
 * Beyond `limits.earlyBytes` in all the stream that has most is ended: who only logs in has next to nothing, however slow the way is.
 */
export class EarlyBytes {
  readonly #kept = new Map<EarlyStream, number>()
  #bytes = 0

  /** `bytes`: what is kept of this stream now. */
  note(stream: EarlyStream, bytes: number): void {
    this.#bytes += bytes - (this.#kept.get(stream) ?? 0)
    if (bytes === 0) this.#kept.delete(stream)
    else this.#kept.set(stream, bytes)
    while (this.#bytes > limits.earlyBytes) this.#endLargest()
  }

  #endLargest(): void {
    const [largest] = [...this.#kept].reduce((most, next) => (next[1] > most[1] ? next : most))
    this.note(largest, 0)
    largest.abort('too much was kept for who has not logged in')
  }
}

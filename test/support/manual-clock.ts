import type { ClientClock } from '../../replica/client/client-ports.ts'

export const startMs = 1_700_000_000_000

/** A clock that stands until it is moved. */
export class ManualClock implements ClientClock {
  #nowMs = startMs
  #tasks: { readonly atMs: number; readonly task: () => void }[] = []

  nowMs(): number {
    return this.#nowMs
  }

  after(delayMs: number, task: () => void): () => void {
    const waiting = { atMs: this.#nowMs + delayMs, task }
    this.#tasks.push(waiting)
    return () => {
      this.#tasks = this.#tasks.filter((other) => other !== waiting)
    }
  }

  /** The wall clock is set; timers go on as they were. */
  set(byMs: number): void {
    this.#nowMs += byMs
    this.#tasks = this.#tasks.map(({ atMs, task }) => ({ atMs: atMs + byMs, task }))
  }

  move(byMs: number): void {
    this.#nowMs += byMs
    const due = this.#tasks.filter(({ atMs }) => atMs <= this.#nowMs)
    this.#tasks = this.#tasks.filter(({ atMs }) => atMs > this.#nowMs)
    for (const { task } of due) task()
  }
}

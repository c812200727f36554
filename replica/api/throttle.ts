import type { ClockPort } from '../host/ports.ts'

/** Carries out a task at once, and then at most every `intervalMs`: what is asked for meanwhile is done once, at the end. */
export class Throttle {
  readonly #clock: Pick<ClockPort, 'after'>
  readonly #intervalMs: number
  readonly #task: () => void
  #isResting = false
  #isAsked = false
  #stop: () => void = () => undefined

  constructor(clock: Pick<ClockPort, 'after'>, intervalMs: number, task: () => void) {
    this.#clock = clock
    this.#intervalMs = intervalMs
    this.#task = task
  }

  ask(): void {
    if (this.#isResting) {
      this.#isAsked = true
      return
    }
    this.#isResting = true
    this.#isAsked = false
    this.#stop = this.#clock.after(this.#intervalMs, () => {
      this.#isResting = false
      if (this.#isAsked) this.ask()
    })
    this.#task()
  }

  /** Nothing is carried out any more. */
  end(): void {
    this.#stop()
    this.#isResting = true
  }
}

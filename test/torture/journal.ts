import { appendFileSync } from 'node:fs'
import path from 'node:path'

/** What the campaign tells, one line an event, with the seconds since it began; and what it keeps as evidence. */
export class Journal {
  readonly #directory: string
  readonly #beganMs = performance.now()

  constructor(directory: string) {
    this.#directory = directory
  }

  get ms(): number {
    return Math.round(performance.now() - this.#beganMs)
  }

  say(event: string): void {
    const line = `${(this.ms / 1_000).toFixed(1).padStart(7)} s  ${event}`
    console.log(line)
    appendFileSync(path.join(this.#directory, 'events.log'), `${line}\n`)
  }

  /** Kept, not printed. */
  note(event: string): void {
    appendFileSync(
      path.join(this.#directory, 'events.log'),
      `${(this.ms / 1_000).toFixed(1).padStart(7)} s  ${event}\n`,
    )
  }

  /** An entry of the ledger, before the call that it is about and after it. */
  enter(entry: object): void {
    appendFileSync(path.join(this.#directory, 'ledger.jsonl'), `${JSON.stringify({ ms: this.ms, ...entry })}\n`)
  }
}

import type { Writable } from 'node:stream'

/** What may wait for a reader that does not read before pushed events are left out. */
const waitingBytes = 16_777_216

/** One JSON object a line. */
export class JsonOutput {
  readonly #output: Writable
  #missed = 0
  #broken = false
  #wake: () => void = () => undefined
  /** Fulfilled when the reader has gone away. */
  readonly gone: Promise<void>

  constructor(output: Writable) {
    this.#output = output
    this.gone = new Promise((gone) => {
      output.on('error', () => {
        this.#broken = true
        gone()
        this.#wake()
      })
      output.on('close', () => {
        gone()
        this.#wake()
      })
    })
    output.on('drain', () => {
      this.#tellMissed()
      this.#wake()
    })
  }

  /** The reader has gone away. */
  get isBroken(): boolean {
    return this.#broken || this.#output.destroyed
  }

  answer(line: object): void {
    if (!this.isBroken) this.#output.write(`${JSON.stringify(line)}\n`)
  }

  /** A pushed event: left out, and counted, when the reader is far behind. */
  push(line: object): void {
    if (this.#output.writableLength > waitingBytes) this.#missed += 1
    else this.answer(line)
  }

  /** Fulfilled when the reader has kept up. */
  async ready(): Promise<void> {
    while (this.#output.writableNeedDrain && !this.isBroken) await new Promise<void>((wake) => (this.#wake = wake))
  }

  /** Fulfilled when everything is handed over. */
  async flush(): Promise<void> {
    if (this.isBroken) return
    await new Promise<void>((flushed) => this.#output.write('', () => flushed()))
  }

  #tellMissed(): void {
    if (this.#missed === 0) return
    const count = this.#missed
    this.#missed = 0
    this.answer({ event: 'missed', count })
  }
}

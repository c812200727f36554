/**
 * Lets at most `atOnce` pieces of work run; the others wait their turn, in order. As many pieces may pass without a pause:
 * then the event loop gets its turn, so that a bulk of work does not hold up everything else.
 */
export class BoundedWork {
  readonly #atOnce: number
  readonly #waiting: (() => void)[] = []
  #running = 0
  #begun = 0
  #pause: Promise<void> | null = null

  constructor(atOnce: number) {
    this.#atOnce = atOnce
  }

  async run<Value>(work: () => Promise<Value>): Promise<Value> {
    if (this.#running >= this.#atOnce) await new Promise<void>((turn) => this.#waiting.push(turn))
    else this.#running += 1
    try {
      await this.#paused()
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#running -= 1
      else next()
    }
  }

  async #paused(): Promise<void> {
    while (this.#pause !== null) await this.#pause
    this.#begun += 1
    if (this.#begun < this.#atOnce) return
    this.#begun = 0
    this.#pause = new Promise((over) => {
      setImmediate(() => {
        this.#pause = null
        over()
      })
    })
  }
}

/** Keeps results in the order in which their work was given in, while the work itself overlaps. */
export class InOrder {
  #last: Promise<unknown> = Promise.resolve()

  /** Carries out `then` with what `prepare` gives, after the `then` of everything given in before has begun. */
  async run<Prepared, Value>(
    prepare: () => Promise<Prepared>,
    then: (prepared: Prepared) => Promise<Value>,
  ): Promise<Value> {
    const before = this.#last
    const begun = Promise.withResolvers<undefined>()
    this.#last = begun.promise
    try {
      const prepared = await settled(prepare())
      await before
      if (!prepared.ok) throw prepared.error
      const done = then(prepared.value)
      begun.resolve(undefined)
      return await done
    } finally {
      begun.resolve(undefined)
    }
  }
}

type Settled<Value> = { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly error: unknown }

const settled = async <Value>(work: Promise<Value>): Promise<Settled<Value>> => {
  try {
    return { ok: true, value: await work }
  } catch (error) {
    return { ok: false, error }
  }
}

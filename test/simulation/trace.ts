interface Entry {
  readonly atMs: number
  readonly who: string
  readonly what: string
  readonly detail: (() => string) | null
}

const keptEntries = 400
const fnvPrime = 0x01000193
const fnvStart = 0x811c9dc5

/** `all`: every event is kept as text, to compare two runs or to read one. */
export type TraceMode = 'last' | 'all'

/** What happened, for people; and a fingerprint of the whole history. */
export class Trace {
  readonly #mode: TraceMode
  readonly #nowMs: () => number
  readonly #ring: Entry[] = []
  readonly #lines: string[] = []
  #fingerprint = fnvStart
  #count = 0

  constructor(mode: TraceMode, nowMs: () => number) {
    this.#mode = mode
    this.#nowMs = nowMs
  }

  get count(): number {
    return this.#count
  }

  /** Equal for two runs of one seed. */
  get fingerprint(): string {
    return this.#fingerprint.toString(16).padStart(8, '0')
  }

  note(who: string, what: string, detail: (() => string) | null = null): void {
    const entry = { atMs: this.#nowMs(), who, what, detail }
    this.#mix(entry)
    if (this.#mode === 'all') this.#lines.push(lineOf(entry))
    this.#ring[this.#count % keptEntries] = entry
    this.#count += 1
  }

  all(): readonly string[] {
    return this.#lines
  }

  last(count: number): readonly string[] {
    const lines: string[] = []
    for (let index = Math.max(0, this.#count - Math.min(count, keptEntries)); index < this.#count; index += 1) {
      const entry = this.#ring[index % keptEntries]
      if (entry !== undefined) lines.push(lineOf(entry))
    }
    return lines
  }

  #mix({ atMs, who, what }: Entry): void {
    let mixed = Math.imul(this.#fingerprint ^ Math.round(atMs * 1_000), fnvPrime)
    for (const text of [who, what])
      for (let index = 0; index < text.length; index += 1) mixed = Math.imul(mixed ^ text.charCodeAt(index), fnvPrime)
    this.#fingerprint = mixed >>> 0
  }
}

const lineOf = ({ atMs, who, what, detail }: Entry): string =>
  `${(atMs / 1_000).toFixed(4).padStart(9)} s  ${who.padEnd(10)} ${what}${detail === null ? '' : ` ${detail()}`}`

import { QuintetError } from '../../../replica/core/model/errors.ts'

/** With these codes what was asked may have been done all the same. */
const mayBeDone: ReadonlySet<string> = new Set(['UNREACHABLE', 'TIMEOUT', 'INTERNAL', 'STOPPED', 'NOT_LOGGED_IN'])

export const codeOf = (error: unknown): string =>
  error instanceof QuintetError ? error.code : `no code: ${String(error)}`

export const isOpenQuestion = (code: string): boolean => mayBeDone.has(code) || code.startsWith('no code')

const deleted = 'deleted'

interface Change<Value> {
  readonly value: Value
  isDone: boolean
}

/** One thing that has one value at a time: which it may have, by all that its person was told. */
export class Register<Value> {
  #changes: Change<Value>[]

  constructor(first: Value) {
    this.#changes = [{ value: first, isDone: true }]
  }

  /** That of the last change that was told to be done, and of all that were begun since. What is deleted does not come back. */
  get possible(): readonly Value[] {
    const last = this.#changes.findLastIndex(({ isDone }) => isDone)
    const isFinal = ({ value }: Change<Value>): boolean => value === deleted
    const possible = this.#changes.filter((change, place) => place >= last || isFinal(change))
    const final = possible.filter((change) => isFinal(change) && change.isDone)
    return [...new Set((final.length > 0 ? final : possible).map(({ value }) => value))]
  }

  /** What it is being set to, as far as is known. */
  get open(): readonly Value[] {
    return this.#changes.filter(({ isDone }) => !isDone).map(({ value }) => value)
  }

  /** Whether nobody has ever begun to take it away. */
  get isKept(): boolean {
    return this.#changes.slice(1).every(({ value }) => value !== 'none')
  }

  /** It is being set; how it ends is told by what this gives. */
  begin(value: Value): { readonly done: () => void; readonly refused: () => void } {
    const change: Change<Value> = { value, isDone: false }
    this.#changes.push(change)
    return {
      done: () => {
        change.isDone = true
      },
      refused: () => {
        this.#changes = this.#changes.filter((other) => other !== change)
      },
    }
  }
}

/** What its writer was told of a letter last. `open`: nothing that says whether it was sent. */
export type Told = 'open' | 'sent' | 'waits' | 'refused' | 'undone' | 'may be undone'

export interface LetterRecord {
  readonly words: string
  readonly from: string
  readonly to: readonly string[]
  told: Told
  outbox: string | null
  /** When it was told to be sent. */
  sentMs: number
  /** All that was told of it, for who looks into a failure. */
  readonly story: string[]
}

/** What somebody wrote of a draft. */
export interface DraftVersion {
  readonly name: string
  /** The words that the draft goes by. */
  readonly words: string
  readonly text: string
  /** The client that it was written with. */
  readonly writer: object
  /** What the draft was when its writer looked at it before. */
  readonly seen: readonly string[]
  outcome: 'open' | 'done' | 'refused'
}

/** What people were told, and what therefore must be so in the end. */
export class Ledger {
  readonly letters = new Map<string, LetterRecord>()
  readonly registers = new Map<string, Register<string>>()
  /** Who was told that a draft was written in two places: then there may be both. */
  readonly keptBoth = new Set<string>()
  readonly #versions: DraftVersion[] = []
  /** What must never be: said at once, looked at in the end. */
  readonly violations: string[] = []

  letter(words: string, from: string, to: readonly string[]): LetterRecord {
    const record: LetterRecord = { words, from, to, told: 'open', outbox: null, sentMs: Infinity, story: [] }
    this.letters.set(words, record)
    return record
  }

  told(letter: LetterRecord, told: Told, how: string): void {
    letter.story.push(`${told} (${how})`)
    letter.told = told
  }

  /** In the order in which they are begun. */
  version(version: DraftVersion): DraftVersion {
    this.#versions.push(version)
    return version
  }

  /** Those that nobody has written on, by what their writers were told. */
  lastVersions(): readonly DraftVersion[] {
    const versions = this.#versions
    return versions.filter((version, place) => {
      const isOnly = ({ name, words, writer, seen, outcome }: DraftVersion): boolean =>
        name !== version.name ||
        words !== version.words ||
        !(seen.includes(version.text) || (writer === version.writer && outcome !== 'refused'))
      return version.outcome === 'done' && versions.slice(place + 1).every(isOnly)
    })
  }

  /** `about`: `ada's draft one` or the like. */
  register(about: string, first: string): Register<string> {
    const known = this.registers.get(about)
    if (known !== undefined) return known
    const register = new Register(first)
    this.registers.set(about, register)
    return register
  }
}

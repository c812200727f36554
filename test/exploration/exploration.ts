/** Something that goes wrong at the moment of this number, counted from the beginning of the run. */
export interface PlannedDeviation {
  readonly moment: number
  readonly option: string
}

/** What came of a run. */
export interface Played {
  readonly failed: { readonly check: string; readonly message: string } | null
  /** What could have gone wrong, in its order. */
  readonly moments: readonly { readonly text: () => string; readonly options: readonly string[] }[]
  /** Equal for runs that went the same way. */
  readonly course: string
  /** Equal for runs that ended with the same state. */
  readonly end: string
  readonly lines: readonly string[]
}

/** Plays a scenario with what is planned to go wrong. */
export type PlayOnce = (plan: readonly PlannedDeviation[], mode: 'last' | 'all') => Played | Promise<Played>

export interface ExplorationOptions {
  readonly most: number
  /** The second deviation comes within so many moments after the first. */
  readonly window: number
  /** Of so many parts of the runs, this one. */
  readonly part: readonly [number, number]
  readonly isOver: () => boolean
  /** What is to be added to the command that replays a run. */
  readonly replayed: string
}

const shownFailures = 3
const shownLines = 12
const goldenSection = 0.618

/** Evenly spread. */
const some = <Value>(all: readonly Value[], count: number): readonly Value[] =>
  all.length <= count
    ? all
    : Array.from({ length: count }, (_, index) => all[Math.floor((index * all.length) / count)] as Value)

/** In an order in which any beginning is spread over all. */
const mixed = <Value>(all: readonly Value[]): readonly Value[] => {
  const step = stride(all.length)
  return all.map((_, index) => all[(index * step) % all.length] as Value)
}

/** About the golden section of so many, and without a common factor. */
const stride = (count: number): number => {
  const common = (one: number, other: number): number => (other === 0 ? one : common(other, one % other))
  let step = Math.max(1, Math.round(count * goldenSection))
  while (common(count, step) > 1) step += 1
  return step
}

export const planned = (text: string): readonly PlannedDeviation[] =>
  text
    .split(',')
    .filter((one) => one.trim() !== '')
    .map((one) => {
      const [moment, option = ''] = one.trim().split(/\s+/)
      return { moment: Number(moment), option }
    })

const textOf = (plan: readonly PlannedDeviation[]): string =>
  plan.map(({ moment, option }) => `${moment} ${option}`).join(', ')

/** Goes through what can go wrong in one scenario, and tells what it finds. */
export class Exploration {
  readonly #name: string
  readonly #play: PlayOnce
  readonly #options: ExplorationOptions
  readonly #courses = new Set<string>()
  readonly #ends = new Set<string>()
  readonly #failures = new Map<string, string[]>()
  runs = 0
  failed = 0

  constructor(name: string, play: PlayOnce, options: ExplorationOptions) {
    this.#name = name
    this.#play = play
    this.#options = options
  }

  async explore(depth: number): Promise<void> {
    const { most, part, isOver } = this.#options
    const { moments, failed } = await this.#take([])
    if (failed !== null) return
    const firsts = deviationsOf(moments, 0, moments.length)
    const share = some(depth === 1 ? firsts : mixed(firsts), depth === 1 ? most : Infinity)
    const mine = share.filter((_, index) => index % part[1] === part[0] - 1)
    for (const [index, first] of mine.entries()) {
      if (isOver()) break
      const one = await this.#take([first])
      if (depth === 1 || one.failed !== null) continue
      await this.#second(first, one.moments, Math.ceil(most / firsts.length), index)
    }
    this.#summary(moments.length, firsts.length)
  }

  async #second(first: PlannedDeviation, moments: Played['moments'], count: number, turn: number): Promise<void> {
    const { window, isOver } = this.#options
    const seconds = deviationsOf(moments, first.moment + 1, Math.min(moments.length, first.moment + 1 + window))
    // Another share of them for each first one.
    const shifted = seconds.map((_, index) => seconds[(index + turn * 7) % seconds.length] as PlannedDeviation)
    for (const second of some(shifted, count)) {
      if (isOver()) return
      await this.#take([first, second])
    }
  }

  async #take(plan: readonly PlannedDeviation[]): Promise<Played> {
    const result = await this.#play(plan, 'last')
    this.runs += 1
    this.#courses.add(result.course)
    this.#ends.add(result.end)
    if (result.failed !== null) this.#fails(plan, result)
    return result
  }

  #fails(plan: readonly PlannedDeviation[], { failed, moments }: Played): void {
    if (failed === null) return
    this.failed += 1
    const alike = this.#failures.get(failed.check) ?? []
    this.#failures.set(failed.check, [...alike, textOf(plan)])
    if (alike.length >= shownFailures) return
    const where = plan.map(({ moment, option }) => `${option} at ${moments[moment]?.text() ?? moment}`).join(', then ')
    console.log(
      `FAILED: ${failed.check}: ${where}\n${failed.message.split('\n').slice(0, shownLines).join('\n')}\n` +
        `replay: npm run explore -- --scenario "${this.#name}"${this.#options.replayed} --replay "${textOf(plan)}"`,
    )
  }

  #summary(moments: number, firsts: number): void {
    console.log(
      `${this.#name}: ${moments} moments, ${firsts} deviations, ${this.runs} runs, ${this.#courses.size} courses, ${this.#ends.size} end states, ${this.failed} failed`,
    )
    for (const [check, plans] of this.#failures)
      console.log(`  ${check}: ${plans.length}: ${plans.slice(0, 8).join('; ')}`)
  }
}

/** All that can go wrong alone at one of these moments. */
const deviationsOf = (moments: Played['moments'], from: number, until: number): readonly PlannedDeviation[] =>
  moments
    .slice(from, until)
    .flatMap(({ options }, index) => options.map((option) => ({ moment: from + index, option })))

import type { Random } from '../simulation/random.ts'
import type { Journal } from './journal.ts'
import type { Ledger } from './ledger.ts'
import type { Machine } from './machine.ts'
import { type Actor, burst, look, mark, read, removeMany, removeOne, send } from './mail-acts.ts'
import { changePassword, discardDraft, draft, post, takePostBack } from './other-acts.ts'
import type { Person } from './person.ts'
import { sleep, withinMs } from './system.ts'

const thinkMs = 350
const absentRetryMs = 3_000

const wishes = [
  { kind: 'send', weight: 36 },
  { kind: 'burst', weight: 3 },
  { kind: 'look', weight: 14 },
  { kind: 'read', weight: 10 },
  { kind: 'remove', weight: 12 },
  { kind: 'removeMany', weight: 3 },
  { kind: 'mark', weight: 12 },
  { kind: 'post', weight: 6 },
  { kind: 'takePostBack', weight: 2 },
  { kind: 'draft', weight: 4 },
  { kind: 'discard', weight: 2 },
  { kind: 'password', weight: 1.5 },
  { kind: 'elsewhere', weight: 2 },
  { kind: 'crash', weight: 0.7 },
] as const
type Wish = (typeof wishes)[number]['kind']

export interface WorkloadOptions {
  readonly people: readonly Person[]
  readonly machines: readonly Machine[]
  readonly ledger: Ledger
  readonly journal: Journal
  readonly random: Random
  /** What must not be, as soon as it is seen. */
  readonly wrong: (sentence: string) => void
}

/** People who write, read, delete, mark and post without asking how the machines are. */
export class Workload {
  readonly #options: WorkloadOptions
  #state: 'goes on' | 'held' = 'held'
  #acts = 0
  readonly #living = new Map<Person, Promise<void>>()

  constructor(options: WorkloadOptions) {
    this.#options = options
  }

  get acts(): number {
    return this.#acts
  }

  goOn(): void {
    this.#state = 'goes on'
    for (const person of this.#options.people) {
      if (this.#living.has(person)) continue
      const life = this.#live(person, this.#options.random.fork()).finally(() => this.#living.delete(person))
      this.#living.set(person, life)
    }
  }

  /** Nobody begins anything; `idle` when all that was under way has been answered in time. */
  async hold(withinAllMs: number): Promise<'idle' | 'busy'> {
    this.#state = 'held'
    const stopped = async (): Promise<'idle'> => {
      await Promise.all(this.#living.values())
      await Promise.all(this.#options.people.map((person) => person.idle()))
      return 'idle'
    }
    return (await withinMs(stopped(), withinAllMs)) ?? 'busy'
  }

  async #live(person: Person, random: Random): Promise<void> {
    const { ledger, wrong, people } = this.#options
    const names = people.map(({ name }) => name)
    const actor: Actor = { person, random, ledger, names, wrong, page: [], shownBy: null }
    for (;;) {
      await sleep(random.waitMs(thinkMs))
      if (this.#state === 'held') return
      await this.#act(actor)
      this.#acts += 1
    }
  }

  #act(actor: Actor): Promise<void> {
    const { person, random } = actor
    if (person.state !== 'there' || person.client === null) return this.#comeBack(person, random)
    switch (wishOf(random)) {
      case 'send':
        return send(actor)
      case 'burst':
        return burst(actor)
      case 'look':
        return look(actor)
      case 'read':
        return read(actor)
      case 'remove':
        return removeOne(actor)
      case 'removeMany':
        return removeMany(actor)
      case 'mark':
        return mark(actor)
      case 'post':
        return post(actor)
      case 'takePostBack':
        return takePostBack(actor)
      case 'draft':
        return draft(actor)
      case 'discard':
        return discardDraft(actor)
      case 'password':
        return changePassword(actor)
      case 'elsewhere':
        return this.#goElsewhere(person, random)
      case 'crash':
        this.#options.journal.note(`the client of ${person.name} is killed`)
        return person.crash()
    }
  }

  async #comeBack(person: Person, random: Random): Promise<void> {
    const machine = random.pick(this.#options.machines.filter(({ isThere }) => isThere))
    if (machine === undefined || person.state === 'signing up') return sleep(absentRetryMs)
    if (person.state === 'absent') return person.signUp(machine)
    if ((await person.logIn(machine, 'killed')) !== null) await sleep(random.waitMs(absentRetryMs))
  }

  async #goElsewhere(person: Person, random: Random): Promise<void> {
    const machine = random.pick(this.#options.machines.filter((other) => other !== person.machine && other.isThere))
    if (machine === undefined) return
    const old = random.pick(['ended', 'killed', 'left open'] as const) ?? 'ended'
    const code = await person.logIn(machine, old)
    this.#options.journal.note(
      `${person.name} logs in at server ${machine.server}, the old client is ${old}: ${code ?? 'done'}`,
    )
  }
}

const wishOf = (random: Random): Wish => {
  let left = random.next() * wishes.reduce((sum, { weight }) => sum + weight, 0)
  for (const { kind, weight } of wishes) {
    left -= weight
    if (left < 0) return kind
  }
  return 'send'
}

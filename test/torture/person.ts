import { type Answers, type MailProcess, RequestFailure } from '../../build/cluster/mail-process.ts'
import type { Json } from '../../build/cluster/json-process.ts'
import { Choice } from './choice.ts'
import type { Ledger } from './ledger.ts'
import type { Machine } from './machine.ts'
import { withinMs } from './system.ts'

/** What came of a request: its answer, the code of its failure, or nothing yet. */
export type Came<Answer> =
  | { readonly kind: 'answered'; readonly answer: Answer }
  | { readonly kind: 'failed'; readonly code: string }
  | { readonly kind: 'late' }

export interface Later<Answer> {
  readonly done: (answer: Answer) => void
  readonly failed: (code: string) => void
}

/** As long as a person waits before doing something else. */
const patienceMs = 20_000
const logInWithinMs = 40_000

/** One of the people: a name, a password, and a client somewhere. What is asked is told to the ledger however late it is answered. */
export class Person {
  readonly name: string
  readonly password: Choice<string>
  state: 'absent' | 'signing up' | 'there' = 'absent'
  client: MailProcess | null = null
  machine: Machine
  readonly #ledger: Ledger
  readonly #pending = new Set<Promise<void>>()
  /** Clients that were left open when the person logged in elsewhere. */
  readonly #left: MailProcess[] = []
  readonly #killed = new Set<MailProcess>()
  readonly #crashes: string[] = []

  constructor(name: string, machine: Machine, ledger: Ledger) {
    this.name = name
    this.machine = machine
    this.password = new Choice(`first password of ${name}`)
    this.#ledger = ledger
  }

  /** Requests that were not answered yet. */
  get pending(): number {
    return this.#pending.size
  }

  /** Changes whenever the person's view may be of another server: what is asked for meanwhile may be given to several. */
  get connection(): string {
    const changes = this.client?.process.lines.filter(({ event }) => event === 'connected' || event === 'disconnected')
    return `${this.client?.process.pid ?? 0} ${changes?.length ?? 0}`
  }

  /** Ends of clients that nobody ended, since the last time. */
  takeCrashes(): readonly string[] {
    return this.#crashes.splice(0)
  }

  async ask<Verb extends keyof Answers>(
    verb: Verb,
    fields: Json = {},
    later: Later<Answers[Verb]> = { done: () => undefined, failed: () => undefined },
  ): Promise<Came<Answers[Verb]>> {
    const { client } = this
    if (client === null) {
      later.failed('NO_CLIENT')
      return { kind: 'failed', code: 'NO_CLIENT' }
    }
    const came = client.ask(verb, fields).then(
      (answer): Came<Answers[Verb]> => {
        later.done(answer)
        return { kind: 'answered', answer }
      },
      (error: unknown): Came<Answers[Verb]> => {
        const code = error instanceof RequestFailure ? error.code : 'CLIENT_ENDED'
        this.#ledger.note({ who: this.name, verb, code })
        later.failed(code)
        return { kind: 'failed', code }
      },
    )
    const settled = came.then(() => undefined)
    this.#pending.add(settled)
    void settled.finally(() => this.#pending.delete(settled))
    return (await withinMs(came, patienceMs)) ?? { kind: 'late' }
  }

  /** Fulfilled when nothing is under way. */
  async idle(): Promise<void> {
    await Promise.all(this.#pending)
  }

  /** Signs up with a new client at `machine`. */
  async signUp(machine: Machine): Promise<void> {
    this.state = 'signing up'
    this.#use(machine)
    const [password = ''] = this.password.allowed
    this.#ledger.note({ do: 'signUp', who: this.name, at: machine.server })
    await this.ask(
      'signUp',
      { name: this.name, password },
      {
        done: () => {
          this.state = 'there'
        },
        failed: () => undefined,
      },
    )
  }

  /**
   * Logs in with a new client at `machine`. Of the passwords that may stand the one that does is taken. Null when it worked, the
   * failure's code otherwise.
   */
  async logIn(machine: Machine, old: 'ended' | 'killed' | 'left open'): Promise<string | null> {
    const former = this.client
    this.#use(machine)
    this.#ledger.note({ do: 'logIn', who: this.name, at: machine.server })
    let code = 'NO_CLIENT'
    for (const password of this.password.all) {
      const came = await this.#logInWith(password)
      code = came
      if (came !== 'WRONG_PASSWORD') break
    }
    if (former !== null) this.#part(former, old)
    if (code === 'ok') this.state = 'there'
    return code === 'ok' ? null : code
  }

  async #logInWith(password: string): Promise<string> {
    const { client } = this
    if (client === null) return 'NO_CLIENT'
    const asked = client.ask('logIn', { name: this.name, password }).then(
      () => 'ok',
      (error: unknown) => (error instanceof RequestFailure ? error.code : 'CLIENT_ENDED'),
    )
    return (await withinMs(asked, logInWithinMs)) ?? 'TIMEOUT'
  }

  /** The client ends; what was under way may have been carried out. */
  async crash(): Promise<void> {
    const { client } = this
    this.client = null
    if (client !== null) await this.#kill(client)
  }

  async endLeftClients(): Promise<void> {
    await Promise.all(this.#left.splice(0).map((client) => this.#kill(client)))
  }

  async end(): Promise<void> {
    await Promise.all([this.crash(), this.endLeftClients()])
  }

  #use(machine: Machine): void {
    this.machine = machine
    const client = machine.client()
    this.client = client
    void client.process.exited.then(({ code, signal }) => {
      if (this.#killed.has(client)) return
      if (this.client === client) this.client = null
      const { stderr } = client.process
      // One that finds no server when it starts says so and ends.
      const isUsual = code === 0 || /\((UNREACHABLE|TIMEOUT|NO_SUCH_SERVER|STOPPED|BUSY)\)/.test(stderr)
      if (!isUsual) this.#crashes.push(`the client of ${this.name} ended: ${signal ?? String(code)}; ${stderr.trim()}`)
    })
  }

  #part(client: MailProcess, how: 'ended' | 'killed' | 'left open'): void {
    switch (how) {
      case 'ended':
        client.process.endInput()
        this.#left.push(client)
        break
      case 'killed':
        void this.#kill(client)
        break
      case 'left open':
        this.#left.push(client)
        break
    }
  }

  async #kill(client: MailProcess): Promise<void> {
    this.#killed.add(client)
    client.process.signal('SIGKILL')
    await client.process.exited
  }
}

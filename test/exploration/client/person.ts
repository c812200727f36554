import type { ClientEvent } from '../../../replica/client/contract/events.ts'
import type { MailClient } from '../../../replica/client/contract/mail-client.ts'
import { QuintetError } from '../../../replica/core/model/errors.ts'
import type { Device } from './device.ts'
import { codeOf, type Ledger } from './ledger.ts'
import type { VirtualTime } from './virtual-time.ts'
import { Window } from './window.ts'

const lookMs = 100
const againMs = 2_000
/** Who is told that the session was taken over looks who that was, and logs in again. */
const backAfterMs = 1_500
/** As the app does (`LocalMailbox`): with these a kept log-in is of no use any more. */
const endsKeptLogIn: ReadonlySet<string> = new Set(['NOT_ALLOWED', 'NO_SUCH_ACCOUNT', 'DAMAGED', 'NEWER_FORMAT'])

interface Call {
  readonly what: string
  readonly sinceMs: number
  readonly client: MailClient | null
}

/** What comes of a wish: what it was answered, or with which code it was refused. Nothing when the client was killed. */
export type Outcome<Value> =
  | { readonly kind: 'done'; readonly value: Value }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }

/** Somebody at a device, who uses it as the app's window does. */
export class Person {
  readonly name: string
  readonly device: Device
  readonly calls = new Set<Call>()
  /** What the window was told. */
  session: 'in' | 'out' = 'out'
  /** Since when the person has been logged in. */
  inSinceMs = Infinity
  window: Window
  /** What the person does not do by themselves: log in again, start the client again. */
  isAway = false
  readonly #time: VirtualTime
  readonly #ledger: Ledger
  readonly #sentEvents: (outbox: string) => void
  readonly #look: () => Promise<string | null>
  readonly #tasks: ((client: MailClient) => void)[] = []
  #isStarting = false
  #isLoggingIn = false
  /** When the person was told that somebody else has logged in. */
  #backAtMs = 0

  constructor(name: string, device: Device, { time, ledger, sent, look }: PersonParts) {
    this.name = name
    this.device = device
    this.#time = time
    this.#ledger = ledger
    this.#sentEvents = sent
    this.#look = () => look(this)
    this.window = this.#newWindow()
  }

  /** Does this as soon as the client is open and the person logged in, and has begun what comes before. */
  soon(task: (client: MailClient) => void): void {
    this.#tasks.push(task)
    if (this.#tasks.length === 1) this.#doNext()
  }

  #doNext(): void {
    const { client } = this.device
    const [task] = this.#tasks
    if (task === undefined) return
    if (client !== null && this.session === 'in') {
      this.#tasks.shift()
      task(client)
    } else if (!this.isAway) this.comeIn()
    this.#time.after(lookMs, () => this.#doNext())
  }

  /** Starts the client, and logs in, as far as that is not done and not begun. */
  comeIn(): void {
    if (this.device.client === null) this.start()
    else if (this.session === 'out' && this.#time.nowMs >= this.#backAtMs) void this.#logIn()
  }

  start(): void {
    if (this.#isStarting || this.device.client !== null) return
    this.#isStarting = true
    this.session = 'out'
    const started = this.device.start((event) => this.#hear(event))
    started.then(
      async (client) => {
        if (client === null) return
        await this.#resume(client)
        this.#isStarting = false
      },
      (error: unknown) => {
        this.#check('start', error)
        this.#time.after(againMs, () => {
          this.#isStarting = false
        })
      },
    )
  }

  /** The client's process is killed; what it had begun is never answered. */
  kill(): void {
    this.device.kill()
    this.#isStarting = false
    this.#isLoggingIn = false
    this.session = 'out'
    this.inSinceMs = Infinity
    this.calls.clear()
  }

  /** Asks the client; `told` hears what came of it. */
  wish<Value>(
    what: string,
    ask: (client: MailClient) => Promise<Value>,
    told: (outcome: Outcome<Value>) => void,
  ): void {
    const { client } = this.device
    if (client === null) throw new Error('the client is not open')
    const call = this.#begin(what)
    ask(client).then(
      (value) => {
        if (!this.calls.delete(call)) return
        told({ kind: 'done', value })
        this.window.refresh()
      },
      (error: unknown) => {
        if (!this.calls.delete(call)) return
        this.#check(what, error)
        told({ kind: 'refused', code: codeOf(error), message: error instanceof Error ? error.message : '' })
      },
    )
  }

  /** As `wish`, for those who wait. */
  ask<Value>(what: string, ask: (client: MailClient) => Promise<Value>): Promise<Outcome<Value>> {
    return new Promise((resolve) => {
      this.wish(what, ask, resolve)
    })
  }

  /** Of the passwords that may be the right one. */
  get passwords(): readonly string[] {
    return this.#ledger.register(`${this.name}'s password`, `${this.name}'s password`).possible
  }

  #begin(what: string): Call {
    const call = { what, sinceMs: this.#time.nowMs, client: this.device.client }
    this.calls.add(call)
    return call
  }

  #check(what: string, error: unknown): void {
    if (!(error instanceof QuintetError) || error.code === 'INTERNAL')
      this.#ledger.violations.push(
        `no code: ${this.name}: ${what}: ${error instanceof Error ? error.stack : String(error)}`,
      )
  }

  async #resume(client: MailClient): Promise<void> {
    const { kept } = this.device
    if (kept === null) return
    const call = this.#begin('resume')
    try {
      await client.resumeSession({ kept })
    } catch (error) {
      this.#check('resume', error)
      if (endsKeptLogIn.has(codeOf(error))) this.device.kept = null
    }
    this.calls.delete(call)
    if (this.device.client === client) this.tellSession()
  }

  async #logIn(): Promise<void> {
    if (this.#isLoggingIn) return
    this.#isLoggingIn = true
    const { client } = this.device
    for (const password of this.passwords.toReversed()) {
      if (client === null || this.device.client !== client) return
      const outcome = await this.ask('log in', (open) => open.logIn({ name: this.name, password }))
      this.tellSession()
      if (outcome.kind === 'done') {
        this.keep()
        break
      }
      if (outcome.code !== 'WRONG_PASSWORD') break
    }
    if (this.session === 'out') this.#backAtMs = this.#time.nowMs + againMs
    this.#isLoggingIn = false
  }

  /** As the app does after calls that may change who is logged in. */
  keep(): void {
    const { client } = this.device
    this.device.kept = this.device.session === 'in' && client !== null ? client.keptSession() : null
  }

  /** What the window is told after calls, and with events, that may change who is logged in. */
  tellSession(): void {
    const before = this.session
    this.session = this.device.session
    if (before === this.session) return
    this.inSinceMs = this.session === 'in' ? this.#time.nowMs : Infinity
    // The app's page is one person's, and is loaded anew for the next.
    this.window = this.#newWindow()
  }

  #newWindow(): Window {
    const window = new Window(this.#time, this.#look)
    window.refresh()
    return window
  }

  #hear(event: ClientEvent): void {
    if (event.event === 'takenOver') {
      this.keep()
      this.#backAtMs = this.#time.nowMs + backAfterMs
    }
    if (event.event === 'takenOver' || event.event === 'renamed' || event.event === 'connected') this.tellSession()
    if (event.event === 'draftKept') this.#ledger.keptBoth.add(this.name)
    if (event.event === 'sent') this.#sentEvents(event.outbox)
    this.window.hear(event)
  }
}

export interface PersonParts {
  readonly time: VirtualTime
  readonly ledger: Ledger
  /** Told what has left the outbox, as the window is. */
  readonly sent: (outbox: string) => void
  /** What the person's window would show that looks now; null when no server can be asked. */
  readonly look: (person: Person) => Promise<string | null>
}

import type { AppEvent, AppPhase } from '../../electron/contract/app-host.ts'
import type { Answer, QuintetBridge } from '../../electron/contract/bridge.ts'
import type { ClientEvent } from '../../replica/client/contract/events.ts'
import type { ErrorCode, Failure } from '../../replica/core/model/errors.ts'
import { fakeGroup, fakeSettings } from './fake-group.ts'
import { FakeMailbox } from './fake-mailbox.ts'
import { fakePeople } from './fake-people.ts'

type Method = (request: never) => unknown

/** The host's side of the bridge in memory, for component tests and stories: happy paths, and failures on demand. */
export class FakeQuintet implements QuintetBridge {
  readonly mailbox: FakeMailbox
  readonly calls: { readonly method: string; readonly request: unknown }[] = []
  readonly #failures = new Map<string, Failure>()
  readonly #clientListeners = new Set<(events: readonly ClientEvent[]) => void>()
  readonly #appListeners = new Set<(events: readonly AppEvent[]) => void>()
  readonly #held: (() => void)[] = []
  #holds: 'held' | 'answered' = 'answered'
  #clientMethods: Readonly<Record<string, Method>>
  #hostMethods: Readonly<Record<string, Method>>

  constructor(mails: number) {
    this.mailbox = new FakeMailbox(mails, (event) => this.emit(event))
    this.#clientMethods = { ...this.mailbox.methods(), ...fakePeople(), ...fakeGroup() }
    this.#hostMethods = fakeSettings((event) => this.emitApp(event))
  }

  /** Methods of other domains, for their stories and tests. */
  add(door: 'client' | 'host', methods: Readonly<Record<string, Method>>): void {
    if (door === 'client') this.#clientMethods = { ...this.#clientMethods, ...methods }
    else this.#hostMethods = { ...this.#hostMethods, ...methods }
  }

  client(method: string, request: unknown): Promise<Answer<unknown>> {
    return this.#answer(this.#clientMethods, method, request)
  }

  host(method: string, request: unknown): Promise<Answer<unknown>> {
    return this.#answer(this.#hostMethods, method, request)
  }

  onClientEvents(listener: (events: readonly ClientEvent[]) => void): () => void {
    this.#clientListeners.add(listener)
    return () => this.#clientListeners.delete(listener)
  }

  onAppEvents(listener: (events: readonly AppEvent[]) => void): () => void {
    this.#appListeners.add(listener)
    return () => this.#appListeners.delete(listener)
  }

  emit(event: ClientEvent): void {
    for (const listener of this.#clientListeners) listener([event])
  }

  emitApp(event: AppEvent): void {
    for (const listener of this.#appListeners) listener([event])
  }

  setPhase(phase: AppPhase): void {
    this.add('host', { phase: () => phase })
    this.emitApp({ event: 'phase', phase })
  }

  /** From now on the method fails. */
  failWith(method: string, code: ErrorCode): void {
    this.#failures.set(method, { code, message: `${method} failed for the test` })
  }

  /** It works again. */
  mend(method: string): void {
    this.#failures.delete(method)
  }

  /** From now on nothing is answered until `answerHeld`. */
  holdAnswers(): void {
    this.#holds = 'held'
  }

  answerHeld(): void {
    this.#holds = 'answered'
    for (const answer of this.#held.splice(0)) answer()
  }

  requestsOf(method: string): readonly unknown[] {
    return this.calls.filter((call) => call.method === method).map(({ request }) => request)
  }

  async #answer(methods: Readonly<Record<string, Method>>, method: string, request: unknown): Promise<Answer<unknown>> {
    this.calls.push({ method, request })
    if (this.#holds === 'held') await new Promise<void>((resolve) => this.#held.push(resolve))
    const failure = this.#failures.get(method)
    if (failure !== undefined) return { ok: false, failure }
    const carryOut = methods[method]
    if (carryOut === undefined)
      return { ok: false, failure: { code: 'INTERNAL', message: `${method} is not in the fake` } }
    return { ok: true, value: await carryOut(request as never) }
  }
}

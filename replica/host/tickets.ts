import type { CommandAnswer, CommandTicket } from '../core/effects.ts'
import { type Failure, type Result, toError } from '../core/model/errors.ts'

/** Commands that wait for their answers, and others that wait until an event's effects have been carried out. */
export class Tickets {
  readonly #open = new Map<CommandTicket, PromiseWithResolvers<CommandAnswer>>()
  readonly #settling = new Set<(failure: Failure) => void>()
  #last: CommandTicket = 0

  open(): { readonly ticket: CommandTicket; readonly answer: Promise<CommandAnswer> } {
    this.#last += 1
    const promise = Promise.withResolvers<CommandAnswer>()
    this.#open.set(this.#last, promise)
    return { ticket: this.#last, answer: promise.promise }
  }

  answer(ticket: CommandTicket, result: Result<CommandAnswer>): void {
    const promise = this.#open.get(ticket)
    this.#open.delete(ticket)
    if (result.ok) promise?.resolve(result.value)
    else promise?.reject(toError(result.failure))
  }

  /** `done` is to be called when the effects have been carried out. */
  settle(): { readonly done: () => void; readonly settled: Promise<void> } {
    const promise = Promise.withResolvers<undefined>()
    const fail = (failure: Failure): void => {
      promise.reject(toError(failure))
    }
    this.#settling.add(fail)
    const done = (): void => {
      this.#settling.delete(fail)
      promise.resolve(undefined)
    }
    return { done, settled: promise.promise }
  }

  failAll(failure: Failure): void {
    for (const promise of this.#open.values()) promise.reject(toError(failure))
    this.#open.clear()
    for (const fail of this.#settling) fail(failure)
    this.#settling.clear()
  }
}

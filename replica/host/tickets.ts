import type { CommandAnswer, CommandTicket } from '../core/effects.ts'
import { type Failure, QuintetError, type Result } from '../core/model/errors.ts'

export const toError = ({ code, message }: Failure): QuintetError => new QuintetError(code, message)

/** Commands that wait for their answers. */
export class Tickets {
  readonly #open = new Map<CommandTicket, PromiseWithResolvers<CommandAnswer>>()
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

  failAll(failure: Failure): void {
    for (const promise of this.#open.values()) promise.reject(toError(failure))
    this.#open.clear()
  }
}

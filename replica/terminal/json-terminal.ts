import type { Readable, Writable } from 'node:stream'

import type { ClientEvent } from '../client/contract/events.ts'
import type { MailClient } from '../client/contract/mail-client.ts'
import { QuintetError, type Failure } from '../core/model/errors.ts'
import { limits } from '../core/model/limits.ts'
import { JsonOutput } from './json-output.ts'
import { shownHeader, strange } from './json-verb.ts'
import { verbs } from './json-verbs.ts'
import { readLines, type InputLine } from './line-reader.ts'
import { idAtBeginning, idOf, type RequestId } from './request-id.ts'
import { RequestOrder } from './request-order.ts'

export interface JsonTerminalOptions {
  readonly client: MailClient
  readonly input: Readable
  readonly output: Writable
}

/**
 * Serves one JSON request a line until the input ends, or the reader goes away; then finishes what is under way, closes the
 * client and is fulfilled. Requests may be pipelined: see `RequestOrder`.
 */
export const runJsonTerminal = async ({ client, input, output }: JsonTerminalOptions): Promise<void> => {
  const terminal = new JsonTerminal(client, new JsonOutput(output))
  client.onEvent((event) => terminal.push(event))
  await terminal.serve(readLines(input, limits.terminalLineBytes))
  await client.close()
}

class JsonTerminal {
  readonly #client: MailClient
  readonly #output: JsonOutput
  readonly #order = new RequestOrder()
  #requests = 0
  #bytes = 0
  #wake: () => void = () => undefined

  constructor(client: MailClient, output: JsonOutput) {
    this.#client = client
    this.#output = output
  }

  async serve(lines: AsyncIterable<InputLine>): Promise<void> {
    // A reader that goes away is not waited for until there is another line.
    await Promise.race([this.#takeAll(lines), this.#output.gone])
    await this.#order.idle()
    await this.#finished()
    await this.#output.flush()
  }

  push(event: ClientEvent): void {
    switch (event.event) {
      case 'mail':
        this.#output.push({ event: 'mail', ...shownHeader(event.header) })
        return
      case 'post': {
        const { post, author, text, postedAt } = event.post
        this.#output.push({ event: 'post', post, author, ...strange(event.post), text, postedAt })
        return
      }
      case 'view':
        this.#output.push({ event: 'view', ...event.view })
        return
      case 'disconnected':
        this.#output.push({ event: 'disconnected', ...event.failure })
        return
      case 'connected':
        this.#output.push({ event: 'connected', server: event.server })
        return
      // Programs ask for these when they want them; the lines that they get unasked stay few.
      case 'mailbox':
      case 'knowledge':
      case 'people':
        return
      default:
        this.#output.push(event)
    }
  }

  async #takeAll(lines: AsyncIterable<InputLine>): Promise<void> {
    for await (const line of lines) {
      if (this.#output.isBroken) break
      this.#takeLine(line)
      await this.#output.ready()
      while (this.#isFull()) await new Promise<void>((wake) => (this.#wake = wake))
    }
  }

  #takeLine(line: InputLine): void {
    switch (line.kind) {
      case 'tooLong':
        this.#fail(idAtBeginning(line.beginning), {
          code: 'TOO_LARGE',
          message: `A line has at most ${limits.terminalLineBytes} bytes.`,
        })
        return
      case 'notText':
        this.#fail(null, badRequest('A line is text in UTF-8.').failure)
        return
      case 'line':
        if (line.text.trim() !== '') this.#take(line.text, line.bytes)
    }
  }

  #isFull(): boolean {
    return this.#requests >= limits.callsInFlight || this.#bytes >= limits.callBytesInFlight
  }

  async #finished(): Promise<void> {
    while (this.#requests > 0) await new Promise<void>((wake) => (this.#wake = wake))
  }

  #take(text: string, bytes: number): void {
    const request = parsed(text)
    const id = idOf(request)
    try {
      if (request === null) throw badRequest('A request is one JSON object a line, such as {"id":1,"do":"view"}.')
      if (id === undefined)
        throw badRequest('"id" must be a text, or a number that is kept exactly: a whole one has at most 53 bits.')
      const { kind, prepare } = verbOf(request)
      const work = prepare(request)
      void this.#carryOut(id, bytes, () => this.#order.run(kind, () => work(this.#client)))
    } catch (error) {
      this.#fail(id ?? null, failureOf(error))
    }
  }

  async #carryOut(id: RequestId, bytes: number, run: () => Promise<object>): Promise<void> {
    this.#requests += 1
    this.#bytes += bytes
    try {
      this.#output.answer({ id, ok: true, ...(await run()) })
    } catch (error) {
      this.#fail(id, failureOf(error))
    }
    this.#requests -= 1
    this.#bytes -= bytes
    this.#wake()
  }

  #fail(id: RequestId, { code, message }: Failure): void {
    this.#output.answer({ id, ok: false, code, message })
  }
}

const badRequest = (message: string): QuintetError => new QuintetError('BAD_REQUEST', message)

const parsed = (text: string): object | null => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null
  } catch {
    return null
  }
}

const verbOf = (request: object) => {
  const name = 'do' in request ? request.do : undefined
  if (typeof name !== 'string') throw badRequest('"do" must be a text that says what to do.')
  const found = verbs.get(name)
  if (found !== undefined) return found
  throw badRequest(`"do" is "${name.slice(0, 64)}", which is none of ${[...verbs.keys()].join(', ')}.`)
}

const failureOf = (error: unknown): Failure =>
  error instanceof QuintetError
    ? error.failure
    : { code: 'INTERNAL', message: `This failed in a way that is not foreseen: ${String(error)}` }

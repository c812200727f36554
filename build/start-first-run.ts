import { createInterface, type Interface } from 'node:readline'
import type { ReplicaArguments } from '../replica/arguments.ts'
import { QuintetError } from '../replica/core/model/errors.ts'
import { isServerId, seatCount, type ServerId } from '../replica/core/model/ids.ts'
import { decodeInvite } from '../replica/wire/invite-codec.ts'

type Way = 'create' | 'join'

/** The first run's questions. Ending the input, or Ctrl-C, ends the process. */
export class FirstRun {
  readonly #output: NodeJS.WritableStream
  readonly #readline: Interface
  /** Lines that came before they were asked for: what is pasted comes all at once. */
  readonly #lines: string[] = []
  #waiting: ((line: string) => void) | null = null

  constructor(input: NodeJS.ReadableStream, output: NodeJS.WritableStream) {
    this.#output = output
    this.#readline = createInterface({ input, output })
    this.#readline.on('line', (line) => {
      const waiting = this.#waiting
      this.#waiting = null
      if (waiting === null) this.#lines.push(line)
      else waiting(line)
    })
    this.#readline.once('SIGINT', () => this.#leave())
    this.#readline.once('close', this.#leave)
  }

  /** Asks, does it, and asks again when it could not be done. Passes on what asking again cannot help. */
  async settle<Started>(
    options: ReplicaArguments,
    start: (options: ReplicaArguments) => Promise<Started>,
  ): Promise<Started> {
    this.#say(`There is no group on this computer yet (its data will be kept in ${options.data}).`)
    for (;;) {
      const asked = (await this.#way()) === 'create' ? await this.#creating(options) : await this.#joining(options)
      const outcome = await this.#tried(asked, start)
      if (outcome !== null) return outcome.started
    }
  }

  close(): void {
    this.#readline.off('close', this.#leave)
    this.#readline.close()
  }

  async #tried<Started>(
    options: ReplicaArguments,
    start: (options: ReplicaArguments) => Promise<Started>,
  ): Promise<{ readonly started: Started } | null> {
    if (options.join !== null) this.#say('Asking the group …')
    let asked = options
    for (;;) {
      try {
        return { started: await start(asked) }
      } catch (error) {
        if (!(error instanceof QuintetError) || unchangeable.has(error.code)) throw error
        this.#say(error.message)
        if (error.code !== 'SEAT_TAKEN') return null
        asked = { ...asked, server: await this.#seat('Another server id') }
      }
    }
  }

  async #way(): Promise<Way> {
    this.#say('', '  1  Create a group', '  2  Join a group with an invite', '')
    for (;;) {
      const answer = await this.#ask('1 or 2: ')
      if (answer === '1') return 'create'
      if (answer === '2') return 'join'
      if (decodeInvite(answer).ok) this.#say('That is an invite: choose 2, then paste it.')
    }
  }

  async #creating(options: ReplicaArguments): Promise<ReplicaArguments> {
    let create = ''
    while (create === '') create = await this.#ask('Name of the group: ')
    const server = options.server ?? (await this.#seat('Server id of this computer'))
    return { ...options, create, server }
  }

  async #joining(options: ReplicaArguments): Promise<ReplicaArguments> {
    let join = await this.#ask('Paste the invite: ')
    for (;;) {
      const invite = decodeInvite(join)
      if (invite.ok) {
        this.#say(`An invite to "${invite.value.groupName}".`)
        return { ...options, join, server: options.server ?? (await this.#seat('Server id of this computer')) }
      }
      // Where it was copied it may have been wrapped into several lines.
      const more = join === '' ? '' : await this.#ask('Paste the rest of it (Enter: that was all): ')
      if (more !== '') {
        join += more
        continue
      }
      if (join !== '') this.#say(invite.failure.message)
      join = await this.#ask('Paste the invite: ')
    }
  }

  /** Null for whichever is free. */
  async #seat(question: string): Promise<ServerId | null> {
    for (;;) {
      const answer = await this.#ask(`${question}, 1 to ${seatCount} (Enter: the first free one): `)
      if (answer === '') return null
      const server = Number(answer)
      if (isServerId(server)) return server
    }
  }

  async #ask(question: string): Promise<string> {
    const early = this.#lines.shift()
    if (early !== undefined) return early.trim()
    this.#readline.setPrompt(question)
    this.#readline.prompt()
    const line = await new Promise<string>((resolve) => {
      this.#waiting = resolve
    })
    return line.trim()
  }

  #say(...lines: readonly string[]): void {
    for (const line of lines) this.#output.write(`${line}\n`)
  }

  readonly #leave = (): void => {
    this.#say('')
    process.exit(0)
  }
}

/** Failures of the machine or of the directory: no other answer would help. */
const unchangeable: ReadonlySet<string> = new Set([
  'DIRECTORY_IN_USE',
  'DIRECTORY_NOT_USABLE',
  'DISK_FULL',
  'DISK_FAILED',
  'PORT_IN_USE',
  'BAD_ADDRESS',
  'NEWER_FORMAT',
  'DAMAGED',
  'INTERNAL',
])

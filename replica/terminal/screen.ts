import { clearScreenDown, createInterface, cursorTo, moveCursor, type Interface } from 'node:readline'
import { Writable, type Readable } from 'node:stream'

const defaultColumns = 80
const historyLines = 500

/** The person gave a question up. Its message is what they are told then. */
export class Cancelled extends Error {
  constructor(told = 'Left as it was.') {
    super(told)
    this.name = 'Cancelled'
  }
}

/** The person does not wait for what a command has asked for; it may be carried out all the same. */
export class Interrupted extends Cancelled {
  constructor() {
    super('Not waited for any longer: what the server has been given stays given. Ctrl-C once more leaves.')
  }
}

/** There is no more input: nobody can answer a question. */
export class InputEnded extends Cancelled {
  /** What stood in the line that was being typed. */
  readonly unfinished: string

  constructor(unfinished: string) {
    super()
    this.unfinished = unfinished
  }
}

interface Terminal extends Writable {
  readonly isTTY?: boolean
  readonly columns?: number
}

interface Asking {
  readonly answer: (line: string | null) => void
  readonly cancel: () => void
}

type Echo = 'shown' | 'hidden'
type Place = 'prompt' | 'dialogue'

/** Asks for lines and prints lines, so that what comes in by itself does not spoil what is being typed. Works over pipes too. */
export class Screen {
  readonly #output: Terminal
  readonly #isTerminal: boolean
  /** Somebody types the lines; otherwise they were written before, whatever becomes of them. */
  readonly isTyped: boolean
  readonly #readline: Interface
  readonly #lines: string[] = []
  #ended = false
  /** Nobody reads it any more: then what was typed ahead is not carried out either. */
  #isGone = false
  #asking: Asking | null = null
  /** What is typed ahead is shown when it is taken up: it may be a password. */
  #echo: Echo = 'hidden'
  #place: Place | 'busy' = 'busy'
  #later: string[] = []
  /** Of what is worked on since the last line was taken. */
  #working = new AbortController()
  /** Ctrl-C was the last that was typed outside of a dialogue: once more leaves. */
  #isInterrupted = false
  /** The last answer, where that was one. */
  #secret: string | null = null
  #followsSecret = false
  #isDropping = false

  /** `left` is aborted when the person has gone away, as by closing the terminal's window. */
  constructor(input: Readable, output: Terminal, left: AbortSignal | null = null) {
    this.#output = output
    this.isTyped = 'isTTY' in input && input.isTTY === true
    this.#isTerminal = output.isTTY === true && this.isTyped
    this.#readline = createInterface({
      input,
      output: this.#echoing(),
      terminal: this.#isTerminal,
      historySize: historyLines,
      removeHistoryDuplicates: true,
    })
    this.#readline.on('line', (line) => this.#take(line))
    this.#readline.on('close', () => {
      this.#ended = true
      this.#asking?.answer(null)
    })
    const leave = (): void => {
      this.#leave()
    }
    output.on('error', leave)
    // A terminal that is no more fails in everything, also when it is given back.
    this.#readline.on('error', leave)
    left?.addEventListener('abort', leave)
    this.#readline.on('SIGINT', () => this.#interrupt())
    this.#readline.on('history', (history) => {
      if (this.#place !== 'prompt') history.shift()
    })
  }

  get columns(): number {
    return this.#output.columns ?? defaultColumns
  }

  /**
   * A command; null when the input has ended, or nobody reads what is shown. A script that was written for a sign-up has a password twice,
   * also where there is an account by now that wants it once: the second is no command.
   */
  async command(prompt: string): Promise<string | null> {
    const secret = this.#secret
    this.#secret = null
    const line = await this.#ask(prompt, 'prompt', 'shown')
    if (!this.isTyped && secret !== null && line === secret) return this.command(prompt)
    this.#followsSecret = secret !== null
    return line
  }

  /** The last command came right after a secret, and may be one itself. */
  get followsSecret(): boolean {
    return this.#followsSecret
  }

  /**
   * An answer within a command; who types it goes on from what is `begun`. Throws `Cancelled` when the person presses Ctrl-C, `InputEnded` when the
   * input ends.
   */
  async question(prompt: string, begun = ''): Promise<string> {
    return this.#given(await this.#ask(prompt, 'dialogue', 'shown', begun))
  }

  /** The same, without showing what is typed. */
  async secret(prompt: string): Promise<string> {
    const line = await this.#ask(prompt, 'dialogue', 'hidden')
    if (this.#isTerminal) this.#output.write('\n')
    this.#secret = line
    return this.#given(line)
  }

  /** Takes the lines up to this one, or the end of the input, for nothing, unless somebody types them. */
  async passOver(lastLine: string): Promise<void> {
    if (this.isTyped) return
    let line: string | null
    do line = await this.#ask('', 'dialogue', 'shown')
    while (line !== null && line !== lastLine)
  }

  /** Nothing more is carried out of what nobody types: where a secret was to come that was not asked for, it would be a command. */
  stopScript(): void {
    if (this.isTyped || this.#isGone) return
    this.print('Nothing of what follows is carried out: it may be a password.')
    this.#leave()
  }

  /** What `promise` gives. Throws `Interrupted` when the person presses Ctrl-C while nothing is asked; `promise` goes on by itself then. */
  async waited<Value>(promise: PromiseLike<Value>): Promise<Value> {
    const { signal } = this.#working
    const stopped = Promise.withResolvers<never>()
    const stop = (): void => {
      this.#working = new AbortController()
      stopped.reject(new Interrupted())
    }
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop)
    try {
      return await Promise.race([promise, stopped.promise])
    } finally {
      signal.removeEventListener('abort', stop)
    }
  }

  print(...lines: readonly string[]): void {
    for (const line of lines) this.#output.write(`${line}\n`)
  }

  /** Prints what comes in by itself: above the line that is being typed, or after the dialogue that is going on. */
  notice(line: string): void {
    if (this.#place === 'dialogue') {
      this.#later.push(line)
      return
    }
    if (this.#place === 'busy' || !this.#isTerminal) {
      this.print(line)
      return
    }
    moveCursor(this.#output, 0, -this.#readline.getCursorPos().rows)
    cursorTo(this.#output, 0)
    clearScreenDown(this.#output)
    this.print(line)
    this.#readline.prompt(true)
  }

  /** After a command: what came in meanwhile. */
  printLater(): void {
    this.print(...this.#later)
    this.#later = []
  }

  close(): void {
    this.#readline.close()
  }

  #leave(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#readline.close()
  }

  async #ask(prompt: string, place: Place, echo: Echo, begun = ''): Promise<string | null> {
    this.#place = place
    if (this.#working.signal.aborted) {
      this.#working = new AbortController()
      // Nothing was waited for: the dialogue is what is given up.
      if (place === 'dialogue') throw new Cancelled()
    }
    this.#readline.setPrompt(prompt)
    if (this.#isGone) return this.#answered(null)
    const waiting = this.#lines.shift()
    if (waiting !== undefined) {
      if (this.#isTerminal) this.#output.write(echo === 'shown' ? `${prompt}${waiting}\n` : prompt)
      return this.#answered(waiting)
    }
    if (this.#ended) return this.#answered(null)
    this.#echo = echo
    if (this.#isTerminal && echo === 'hidden') this.#output.write(prompt)
    else if (this.#isTerminal) this.#readline.prompt(true)
    if (this.#isTerminal && begun !== '') this.#readline.write(begun)
    const line = await new Promise<string | null>((answer, reject) => {
      this.#asking = { answer, cancel: () => reject(new Cancelled()) }
    }).finally(() => {
      this.#asking = null
      this.#echo = 'hidden'
      this.#place = 'busy'
    })
    return line
  }

  #given(line: string | null): string {
    if (line === null) throw new InputEnded(this.#readline.line)
    return line
  }

  #answered(line: string | null): string | null {
    this.#place = 'busy'
    return line
  }

  #take(line: string): void {
    if (this.#isDropping) return
    this.#isInterrupted = false
    const asking = this.#asking
    // Over a pipe the next lines come before the answer is taken up.
    this.#asking = null
    if (asking === null) {
      this.#lines.push(line)
      return
    }
    this.#place = 'busy'
    this.#echo = 'hidden'
    asking.answer(line)
  }

  #interrupt(): void {
    const isAgain = this.#isInterrupted && this.#readline.line === ''
    this.#dropLine()
    if (this.#place === 'dialogue') {
      this.#asking?.cancel()
      return
    }
    if (isAgain) {
      this.#leave()
      return
    }
    this.#isInterrupted = true
    if (this.#place === 'busy') {
      // As shells do: what was typed ahead was to come after what is given up.
      this.#lines.length = 0
      this.#working.abort()
      return
    }
    this.print('Ctrl-C once more, Ctrl-D or quit leaves.')
    this.#readline.prompt()
  }

  /** Ended as any other line: readline would go on in the rows that it took. */
  #dropLine(): void {
    this.#readline.write(null, { ctrl: true, name: 'e' })
    this.#readline.write(null, { ctrl: true, name: 'u' })
    this.#output.write('^C\n')
    const echo = this.#echo
    this.#echo = 'hidden'
    this.#isDropping = true
    this.#readline.write(null, { name: 'return' })
    this.#isDropping = false
    this.#echo = echo
  }

  /** What readline writes: prompts and the echo of what is typed, which a secret must not have. */
  #echoing(): Writable {
    const output = this.#output
    const echoing = new Writable({
      decodeStrings: false,
      write: (chunk: string | Buffer, _encoding, done) => {
        if (this.#echo === 'shown') output.write(chunk)
        done()
      },
    })
    Object.defineProperty(echoing, 'columns', { get: () => output.columns ?? defaultColumns })
    output.on('resize', () => echoing.emit('resize'))
    return echoing
  }
}

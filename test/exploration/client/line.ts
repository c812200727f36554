import { QuintetError } from '../../../replica/core/model/errors.ts'
import { peerId } from '../../../replica/core/model/ids.ts'
import type { FrameStream } from '../../../replica/host/ports.ts'
import { noteWork } from './native-work.ts'
import type { VirtualTime } from './virtual-time.ts'

const delayMs = 3
/** As those of the streams between a client and a server over a network (`clientPatience`). */
const doubtMs = 2_000
const lostMs = 10_000

const lost = (): QuintetError => new QuintetError('UNREACHABLE', 'The connection was lost.')

/** What becomes of a frame. */
export type Fate = 'comes' | 'lost' | { readonly lateMs: number }

export type Way = 'to the server' | 'to the client'

/** One way of a line: frames come in their order. */
class Lane {
  readonly #frames: Uint8Array[] = []
  #end: 'open' | 'ended' | 'lost' = 'open'
  #changed = Promise.withResolvers<undefined>()

  put(frame: Uint8Array): void {
    if (this.#end !== 'open') return
    this.#frames.push(frame)
    this.#change()
  }

  end(how: 'ended' | 'lost'): void {
    if (this.#end === 'open') this.#end = how
    if (how === 'lost') this.#frames.length = 0
    this.#change()
  }

  async *frames(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const frame = this.#frames.shift()
      if (frame !== undefined) yield frame
      else if (this.#end === 'lost') throw lost()
      else if (this.#end === 'ended') return
      else await this.#changed.promise
    }
  }

  #change(): void {
    noteWork()
    this.#changed.resolve(undefined)
    this.#changed = Promise.withResolvers()
  }
}

/** A connection between a client and a server, over which frames take their time. */
export class Line {
  readonly client: FrameStream
  readonly server: FrameStream
  readonly #time: VirtualTime
  readonly #fateOf: (way: Way, frame: Uint8Array) => Fate
  readonly #lanes = { 'to the server': new Lane(), 'to the client': new Lane() } as const
  readonly #freeAtMs = { 'to the server': 0, 'to the client': 0 }
  #isOpen = true
  #hungUntilMs = 0
  #silence: (forMs: number | null) => void = () => undefined

  constructor(time: VirtualTime, fateOf: (way: Way, frame: Uint8Array) => Fate) {
    this.#time = time
    this.#fateOf = fateOf
    const close = (): Promise<void> => {
      this.#end()
      return Promise.resolve()
    }
    this.client = {
      remote: peerId('server'),
      frames: this.#lanes['to the client'].frames(),
      send: (frame) => this.#send('to the server', frame),
      close,
      onSilence: (listener) => {
        this.#silence = listener
      },
    }
    this.server = {
      remote: peerId('client'),
      frames: this.#lanes['to the server'].frames(),
      send: (frame) => this.#send('to the client', frame),
      close,
    }
  }

  /** Both ends hear that it is lost. */
  cut(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    for (const lane of Object.values(this.#lanes)) lane.end('lost')
  }

  /** Nothing passes for so long, and nobody says so. */
  hang(forMs: number): void {
    this.#hungUntilMs = this.#time.nowMs + forMs
    this.#beSilent(forMs)
  }

  /** What was begun to be sent still comes. */
  #end(): void {
    if (!this.#isOpen) return
    this.#isOpen = false
    for (const [way, lane] of Object.entries(this.#lanes))
      this.#time.after(this.#freeAtMs[way as Way] + 1 - this.#time.nowMs, () => lane.end('ended'))
  }

  async #send(way: Way, frame: Uint8Array): Promise<void> {
    if (!this.#isOpen) throw lost()
    const fate = this.#fateOf(way, frame)
    if (fate === 'lost') return
    const lateMs = fate === 'comes' ? 0 : fate.lateMs
    if (lateMs > 0 && way === 'to the client') this.#beSilent(lateMs)
    const atMs = Math.max(this.#time.nowMs + delayMs + lateMs, this.#freeAtMs[way], this.#hungUntilMs)
    this.#freeAtMs[way] = atMs
    this.#time.after(atMs - this.#time.nowMs, () => this.#lanes[way].put(frame))
  }

  #beSilent(forMs: number): void {
    const whileOpen = (task: () => void) => (): void => {
      if (this.#isOpen) task()
    }
    if (forMs > doubtMs)
      this.#time.after(
        doubtMs,
        whileOpen(() => this.#silence(doubtMs)),
      )
    if (forMs > lostMs)
      this.#time.after(
        lostMs,
        whileOpen(() => this.cut()),
      )
    else
      this.#time.after(
        forMs,
        whileOpen(() => this.#silence(null)),
      )
  }
}

import { QuintetError } from '../core/model/errors.ts'
import { peerId } from '../core/model/ids.ts'
import type { FrameStream } from '../host/ports.ts'

/** Two ends of one stream within a process, with back-pressure: a sender waits while the other side has a frame to take. */
export interface MemoryStreams {
  readonly client: FrameStream
  readonly replica: FrameStream
  /** The connection is lost: both ends throw UNREACHABLE. */
  cut(): void
}

export const createMemoryStreams = (): MemoryStreams => {
  const toReplica = new Lane()
  const toClient = new Lane()
  const close = (): Promise<void> => {
    toReplica.end()
    toClient.end()
    return Promise.resolve()
  }
  return {
    client: { remote: peerId('replica'), frames: toClient.frames(), send: (frame) => toReplica.put(frame), close },
    replica: { remote: peerId('client'), frames: toReplica.frames(), send: (frame) => toClient.put(frame), close },
    cut: () => {
      toReplica.lose()
      toClient.lose()
    },
  }
}

const lost = (): QuintetError => new QuintetError('UNREACHABLE', 'The connection was lost.')

class Lane {
  readonly #frames: Uint8Array[] = []
  #state: 'open' | 'ended' | 'lost' = 'open'
  #changed = Promise.withResolvers<undefined>()

  async put(frame: Uint8Array): Promise<void> {
    if (this.#state !== 'open') throw lost()
    this.#frames.push(frame)
    this.#change()
    while (this.#frames.length > 1 && this.#isOpen()) await this.#changed.promise
    if (this.#isLost()) throw lost()
  }

  end(): void {
    if (this.#state === 'open') this.#state = 'ended'
    this.#change()
  }

  lose(): void {
    this.#state = 'lost'
    this.#frames.length = 0
    this.#change()
  }

  async *frames(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const frame = this.#frames.shift()
      if (frame !== undefined) {
        this.#change()
        yield frame
      } else if (this.#state === 'lost') throw lost()
      else if (this.#state === 'ended') return
      else await this.#changed.promise
    }
  }

  #isOpen(): boolean {
    return this.#state === 'open'
  }

  #isLost(): boolean {
    return this.#state === 'lost'
  }

  #change(): void {
    this.#changed.resolve(undefined)
    this.#changed = Promise.withResolvers()
  }
}

import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

const tickMs = 20
const ticksPerSecond = 1_000 / tickMs
/** What waits on the way before the sender has to. */
const bufferBytes = 65_536

/** A slow line to a server: so many bytes a second each way for all its connections together, and nothing is lost. */
export class NarrowRelay {
  readonly #server: Server
  readonly #ways: readonly [Way, Way]
  readonly #timer: NodeJS.Timeout
  readonly #sockets = new Set<Socket>()

  private constructor(server: Server, bytesPerSecond: number) {
    const perTick = Math.ceil(bytesPerSecond / ticksPerSecond)
    this.#server = server
    this.#ways = [new Way(perTick), new Way(perTick)]
    this.#timer = setInterval(() => {
      for (const way of this.#ways) way.tick()
    }, tickMs)
  }

  static async to(port: number, bytesPerSecond: number): Promise<NarrowRelay> {
    const server = createServer()
    const relay = new NarrowRelay(server, bytesPerSecond)
    server.on('connection', (inbound) => relay.#join(inbound, connect(port, '127.0.0.1')))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return relay
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  /** What has come through, to the server and from it. */
  get carried(): readonly [number, number] {
    return [this.#ways[0].carried, this.#ways[1].carried]
  }

  close(): void {
    clearInterval(this.#timer)
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }

  #join(outside: Socket, server: Socket): void {
    for (const [from, to, way] of [
      [outside, server, this.#ways[0]],
      [server, outside, this.#ways[1]],
    ] as const) {
      this.#sockets.add(from)
      from.on('error', () => undefined)
      from.on('data', (data) => way.take(from, to, data))
      from.on('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
    }
  }
}

interface Waiting {
  readonly from: Socket
  readonly to: Socket
  data: Buffer
}

class Way {
  carried = 0
  readonly #perTick: number
  #waiting: Waiting[] = []

  constructor(perTick: number) {
    this.#perTick = perTick
  }

  take(from: Socket, to: Socket, data: Buffer): void {
    this.#waiting.push({ from, to, data })
    if (this.#bytesOf(from) >= bufferBytes) from.pause()
  }

  tick(): void {
    for (let room = this.#perTick; room > 0;) {
      const next = this.#waiting[0]
      if (next === undefined) return
      const part = next.data.subarray(0, room)
      next.data = next.data.subarray(part.length)
      if (next.data.length === 0) this.#waiting.shift()
      room -= part.length
      this.carried += part.length
      if (!next.to.destroyed) next.to.write(part)
      if (this.#bytesOf(next.from) < bufferBytes) next.from.resume()
    }
  }

  #bytesOf(socket: Socket): number {
    return this.#waiting.reduce((sum, { from, data }) => sum + (from === socket ? data.length : 0), 0)
  }
}

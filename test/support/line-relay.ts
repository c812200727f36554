import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { decodeInvite, encodeInvite } from '../../replica/wire/invite-codec.ts'

const tickMs = 20
const ticksPerSecond = 1_000 / tickMs
/** What waits on the way before the sender has to. */
const bufferBytes = 65_536

export interface LineOptions {
  /** Each way, for all connections together; left out: any. */
  readonly bytesPerSecond?: number
  /** What it takes to the server, and from it. */
  readonly delaysMs?: readonly [number, number]
  /** As of packets: of a connection on which more comes at once nothing is carried any more in that direction, as TCP sends the same again and again. */
  readonly largestBytes?: number
}

/** A line to a server that is slow, or long, or both: nothing is lost on it. Who connects is answered at once, as by a satellite's modem. */
export class LineRelay {
  readonly #server: Server
  readonly #ways: readonly [Way, Way]
  readonly #timer: NodeJS.Timeout
  readonly #sockets = new Set<Socket>()
  readonly #stuck = new Set<Socket>()
  #largestBytes: number
  #isFrozen = false

  private constructor(
    server: Server,
    { bytesPerSecond = Infinity, delaysMs = [0, 0], largestBytes = Infinity }: LineOptions,
  ) {
    const perTick = Math.ceil(bytesPerSecond / ticksPerSecond)
    this.#server = server
    this.#largestBytes = largestBytes
    this.#ways = [new Way(perTick, delaysMs[0]), new Way(perTick, delaysMs[1])]
    this.#timer = setInterval(() => {
      for (const way of this.#ways) way.tick()
    }, tickMs)
  }

  static async to(port: number, options: LineOptions): Promise<LineRelay> {
    const server = createServer()
    const relay = new LineRelay(server, options)
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

  /** What the server says arrives so much later from now on: what it has done is known before it has told so. */
  delayAnswers(ms: number): void {
    this.#ways[1].delayMs = ms
  }

  /** Nothing comes through any more, and neither side hears of it. */
  freeze(): void {
    this.#isFrozen = true
  }

  /** From now on packets may be as large as any, on new connections. */
  widen(): void {
    this.#largestBytes = Infinity
  }

  /** The same invite, whose members are reached on this way only. */
  inviteOver(text: string): string {
    const invite = decodeInvite(text)
    if (!invite.ok) throw new Error(invite.failure.message)
    const addresses = invite.value.addresses.map((address) => address.replace(/\/tcp\/\d+/u, `/tcp/${this.port}`))
    return encodeInvite({ ...invite.value, addresses })
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
      from.setNoDelay(true)
      from.on('error', () => undefined)
      from.on('data', (data) => {
        if (data.length > this.#largestBytes) this.#stuck.add(from)
        if (!this.#isFrozen && !this.#stuck.has(from)) way.take(from, to, data)
      })
      from.on('close', () => {
        this.#sockets.delete(from)
        if (this.#isFrozen) return
        // After what was said before it.
        setTimeout(() => to.destroy(), way.delayMs)
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
  delayMs: number
  readonly #perTick: number
  #waiting: Waiting[] = []

  constructor(perTick: number, delayMs: number) {
    this.#perTick = perTick
    this.delayMs = delayMs
  }

  take(from: Socket, to: Socket, data: Buffer): void {
    this.#waiting.push({ from, to, data })
    if (this.#bytesOf(from) >= bufferBytes) from.pause()
    if (this.#perTick === Infinity) this.tick()
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
      this.#deliver(next.to, part)
      if (this.#bytesOf(next.from) < bufferBytes) next.from.resume()
    }
  }

  #deliver(to: Socket, part: Buffer): void {
    const write = (): void => {
      if (!to.destroyed) to.write(part)
    }
    if (this.delayMs === 0) write()
    else setTimeout(write, this.delayMs)
  }

  #bytesOf(socket: Socket): number {
    return this.#waiting.reduce((sum, { from, data }) => sum + (from === socket ? data.length : 0), 0)
  }
}

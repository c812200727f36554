import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'
import { decodeInvite, encodeInvite } from '../../replica/wire/invite-codec.ts'

/** A way to a server on which what it says takes its time: what it has done is known before it has told so. */
export class SlowRelay {
  /** What the server says arrives so much later. */
  delayMs = 0
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(server: Server) {
    this.#server = server
  }

  static async to(port: number): Promise<SlowRelay> {
    const server = createServer()
    const relay = new SlowRelay(server)
    server.on('connection', (inbound) => relay.#join(inbound, connect(port, '127.0.0.1')))
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return relay
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  /** The same invite, whose members are reached on this way only. */
  inviteOver(text: string): string {
    const invite = decodeInvite(text)
    if (!invite.ok) throw new Error(invite.failure.message)
    const addresses = invite.value.addresses.map((address) => address.replace(/\/tcp\/\d+/u, `/tcp/${this.port}`))
    return encodeInvite({ ...invite.value, addresses })
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }

  #join(joiner: Socket, server: Socket): void {
    for (const [from, to, isSlow] of [
      [joiner, server, false],
      [server, joiner, true],
    ] as const) {
      this.#sockets.add(from)
      from.on('error', () => undefined)
      from.on('data', (data) => setTimeout(() => to.write(data), isSlow ? this.delayMs : 0))
      from.on('close', () => to.destroy())
    }
  }
}

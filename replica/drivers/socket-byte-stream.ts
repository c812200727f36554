import type { Socket } from 'node:net'
import type { ByteStream, ByteStreamListener } from './byte-stream.ts'

/** A socket of this machine. A process that is killed closes its end as one does that closes it: nothing is lost on the way. */
export class SocketByteStream implements ByteStream {
  readonly #socket: Socket
  #reason = 'the connection was closed'

  constructor(socket: Socket) {
    this.#socket = socket
    // What follows is 'close', which tells it.
    socket.on('error', (error) => {
      this.#reason = error.message
    })
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.writable
  }

  get arrivedBytes(): number {
    return this.#socket.bytesRead
  }

  get canSend(): boolean {
    return !this.#socket.writableNeedDrain
  }

  listen(listener: ByteStreamListener): void {
    const socket = this.#socket
    socket.on('data', (chunk) => {
      listener.read([chunk])
    })
    socket.on('drain', () => {
      listener.drained()
    })
    socket.on('end', () => {
      listener.ended()
    })
    socket.on('close', () => {
      listener.closed(this.#reason)
    })
  }

  send(chunk: Uint8Array): void {
    this.#socket.write(chunk)
  }

  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  close(timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = this.#socket
      // What the other side still sends is not read any more, and must not keep its end from being noticed.
      socket.resume()
      const timer = setTimeout(() => {
        reject(new Error(`what was sent was not taken within ${timeoutMs} ms`))
      }, timeoutMs)
      socket.once('close', () => {
        clearTimeout(timer)
        resolve()
      })
      socket.end()
    })
  }

  abort(reason: string): void {
    this.#reason = reason
    this.#socket.destroy()
  }
}

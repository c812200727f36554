import { notEmulated, StandInEmitter } from './not-emulated.ts'

type Handler = (event: unknown, ...values: readonly unknown[]) => unknown

/** Requests of pages. Only `handle` is emulated. */
export class IpcMain extends StandInEmitter {
  readonly #handlers = new Map<string, Handler>()

  handle(channel: string, handler: Handler): void {
    if (this.#handlers.has(channel)) throw new Error(`Attempted to register a second handler for '${channel}'`)
    this.#handlers.set(channel, handler)
  }

  async carryOut(event: object, channel: string, values: readonly unknown[]): Promise<unknown> {
    const handler = this.#handlers.get(channel)
    if (handler === undefined) throw new Error(`No handler registered for '${channel}'`)
    return handler(event, ...values)
  }

  override on(): never {
    throw notEmulated('ipcMain.on')
  }
}

import type { HostMessage, PageMessage } from '../page-messages.ts'
import type { WorldLink as Link } from './world-link.ts'

type Listener = (event: unknown, ...values: unknown[]) => void
type Preload = (require: (name: string) => unknown, process: object, module: { exports: object }) => void

/**
 * The preload's world: Electron's `ipcRenderer` and `contextBridge`. Runs in the page, from its text, in an isolated world that
 * the page's scripts cannot reach.
 */
export class PreloadWorld {
  readonly #tellHost: (message: string) => void
  readonly #link: Link
  readonly #listeners = new Map<string, Listener[]>()
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>()
  #lastId = 0

  constructor(secret: string, tellHost: (message: string) => void, WorldLink: typeof Link, receiveAs: string) {
    this.#tellHost = tellHost
    const node = document.createElement('stand-in')
    this.#link = new WorldLink(node, 'preload', 'main', (name, url) => {
      if (name === 'open') this.#post({ does: 'open', url: String(url) })
      return undefined
    })
    document.dispatchEvent(new MouseEvent(secret, { relatedTarget: node }))
    const receive = (message: HostMessage): void => this.#receive(message)
    Object.defineProperty(globalThis, receiveAs, { value: receive })
    window.addEventListener('click', (event) => this.#clicked(event))
    window.addEventListener('keydown', (event) => this.#pressed(event))
  }

  run(preload: Preload): void {
    const electron = this.#electron()
    const requireElectron = (name: string): unknown => {
      if (name === 'electron') return electron
      throw new Error(`stand-in: require('${name}') is not emulated`)
    }
    try {
      preload(requireElectron, this.#only('process', {}), { exports: {} })
    } catch (error) {
      console.error('Unable to load preload script', error)
      this.#post({
        does: 'preloadFailed',
        error: error instanceof Error ? (error.stack ?? error.message) : String(error),
      })
    }
  }

  #electron(): object {
    return this.#only('electron', {
      contextBridge: this.#only('contextBridge', {
        exposeInMainWorld: (name: string, value: unknown) => this.#link.call('expose', name, value),
      }),
      ipcRenderer: this.#only('ipcRenderer', {
        invoke: (channel: string, ...values: unknown[]) => this.#invoke(channel, values),
        on: (channel: string, listener: Listener) => {
          this.#listeners.set(channel, [...this.#heardBy(channel), listener])
        },
        removeListener: (channel: string, listener: Listener) => {
          this.#listeners.set(
            channel,
            this.#heardBy(channel).filter((other) => other !== listener),
          )
        },
      }),
    })
  }

  #invoke(channel: string, values: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = (this.#lastId += 1)
      this.#waiting.set(id, { resolve, reject })
      this.#post({ does: 'invoke', id, channel, values })
    })
  }

  #receive(message: HostMessage): void {
    if (message.does === 'send') {
      for (const listener of this.#heardBy(message.channel)) listener({}, ...message.values)
      return
    }
    const waiter = this.#waiting.get(message.id)
    this.#waiting.delete(message.id)
    if (message.does === 'answer') waiter?.resolve(message.value)
    else waiter?.reject(new Error(message.message))
  }

  /** Links that would open another window. */
  #clicked(event: MouseEvent): void {
    const anchor = event.composedPath().find((one) => one instanceof HTMLAnchorElement)
    if (anchor === undefined || event.defaultPrevented || anchor.target !== '_blank') return
    event.preventDefault()
    this.#post({ does: 'open', url: anchor.href })
  }

  /** The menu's accelerators. */
  #pressed(event: KeyboardEvent): void {
    const pressed = { ctrl: event.ctrlKey, alt: event.altKey, shift: event.shiftKey, meta: event.metaKey }
    const modifiers = Object.entries(pressed).flatMap(([name, isDown]) => (isDown ? [name] : []))
    if (event.defaultPrevented || !event.isTrusted || modifiers.length === 0) return
    this.#post({ does: 'key', key: event.key, modifiers })
  }

  #heardBy(channel: string): readonly Listener[] {
    return this.#listeners.get(channel) ?? []
  }

  #post(message: PageMessage): void {
    this.#tellHost(JSON.stringify(message))
  }

  #only(name: string, given: object): object {
    return new Proxy(given, {
      get: (target, key) => {
        if (key in target || typeof key === 'symbol') return Reflect.get(target, key) as unknown
        throw new Error(`stand-in: ${name}.${key} is not emulated`)
      },
    })
  }
}

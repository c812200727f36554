import type { HostMessage, PageMessage } from '../page-messages.ts'
import type { linkWorlds as Link } from './world-link.ts'

type Listener = (event: unknown, ...values: unknown[]) => void
type Preload = (require: (name: string) => unknown, process: object, module: { exports: object }) => void

/**
 * The preload's world: Electron's `ipcRenderer` and `contextBridge`, and the preload run with them. Runs in the page, from its text,
 * in an isolated world that the page's scripts cannot reach.
 */
export function standInPreloadWorld(
  secret: string,
  tell: (message: string) => void,
  linkWorlds: typeof Link,
  receiveAs: string,
  preload: Preload | null,
): void {
  if (window.top !== window) return
  const listeners = new Map<string, Listener[]>()
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>()
  let lastId = 0
  const post = (message: PageMessage): void => {
    tell(JSON.stringify(message))
  }
  const refuse = (name: string): never => {
    throw new Error(`stand-in: ${name} is not emulated`)
  }
  const only = (name: string, given: object): object =>
    new Proxy(given, {
      get: (target, key) =>
        key in target || typeof key === 'symbol' ? (Reflect.get(target, key) as unknown) : refuse(`${name}.${key}`),
    })
  const receive = (message: HostMessage): void => {
    if (message.does === 'send') {
      for (const listener of listeners.get(message.channel) ?? []) listener({}, ...message.values)
      return
    }
    const waiter = waiting.get(message.id)
    waiting.delete(message.id)
    if (message.does === 'answer') waiter?.resolve(message.value)
    else waiter?.reject(new Error(message.message))
  }
  Object.defineProperty(globalThis, receiveAs, { value: receive })

  const node = document.createElement('stand-in')
  const link = linkWorlds(node, 'preload', 'main', (name, url) => {
    if (name === 'open') post({ does: 'open', url: String(url) })
    return undefined
  })
  document.dispatchEvent(new MouseEvent(secret, { relatedTarget: node }))
  // Links that would open another window, and the menu's accelerators.
  window.addEventListener('click', (event) => {
    const anchor = event.composedPath().find((one) => one instanceof HTMLAnchorElement)
    if (anchor === undefined || event.defaultPrevented || anchor.target !== '_blank') return
    event.preventDefault()
    post({ does: 'open', url: anchor.href })
  })
  window.addEventListener('keydown', (event) => {
    const pressed = { ctrl: event.ctrlKey, alt: event.altKey, shift: event.shiftKey, meta: event.metaKey }
    const modifiers = Object.entries(pressed).flatMap(([name, isDown]) => (isDown ? [name] : []))
    if (!event.defaultPrevented && event.isTrusted && modifiers.length > 0) post({ does: 'key', key: event.key, modifiers })
  })

  const electron = only('electron', {
    contextBridge: only('contextBridge', {
      exposeInMainWorld: (name: string, value: unknown) => link.call('expose', name, value),
    }),
    ipcRenderer: only('ipcRenderer', {
      invoke: (channel: string, ...values: unknown[]) =>
        new Promise((resolve, reject) => {
          const id = ++lastId
          waiting.set(id, { resolve, reject })
          post({ does: 'invoke', id, channel, values })
        }),
      on: (channel: string, listener: Listener) => {
        listeners.set(channel, [...(listeners.get(channel) ?? []), listener])
      },
      removeListener: (channel: string, listener: Listener) => {
        listeners.set(
          channel,
          (listeners.get(channel) ?? []).filter((other) => other !== listener),
        )
      },
    }),
  })
  const requireElectron = (name: string): unknown => (name === 'electron' ? electron : refuse(`require('${name}')`))
  try {
    preload?.(requireElectron, only('process', {}), { exports: {} })
  } catch (error) {
    console.error('Unable to load preload script', error)
    post({ does: 'preloadFailed', error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
}

import type { WorldLink as Link } from './world-link.ts'

/** What the page itself sees of the host. Runs in the page, from its text, before the page's own scripts. */
export function standInMainWorld(secret: string, WorldLink: typeof Link): void {
  const freeze = <Value>(value: Value): Value => {
    if (typeof value === 'object' && value !== null) {
      Object.values(value).forEach(freeze)
      Object.freeze(value)
    }
    return value
  }
  const expose = (name: string, value: unknown): void => {
    if (Object.hasOwn(window, name))
      throw new Error('Cannot bind an API on top of an existing property on the window object')
    Object.defineProperty(window, name, {
      value: freeze(value),
      enumerable: true,
      configurable: false,
      writable: false,
    })
  }
  const receiveNode = (event: Event): void => {
    const node = (event as MouseEvent).relatedTarget
    if (!(node instanceof Node)) return
    const link = new WorldLink(node, 'main', 'preload', (name, ...values) => {
      if (name === 'expose') expose(String(values[0]), values[1])
      return undefined
    })
    const open = (url: string | URL = ''): null => {
      link.call('open', new URL(url, document.baseURI).href)
      return null
    }
    Object.defineProperty(window, 'open', { value: open, writable: true, configurable: true })
  }
  document.addEventListener(secret, receiveNode, { once: true })
}

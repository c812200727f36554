/** Calls across the two JavaScript worlds of a page. */
export interface WorldLink {
  /** Calls the other world's `answer` with what it exports under `name`. */
  readonly call: (name: string, ...values: unknown[]) => unknown
}

type Wrapped =
  | { readonly kind: 'plain'; readonly value: unknown }
  | { readonly kind: 'function'; readonly id: number }
  | { readonly kind: 'promise'; readonly id: number }
  | { readonly kind: 'error'; readonly name: string; readonly message: string }
  | { readonly kind: 'object'; readonly entries: readonly (readonly [string, Wrapped])[] }
  | { readonly kind: 'array'; readonly items: readonly Wrapped[] }

type LinkMessage =
  | { readonly does: 'call'; readonly id: number; readonly values: readonly Wrapped[] }
  | { readonly does: 'return' | 'throw'; readonly value: Wrapped }
  | { readonly does: 'fulfil' | 'reject'; readonly id: number; readonly value: Wrapped }

/**
 * One end of the link. Runs in the page, from its text: it must not use anything of this module. Both worlds hold `node`,
 * which is in no document, and talk by events on it; `detail` is cloned between worlds, so functions go as numbers.
 */
export function linkWorlds(
  node: Node,
  here: string,
  there: string,
  answer: (name: string, ...values: unknown[]) => unknown,
): WorldLink {
  const functions = new Map<number, (...values: unknown[]) => unknown>()
  const idsOfFunctions = new WeakMap<object, number>()
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: unknown) => void }>()
  const returned: LinkMessage[] = []
  const rootId = 0
  let lastId = 0

  const send = (message: LinkMessage): void => {
    node.dispatchEvent(new CustomEvent(there, { detail: message }))
  }
  const wrap = (value: unknown): Wrapped => {
    if (typeof value === 'function') {
      const id = idsOfFunctions.get(value) ?? ++lastId
      idsOfFunctions.set(value, id)
      functions.set(id, value as (...values: unknown[]) => unknown)
      return { kind: 'function', id }
    }
    if (value instanceof Promise) {
      const id = ++lastId
      value.then(
        (result: unknown) => send({ does: 'fulfil', id, value: wrap(result) }),
        (error: unknown) => send({ does: 'reject', id, value: wrap(error) }),
      )
      return { kind: 'promise', id }
    }
    if (value instanceof Error) return { kind: 'error', name: value.name, message: value.message }
    if (Array.isArray(value)) return { kind: 'array', items: value.map(wrap) }
    if (typeof value === 'object' && value !== null) {
      return { kind: 'object', entries: Object.entries(value).map(([key, item]) => [key, wrap(item)] as const) }
    }
    return { kind: 'plain', value }
  }
  const unwrap = (wrapped: Wrapped): unknown => {
    switch (wrapped.kind) {
      case 'plain':
        return wrapped.value
      case 'function':
        return (...values: unknown[]) => call(wrapped.id, values)
      case 'promise':
        return new Promise((resolve, reject) => waiting.set(wrapped.id, { resolve, reject }))
      case 'error':
        return Object.assign(new Error(wrapped.message), { name: wrapped.name })
      case 'array':
        return wrapped.items.map(unwrap)
      case 'object':
        return Object.fromEntries(wrapped.entries.map(([key, item]) => [key, unwrap(item)]))
    }
  }
  /** Events are dispatched synchronously, so the answer is there when `send` returns. */
  const call = (id: number, values: readonly unknown[]): unknown => {
    send({ does: 'call', id, values: values.map(wrap) })
    const back = returned.pop()
    if (back?.does !== 'return' && back?.does !== 'throw') throw new Error('stand-in: the other world is gone')
    const value = unwrap(back.value)
    if (back.does === 'throw') throw value
    return value
  }
  const carryOut = (id: number, values: readonly Wrapped[]): LinkMessage => {
    try {
      const wanted = functions.get(id)
      if (wanted === undefined) throw new Error('stand-in: there is no such function')
      return { does: 'return', value: wrap(wanted(...values.map(unwrap))) }
    } catch (error) {
      return { does: 'throw', value: wrap(error instanceof Error ? error : new Error(String(error))) }
    }
  }
  functions.set(rootId, (name, ...values) => answer(String(name), ...values))
  node.addEventListener(here, (event) => {
    const message = (event as CustomEvent<LinkMessage>).detail
    switch (message.does) {
      case 'call':
        send(carryOut(message.id, message.values))
        break
      case 'return':
      case 'throw':
        returned.push(message)
        break
      case 'fulfil':
      case 'reject': {
        const waiter = waiting.get(message.id)
        waiting.delete(message.id)
        if (message.does === 'fulfil') waiter?.resolve(unwrap(message.value))
        else waiter?.reject(unwrap(message.value))
      }
    }
  })
  return { call: (name, ...values) => call(rootId, [name, ...values]) }
}

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

type Callable = (...values: unknown[]) => unknown

interface Waiter {
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
}

/**
 * One end of the link between a page's two JavaScript worlds. Runs in the page, from its text: it uses nothing of this
 * module. Both worlds hold `node`, which is in no document, and talk by events on it; `detail` is cloned between worlds, so
 * functions go as numbers.
 */
export class WorldLink {
  readonly #node: Node
  readonly #there: string
  readonly #functions = new Map<number, Callable>()
  readonly #idsOfFunctions = new WeakMap<object, number>()
  readonly #waiting = new Map<number, Waiter>()
  readonly #returned: LinkMessage[] = []
  #lastId = 0

  constructor(node: Node, here: string, there: string, answer: (name: string, ...values: unknown[]) => unknown) {
    this.#node = node
    this.#there = there
    this.#functions.set(0, (name, ...values) => answer(String(name), ...values))
    node.addEventListener(here, (event) => {
      this.#receive((event as CustomEvent<LinkMessage>).detail)
    })
  }

  /** Calls the other end's `answer`. Events are dispatched synchronously, so what it returns is there at once. */
  call(name: string, ...values: unknown[]): unknown {
    return this.#call(0, [name, ...values])
  }

  #call(id: number, values: readonly unknown[]): unknown {
    this.#send({ does: 'call', id, values: values.map((value) => this.#wrap(value)) })
    const back = this.#returned.pop()
    if (back?.does !== 'return' && back?.does !== 'throw') throw new Error('stand-in: the other world is gone')
    const value = this.#unwrap(back.value)
    if (back.does === 'throw') throw value
    return value
  }

  #send(message: LinkMessage): void {
    this.#node.dispatchEvent(new CustomEvent(this.#there, { detail: message }))
  }

  #receive(message: LinkMessage): void {
    switch (message.does) {
      case 'call':
        this.#send(this.#carryOut(message.id, message.values))
        break
      case 'return':
      case 'throw':
        this.#returned.push(message)
        break
      case 'fulfil':
      case 'reject': {
        const waiter = this.#waiting.get(message.id)
        this.#waiting.delete(message.id)
        if (message.does === 'fulfil') waiter?.resolve(this.#unwrap(message.value))
        else waiter?.reject(this.#unwrap(message.value))
      }
    }
  }

  #carryOut(id: number, values: readonly Wrapped[]): LinkMessage {
    try {
      const wanted = this.#functions.get(id)
      if (wanted === undefined) throw new Error('stand-in: there is no such function')
      return { does: 'return', value: this.#wrap(wanted(...values.map((value) => this.#unwrap(value)))) }
    } catch (error) {
      return { does: 'throw', value: this.#wrap(error instanceof Error ? error : new Error(String(error))) }
    }
  }

  #wrap(value: unknown): Wrapped {
    // Nearly everything that crosses is data: the event's own cloning is quicker than naming each of its values.
    if (this.#isData(value)) return { kind: 'plain', value }
    if (typeof value === 'function') return { kind: 'function', id: this.#idOf(value as Callable) }
    if (value instanceof Promise) return { kind: 'promise', id: this.#follow(value) }
    if (value instanceof Error) return { kind: 'error', name: value.name, message: value.message }
    if (Array.isArray(value)) return { kind: 'array', items: value.map((item) => this.#wrap(item)) }
    return {
      kind: 'object',
      entries: Object.entries(value as object).map(([key, item]) => [key, this.#wrap(item)] as const),
    }
  }

  #isData(value: unknown): boolean {
    if (typeof value === 'function') return false
    if (typeof value !== 'object' || value === null) return true
    if (Array.isArray(value)) return value.every((item) => this.#isData(item))
    const isObject = Object.getPrototypeOf(value) === Object.prototype
    return isObject && Object.values(value).every((item) => this.#isData(item))
  }

  #unwrap(wrapped: Wrapped): unknown {
    switch (wrapped.kind) {
      case 'plain':
        return wrapped.value
      case 'function':
        return (...values: unknown[]) => this.#call(wrapped.id, values)
      case 'promise':
        return new Promise((resolve, reject) => this.#waiting.set(wrapped.id, { resolve, reject }))
      case 'error':
        return Object.assign(new Error(wrapped.message), { name: wrapped.name })
      case 'array':
        return wrapped.items.map((item) => this.#unwrap(item))
      case 'object':
        return Object.fromEntries(wrapped.entries.map(([key, item]) => [key, this.#unwrap(item)]))
    }
  }

  #idOf(wanted: Callable): number {
    const id = this.#idsOfFunctions.get(wanted) ?? (this.#lastId += 1)
    this.#idsOfFunctions.set(wanted, id)
    this.#functions.set(id, wanted)
    return id
  }

  #follow(promise: Promise<unknown>): number {
    const id = (this.#lastId += 1)
    promise.then(
      (result) => this.#send({ does: 'fulfil', id, value: this.#wrap(result) }),
      (error: unknown) => this.#send({ does: 'reject', id, value: this.#wrap(error) }),
    )
    return id
  }
}

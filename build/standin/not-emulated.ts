import { EventEmitter } from 'node:events'

/** What the language, Node and Playwright look for on any object. */
const askedOfAnything: ReadonlySet<string> = new Set([
  'then',
  'toJSON',
  'asymmetricMatch',
  'nodeType',
  'inspect',
  'constructor',
  'domain',
])

export const notEmulated = (what: string): Error => new Error(`stand-in: ${what} is not emulated`)

const refusing = (target: object, nameOf: (receiver: object) => string): ProxyHandler<object> => ({
  get: (_, key, receiver: object) => {
    if (key in target || typeof key === 'symbol' || askedOfAnything.has(key) || key.startsWith('_')) {
      return Reflect.get(target, key, receiver) as unknown
    }
    throw notEmulated(`${nameOf(receiver)}.${key}`)
  },
})

/** An event emitter that throws when something is read of it that its class does not have. */
export class StandInEmitter extends EventEmitter {
  constructor() {
    super()
    this.setMaxListeners(0)
  }
}
Object.setPrototypeOf(
  StandInEmitter.prototype,
  new Proxy(
    EventEmitter.prototype,
    refusing(EventEmitter.prototype, (receiver) => receiver.constructor.name),
  ),
)

/** An object that has what is given and throws for all else. */
export const only = <Given extends object>(name: string, given: Given): Given =>
  new Proxy(
    given,
    refusing(given, () => name),
  ) as Given

/** Something of Electron's that is there by name alone. */
export const absent = (name: string): object =>
  new Proxy(() => undefined, {
    get: (_, key) => {
      if (typeof key === 'symbol' || askedOfAnything.has(key)) return undefined
      throw notEmulated(`${name}.${key}`)
    },
    construct: () => {
      throw notEmulated(`new ${name}`)
    },
    apply: () => {
      throw notEmulated(name)
    },
  })

/** An event whose default can be prevented. */
export class PreventableEvent {
  defaultPrevented = false

  preventDefault(): void {
    this.defaultPrevented = true
  }
}

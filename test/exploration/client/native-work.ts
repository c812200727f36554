import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'
import zlib from 'node:zlib'

/*
 * What the client has other threads do (sealing, stretching a password, packing) takes real time, while simulated time stands still. Here it is
 * counted, and its results are given in the order in which the work was begun: so a run goes the same way each time. This file is to be
 * imported before anything of the client.
 */

type Callback = (error: Error | null, result?: unknown) => void

let underWay = 0
let begun = 0
let last: Promise<unknown> = Promise.resolve()

const counted = (work: Promise<unknown>): Promise<unknown> => {
  underWay += 1
  begun += 1
  const before = last
  const done = before
    .then(
      () => work,
      () => work,
    )
    .finally(() => {
      underWay -= 1
    })
  // Nobody may be waiting for it any more.
  done.catch(() => undefined)
  work.catch(() => undefined)
  last = done
  return done
}

const { subtle } = crypto.webcrypto
const prototype = Object.getPrototypeOf(subtle) as Record<string, (...given: unknown[]) => Promise<unknown>>
for (const name of ['encrypt', 'decrypt', 'sign', 'verify', 'digest', 'importKey', 'exportKey', 'generateKey'])
  wrap(name)
for (const name of ['deriveBits', 'deriveKey']) wrap(name)

function wrap(name: string): void {
  const right = prototype[name]
  if (right === undefined) throw new Error(`there is no ${name}`)
  prototype[name] = function (this: unknown, ...given) {
    return counted(right.apply(this, given))
  }
}

/** Of a function whose last argument is called with what comes of it. */
const wrapCallback = <Module extends object>(module: Module, name: keyof Module): void => {
  const right = module[name] as (...given: unknown[]) => unknown
  const replaced = (...given: unknown[]): void => {
    const callback = given.pop() as Callback
    const work = new Promise((resolve, reject) => {
      right(...given, (error: Error | null, result: unknown) => {
        if (error === null) resolve(result)
        else reject(error)
      })
    })
    counted(work).then(
      (result) => {
        callback(null, result)
      },
      (error: unknown) => {
        callback(error as Error)
      },
    )
  }
  Object.assign(module, { [name]: replaced })
}

wrapCallback(crypto, 'scrypt')
wrapCallback(zlib, 'deflateRaw')
wrapCallback(zlib, 'inflateRaw')
syncBuiltinESMExports()

const immediately = globalThis.setImmediate

/** Fulfilled when nothing goes on any more but for timers. */
export const quiet = async (): Promise<void> => {
  for (let before = -1; underWay > 0 || before !== begun;) {
    before = begun
    await turn()
    await turn()
  }
}

/** Something was begun of which this file does not know: it is looked once more. */
export const noteWork = (): void => {
  begun += 1
}

const turn = (): Promise<void> => new Promise((over) => immediately(over))

const countedImmediate = (task: (...given: unknown[]) => void, ...given: unknown[]): NodeJS.Immediate => {
  begun += 1
  return immediately(task, ...given)
}
globalThis.setImmediate = Object.assign(countedImmediate, {
  __promisify__: globalThis.setImmediate.__promisify__,
}) as typeof globalThis.setImmediate

const realNow = performance.now.bind(performance)

/** How long the run has really taken. */
export const realMs = (): number => realNow()

/** From now on the client's measurements are by simulated time. */
export const measureBy = (nowMs: () => number): void => {
  performance.now = nowMs
}

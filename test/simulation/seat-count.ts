import { registerHooks } from 'node:module'

const constant = /^export const seatCount = \d+$/m
const place = '/replica/core/model/ids.ts'

/**
 * Lets this thread's group have another number of seats: in what it imports from now on, and only there, the product's one
 * constant is another. To be called before anything of `replica/` is imported, so what needs it is imported dynamically.
 */
export const replaceSeatCount = (seats: number): void => {
  registerHooks({
    load: (url, context, nextLoad) => {
      const loaded = nextLoad(url, context)
      if (!url.endsWith(place)) return loaded
      const source = Buffer.from(loaded.source as Uint8Array).toString()
      if (!constant.test(source)) throw new Error(`${place} has no line with the number of seats`)
      return { ...loaded, source: source.replace(constant, `export const seatCount = ${seats}`) }
    },
  })
}

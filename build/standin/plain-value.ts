import { notEmulated } from './not-emulated.ts'

/**
 * A value for another process, as JSON. Electron clones more than that (maps, dates, bytes): the app sends none, and if it
 * did, it would be told.
 */
export const encodePlain = (value: unknown): string => {
  check(value)
  return JSON.stringify(value ?? null)
}

const check = (value: unknown): void => {
  if (typeof value === 'function' || typeof value === 'symbol') throw new Error('An object could not be cloned.')
  if (typeof value !== 'object' || value === null) return
  const prototype: unknown = Object.getPrototypeOf(value)
  const isPlain = prototype === null || prototype === Object.prototype || Array.isArray(value)
  if (!isPlain) throw notEmulated(`${value.constructor.name} as an argument over IPC`)
  for (const item of Object.values(value)) check(item)
}

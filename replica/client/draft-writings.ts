import { QuintetError } from '../core/model/errors.ts'
import { limits } from '../core/model/limits.ts'

/**
 * What a version of a draft has taken up: of each client that wrote at it, by a random name, how often. A version vector: of two versions neither of
 * which has all that the other has, both are to be kept.
 */
export type Writings = ReadonlyMap<string, number>

export const noWritings: Writings = new Map()

export const covers = (one: Writings, other: Writings): boolean =>
  Array.from(other).every(([writer, count]) => (one.get(writer) ?? 0) >= count)

/** All that both have taken up. */
export const joined = (one: Writings, other: Writings): Writings => {
  const all = new Map(one)
  for (const [writer, count] of other) all.set(writer, Math.max(all.get(writer) ?? 0, count))
  return all
}

/** With one more by this client. Those who wrote at it first are forgotten when they are too many. */
export const written = (before: Writings, writer: string, count: number): Writings => {
  const others = Array.from(before).filter(([other]) => other !== writer)
  return new Map([...others.slice(1 - limits.draftWriters), [writer, count]])
}

/** For those who only hand it back. */
export const versionOf = (writings: Writings): string =>
  Array.from(writings, ([writer, count]) => `${writer}.${count}`).join(',')

const pair = /^([\w-]{11})\.([1-9]\d{0,14})$/u
const versionChars = limits.draftWriters * 27

/** What `versionOf` gave. BAD_REQUEST. */
export const writingsOf = (version: string): Writings => {
  if (version === '') return noWritings
  const pairs = version.length > versionChars ? [null] : version.split(',').map((one) => pair.exec(one))
  return new Map(
    pairs.map((found) => {
      if (found === null) throw new QuintetError('BAD_REQUEST', 'This is not a version of a draft.')
      const [, writer = '', count] = found
      return [writer, Number(count)]
    }),
  )
}

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

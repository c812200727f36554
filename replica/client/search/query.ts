import { QuintetError } from '../../core/model/errors.ts'
import { limits } from '../../core/model/limits.ts'
import { fieldBits } from './postings.ts'
import { wordsOf } from './words.ts'

/**
 * Words that a mail must have, in some of its fields (`fieldBits`): one that may be a beginning or have typing errors, or
 * several that follow each other exactly, the last of which may be a beginning in an `openPhrase`.
 */
export interface Clause {
  readonly kind: 'word' | 'phrase' | 'openPhrase'
  readonly words: readonly string[]
  readonly fields: number
}

const places = ['inbox', 'sent', 'starred', 'trash', 'anywhere'] as const
export type SearchPlace = (typeof places)[number]

export interface Query {
  readonly clauses: readonly Clause[]
  /** Milliseconds since 1970, this one included. */
  readonly fromMs: number
  /** Milliseconds since 1970, this one excluded. */
  readonly toMs: number
  readonly read: 'read' | 'unread' | null
  readonly starred: boolean
  /** Null is everywhere but in the trash. */
  readonly place: SearchPlace | null
}

type Quoting = 'plain' | 'quoted'

const everywhere = fieldBits.from | fieldBits.to | fieldBits.cc | fieldBits.subject | fieldBits.body
const fieldsOf = new Map<string, number>([
  ['from', fieldBits.from],
  ['to', fieldBits.to],
  ['cc', fieldBits.cc],
  ['subject', fieldBits.subject],
])
/** `name:value`, `name:"a value"`, `"a phrase"`, or whatever has no space in it. */
const part = /(?:([a-z]+):)?(?:"([^"]*)"?|(\S+))/giu

/**
 * What a person asks for, such as `from:ben before:2026-01-31 is:unread "engine room" pump`. What looks like an operator and
 * is none is taken for words. Days are those of this machine's time zone. BAD_REQUEST, TOO_LARGE.
 */
export const parseQuery = (text: string): Query => {
  if (text.length > limits.queryChars)
    throw new QuintetError('TOO_LARGE', `A search can have ${limits.queryChars} characters at most.`)
  let query: Query = { clauses: [], fromMs: -Infinity, toMs: Infinity, read: null, starred: false, place: null }
  for (const [whole, name, quoted, plain] of text.matchAll(part)) {
    const value = quoted ?? plain ?? ''
    const quoting: Quoting = quoted === undefined ? 'plain' : 'quoted'
    const narrowed = name === undefined ? null : narrow(query, name.toLowerCase(), value, quoting)
    query = narrowed ?? withClauses(query, name === undefined ? value : whole, everywhere, quoting)
  }
  if (query.clauses.length > limits.queryWords)
    throw new QuintetError('TOO_MANY', `A search can have ${limits.queryWords} words at most.`)
  return query
}

/** Null when there is no such operator. */
const narrow = (query: Query, name: string, value: string, quoting: Quoting): Query | null => {
  const fields = fieldsOf.get(name)
  if (fields !== undefined) return withClauses(query, value, fields, quoting)
  switch (name) {
    case 'before':
      return { ...query, toMs: Math.min(query.toMs, dayOf(name, value)) }
    case 'after':
      return { ...query, fromMs: Math.max(query.fromMs, dayOf(name, value)) }
    case 'is':
      return withMark(query, value.toLowerCase())
    case 'in':
      return { ...query, place: placeOf(value.toLowerCase()) }
    default:
      return null
  }
}

/** What is written together, as `e-mail`, is looked for together. */
const withClauses = (query: Query, text: string, fields: number, quoting: Quoting): Query => {
  const words = wordsOf(text)
  if (words.length === 0) return query
  const kind = quoting === 'quoted' ? 'phrase' : words.length > 1 ? 'openPhrase' : 'word'
  return { ...query, clauses: [...query.clauses, { kind, words, fields }] }
}

const withMark = (query: Query, mark: string): Query => {
  switch (mark) {
    case 'read':
    case 'unread':
      return { ...query, read: mark }
    case 'starred':
      return { ...query, starred: true }
    default:
      throw new QuintetError('BAD_REQUEST', `"is:${mark}" is none of is:unread, is:read, is:starred.`)
  }
}

const placeOf = (text: string): SearchPlace => {
  const found = places.find((place) => place === text)
  if (found !== undefined) return found
  throw new QuintetError('BAD_REQUEST', `"in:${text}" is none of ${places.map((place) => `in:${place}`).join(', ')}.`)
}

/** The beginning of a day, a month or a year. */
const dayOf = (name: string, text: string): number => {
  const [, year, month = '01', day = '01'] = /^(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?$/.exec(text) ?? []
  const date = new Date(Number(year), Number(month) - 1, Number(day))
  if (year !== undefined && date.getMonth() === Number(month) - 1 && date.getDate() === Number(day))
    return date.getTime()
  throw new QuintetError('BAD_REQUEST', `"${name}:" needs a day, such as ${name}:2026-01-31.`)
}

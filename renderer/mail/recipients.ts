import type { limits } from '../../replica/core/model/limits.ts'
import { client } from '../bridge.ts'
import { text } from '../locales/i18n.ts'

/** The name that stands for all accounts. */
export const everyone = 'everyone'
/** Whether it does, however it is spelt. */
export const isEveryone = (name: string): boolean => isSameName(name, everyone)
const likeChars: (typeof limits)['likeChars'] = 128
/** Completions that are offered at once. */
const offered = 8

export interface Completion {
  readonly name: string
  readonly online: boolean
}

/** Whether an offer that was made for other text still stands. */
export const fits = ({ name }: Completion, written: string): boolean => {
  const wanted = plainName(written.trim())
  return wanted !== '' && namesFor(name).some((word) => plainName(word).includes(wanted))
}

/** As it is spelt and as it is shown. */
const namesFor = (name: string): readonly string[] => (name === everyone ? [everyone, text('common.everyone')] : [name])

/** People whose name has what is written, those that begin with it first; none that is chosen already. */
export const completions = async (written: string, chosen: readonly string[]): Promise<readonly Completion[]> => {
  const like = written.trim()
  if (like === '') return []
  const { accounts } = await client.accounts({ like })
  const wanted = like.toLocaleLowerCase()
  const found = accounts.filter(({ name }) => !chosen.includes(name)).map(({ name, online }) => ({ name, online }))
  const isAll = namesFor(everyone).some((word) => word.toLocaleLowerCase().startsWith(wanted))
  if (isAll && !chosen.some(isEveryone)) found.push({ name: everyone, online: false })
  const startsWith = ({ name }: Completion): boolean => name.toLocaleLowerCase().startsWith(wanted)
  return found.toSorted((one, other) => Number(startsWith(other)) - Number(startsWith(one))).slice(0, offered)
}

/** Those of `names` that nobody here has. */
export const unknownNames = async (names: readonly string[]): Promise<readonly string[]> => {
  const known = await Promise.all(names.map(isKnown))
  return names.filter((_, index) => known[index] === false)
}

const isKnown = async (name: string): Promise<boolean> => {
  if (isEveryone(name)) return true
  // Nothing longer is looked for; it is nobody's name.
  if (name.length > likeChars) return false
  // Accounts of earlier versions can have a `*` or `?` in their names: as a pattern such a name is like itself, too.
  const { accounts } = await client.accounts({ like: name })
  return accounts.some((account) => isSameName(account.name, name))
}

/** Replicas compare names without case and compatibility form. */
export const isSameName = (one: string, other: string): boolean => plainName(one) === plainName(other)
const plainName = (name: string): string => name.normalize('NFKC').toLowerCase()

/** Of which a name can have any, and which mean something else in a list of names. */
const listMarks = [',', ';', '"', '<'] as const

/** Names that a list of names could be misread for. */
export const misreadNames = async (): Promise<readonly string[]> => {
  const found = await Promise.all(listMarks.map((like) => client.accounts({ like })))
  return found.flatMap(({ accounts }) => accounts.map(({ name }) => name))
}

/** Whether a name may go on behind this separator: somebody is called so, or it is quoted. */
export const goesOn = (written: string, known: readonly string[]): boolean => {
  const begun = plainName(written.trimStart())
  return /^"[^"]*$/u.test(begun) || known.some((name) => plainName(name).startsWith(begun))
}

/** These stand in nobody's name. */
const lineEnds = /[\p{Cc}\u2028\u2029]+/u
const separators = /[,;]/gu
const quotedName = /^"([^"]+)"\s*(?:<[^<>]*>\s*)?(?=[,;]|$)/u
const address = /^([^<>]*)<([^<>]*)>$/u

/**
 * What was typed or pasted, as names. Commas, semicolons and line ends stand between them, but not in quotes, nor in a name of
 * `known`, which is given as it is spelt there. Of "Name <address>" the name counts.
 */
export const splitNames = (written: string, known: readonly string[] = []): readonly string[] => {
  const spelling = new Map(known.map((name) => [plainName(name), name]))
  const mostSeparators = Math.max(0, ...known.map((name) => name.match(separators)?.length ?? 0))
  return written.split(lineEnds).flatMap((line) => namesOfLine(line, spelling, mostSeparators))
}

const namesOfLine = (
  line: string,
  spelling: ReadonlyMap<string, string>,
  mostSeparators: number,
): readonly string[] => {
  const names: string[] = []
  for (let rest = line.trim(); rest !== '';) {
    const { name, end } = firstName(rest, spelling, mostSeparators)
    if (name !== '') names.push(name)
    rest = rest.slice(end + 1).trim()
  }
  return names
}

interface FoundName {
  readonly name: string
  /** Where the separator behind it stands. */
  readonly end: number
}

const firstName = (rest: string, spelling: ReadonlyMap<string, string>, mostSeparators: number): FoundName => {
  const ends = endsOf(rest, mostSeparators + 1)
  for (const end of ends.toReversed()) {
    const whole = rest.slice(0, end).trim()
    const name = spelling.get(plainName(whole)) ?? spelling.get(plainName(withoutAddress(whole)))
    if (name !== undefined) return { name, end }
  }
  const [quoted, inner = ''] = quotedName.exec(rest) ?? []
  if (quoted !== undefined) return { name: spelling.get(plainName(inner)) ?? inner.trim(), end: quoted.length }
  const end = ends[0] ?? rest.length
  return { name: withoutAddress(rest.slice(0, end).trim()), end }
}

/** Where a name can end: at the next separators, so many at most, or at the end. */
const endsOf = (rest: string, most: number): readonly number[] => {
  const ends: number[] = []
  for (const { index } of rest.matchAll(separators)) {
    if (ends.push(index) === most) return ends
  }
  return [...ends, rest.length]
}

const withoutAddress = (written: string): string => {
  const [, name = written, inner = ''] = address.exec(written) ?? []
  return name.trim() === '' ? inner.trim() : name.trim()
}

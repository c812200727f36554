import { client } from '../bridge.ts'

/** The name that stands for all accounts. */
export const everyone = 'everyone'
/** Completions that are offered at once. */
const offered = 8

export interface Completion {
  readonly name: string
  readonly online: boolean
}

/** People whose name has what is written, those that begin with it first; none that is chosen already. */
export const completions = async (written: string, chosen: readonly string[]): Promise<readonly Completion[]> => {
  const like = written.trim()
  if (like === '') return []
  const { accounts } = await client.accounts({ like })
  const wanted = like.toLocaleLowerCase()
  const found = accounts.filter(({ name }) => !chosen.includes(name)).map(({ name, online }) => ({ name, online }))
  if (everyone.startsWith(wanted) && !chosen.includes(everyone)) found.push({ name: everyone, online: false })
  const startsWith = ({ name }: Completion): boolean => name.toLocaleLowerCase().startsWith(wanted)
  return found.toSorted((one, other) => Number(startsWith(other)) - Number(startsWith(one))).slice(0, offered)
}

/** Those of `names` that nobody here has. */
export const unknownNames = async (names: readonly string[]): Promise<readonly string[]> => {
  const known = await Promise.all(names.map(isKnown))
  return names.filter((_, index) => known[index] === false)
}

const isKnown = async (name: string): Promise<boolean> => {
  if (isSameName(name, everyone)) return true
  // Accounts of earlier versions can have a `*` or `?` in their names: as a pattern such a name is like itself, too.
  const { accounts } = await client.accounts({ like: name })
  return accounts.some((account) => isSameName(account.name, name))
}

/** Replicas compare names without case and compatibility form. */
const isSameName = (one: string, other: string): boolean => plainName(one) === plainName(other)
const plainName = (name: string): string => name.normalize('NFKC').toLowerCase()

/** What was typed or pasted, as names: commas, semicolons and line ends stand between them. */
export const splitNames = (written: string): readonly string[] =>
  written
    .split(/[,;\n]/u)
    .map((name) => name.trim())
    .filter((name) => name !== '')

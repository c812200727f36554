import type { OriginId, Sequence, UpdateId } from '../model/ids.ts'
import { tagOf, tagsAgree, updateId } from '../model/ids.ts'
import type { ExecutionRecord, PostRecord, StateImage } from '../model/image.ts'
import { type MailRecord, recordAt } from '../model/mail-columns.ts'
import { heldFrom } from '../version-vector.ts'
import { type ExecutionTable, standingOf } from './execution-table.ts'
import { isDeletedByAll } from './mail-entry.ts'
import { compareMails } from './mailbox-index.ts'

export type Named = Pick<MailRecord, 'origin' | 'sequence'>

export const idOf = ({ origin, sequence }: Named): UpdateId => updateId(origin, sequence)

export const isSame = (one: Named | undefined, other: Named): boolean =>
  one?.origin === other.origin && one.sequence === other.sequence

export const isCovered = ({ vector }: Pick<StateImage, 'vector'>, { origin, sequence }: Named): boolean =>
  sequence <= heldFrom(vector, origin)

/** Finds the mail or post that an image has by a name. */
export const entriesOf = ({
  mails,
  posts,
}: Pick<StateImage, 'mails' | 'posts'>): ((named: Named) => MailRecord | PostRecord | undefined) => {
  const mailsOf = new Map(mails.origins.map((of) => [of.origin, of]))
  const byName = new Map(posts.map((post) => [idOf(post), post]))
  return (named) => {
    const ofOrigin = mailsOf.get(named.origin)
    const row = ofOrigin === undefined ? -1 : rowOf(ofOrigin.sequences, named.sequence)
    if (ofOrigin === undefined || row < 0) return byName.get(idOf(named))
    const mail = recordAt(mails.people, ofOrigin, row)
    return isDeletedByAll(mail.marks) ? undefined : mail
  }
}

/** -1 where it is not. They ascend. */
const rowOf = (sequences: Readonly<Float64Array>, sequence: Sequence): number => {
  let [low, high] = [0, sequences.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sequences[middle] ?? Infinity) < sequence) low = middle + 1
    else high = middle
  }
  return sequences[low] === sequence ? low : -1
}

/**
 * The commands of an image as far as nobody contradicts them, without `dropped`, and with those that only the witness knows and the image lists something
 * of. A command of which nothing is listed says that something is gone, and everything that has its name with it: also what is still to come.
 */
export const executionsOf = (
  image: StateImage,
  witness: StateImage,
  dropped: readonly ExecutionRecord[],
  own: { held(origin: OriginId): Sequence; readonly executions: Pick<ExecutionTable, 'like'> },
): readonly ExecutionRecord[] => {
  const listedAt = entriesOf(image)
  const left = new Set(dropped.map(keyOf))
  const theirs = new Map(witness.executions.map((execution) => [keyOf(execution), execution]))
  // Who has seen the update and knows the command would know this name of it.
  const isContradicted = (name: Named, execution: ExecutionRecord): boolean => {
    const [shown, seen] = [theirs.get(keyOf(execution)), own.executions.like(execution)]
    const isUnknownTo = (known: ExecutionRecord | undefined): boolean =>
      known !== undefined && !known.names.some((one) => isSame(one, name))
    return (
      (isCovered(witness, name) && isUnknownTo(shown)) || (name.sequence <= own.held(name.origin) && isUnknownTo(seen))
    )
  }
  const confirmed = (execution: ExecutionRecord): readonly ExecutionRecord[] => {
    const said = execution.names.filter((name) => !isContradicted(name, execution))
    const unsaid = own.executions.like(execution)?.names.filter((name) => said.every((one) => !isSame(one, name))) ?? []
    const names = [...said, ...unsaid].filter((name) => isCovered(image, name)).sort(compareMails)
    return names.length === 0 || left.has(keyOf(execution)) ? [] : [{ ...execution, names }]
  }
  const isListed = (execution: ExecutionRecord): boolean => {
    const entry = listedAt(standingOf(execution))
    return entry !== undefined && isOf(execution, entry)
  }
  // What stood by another name than it is listed by could not be found.
  const isSound = (execution: ExecutionRecord): boolean => {
    const standing = standingOf(execution)
    return execution.names.every((name) => isSame(name, standing) || listedAt(name) === undefined)
  }
  const kept = image.executions.flatMap(confirmed).filter(isSound)
  const known = new Set(kept.map(keyOf))
  const added = witness.executions
    .flatMap(confirmed)
    .filter((one) => !known.has(keyOf(one)) && isListed(one) && isSound(one))
  return [...kept, ...added]
}

/** Whether it may be this command's. */
const isOf = ({ account, command }: ExecutionRecord, entry: MailRecord | PostRecord): boolean =>
  ('marks' in entry ? entry.from : entry.account) === account && tagsAgree(entry.tag, tagOf(command))

const keyOf = ({ account, command, recipients }: ExecutionRecord): string => account + command + recipients

import type { AccountId, UpdateId } from '../../replica/core/model/ids.ts'
import { updateId } from '../../replica/core/model/ids.ts'
import type { StateImage } from '../../replica/core/model/image.ts'
import { markBits } from '../../replica/core/model/image.ts'
import { type Meant, meantBy } from '../../replica/core/model/meant.ts'
import type { BulkMark, DocumentChange, ForgettingChange } from '../../replica/core/model/mailbox-changes.ts'
import type { Update } from '../../replica/core/model/updates.ts'
import { countsFrom } from '../../replica/core/model/updates.ts'

/** All that a set of updates says of one person's copies of one mail. */
export interface ModelMarks {
  bits: number
  readonly read: number[]
  readonly star: number[]
  readonly trash: number[]
}

/** By the mail's name; by name and tag where no update of that name is known. */
export type Marks = ReadonlyMap<string, ReadonlyMap<AccountId, ModelMarks>>

export const marksOf = (all: readonly Update[], known: ReadonlySet<UpdateId>): Marks => {
  const marks = new Map<string, Map<AccountId, ModelMarks>>()
  const of = ({ id, tag }: Meant, account: AccountId): ModelMarks => {
    const mail = known.has(id) ? id : `${id} ${tag}`
    const ofMail = marks.get(mail) ?? new Map<AccountId, ModelMarks>()
    const found = ofMail.get(account) ?? { bits: 0, read: [], star: [], trash: [] }
    ofMail.set(account, found)
    marks.set(mail, ofMail)
    return found
  }
  for (const update of all) {
    const { change } = update
    for (const meant of meantBy(change)) {
      if (change.kind === 'read') of(meant, change.account).bits |= markBits.read
      if (change.kind === 'deletion') of(meant, change.account).bits |= markBits.deleted
      if (change.kind === 'marks') say(of(meant, change.account), change.mark, countsFrom(update))
    }
  }
  return marks
}

const say = (marks: ModelMarks, mark: BulkMark, clock: number): void => {
  switch (mark) {
    case 'delete':
      marks.bits |= markBits.deleted
      return
    case 'read':
    case 'unread':
      marks.read.push(clock * 2 + (mark === 'read' ? 1 : 0))
      return
    case 'star':
    case 'unstar':
      marks.star.push(clock * 2 + (mark === 'star' ? 1 : 0))
      return
    case 'trash':
    case 'restore':
      marks.trash.push(clock * 2 + (mark === 'trash' ? 1 : 0))
  }
}

/** What is set last of each kind; nothing on a copy that is deleted. */
const settings = ({ bits, read, star, trash }: ModelMarks): string =>
  (bits & markBits.deleted) === 0 ? [read, star, trash].map((all) => Math.max(0, ...all)).join() : '0,0,0'

export const pendingLines = (marks: Marks): readonly string[] =>
  [...marks].flatMap(([mail, ofMail]) =>
    mail.includes(' ')
      ? [...ofMail].map(([account, found]) => `pending ${mail} ${account} ${found.bits} ${settings(found)}`)
      : [],
  )

/** Of a live mail what its owners set, as far as they have copies, and where it belongs. */
export const mailboxLines = (
  id: UpdateId,
  conversation: UpdateId | null,
  owners: readonly { readonly owner: AccountId; readonly isDeleted: boolean }[],
  marks: Marks,
): readonly string[] => {
  const having = new Set(owners.flatMap(({ owner, isDeleted }) => (isDeleted ? [] : [owner])))
  const set = [...having].flatMap((owner) => {
    const found = marks.get(id)?.get(owner)
    const text = found === undefined ? '0,0,0' : settings(found)
    return text === '0,0,0' ? [] : [`marks ${id} ${owner} ${text}`]
  })
  return conversation === null ? set : [...set, `answer ${id} ${conversation}`]
}

/** Of each document the last version by the clock, then by its update's name, if everything that its person has said of old ones leaves it. */
export const documentLines = (all: readonly Update[], deleted: ReadonlySet<AccountId>): readonly string[] => {
  const forgettings = all.filter(isForgetting).filter(({ change }) => !deleted.has(change.account))
  const last = new Map<string, DocumentUpdate>()
  for (const update of all.filter(isDocument)) {
    const { account, document } = update.change
    if (deleted.has(account)) continue
    const before = last.get(`${account} ${document}`)
    const order =
      before === undefined
        ? 1
        : countsFrom(update) - countsFrom(before) ||
          (update.origin === before.origin ? update.sequence - before.sequence : update.origin > before.origin ? 1 : -1)
    if (order > 0) last.set(`${account} ${document}`, update)
  }
  const left = [...last.values()].filter((update) => isLeftBy(update, forgettings))
  return [
    ...left.map((update) => {
      const { origin, sequence, change } = update
      const name = `${change.account} ${change.document} ${updateId(origin, sequence)}`
      return `document ${name} ${countsFrom(update)} ${change.shelf} ${change.state}`
    }),
    ...forgettings.filter((one) => !forgettings.some((other) => standsFor(other, one))).map(forgettingLine),
  ]
}

type DocumentUpdate = Update & { readonly change: DocumentChange }
export type ForgettingUpdate = Update & { readonly change: ForgettingChange }

export const isDocument = (update: Update): update is DocumentUpdate => update.change.kind === 'document'
export const isForgetting = (update: Update): update is ForgettingUpdate => update.change.kind === 'forgetting'

export const isLeftBy = (update: DocumentUpdate, forgettings: readonly ForgettingUpdate[]): boolean =>
  forgettings.every(
    ({ change: { account, saidUpTo, documents } }) =>
      account !== update.change.account || documents.includes(update.change.document) || countsFrom(update) > saidUpTo,
  )

/** Where the one is kept the other needs not be: it says no more. */
export const standsFor = (one: ForgettingUpdate, other: ForgettingUpdate): boolean => {
  if (one === other || one.change.account !== other.change.account) return false
  const saysAll = (all: ForgettingChange, rest: ForgettingChange): boolean =>
    all.saidUpTo >= rest.saidUpTo && all.documents.every((document) => rest.documents.includes(document))
  if (!saysAll(one.change, other.change)) return false
  const isFirst = one.origin === other.origin ? one.sequence < other.sequence : one.origin < other.origin
  return isFirst || !saysAll(other.change, one.change)
}

const forgettingLine = ({ origin, sequence, change }: ForgettingUpdate): string =>
  `forgetting ${change.account} ${updateId(origin, sequence)} ${change.saidUpTo} ${change.documents.join()}`

/** The same lines from a replica's state. */
export const describeMailboxes = (image: StateImage): readonly string[] => [
  ...image.answers.map(({ origin, sequence, conversation }) => `answer ${updateId(origin, sequence)} ${conversation}`),
  ...image.marks.map(
    ({ origin, sequence, account, registers: { read, star, trash } }) =>
      `marks ${updateId(origin, sequence)} ${account} ${[read, star, trash].join()}`,
  ),
  ...image.pending.map(
    ({ mail, tag, account, bits, registers: { read, star, trash } }) =>
      `pending ${mail} ${tag} ${account} ${bits} ${[read, star, trash].join()}`,
  ),
  ...image.documents.map(
    ({ account, document, origin, sequence, clock, shelf, state }) =>
      `document ${account} ${document} ${updateId(origin, sequence)} ${clock} ${shelf} ${state}`,
  ),
  ...image.forgettings.map(
    ({ account, origin, sequence, saidUpTo, documents }) =>
      `forgetting ${account} ${updateId(origin, sequence)} ${saidUpTo} ${documents.join()}`,
  ),
]

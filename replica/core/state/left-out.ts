import type { AccountId, Clock, DocumentId, OriginId, Sequence, UpdateId } from '../model/ids.ts'
import { splitUpdateId, tagOf, tagsAgree, updateId } from '../model/ids.ts'
import type { DocumentRecord, ExecutionRecord, ForgettingRecord, PostRecord, StateImage } from '../model/image.ts'
import { markBits } from '../model/image.ts'
import type { MailColumns, MailRecord, OriginMails } from '../model/mail-columns.ts'
import { mailColumns, mailRecords, recordAt } from '../model/mail-columns.ts'
import type { Update } from '../model/updates.ts'
import { heldFrom } from '../version-vector.ts'
import { type ExecutionTable, standingOf } from './execution-table.ts'
import type { GroupState } from './group-state.ts'
import { entriesOf, executionsOf, idOf, isCovered, isSame, type Named } from './left-out-commands.ts'

/**
 * What an image has as gone although a witness, which has seen all that it has seen, still has it: a state is a function of the
 * set of updates and deletions only add to it, so that of two honest images this is empty.
 */
export interface LeftOut {
  /** Not listed, or as those of other people: what the witness lists. */
  readonly mails: readonly MailRecord[]
  /** Listed with marks that the witness has not seen: with those that both have. */
  readonly marked: readonly MailRecord[]
  readonly documents: readonly DocumentRecord[]
  readonly posts: readonly PostRecord[]
  /** By which what the image may list is gone. */
  readonly forgettings: readonly ForgettingRecord[]
  /** Commands whose mail or post is not there: the witness shows it under a name that is still to come. */
  readonly commands: readonly ExecutionRecord[]
}

/** What the one that receives an image has seen itself. */
export interface SeenHere {
  held(origin: OriginId): Sequence
  readonly live: { has(origin: OriginId, sequence: Sequence): boolean }
  readonly executions: Pick<ExecutionTable, 'like'>
  readonly documents: { isKnown(account: AccountId, document: DocumentId): boolean }
  readonly follows: { lastClock(account: AccountId, whom: AccountId): Clock }
}

/** The logs of `witness` go on from those of `image`. What `own` has seen to be gone is. */
export const leftOutOf = (image: StateImage, witness: StateImage, own: SeenHere): LeftOut => {
  const isMeant = ({ origin, sequence }: Named): boolean =>
    sequence <= heldFrom(image.vector, origin) && (sequence > own.held(origin) || own.live.has(origin, sequence))
  const posts = new Map(image.posts.map((post) => [idOf(post), post]))
  const documents = new Map(image.documents.map((document) => [documentKey(document), document]))
  const { mails, marked } = mailsLeftOut(image.mails, witness.mails, isMeant)
  const ahead = aheadLeftOut(image, witness)
  return {
    mails,
    marked: [...marked, ...ahead.marked],
    documents: witness.documents.filter(
      (document) =>
        document.state === 'written' && isMeant(document) && !isSame(documents.get(documentKey(document)), document),
    ),
    posts: witness.posts.filter((post) => isMeant(post) && posts.get(idOf(post))?.account !== post.account),
    forgettings: forgettingsLeftOut(image, witness),
    commands: ahead.commands,
  }
}

/** How many mails, posts, documents, and forgettings of these it concerns. */
export const countOf = ({ mails, marked, documents, posts, forgettings, commands }: LeftOut): number =>
  mails.length + marked.length + documents.length + posts.length + forgettings.length + commands.length

/**
 * Whether the witness understands all that the image shows the effects of. A member with an older version holds what deletes or changes something as
 * updates of kinds that it does not know: what is gone by them is still there with it.
 */
export const understandsAll = (
  witness: Pick<StateImage, 'later'>,
  image: Pick<StateImage, 'later' | 'vector'>,
): boolean => {
  const kept = new Set(image.later.map(idOf))
  return witness.later.every((record) => kept.has(idOf(record)) || !isCovered(image, record))
}

/**
 * How many of it the image keeps back: a draft that it holds without understanding it, because it is of an older version, is there. Mails and
 * posts are of kinds that every version knows.
 */
export const keptBackOf = ({ later }: Pick<StateImage, 'later'>, leftOut: LeftOut): number => {
  const held = new Set(later.map(idOf))
  return countOf(leftOut) - leftOut.documents.filter((document) => held.has(idOf(document))).length
}

/** What was left out. */
type Entry = MailRecord | DocumentRecord | PostRecord | ForgettingRecord

/** Only what somebody has signed: `isShown` tells of which of it the contents are here. */
export const shownOf = (
  { mails, documents, posts, forgettings, ...rest }: LeftOut,
  isShown: (entry: Entry) => boolean,
): LeftOut => ({
  ...rest,
  mails: mails.filter(isShown),
  documents: documents.filter(isShown),
  posts: posts.filter(isShown),
  forgettings: forgettings.filter(isShown),
})

/** Whether an entry is, as the witness lists it, live here: under its name something else may be. */
export const isLiveIn = (
  { mails, documents, posts }: Pick<GroupState, 'mails' | 'documents' | 'posts'>,
  entry: Entry,
): boolean => {
  const { origin, sequence } = entry
  if ('saidUpTo' in entry) return documents.forgettings.has(origin, sequence)
  if ('document' in entry) return isSame(documents.get(entry.account, entry.document), entry)
  if ('account' in entry) return posts.get(origin, sequence)?.account === entry.account
  const mail = mails.get(origin, sequence)
  return mail !== undefined && areOfSame(mail, entry) && tagsAgree(mail.tag, entry.tag)
}

/** Whether an update is the content of what is live by its name. What is not understood yet can only be told from others when it is. */
export const isContentIn = (
  { mails, documents, posts, later }: Pick<GroupState, 'mails' | 'documents' | 'posts' | 'later'>,
  { origin, sequence, change }: Update,
): boolean => {
  if (later.has(origin, sequence)) return true
  switch (change.kind) {
    case 'mail': {
      const mail = mails.get(origin, sequence)
      return mail !== undefined && isMailOf(mail, change)
    }
    case 'post':
      return posts.get(origin, sequence)?.account === change.account
    case 'document': {
      const document = documents.get(change.account, change.document)
      return document?.origin === origin && document.sequence === sequence
    }
    case 'forgetting':
      return documents.forgettings.has(origin, sequence)
    default:
      return false
  }
}

/** Whether a content is that of what was left out under its name. */
export const isContentOf = ({ mails, documents, posts, forgettings }: LeftOut): ((update: Update) => boolean) => {
  const byName = new Map([...mails, ...documents, ...posts].map((record) => [idOf(record), record]))
  const forgotten = new Map(forgettings.map((record) => [idOf(record), record]))
  return ({ origin, sequence, change }) => {
    const id = updateId(origin, sequence)
    if (change.kind === 'forgetting') return forgotten.get(id)?.account === change.account
    const record = byName.get(id)
    if (record === undefined) return false
    switch (change.kind) {
      case 'mail':
        return 'to' in record && isMailOf(record, change)
      case 'post':
        return !('to' in record) && !('document' in record) && record.account === change.account
      case 'document':
        return 'document' in record && documentKey(record) === documentKey(change) && record.shelf === change.shelf
      default:
        return false
    }
  }
}

/** As an image that lists nothing else: what a state transfer would bring. */
export const contentsOf = ({ mails, documents, posts, forgettings }: LeftOut, witness: StateImage): StateImage => ({
  ...witness,
  mails: mailColumns(mails),
  documents,
  posts,
  forgettings,
  later: [],
})

/**
 * The image with what it had left out, and with what else the witness knows of what the image covers. Gone is only what is so in both.
 * Accounts, keys and marks do not tell by which update they came: see `Testimonies`.
 */
export const restored = (image: StateImage, witness: StateImage, leftOut: LeftOut, own: SeenHere): StateImage => {
  const { mails, marked, documents, posts, commands } = leftOut
  const gone = new Set(witness.deletedAccounts)
  const names = new Set([...mails, ...posts].map(idOf))
  const written = new Set(documents.map(documentKey))
  const isNamed = (named: Named): boolean => names.has(idOf(named))
  const listed = {
    mails: withMails(image.mails, [...marked, ...mails]),
    posts: [...image.posts.filter((post) => !isNamed(post)), ...posts],
  }
  return {
    ...image,
    ...listed,
    deletedAccounts: image.deletedAccounts.filter((account) => gone.has(account)),
    answers: [...image.answers.filter((answer) => !isNamed(answer)), ...witness.answers.filter(isNamed)],
    pending: pendingInBoth(image, witness),
    documents: [
      ...image.documents.filter((document) => !written.has(documentKey(document))),
      ...documents,
      ...deletedDocumentsOf(image, witness, own),
    ],
    forgettings: [...image.forgettings, ...leftOut.forgettings],
    postDeletions: postDeletionsInBoth(image, witness),
    follows: [...image.follows, ...followsOf(image, witness, own)],
    executions: executionsOf({ ...image, ...listed }, witness, commands, own),
  }
}

const documentKey = ({ account, document }: Pick<DocumentRecord, 'account' | 'document'>): string =>
  `${account} ${document}`

const isMailOf = (record: MailRecord, change: Extract<Update['change'], { kind: 'mail' }>): boolean =>
  record.from === change.account &&
  record.to.length === change.to.length &&
  record.to.every((owner, copy) => owner === change.to[copy]) &&
  tagsAgree(record.tag, tagOf(change.command))

const mailsLeftOut = (
  listed: MailColumns,
  witness: MailColumns,
  isMeant: (named: Named) => boolean,
): Pick<LeftOut, 'mails' | 'marked'> => {
  const mails: MailRecord[] = []
  const marked: MailRecord[] = []
  const byOrigin = new Map(listed.origins.map((of) => [of.origin, of]))
  const places = new Map(listed.people.map((account, place) => [account, place]))
  const placeOf = Uint32Array.from(witness.people, (account) => places.get(account) ?? listed.people.length)
  for (const theirs of witness.origins) {
    const mine = byOrigin.get(theirs.origin)
    let at = 0
    for (const [row, sequence] of theirs.sequences.entries()) {
      while (mine !== undefined && (mine.sequences[at] ?? Infinity) < sequence) at += 1
      if (mine?.sequences[at] === sequence && areAlike(mine, at, theirs, row, placeOf)) {
        const marks = marksInBoth(mine, at, theirs, row)
        if (marks !== null) marked.push({ ...recordAt(listed.people, mine, at), marks })
      } else if (isMeant({ origin: theirs.origin, sequence })) mails.push(recordAt(witness.people, theirs, row))
    }
  }
  return { mails, marked }
}

/** Whether two rows are of the same mail, to the same people. `placeOf`: the places of the other's people here. */
const areAlike = (
  mine: OriginMails,
  at: number,
  theirs: OriginMails,
  row: number,
  placeOf: Readonly<Uint32Array>,
): boolean => {
  const [start, end] = [mine.copyStarts[at] ?? 0, mine.copyStarts[at + 1] ?? 0]
  const theirStart = theirs.copyStarts[row] ?? 0
  if ((theirs.copyStarts[row + 1] ?? 0) - theirStart !== end - start) return false
  for (let copy = start; copy < end; copy += 1)
    if (mine.owners[copy] !== placeOf[theirs.owners[theirStart + copy - start] ?? -1]) return false
  const [tag, theirTag] = [mine.tags[at] ?? 0, theirs.tags[row] ?? 0]
  return tag === theirTag || tag === 0 || theirTag === 0
}

/** Null when the witness has all marks that are listed. */
const marksInBoth = (mine: OriginMails, at: number, theirs: OriginMails, row: number): readonly number[] | null => {
  const [start, end] = [mine.copyStarts[at] ?? 0, mine.copyStarts[at + 1] ?? 0]
  const theirStart = theirs.copyStarts[row] ?? 0
  const marks: number[] = []
  let isMore = false
  for (let copy = start; copy < end; copy += 1) {
    const bits = mine.marks[copy] ?? 0
    const both = bits & (theirs.marks[theirStart + copy - start] ?? 0)
    marks.push(both)
    isMore ||= both !== bits
  }
  return isMore ? marks : null
}

/**
 * A mail with several names may stand in the image by one and with the witness by another one, which is still to come. Where the image
 * has not got it, it comes as a new one if the command is not known: as another name of a mail that is not there it would be taken for deleted.
 */
const aheadLeftOut = (image: StateImage, witness: StateImage): Pick<LeftOut, 'marked' | 'commands'> => {
  const marked: MailRecord[] = []
  const commands: ExecutionRecord[] = []
  const [listedAt, shownAt] = [entriesOf(image), entriesOf(witness)]
  for (const execution of witness.executions) {
    const standing = standingOf(execution)
    if (execution.names.length === 1 || isCovered(image, standing)) continue
    const names = execution.names.filter((name) => isCovered(image, name))
    const shown = shownAt(standing)
    if (names.length === 0 || shown === undefined) continue
    const listed = listedAt(standingOf({ ...execution, names }))
    if (listed === undefined || !areOfSame(listed, shown)) commands.push(execution)
    else if ('marks' in listed && 'marks' in shown) {
      const marks = listed.marks.map((bits, copy) => bits & (shown.marks[copy] ?? 0))
      if (marks.some((bits, copy) => bits !== listed.marks[copy])) marked.push({ ...listed, marks })
    }
  }
  return { marked, commands }
}

const areOfSame = (one: MailRecord | PostRecord, other: MailRecord | PostRecord): boolean =>
  'marks' in one
    ? 'marks' in other && one.from === other.from && one.to.join() === other.to.join()
    : !('marks' in other) && one.account === other.account

const withMails = (listed: MailColumns, again: readonly MailRecord[]): MailColumns => {
  if (again.length === 0) return listed
  const named = new Map([...mailRecords(listed), ...again].map((mail) => [idOf(mail), mail]))
  const inOrder = [...named.values()].sort((one, other) =>
    one.origin === other.origin ? one.sequence - other.sequence : one.origin < other.origin ? -1 : 1,
  )
  return mailColumns(inOrder)
}

/** A deletion that waits for its mail waits with the witness, too, or was done there when the mail came. */
const pendingInBoth = (image: StateImage, witness: StateImage): StateImage['pending'] => {
  if (image.pending.length === 0) return image.pending
  const waiting = new Map(witness.pending.map((mark) => [pendingKey(mark.mail, mark.tag, mark.account), mark.bits]))
  const standing = standingNames(witness)
  const shownAt = entriesOf(witness)
  return image.pending.filter(({ mail, tag, account, bits }) => {
    if ((bits & markBits.deleted) === 0) return true
    if (!isCovered(witness, splitUpdateId(mail)))
      return ((waiting.get(pendingKey(mail, tag, account)) ?? 0) & markBits.deleted) !== 0
    const shown = shownAt(splitUpdateId(standing.get(mail) ?? mail))
    return shown === undefined || !('marks' in shown) || !tagsAgree(tag, shown.tag) || hasDeleted(shown, account)
  })
}

const hasDeleted = ({ from, to, marks }: MailRecord, account: AccountId): boolean =>
  [from, ...to].every((owner, copy) => owner !== account || ((marks[copy] ?? 0) & markBits.deleted) !== 0)

const postDeletionsInBoth = (image: StateImage, witness: StateImage): StateImage['postDeletions'] => {
  if (image.postDeletions.length === 0) return image.postDeletions
  const waiting = new Set(witness.postDeletions.map(({ post, tag, account }) => pendingKey(post, tag, account)))
  const standing = standingNames(witness)
  const shownAt = entriesOf(witness)
  return image.postDeletions.filter(({ post, tag, account }) => {
    if (!isCovered(witness, splitUpdateId(post))) return waiting.has(pendingKey(post, tag, account))
    const shown = shownAt(splitUpdateId(standing.get(post) ?? post))
    return shown === undefined || 'marks' in shown || shown.account !== account || !tagsAgree(tag, shown.tag)
  })
}

/** By each other name of what has several. */
const standingNames = ({ executions }: StateImage): ReadonlyMap<UpdateId, UpdateId> => {
  const several = executions.filter(({ names }) => names.length > 1)
  return new Map(
    several.flatMap((execution) => {
      const standing = idOf(standingOf(execution))
      return execution.names.map((name) => [idOf(name), standing] as const)
    }),
  )
}

const pendingKey = (id: UpdateId, tag: number, account: AccountId): string => `${id} ${tag} ${account}`

/** The memory of deletions, where nothing is there that it would delete. */
const deletedDocumentsOf = (image: StateImage, witness: StateImage, own: SeenHere): StateImage['documents'] => {
  const listed = new Set(image.documents.map(documentKey))
  return witness.documents.filter(
    (document) =>
      document.state === 'deleted' &&
      isCovered(image, document) &&
      !listed.has(documentKey(document)) &&
      !own.documents.isKnown(document.account, document.document),
  )
}

/** Persons have signed them, so that nobody can make one up. One that the image holds without understanding it is there. */
const forgettingsLeftOut = (image: StateImage, witness: StateImage): StateImage['forgettings'] => {
  const held = new Set([...image.forgettings, ...image.later].map(idOf))
  return witness.forgettings.filter((record) => isCovered(image, record) && !held.has(idOf(record)))
}

/** That somebody follows is a word of which the later one counts; that somebody does not, where nothing else was said. */
const followsOf = (image: StateImage, witness: StateImage, own: SeenHere): StateImage['follows'] => {
  const listed = new Set(image.follows.map(({ account, whom }) => `${account} ${whom}`))
  return witness.follows.filter((follow) => {
    const { account, whom, state } = follow
    if (!isCovered(image, follow)) return false
    return state === 'follows' || (!listed.has(`${account} ${whom}`) && own.follows.lastClock(account, whom) === 0)
  })
}

import type { Result } from '../core/model/errors.ts'
import type { AccountId, OriginId, UpdateId } from '../core/model/ids.ts'
import { accountId, hashPrefix, inviteId, updateId } from '../core/model/ids.ts'
import type {
  AccountKeysRecord,
  AccountRecord,
  AnswerRecord,
  CheckpointRecord,
  ClientRecord,
  CommandRecord,
  DocumentRecord,
  ExecutionRecord,
  FollowRecord,
  LaterRecord,
  MarkRecord,
  PendingMark,
  PostDeletionRecord,
  PostRecord,
  RetirementRecord,
  StateImage,
} from '../core/model/image.ts'
import { limits } from '../core/model/limits.ts'
import { fromBase64 } from './bytes.ts'
import { attempt, refuse } from './cbor.ts'
import type { GroupContext } from './group-context.ts'
import { CommandsReader } from './image-commands.ts'
import type { ImageSection } from './image-format.ts'
import { imageSections } from './image-format.ts'
import type { ImageHead } from './image-head.ts'
import { readHead, readLabel as readImageLabel, readPeer as readImagePeer } from './image-head.ts'
import { damaged, ItemReader } from './image-items.ts'
import { readAnswer, readDocument, readMark, readPending } from './image-mailbox.ts'
import { MailsReader } from './image-mails.ts'
import { wholeChunks } from './image-parts.ts'
import { notBeyond, readFollowRow, readPostDeletionRow, readPostRow } from './image-social.ts'
import { originOf, shared } from './keys.ts'
import { holdsEnd, provesRetirement } from './proofs.ts'
import { highestType, readGenuineUpdate, readUpdate } from './update-codec.ts'
import { voucherBy } from './vouchers.ts'

/**
 * Decodes a state image of our own. Everything is checked but the people's signatures; equal ids share one string.
 * DAMAGED, NEWER_FORMAT, and what `decodeUpdate` finds wrong in an account.
 */
export const decodeImage = (chunks: Iterable<string>): Result<StateImage> => attempt(() => drained(readImage(chunks)))

/** As `decodeImage`, a chunk at each step. */
export const decodeImageInParts = (chunks: Iterable<string>): Generator<undefined, Result<StateImage>> =>
  attemptInParts(readImage(chunks))

/**
 * As `decodeImageInParts`, for an image that came from another replica: BAD_SIGNATURE when it has an account that nobody signed, TOO_MANY when it
 * is of more logs than a replica tells of. A chunk, or some signatures, at each step.
 */
export const decodeReceivedImageInParts = (
  context: GroupContext,
  chunks: readonly string[],
): Generator<undefined, Result<StateImage>> => attemptInParts(readReceivedImage(context, chunks))

/** Verified at a step: some milliseconds. */
const signaturesAStep = 32

function* attemptInParts<Value>(work: Generator<undefined, Value>): Generator<undefined, Result<Value>> {
  for (;;) {
    const step = attempt(() => work.next())
    if (!step.ok) return step
    if (step.value.done === true) return { ok: true, value: step.value.value }
    yield
  }
}

function* readReceivedImage(context: GroupContext, chunks: readonly string[]): Generator<undefined, StateImage> {
  const image = yield* readImage(chunks)
  // Its own image a replica can read however many logs it holds; more than this could be told to nobody.
  if (image.vector.size > limits.vectorEntries) refuse('TOO_MANY', `a state of more than ${limits.vectorEntries} logs`)
  const { accounts, accountKeys, forgettings } = image
  yield* inSteps(accounts, ({ account, origin, bytes }) => {
    const { change } = readUpdate(context, origin, 1, bytes, 'check')
    if (change.kind !== 'account') refuse('BAD_SIGNATURE', `account ${account} is not signed by its person`)
  })
  yield* inSteps(accountKeys, ({ account, origin, bytes }) => {
    const { change } = readUpdate(context, origin, 1, bytes, 'check')
    if (change.kind !== 'accountKeys') refuse('BAD_SIGNATURE', `the keys of ${account} are not signed by the person`)
  })
  yield* inSteps(forgettings, ({ account, origin, sequence, bytes }) => {
    const { change } = readUpdate(context, origin, sequence, bytes, 'check')
    if (change.kind !== 'forgetting')
      refuse('BAD_SIGNATURE', `what ${account} is said to have forgotten is not signed by the person`)
  })
  return {
    ...image,
    signatures: provenEnds(context, image),
    retired: image.retired.map((one) => proven(context, one)),
    vouchers: image.vouchers.filter(
      ({ server, peer, by, bytes }) => voucherBy(context, bytes, originOf(server, peer)) === by,
    ),
  }
}

function* inSteps<Item>(items: readonly Item[], verify: (item: Item) => void): Generator<undefined, void> {
  for (const [index, item] of items.entries()) {
    verify(item)
    if (index % signaturesAStep === signaturesAStep - 1) yield
  }
}

/** Signatures that hold; where one does not, the end is as good as one without. */
const provenEnds = (
  context: GroupContext,
  { claims, vector, hashes, signatures }: StateImage,
): StateImage['signatures'] =>
  new Map(
    claims.flatMap(({ origin, peer }) => {
      const [sequence, hash, signature] = [vector.get(origin), hashes.get(origin), signatures.get(origin)]
      if (sequence === undefined || hash === undefined || signature === undefined) return []
      return holdsEnd(context, { origin, peer, sequence, hash, signature }) ? [[origin, signature] as const] : []
    }),
  )

const proven = (context: GroupContext, { origin, proof }: RetirementRecord): RetirementRecord => ({
  origin,
  proof: proof !== null && provesRetirement(context, proof, origin) ? proof : null,
})

const idPattern = /^[\w-]{42}[AEIMQUYcgkosw048]$/
const prefixPattern = /^[\w-]{11}$/

/** What the sections read so far have brought. */
interface Parts {
  readonly head: ImageHead
  readonly people: AccountId[]
  readonly deletedAccounts: AccountId[]
  readonly accounts: AccountRecord[]
  readonly mails: MailsReader
  readonly answers: AnswerRecord[]
  readonly marks: MarkRecord[]
  readonly pending: PendingMark[]
  readonly documents: DocumentRecord[]
  readonly posts: PostRecord[]
  readonly postDeletions: PostDeletionRecord[]
  readonly follows: FollowRecord[]
  readonly commandRows: CommandsReader
  readonly commands: readonly CommandRecord[]
  readonly executions: readonly ExecutionRecord[]
  readonly accountKeys: AccountKeysRecord[]
  readonly clients: ClientRecord[]
  readonly later: LaterRecord[]
  readonly checkpoints: CheckpointRecord[]
}

type Reading<Value> = Generator<undefined, Value>

const drained = <Value>(reading: Reading<Value>): Value => {
  for (;;) {
    const step = reading.next()
    if (step.done === true) return step.value
  }
}

function* readImage(chunks: Iterable<string>): Reading<StateImage> {
  const parts = yield* readParts(chunks)
  const { head, people, mails, commandRows: _rows, ...ofState } = parts
  for (const section of imageSections) {
    const found = section === 'mails' ? mails.count : parts[section].length
    if (found !== head.counts[section]) damaged(`not all ${section} are there`)
  }
  if (new Set(people).size !== people.length) damaged('a person is named twice')
  checkEnds(parts)
  const { format: _format, counts: _counts, origins: _origins, ...ofHead } = head
  const taken = new Set(ofHead.forgettings.map(idOf))
  // They are listed there as well, for versions that do not know them.
  const later = ofState.later.filter((record) => !taken.has(idOf(record)))
  return { ...ofHead, ...ofState, later, mails: mails.columns() }
}

const idOf = ({ origin, sequence }: Pick<LaterRecord, 'origin' | 'sequence'>): UpdateId => updateId(origin, sequence)

function* readParts(chunks: Iterable<string>): Reading<Parts> {
  let parts: Parts | null = null
  let reached = 0
  for (const chunk of wholeChunks(chunks)) {
    yield
    if (parts === null) {
      parts = partsAfter(readHead(chunk))
      continue
    }
    const { section, items } = openChunk(chunk)
    const place = imageSections.indexOf(section)
    if (place < reached) damaged('sections are out of order')
    reached = place
    readSection(section, items, parts)
  }
  return parts ?? damaged('it is empty')
}

function partsAfter(head: ImageHead): Parts {
  const people: AccountId[] = []
  const mails = new MailsReader(head, people)
  const noPeople = { people, deletedAccounts: [], accounts: [], accountKeys: [], clients: [] }
  const commandRows = new CommandsReader()
  const { commands, executions } = commandRows
  const ofCommands = { commandRows, commands, executions }
  const ofMailboxes = { mails, answers: [], marks: [], pending: [], documents: [] }
  const ofPosts = { posts: [], postDeletions: [], follows: [] }
  return { head, ...noPeople, ...ofMailboxes, ...ofPosts, ...ofCommands, later: [], checkpoints: [] }
}

function openChunk(chunk: unknown): { readonly section: ImageSection; readonly items: ItemReader } {
  if (!Array.isArray(chunk) || chunk.length !== 2) return damaged('a chunk has the wrong form')
  const found: unknown = chunk[0]
  const section = imageSections.find((known) => known === found) ?? damaged('a section that is not known here')
  return { section, items: new ItemReader(chunk[1]) }
}

function readSection(section: ImageSection, items: ItemReader, parts: Parts): void {
  const tables = { format: parts.head.format, origins: parts.head.origins, people: parts.people }
  switch (section) {
    case 'people':
      while (items.more()) parts.people.push(accountId(shared(items.match(idPattern))))
      return
    case 'deletedAccounts':
      while (items.more()) parts.deletedAccounts.push(items.pick(parts.people))
      return
    case 'accounts':
      while (items.more()) parts.accounts.push(readAccount(items, parts.head))
      return
    case 'mails':
      parts.mails.read(items)
      return
    case 'answers':
      while (items.more()) parts.answers.push(readAnswer(items, tables))
      return
    case 'marks':
      while (items.more()) parts.marks.push(readMark(items, tables))
      return
    case 'pending':
      while (items.more()) parts.pending.push(readPending(items, tables))
      return
    case 'documents':
      while (items.more()) parts.documents.push(readDocument(items, tables, parts.head.vector))
      return
    case 'posts':
      while (items.more()) parts.posts.push(notBeyond(readPostRow(items, tables), parts.head.vector))
      return
    case 'postDeletions':
      while (items.more()) parts.postDeletions.push(readPostDeletionRow(items, tables))
      return
    case 'follows':
      while (items.more()) parts.follows.push(notBeyond(readFollowRow(items, tables), parts.head.vector))
      return
    case 'commands':
      while (items.more()) parts.commandRows.readCommand(items, tables)
      return
    case 'executions':
      while (items.more()) parts.commandRows.readExecution(items, tables, parts.head.vector)
      return
    case 'accountKeys':
      while (items.more()) parts.accountKeys.push(readAccountKeys(items, parts.head))
      return
    case 'clients':
      while (items.more()) parts.clients.push(readClient(items))
      return
    case 'later':
      while (items.more()) parts.later.push(notBeyond(readLater(items, parts.head), parts.head.vector))
      return
    case 'checkpoints':
      while (items.more()) parts.checkpoints.push(readCheckpoint(items, parts))
  }
}

function readAccount(items: ItemReader, head: ImageHead): AccountRecord {
  const origin = items.pick(head.origins)
  const { clock, change, bytes } = readGenuineUpdate(origin, 1, fromBase64(items.text()))
  if (change.kind !== 'account') return damaged('an account is none')
  const { account, name, sealKey, sealedKeys } = change
  return { account, name, sealKey, sealedKeys, clock, origin, bytes }
}

function readAccountKeys(items: ItemReader, head: ImageHead): AccountKeysRecord {
  const origin = items.pick(head.origins)
  const { clock, change, bytes } = readGenuineUpdate(origin, 1, fromBase64(items.text()))
  if (change.kind !== 'accountKeys') return damaged('the keys of an account are none')
  const { account, generation, sealedKeys } = change
  return { account, generation, sealedKeys, clock, origin, bytes }
}

const readClient = (items: ItemReader): ClientRecord => ({
  invite: inviteId(items.match(idPattern)),
  peer: readImagePeer(items),
  machine: readImageLabel(items),
})

const readLater = (items: ItemReader, { origins }: ImageHead): LaterRecord => ({
  origin: items.pick(origins),
  sequence: items.positive(),
  clock: items.number(),
  type: items.number(highestType),
})

function readCheckpoint(items: ItemReader, { head, checkpoints }: Parts): CheckpointRecord {
  const origin = items.pick(head.origins)
  const sequence = items.positive()
  const before = checkpoints.at(-1)
  if (before?.origin === origin && before.sequence >= sequence) damaged('checkpoints do not ascend')
  return { origin, sequence, prefix: items.match(prefixPattern) }
}

/** Those of each log end where it does. An image that was written before there were such has none. */
function checkEnds({ head, checkpoints }: Parts): void {
  const ended = new Set<OriginId>()
  for (const [index, { origin, sequence, prefix }] of checkpoints.entries()) {
    if (checkpoints[index + 1]?.origin === origin) continue
    if (ended.has(origin)) damaged('checkpoints of a log are in two places')
    ended.add(origin)
    const end = head.hashes.get(origin)
    const isEnd = sequence === head.vector.get(origin) && end !== undefined && prefix === hashPrefix(end)
    if (!isEnd) damaged('checkpoints end elsewhere than their log')
  }
}

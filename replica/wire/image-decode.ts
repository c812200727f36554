import type { Result } from '../core/model/errors.ts'
import type { AccountId, Clock, OriginId, Sequence } from '../core/model/ids.ts'
import { accountId, commandId, updateId } from '../core/model/ids.ts'
import type {
  AccountRecord,
  CommandRecord,
  DocumentRecord,
  FollowRecord,
  MailRecord,
  MarkRecord,
  PendingMark,
  PostDeletionRecord,
  PostRecord,
  StateImage,
} from '../core/model/image.ts'
import { limits } from '../core/model/limits.ts'
import { fromBase64 } from './bytes.ts'
import { attempt, refuse } from './cbor.ts'
import type { GroupContext } from './group-context.ts'
import type { ImageSection } from './image-format.ts'
import { imageSections } from './image-format.ts'
import type { ImageHead } from './image-head.ts'
import { readHead } from './image-head.ts'
import { damaged, ItemReader, parseChunk } from './image-items.ts'
import { allBits, readDocumentRow, readMark, readPending } from './image-mailbox.ts'
import { readFollowRow, readPostDeletionRow, readPostRow } from './image-social.ts'
import { shared } from './keys.ts'
import { readGenuineUpdate, readUpdate } from './update-codec.ts'

/**
 * Decodes a state image of our own. Everything is checked but the people's signatures; equal ids share one string.
 * DAMAGED, NEWER_FORMAT, and what `decodeUpdate` finds wrong in an account.
 */
export const decodeImage = (chunks: readonly string[]): Result<StateImage> => attempt(() => readImage(chunks))

/** As `decodeImage`, for an image that came from another replica: BAD_SIGNATURE when it has an account that nobody signed. */
export const decodeReceivedImage = (context: GroupContext, chunks: readonly string[]): Result<StateImage> =>
  attempt(() => {
    const image = readImage(chunks)
    for (const { account, origin, bytes } of image.accounts) {
      const { change } = readUpdate(context, origin, 1, bytes, 'check')
      if (change.kind !== 'account') refuse('BAD_SIGNATURE', `account ${account} is not signed by its person`)
    }
    return image
  })

const idPattern = /^[\w-]{42}[AEIMQUYcgkosw048]$/
const commandPattern = /^[\w-]{16}$/

/** What the sections read so far have brought. */
interface Parts {
  readonly head: ImageHead
  readonly people: AccountId[]
  readonly deletedAccounts: AccountId[]
  readonly accounts: AccountRecord[]
  readonly mails: MailRecord[]
  readonly marks: MarkRecord[]
  readonly pending: PendingMark[]
  readonly documents: DocumentRecord[]
  readonly posts: PostRecord[]
  readonly postDeletions: PostDeletionRecord[]
  readonly follows: FollowRecord[]
  readonly commands: CommandRecord[]
}

function readImage(chunks: readonly string[]): StateImage {
  if (chunks.length > limits.imageChunks) refuse('TOO_MANY', `an image of ${chunks.length} chunks`)
  const head = readHead(parseChunk(chunks[0]))
  const empty = { people: [], deletedAccounts: [], accounts: [], mails: [], marks: [], pending: [], documents: [] }
  const parts: Parts = { head, ...empty, posts: [], postDeletions: [], follows: [], commands: [] }
  let reached = 0
  for (const chunk of chunks.slice(1)) {
    const { section, items } = openChunk(parseChunk(chunk))
    const place = imageSections.indexOf(section)
    if (place < reached) damaged('sections are out of order')
    reached = place
    readSection(section, items, parts)
  }
  for (const section of imageSections) {
    if (parts[section].length !== head.counts[section]) damaged(`not all ${section} are there`)
  }
  const { vector, hashes, group, claims, invites } = head
  const { head: _head, people: _people, ...ofPeople } = parts
  return { vector, hashes, group, claims, invites, ...ofPeople }
}

function openChunk(chunk: unknown): { readonly section: ImageSection; readonly items: ItemReader } {
  if (!Array.isArray(chunk) || chunk.length !== 2) return damaged('a chunk has the wrong form')
  const found: unknown = chunk[0]
  const section = imageSections.find((known) => known === found) ?? damaged('a section that is not known here')
  return { section, items: new ItemReader(chunk[1]) }
}

function readSection(section: ImageSection, items: ItemReader, parts: Parts): void {
  const tables = { origins: parts.head.origins, people: parts.people }
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
      return readMails(items, parts)
    case 'marks':
      while (items.more()) parts.marks.push(readMark(items, tables))
      return
    case 'pending':
      while (items.more()) parts.pending.push(readPending(items, tables))
      return
    case 'documents':
      while (items.more()) parts.documents.push(notBeyond(readDocumentRow(items, tables), parts.head))
      return
    case 'posts':
      while (items.more()) parts.posts.push(notBeyond(readPostRow(items, tables), parts.head))
      return
    case 'postDeletions':
      while (items.more()) parts.postDeletions.push(readPostDeletionRow(items, tables))
      return
    case 'follows':
      while (items.more()) parts.follows.push(notBeyond(readFollowRow(items, tables), parts.head))
      return
    case 'commands':
      while (items.more()) {
        const command = commandId(items.match(commandPattern))
        const update = updateId(items.pick(parts.head.origins), items.positive())
        parts.commands.push({ command, update, clock: items.number() })
      }
  }
}

function notBeyond<Row extends { readonly origin: OriginId; readonly sequence: Sequence }>(
  row: Row,
  { vector }: ImageHead,
): Row {
  return row.sequence <= (vector.get(row.origin) ?? 0) ? row : damaged('an entry is beyond the version vector')
}

function readAccount(items: ItemReader, head: ImageHead): AccountRecord {
  const origin = items.pick(head.origins)
  const { clock, change, bytes } = readGenuineUpdate(origin, 1, fromBase64(items.text()))
  if (change.kind !== 'account') return damaged('an account is none')
  const { account, name, sealKey, sealedKeys } = change
  return { account, name, sealKey, sealedKeys, clock, origin, bytes }
}

function readMails(items: ItemReader, { head, people, mails }: Parts): void {
  let last = mails.at(-1)
  let clock: Clock = 0
  let previous: { readonly origin: OriginId; readonly sequence: Sequence } | null = null
  while (items.more()) {
    const origin = items.pick(head.origins)
    const sequence: Sequence = items.positive() + (previous?.origin === origin ? previous.sequence : 0)
    clock += items.difference()
    const from = items.pick(people)
    const form = items.number(limits.recipients * 2 + 1)
    const to = readRecipients(items, form >> 1, people)
    const isAnswer = form % 2 === 1
    const conversation = isAnswer ? updateId(items.pick(head.origins), items.positive()) : null
    const marks = new Array<number>(to.length + 1)
    for (let index = 0; index <= to.length; index++) marks[index] = items.number(allBits)
    if (last !== undefined && !follows(last, origin, sequence)) damaged('mails do not ascend')
    if (sequence > (head.vector.get(origin) ?? 0)) damaged('a mail is beyond the version vector')
    if (clock < 0 || clock > Number.MAX_SAFE_INTEGER) damaged('a clock is out of range')
    last = { origin, sequence, clock, from, to, conversation, marks }
    previous = last
    mails.push(last)
  }
}

function readRecipients(items: ItemReader, count: number, people: readonly AccountId[]): AccountId[] {
  // Made at its full length: one that grows takes room for 16 more, in every mail for good.
  const to = new Array<AccountId>(count)
  for (let index = 0; index < to.length; index++) to[index] = items.pick(people)
  if (to.length === 0 || (to.length > 1 && new Set(to).size !== to.length))
    damaged('the recipients of a mail are wrong')
  return to
}

const follows = (mail: MailRecord, origin: OriginId, sequence: Sequence): boolean =>
  mail.origin === origin ? sequence > mail.sequence : origin > mail.origin

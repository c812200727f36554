import type { AccountId, OriginId } from '../core/model/ids.ts'
import { splitUpdateId } from '../core/model/ids.ts'
import type { StateImage } from '../core/model/image.ts'
import type { MailColumns } from '../core/model/mail-columns.ts'
import { mailCount } from '../core/model/mail-columns.ts'
import { toBase64 } from './bytes.ts'
import { CommandRows } from './image-commands.ts'
import type { ImageCounts, ImageSection } from './image-format.ts'
import { chunkChars, imageFormat } from './image-format.ts'
import { answerRow, documentRow, forgettingRow, markRow, pendingRow, type ImagePlaces } from './image-mailbox.ts'
import { writeMails } from './image-mails.ts'
import { inParts } from './image-parts.ts'
import { followRow, postDeletionRow, postRow } from './image-social.ts'
import { typeOf } from './update-codec.ts'

/**
 * Encodes a state image as JSON texts: first what there is little of, then runs of accounts, mails and so on. See
 * docs/protocol.md; `decodeImage` is the way back.
 */
export function encodeImage(image: StateImage): string[] {
  const encoding = encodeImageInParts(image)
  for (;;) {
    const { done, value } = encoding.next()
    if (done === true) return value
  }
}

/** As `encodeImage`, a chunk of some 64 KB at each step: an image never changes, so that its encoding may take a while. */
export function* encodeImageInParts(image: StateImage): Generator<undefined, string[]> {
  const origins = new Table<OriginId>()
  for (const origin of [...originsOf(image)].sort()) origins.place(origin)
  const people = new Table<AccountId>()
  const chunks: string[] = []
  for (const chunk of imageChunks(image, origins, people)) {
    chunks.push(chunk)
    yield
  }
  // The tables are written first, and are complete only now.
  const table = sectionChunks('people', people.values, (person, row) => row.push(person))
  return inParts([encodeHead(image, origins, people.values.length), ...table, ...chunks])
}

function* imageChunks(image: StateImage, origins: Table<OriginId>, people: Table<AccountId>): Generator<string> {
  const places: ImagePlaces = {
    origin: (origin) => origins.place(origin),
    person: (account) => people.place(account),
  }
  yield* sectionChunks('deletedAccounts', image.deletedAccounts, (account, row) => row.push(people.place(account)))
  yield* sectionChunks('accounts', image.accounts, ({ origin, bytes }, row) =>
    row.push(origins.place(origin), toBase64(bytes)),
  )
  yield* sectionChunks('accountKeys', image.accountKeys, ({ origin, bytes }, row) =>
    row.push(origins.place(origin), toBase64(bytes)),
  )
  yield* mailChunks(image.mails, origins, people)
  yield* sectionChunks('answers', image.answers, (record, row) => row.push(...answerRow(record, places)))
  yield* sectionChunks('marks', image.marks, (record, row) => row.push(...markRow(record, places)))
  yield* sectionChunks('pending', image.pending, (record, row) => row.push(...pendingRow(record, places)))
  yield* sectionChunks('documents', image.documents, (record, row) => row.push(...documentRow(record, places)))
  yield* sectionChunks('posts', image.posts, (record, row) => row.push(...postRow(record, places)))
  yield* sectionChunks('postDeletions', image.postDeletions, (record, row) =>
    row.push(...postDeletionRow(record, places)),
  )
  yield* sectionChunks('follows', image.follows, (record, row) => row.push(...followRow(record, places)))
  const commands = new CommandRows(places)
  yield* sectionChunks('commands', image.commands, (record, row) => row.push(...commands.ofCommand(record)))
  yield* sectionChunks('executions', image.executions, (record, row) => {
    // As many as a command has names: too many, perhaps, to be the arguments of one call.
    for (const item of commands.ofExecution(record)) row.push(item)
  })
  yield* sectionChunks('clients', image.clients, ({ invite, peer, machine }, row) => row.push(invite, peer, machine))
  yield* sectionChunks('later', laterOf(image), ({ origin, sequence, clock, type }, row) =>
    row.push(origins.place(origin), sequence, clock, type),
  )
  yield* sectionChunks('checkpoints', image.checkpoints, ({ origin, sequence, prefix }, row) =>
    row.push(origins.place(origin), sequence, prefix),
  )
}

/** Gives each value a place in a list, in the order of their first use. */
class Table<Value extends string> {
  readonly #places = new Map<Value, number>()

  get values(): readonly Value[] {
    return [...this.#places.keys()]
  }

  place(value: Value): number {
    const known = this.#places.get(value)
    if (known !== undefined) return known
    const place = this.#places.size
    this.#places.set(value, place)
    return place
  }
}

type Item = number | string

function encodeHead(image: StateImage, origins: Table<OriginId>, people: number): string {
  const { vector, hashes, signatures, clocks, group } = image
  const counts: ImageCounts = {
    people,
    deletedAccounts: image.deletedAccounts.length,
    accounts: image.accounts.length,
    accountKeys: image.accountKeys.length,
    mails: mailCount(image.mails),
    answers: image.answers.length,
    marks: image.marks.length,
    pending: image.pending.length,
    documents: image.documents.length,
    posts: image.posts.length,
    postDeletions: image.postDeletions.length,
    follows: image.follows.length,
    commands: image.commands.length,
    executions: image.executions.length,
    clients: image.clients.length,
    later: laterOf(image).length,
    checkpoints: image.checkpoints.length,
  }
  return JSON.stringify({
    format: imageFormat,
    counts,
    origins: origins.values.map((origin) => [
      origin,
      vector.get(origin) ?? 0,
      hashes.get(origin) ?? null,
      clocks.get(origin) ?? 0,
      base64OrNull(signatures.get(origin)),
    ]),
    newest: image.newestClock,
    group: group && [group.name, group.clock, origins.place(group.origin)],
    claims: image.claims.map(({ origin, server, peer, machine, replaces, clock }) => [
      origins.place(origin),
      server,
      peer,
      machine,
      replaces && origins.place(replaces),
      clock,
    ]),
    invites: image.invites.map(({ invite, expiresAtMs, admitted, revoked }) => [
      invite,
      expiresAtMs,
      admitted.map(({ peer, server }) => [peer, server]),
      revoked ? 1 : 0,
    ]),
    inviters: image.inviters.map(({ invite, by }) => [invite, origins.place(by)]),
    machineNames: image.machineNames.map(({ origin, name, clock }) => [origins.place(origin), name, clock]),
    retired: image.retired.map(({ origin, proof }) =>
      proof === null
        ? [origins.place(origin)]
        : [origins.place(origin), origins.place(proof.by), toBase64(proof.bytes)],
    ),
    vouchers: image.vouchers.map(({ peer, server, by, bytes }) => [peer, server, origins.place(by), toBase64(bytes)]),
    forgettings: image.forgettings.map((record) =>
      forgettingRow(record, { origin: (origin) => origins.place(origin) }),
    ),
  })
}

/** To a version of before there were forgettings they are of a kind that it does not know: it keeps them, and understands them when it is a later one. */
const laterOf = ({ later, forgettings }: StateImage): StateImage['later'] => [
  ...later,
  ...forgettings.map(({ origin, sequence, clock }) => ({
    origin,
    sequence,
    clock,
    type: typeOf({ kind: 'forgetting' }),
  })),
]

const base64OrNull = (bytes: Uint8Array | undefined): string | null => (bytes === undefined ? null : toBase64(bytes))

function* sectionChunks<Entry>(
  section: ImageSection,
  entries: readonly Entry[],
  write: (entry: Entry, row: Item[]) => void,
): Generator<string> {
  let items: Item[] = []
  let chars = 0
  for (const entry of entries) {
    const before = items.length
    write(entry, items)
    for (let index = before; index < items.length; index++) chars += charsOf(items[index])
    if (chars < chunkChars) continue
    yield JSON.stringify([section, items])
    items = []
    chars = 0
  }
  if (items.length > 0) yield JSON.stringify([section, items])
}

const charsOf = (item: Item | undefined): number => (typeof item === 'string' ? item.length + 3 : 8)

function* mailChunks(mails: MailColumns, origins: Table<OriginId>, people: Table<AccountId>): Generator<string> {
  const rows = writeMails(
    mails,
    (origin) => origins.place(origin),
    (account) => people.place(account),
  )
  for (const items of rows) yield JSON.stringify(['mails', items])
}

function originsOf(image: StateImage): Set<OriginId> {
  const origins = new Set<OriginId>([...image.vector.keys(), ...image.hashes.keys(), ...image.clocks.keys()])
  if (image.group !== null) origins.add(image.group.origin)
  for (const { origin, replaces } of image.claims) {
    origins.add(origin)
    if (replaces !== null) origins.add(replaces)
  }
  for (const { origin } of image.machineNames) origins.add(origin)
  for (const { origin, proof } of image.retired) {
    origins.add(origin)
    if (proof !== null) origins.add(proof.by)
  }
  for (const { by } of image.vouchers) origins.add(by)
  for (const { origin } of [...image.accounts, ...image.accountKeys]) origins.add(origin)
  for (const { origin } of image.mails.origins) origins.add(origin)
  for (const { conversation } of image.answers) origins.add(splitUpdateId(conversation).origin)
  for (const records of [image.documents, image.forgettings, image.posts, image.follows, image.later])
    for (const { origin } of records) origins.add(origin)
  for (const { post } of image.postDeletions) origins.add(splitUpdateId(post).origin)
  for (const { mail } of image.pending) origins.add(splitUpdateId(mail).origin)
  for (const { update } of image.commands) origins.add(splitUpdateId(update).origin)
  for (const { names } of image.executions) for (const { origin } of names) origins.add(origin)
  return origins
}

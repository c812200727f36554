import { assert } from '../core/model/errors.ts'
import type { AccountId, OriginId, Sequence, UpdateId } from '../core/model/ids.ts'
import { splitUpdateId } from '../core/model/ids.ts'
import type { MailRecord, StateImage } from '../core/model/image.ts'
import { toBase64 } from './bytes.ts'
import type { ImageCounts, ImageSection } from './image-format.ts'
import { chunkChars, chunkItems, chunkRows, imageFormat } from './image-format.ts'

/**
 * Encodes a state image as JSON texts: first what there is little of, then runs of accounts, mails and so on, as
 * tables of numbers. `image.mails` are ascending. See docs/protocol.md; `decodeImage` is the way back.
 */
export function encodeImage(image: StateImage): string[] {
  const origins = new Table([...originsOf(image)].sort())
  const people = new Table(peopleOf(image))
  const chunks = [
    ...sectionChunks('people', people.values, (person, row) => row.push(person)),
    ...sectionChunks('deletedAccounts', image.deletedAccounts, (account, row) => row.push(people.place(account))),
    ...sectionChunks('accounts', image.accounts, ({ origin, bytes }, row) =>
      row.push(origins.place(origin), toBase64(bytes)),
    ),
    ...mailChunks(image.mails, origins, people),
    ...sectionChunks('pending', image.pending, ({ mail, account, bits }, row) =>
      row.push(...placeOf(mail, origins), people.place(account), bits),
    ),
    ...sectionChunks('commands', image.commands, ({ command, update, clock }, row) =>
      row.push(command, ...placeOf(update, origins), clock),
    ),
  ]
  return [encodeHead(image, origins, people.values.length), ...chunks]
}

/** Values by their place in a list. */
class Table<Value extends string> {
  readonly values: readonly Value[]
  readonly #places = new Map<string, number>()

  constructor(values: readonly Value[]) {
    this.values = values
    for (const [index, value] of values.entries()) this.#places.set(value, index)
  }

  place(value: Value): number {
    const place = this.#places.get(value)
    assert(place !== undefined, `${value} is in its table`)
    return place
  }
}

type Item = number | string

function encodeHead(image: StateImage, origins: Table<OriginId>, people: number): string {
  const { vector, hashes, group } = image
  const counts: ImageCounts = {
    people,
    deletedAccounts: image.deletedAccounts.length,
    accounts: image.accounts.length,
    mails: image.mails.length,
    pending: image.pending.length,
    commands: image.commands.length,
  }
  return JSON.stringify({
    format: imageFormat,
    counts,
    origins: origins.values.map((origin) => [origin, vector.get(origin) ?? 0, hashes.get(origin) ?? null]),
    group: group && [group.name, group.clock, origins.place(group.origin)],
    claims: image.claims.map(({ origin, server, peer, machine, replaces, clock }) => [
      origins.place(origin),
      server,
      peer,
      machine,
      replaces && origins.place(replaces),
      clock,
    ]),
    invites: image.invites.map(({ invite, expiresAtMs, admitted }) => [
      invite,
      expiresAtMs,
      admitted.map(({ peer, server }) => [peer, server]),
    ]),
  })
}

function sectionChunks<Entry>(
  section: ImageSection,
  entries: readonly Entry[],
  write: (entry: Entry, row: Item[]) => void,
): string[] {
  const chunks: string[] = []
  let items: Item[] = []
  let chars = 0
  const close = (): void => {
    if (items.length > 0) chunks.push(JSON.stringify([section, items]))
    items = []
    chars = 0
  }
  for (const entry of entries) {
    const before = items.length
    write(entry, items)
    for (let index = before; index < items.length; index++) chars += charsOf(items[index])
    if (chars >= chunkChars) close()
  }
  close()
  return chunks
}

const charsOf = (item: Item | undefined): number => (typeof item === 'string' ? item.length + 3 : 8)

/** Per mail: origin, sequence, clock, from, how many to, to..., marks...; within a chunk the first three go by difference. */
function mailChunks(mails: readonly MailRecord[], origins: Table<OriginId>, people: Table<AccountId>): string[] {
  const chunks: string[] = []
  let items: number[] = []
  let rows = 0
  let previous: MailRecord | null = null
  for (const mail of mails) {
    if (rows === chunkRows || items.length >= chunkItems) {
      chunks.push(JSON.stringify(['mails', items]))
      items = []
      rows = 0
      previous = null
    }
    const base: Sequence = previous !== null && previous.origin === mail.origin ? previous.sequence : 0
    items.push(origins.place(mail.origin), mail.sequence - base, mail.clock - (previous?.clock ?? 0))
    items.push(people.place(mail.from), mail.to.length)
    for (const account of mail.to) items.push(people.place(account))
    for (const bits of mail.marks) items.push(bits)
    rows += 1
    previous = mail
  }
  if (rows > 0) chunks.push(JSON.stringify(['mails', items]))
  return chunks
}

function placeOf(update: UpdateId, origins: Table<OriginId>): [number, Sequence] {
  const { origin, sequence } = splitUpdateId(update)
  return [origins.place(origin), sequence]
}

function originsOf(image: StateImage): Set<OriginId> {
  const origins = new Set<OriginId>([...image.vector.keys(), ...image.hashes.keys()])
  if (image.group !== null) origins.add(image.group.origin)
  for (const { origin, replaces } of image.claims) {
    origins.add(origin)
    if (replaces !== null) origins.add(replaces)
  }
  for (const { origin } of image.accounts) origins.add(origin)
  for (const { origin } of image.mails) origins.add(origin)
  for (const { mail } of image.pending) origins.add(splitUpdateId(mail).origin)
  for (const { update } of image.commands) origins.add(splitUpdateId(update).origin)
  return origins
}

function peopleOf(image: StateImage): AccountId[] {
  const people = new Set<AccountId>(image.deletedAccounts)
  for (const { account } of image.accounts) people.add(account)
  for (const { account } of image.pending) people.add(account)
  for (const { from, to } of image.mails) {
    people.add(from)
    for (const account of to) people.add(account)
  }
  return [...people]
}

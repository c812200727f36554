import type { AccountId, OriginId } from '../core/model/ids.ts'
import { documentId, splitUpdateId, updateId } from '../core/model/ids.ts'
import type {
  AnswerRecord,
  DocumentRecord,
  ForgettingRecord,
  MarkRecord,
  MarkRegisters,
  PendingMark,
} from '../core/model/image.ts'
import { markBits } from '../core/model/image.ts'
import type { VersionVector } from '../core/model/messages.ts'
import { fromBase64, toBase64 } from './bytes.ts'
import { damaged, type ItemReader } from './image-items.ts'
import { readGenuineUpdate } from './update-codec.ts'

const documentPattern = /^[\w-]{21}[AQgw]$/
const highestShelf = 255
const writtenCode = 1
const deletedCode = 0
const allBits = markBits.read | markBits.deleted

/** The tables that an image's rows mean their origins and people by, and how they are written. */
export interface ImageTables {
  readonly format: number
  readonly origins: readonly OriginId[]
  readonly people: readonly AccountId[]
}

/** Gives each value its place in a table. */
export interface ImagePlaces {
  readonly origin: (origin: OriginId) => number
  readonly person: (account: AccountId) => number
}

/** Origin, sequence, those of the conversation's first mail. */
export const answerRow = ({ origin, sequence, conversation }: AnswerRecord, places: ImagePlaces): number[] => {
  const first = splitUpdateId(conversation)
  return [places.origin(origin), sequence, places.origin(first.origin), first.sequence]
}

export const readAnswer = (items: ItemReader, { origins }: ImageTables): AnswerRecord => ({
  origin: items.pick(origins),
  sequence: items.positive(),
  conversation: updateId(items.pick(origins), items.positive()),
})

/** Origin, sequence, account, registers. */
export const markRow = ({ origin, sequence, account, registers }: MarkRecord, places: ImagePlaces): number[] => [
  places.origin(origin),
  sequence,
  places.person(account),
  ...registerItems(registers),
]

export const readMark = (items: ItemReader, { origins, people }: ImageTables): MarkRecord => ({
  origin: items.pick(origins),
  sequence: items.positive(),
  account: items.pick(people),
  registers: readRegisters(items),
})

/** Origin, sequence and tag of the mail, account, bits, registers. */
export const pendingRow = ({ mail, tag, account, bits, registers }: PendingMark, places: ImagePlaces): number[] => {
  const { origin, sequence } = splitUpdateId(mail)
  return [places.origin(origin), sequence, tag, places.person(account), bits, ...registerItems(registers)]
}

export const readPending = (items: ItemReader, { format, origins, people }: ImageTables): PendingMark => ({
  mail: updateId(items.pick(origins), items.positive()),
  tag: items.tag(format),
  account: items.pick(people),
  bits: items.number(allBits),
  registers: readRegisters(items),
})

const registerItems = ({ read, star, trash }: MarkRegisters): number[] => [read, star, trash]

const readRegisters = (items: ItemReader): MarkRegisters => ({
  read: items.number(),
  star: items.number(),
  trash: items.number(),
})

/** Account, document, origin, sequence, clock, shelf, whether it is written. */
export const documentRow = (record: DocumentRecord, places: ImagePlaces): (number | string)[] => [
  places.person(record.account),
  record.document,
  places.origin(record.origin),
  record.sequence,
  record.clock,
  record.shelf,
  record.state === 'written' ? writtenCode : deletedCode,
]

/** One beyond `vector` is damage. */
export const readDocument = (items: ItemReader, tables: ImageTables, vector: VersionVector): DocumentRecord => {
  const record = readDocumentRow(items, tables)
  return record.sequence <= (vector.get(record.origin) ?? 0)
    ? record
    : damaged('a document is beyond the version vector')
}

const readDocumentRow = (items: ItemReader, { origins, people }: ImageTables): DocumentRecord => ({
  account: items.pick(people),
  document: documentId(items.match(documentPattern)),
  origin: items.pick(origins),
  sequence: items.positive(),
  clock: items.number(),
  shelf: items.number(highestShelf),
  state: items.number(writtenCode) === writtenCode ? 'written' : 'deleted',
})

/** Origin, sequence, the update. */
export const forgettingRow = (
  { origin, sequence, bytes }: ForgettingRecord,
  places: Pick<ImagePlaces, 'origin'>,
): (number | string)[] => [places.origin(origin), sequence, toBase64(bytes)]

/** One beyond `vector` is damage. */
export const readForgetting = (
  items: ItemReader,
  origins: readonly OriginId[],
  vector: VersionVector,
): ForgettingRecord => {
  const [origin, sequence] = [items.pick(origins), items.positive()]
  const { clock, change, bytes } = readGenuineUpdate(origin, sequence, fromBase64(items.text()))
  if (change.kind !== 'forgetting') return damaged('a forgetting is none')
  if (sequence > (vector.get(origin) ?? 0)) return damaged('a forgetting is beyond the version vector')
  const { account, saidUpTo, documents } = change
  return { account, origin, sequence, clock, saidUpTo, documents, bytes }
}

import { QuintetError } from '../core/model/errors.ts'
import type { Sequence } from '../core/model/ids.ts'
import type { Database } from './nedb-database.ts'
import type { StoredDocument } from './nedb-documents.ts'
import { headOf, textOf } from './nedb-documents.ts'
import type { FileSystem } from './nedb-files.ts'
import { syncFile } from './nedb-files.ts'
import type { SegmentIndex } from './nedb-segment-index.ts'
import { scanSegment } from './nedb-segment-index.ts'

/** Written at once, so that the event loop is not held up. */
const sliceChars = 262_144

/** Writes a file of these documents durably, reads it back, and tells what is in it. DISK_FAILED when that is something else. */
export async function writeSegment(
  files: FileSystem,
  path: string,
  first: Sequence,
  documents: readonly StoredDocument[],
): Promise<{ readonly bytes: number; readonly index: SegmentIndex }> {
  await removeDatabase(files, path)
  const database = await files.openDatabase<StoredDocument>(path)
  for (const slice of slices(documents)) await database.insert(slice)
  await syncFile(files, path)
  return verifyWritten(files, path, first, documents.length)
}

/** Whether a datastore has all of these, as they are. */
export async function holdsAll(
  database: Database<StoredDocument>,
  documents: readonly StoredDocument[],
): Promise<boolean> {
  const found = await database.find(documents.map(({ _id }) => _id))
  const byIds = new Map(found.map((document) => [document._id, document]))
  return documents.every((document) => isSame(document, byIds.get(document._id)))
}

const isSame = (one: StoredDocument, other: StoredDocument | undefined): boolean =>
  one.c === other?.c && textOf(one) === textOf(other) && JSON.stringify(headOf(one)) === JSON.stringify(headOf(other))

/** With what NeDB may have left beside it. */
export async function removeDatabase(files: FileSystem, path: string): Promise<void> {
  await files.remove(path)
  await files.remove(`${path}~`)
}

async function verifyWritten(files: FileSystem, path: string, first: Sequence, documents: number) {
  const content = await files.read(path)
  const { index, isClean } = scanSegment(content, first, null)
  if (!isClean || index.entries.length !== documents) {
    throw new QuintetError('DISK_FAILED', `${path} does not hold what was written to it.`)
  }
  return { bytes: content.length, index }
}

function* slices(documents: readonly StoredDocument[]): Generator<readonly StoredDocument[]> {
  let slice: StoredDocument[] = []
  let chars = 0
  for (const document of documents) {
    slice.push(document)
    chars += textOf(document).length
    if (chars < sliceChars) continue
    yield slice
    slice = []
    chars = 0
  }
  if (slice.length > 0) yield slice
}

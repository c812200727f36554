import type { FileSystem } from './nedb-files.ts'
import { isReadError } from './nedb-unread-file.ts'

/** What could be read of a file. */
export interface PartlyRead {
  /** As long as the file; where it could not be read stands what is no part of any document. */
  readonly content: Buffer
  /** Null when all was read. */
  readonly unread: UnreadPart | null
}

interface UnreadPart {
  /** Whether so much of the file that nothing of it counts. */
  readonly isMost: boolean
  /** Where the last block of it ends. */
  readonly end: number
  /** What the disk said. */
  readonly error: unknown
}

/** Nothing was read, as of a file that is not there. */
export const nothingRead: PartlyRead = { content: Buffer.alloc(0), unread: null }

/** What is read at once: a system may fail the whole of it for one sector. */
const pieceBytes = 65_536
/** What a disk loses with one sector. */
const blockBytes = 4_096
/** A disk tries for seconds at each: one that fails at more of a file does not read it. */
const mostUnread = 64
const filler = '?'

/** Reads a file as far as the disk gives it; wholly, or not at all, where a read error is no damage but a failure. */
export async function readPartly(
  { files, readErrors }: { readonly files: FileSystem; readonly readErrors: 'damage' | 'failure' },
  path: string,
): Promise<PartlyRead> {
  try {
    return { content: await files.read(path), unread: null }
  } catch (error) {
    if (!isReadError(error) || readErrors === 'failure') throw error
  }
  const content = Buffer.alloc((await files.bytes(path)) ?? 0, filler)
  let unread: PartlyRead['unread'] = null
  let failed = 0
  const take = async (position: number, bytes: number): Promise<number> => {
    const read = await files.readPart(path, position, bytes)
    read.copy(content, position)
    return read.length
  }
  for (let position = 0; position < content.length;) {
    const blockEnd = Math.min(content.length, position - (position % blockBytes) + blockBytes)
    try {
      const pieceEnd = Math.min(content.length, position + pieceBytes)
      const read = await take(position, pieceEnd - position).catch(async (error: unknown) => {
        if (!isReadError(error)) throw error
        return take(position, blockEnd - position)
      })
      // It has been shortened meanwhile.
      if (read === 0) break
      position += read
    } catch (error) {
      if (!isReadError(error)) throw error
      failed += 1
      const isMost = failed > mostUnread || failed * blockBytes >= content.length
      unread = { isMost, end: blockEnd, error }
      if (isMost) break
      position = blockEnd
    }
  }
  return { content, unread }
}

import { QuintetError } from '../core/model/errors.ts'
import { limits } from '../core/model/limits.ts'
import { shelves } from '../core/model/mailbox-changes.ts'
import { encodeCbor, malformed, readWhole, type CborReader } from '../wire/cbor.ts'
import type { ClientContext } from './client-context.ts'
import type { Timeline } from './contract/people.ts'
import { Documents } from './documents.ts'
import { ownDocuments } from './own-documents.ts'

/*
 * what is written of a post = [1, text]
 */
const formatVersion = 1
/** A person writes one post at a time, wherever that is: one name for it, so that the last word counts. */
const document = ownDocuments.unposted

export type UnpostedPart = Pick<Timeline, 'unposted' | 'saveUnposted'>

/** What a person has written of a post and not posted: a document, as drafts are. */
export const unpostedPart = (context: ClientContext): UnpostedPart => {
  const documents = new Documents(context)
  return {
    unposted: async () => {
      const { found, leftOut } = await documents.list(context.person(), shelves.unposted, decode)
      if (leftOut > 0) throw new QuintetError('CANNOT_OPEN', 'What was written of a post cannot be read here.')
      return { text: found[0]?.content ?? '' }
    },
    saveUnposted: async ({ text }) => {
      const session = context.person()
      if (text === '') await documents.delete(session, document, shelves.unposted)
      else await documents.write(session, document, shelves.unposted, encode(text))
    },
  }
}

/** TOO_LARGE. */
const encode = (text: string): Uint8Array => {
  const content = encodeCbor([formatVersion, text])
  if (content.length > limits.bodyBytes)
    throw new QuintetError('TOO_LARGE', `At most ${limits.bodyBytes} bytes of a post are kept while it is written.`)
  return content
}

/** CANNOT_OPEN. */
const decode = async (content: Uint8Array): Promise<string> => {
  const text = readWhole(content, readText)
  if (text.ok) return text.value
  throw new QuintetError('CANNOT_OPEN', `What was written of a post cannot be read: ${text.failure.message}`)
}

const readText = (reader: CborReader): string => {
  reader.tuple(2)
  if (reader.uint() !== formatVersion) malformed('it was written by a newer version')
  return reader.text(limits.bodyBytes, 'text')
}

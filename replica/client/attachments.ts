import { LRUCache } from 'lru-cache'

import { QuintetError } from '../core/model/errors.ts'
import { documentId, type DocumentId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { shelves } from '../core/model/mailbox-changes.ts'
import { encodeCbor, malformed, readWhole, type CborReader } from '../wire/cbor.ts'
import type { ClientContext } from './client-context.ts'
import type { Attachment, KeptLetter } from './contract/mailbox.ts'
import type { Documents } from './documents.ts'
import { fileName } from './file-name.ts'
import { decodeDraft, decodeWaiting } from './letter-codec.ts'
import { checkSize } from './letters.ts'
import type { FileContent } from './mail-content.ts'
import { isCaughtUp, isTogether } from './reach.ts'
import type { Session } from './session.ts'

/*
 * file to be attached = [1, name, bytes]
 */
const formatVersion = 1
/** What no draft and no mail in the outbox names for so long belongs to a letter that was thrown away; sooner where there is no room for others. */
const unusedMs = 7 * 86_400_000
const unusedInWayMs = 3_600_000

/** What is attached to letters that are being written: each file is a document of its own, so that saving the text again does not write the files again. */
export class Attachments {
  readonly #context: ClientContext
  readonly #documents: Documents
  readonly #known = new LRUCache<DocumentId, Attachment>({ max: limits.documentsPerAccount })

  constructor(context: ClientContext, documents: Documents) {
    this.#context = context
    this.#documents = documents
    context.listen({
      loggedIn: (session) => {
        // Nobody waits for it: what fails is tried at the next log-in.
        this.#removeOld(session).catch(() => undefined)
      },
      loggedOut: () => {
        this.#known.clear()
      },
    })
  }

  /** Durable when fulfilled. TOO_LARGE, TOO_MANY. */
  async add(session: Session, file: FileContent): Promise<Attachment> {
    const name = fileName(file.name)
    const attachment = { attachment: this.#documents.newId(), name, size: file.bytes.length }
    checkSize('', [attachment])
    const content = encodeCbor([formatVersion, name, file.bytes])
    const write = (): Promise<unknown> =>
      this.#documents.write(session, attachment.attachment, shelves.attachments, content)
    await write().catch(async (error: unknown) => {
      if (!(error instanceof QuintetError) || error.code !== 'TOO_MANY') throw error
      await this.#removeUnused(session, unusedInWayMs)
      await write()
    })
    if (this.#context.isPresent(session)) this.#known.set(attachment.attachment, attachment)
    return attachment
  }

  /** What these files are called, and how large they are. NO_SUCH_ATTACHMENT. */
  async describe(session: Session, ids: readonly DocumentId[]): Promise<readonly Attachment[]> {
    const described = ids.map(async (id) => this.#known.get(id) ?? (await this.#load(session, id)).attachment)
    return Promise.all(described)
  }

  /** NO_SUCH_ATTACHMENT. */
  async load(session: Session, ids: readonly DocumentId[]): Promise<readonly FileContent[]> {
    const loaded = await Promise.all(ids.map((id) => this.#load(session, id)))
    return loaded.map(({ attachment, bytes }) => ({ name: attachment.name, bytes }))
  }

  /** The files of a letter once more, for another one; without those that are gone. */
  async copies(session: Session, { attachments }: Pick<KeptLetter, 'attachments'>): Promise<readonly Attachment[]> {
    const copied = attachments.map(async ({ attachment }) => {
      const file = await this.#load(session, documentId(attachment)).catch((error: unknown) => {
        if (error instanceof QuintetError && error.code === 'NO_SUCH_ATTACHMENT') return null
        throw error
      })
      return file === null ? [] : [await this.add(session, file)]
    })
    return (await Promise.all(copied)).flat()
  }

  async remove(session: Session, ids: readonly DocumentId[]): Promise<void> {
    await Promise.all(ids.map((id) => this.#documents.delete(session, id, shelves.attachments)))
  }

  /** In a split a letter on the other side may name them, however long that lasts. */
  async #removeOld(session: Session): Promise<void> {
    if (await isTogether(this.#context, session)) await this.#removeUnused(session, unusedMs)
  }

  /** Removes what was attached to letters that are gone. */
  async #removeUnused(session: Session, olderThanMs: number): Promise<void> {
    const nowMs = this.#context.ports.clock.nowMs()
    const names = await this.#documents.names(session, shelves.attachments)
    const old = names.filter(({ writtenAt }) => nowMs - writtenAt > olderThanMs)
    // A file comes before the letter that names it: a server that has been away may have only the one of them yet.
    if (old.length === 0 || !(await isCaughtUp(this.#context, session))) return
    const [drafts, waiting] = await Promise.all([
      this.#documents.list(session, shelves.drafts, decodeDraft),
      this.#documents.list(session, shelves.outbox, decodeWaiting),
    ])
    // What cannot be read here, or is beyond what a list shows, may name any of them.
    if (drafts.leftOut + waiting.leftOut > 0) return
    if (Math.max(drafts.found.length, waiting.found.length) >= limits.documentsPerAccount) return
    const letters = [
      ...drafts.found.map(({ content }) => content.letter),
      ...waiting.found.map(({ content }) => content.letter),
    ]
    const used = new Set<string>(letters.flatMap(({ attachments }) => attachments.map(({ attachment }) => attachment)))
    for (const { document } of old) if (!used.has(document)) await this.#removeFile(session, document)
  }

  /** A server that lies might name any document here: a draft, or what the person is known to know. */
  async #removeFile(session: Session, id: DocumentId): Promise<void> {
    const isFile = await this.#load(session, id).then(
      () => true,
      (error: unknown) => {
        if (error instanceof QuintetError && error.code === 'NO_SUCH_ATTACHMENT') return false
        throw error
      },
    )
    if (isFile) await this.remove(session, [id])
  }

  async #load(session: Session, id: DocumentId): Promise<{ readonly attachment: Attachment } & FileContent> {
    const content = await this.#documents.open(session, id).catch((error: unknown) => {
      if (error instanceof QuintetError && error.code === 'CANNOT_OPEN') return null
      throw error
    })
    const file = content && readWhole(content, readFile)
    if (file?.ok !== true) throw noSuchAttachment()
    const { name, bytes } = file.value
    const attachment = { attachment: id, name, size: bytes.length }
    if (this.#context.isPresent(session)) this.#known.set(id, attachment)
    return { attachment, name, bytes }
  }
}

const readFile = (reader: CborReader): FileContent => {
  reader.tuple(3)
  if (reader.uint() !== formatVersion) malformed('it was written by a newer version')
  return { name: reader.text(limits.fileNameChars, 'file name'), bytes: reader.bytesUpTo(limits.bodyBytes, 'file') }
}

const noSuchAttachment = (): QuintetError =>
  new QuintetError('NO_SUCH_ATTACHMENT', 'A file that was attached is not here (any more). Attach it again.')

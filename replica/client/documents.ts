import { LRUCache } from 'lru-cache'

import { QuintetError } from '../core/model/errors.ts'
import { documentId, type DocumentId, type UpdateId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { Shelf } from '../core/model/mailbox-changes.ts'
import { toBase64Url } from '../wire/bytes.ts'
import { BoundedWork } from './bounded-work.ts'
import type { ClientContext } from './client-context.ts'

const idBytes = 16
const idPattern = /^[\w-]{21}[AQgw]$/

/** A document of the person, opened. */
export interface OpenDocument {
  readonly document: DocumentId
  /** Milliseconds since 1970, by the hybrid clock. */
  readonly writtenAt: number
  readonly content: Uint8Array
}

/** The person's own small things, sealed to nobody else; they follow the account to every replica. */
export class Documents {
  readonly #context: ClientContext
  readonly #opening = new BoundedWork(limits.mailsAtOnce)
  readonly #opened = new LRUCache<UpdateId, Uint8Array>({
    maxSize: limits.cachedDocumentBytes,
    sizeCalculation: (content) => content.length + 1,
  })

  constructor(context: ClientContext) {
    this.#context = context
    context.listen({
      loggedOut: () => {
        this.#opened.clear()
      },
    })
  }

  newId(): DocumentId {
    return documentId(toBase64Url(this.#context.ports.random(idBytes)))
  }

  /** Durable at the replica when fulfilled. TOO_MANY, TOO_LARGE. */
  async write(document: DocumentId, shelf: Shelf, content: Uint8Array): Promise<void> {
    const { update } = await this.#context.submit(await this.#context.person().document(document, shelf, content))
    this.#opened.set(update, content)
  }

  async delete(document: DocumentId, shelf: Shelf): Promise<void> {
    await this.#context.submit(await this.#context.person().document(document, shelf, null))
  }

  /** All that is on a shelf, in the order in which it was written last. */
  async list(shelf: Shelf): Promise<readonly OpenDocument[]> {
    this.#context.person()
    const infos = await this.#context.link.call((api) => api.documents({ shelf }))
    const opened = await Promise.all(
      infos.map(async ({ document, update, writtenAt }) => {
        const content = this.#opened.get(update) ?? (await this.#opening.run(() => this.#fetch(document)))
        return content === null ? [] : [{ document, writtenAt, content }]
      }),
    )
    return opened.flat()
  }

  /** Null when there is none (any more). */
  async get(document: DocumentId): Promise<Uint8Array | null> {
    this.#context.person()
    return this.#fetch(document)
  }

  async #fetch(document: DocumentId): Promise<Uint8Array | null> {
    const session = this.#context.person()
    const sealed = await this.#context.link.call((api) => api.document({ document }))
    if (sealed === null) return null
    const content = session.openDocument(document, sealed.payload)
    this.#opened.set(sealed.update, content)
    return content
  }
}

/** A document's name as a caller gives it. BAD_REQUEST. */
export const checkedDocumentId = (value: string): DocumentId => {
  if (!idPattern.test(value)) throw new QuintetError('BAD_REQUEST', 'This is not the name of a draft or outbox entry.')
  return documentId(value)
}

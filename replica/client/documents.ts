import { LRUCache } from 'lru-cache'

import type { ReplicaApi } from '../api/contract.ts'
import { QuintetError } from '../core/model/errors.ts'
import { documentId, type DocumentId, type UpdateId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { Shelf } from '../core/model/mailbox-changes.ts'
import { toBase64Url } from '../wire/bytes.ts'
import { BoundedWork } from './bounded-work.ts'
import type { ClientContext } from './client-context.ts'
import type { Session } from './session.ts'

const idBytes = 16
const idPattern = /^[\w-]{21}[AQgw]$/

/** A document of the person, opened and read. */
export interface OpenDocument<Content> {
  readonly document: DocumentId
  /** Milliseconds since 1970, by the hybrid clock. */
  readonly writtenAt: number
  readonly content: Content
}

export interface OpenShelf<Content> {
  readonly found: readonly OpenDocument<Content>[]
  /** How many more there are that cannot be opened or read here. They stay where they are. */
  readonly leftOut: number
}

interface Version {
  readonly update: UpdateId
  readonly content: Uint8Array
}

/** A later version may have written it, a disk or a replica may have spoiled it. */
export const notReadable: ReadonlySet<string> = new Set(['CANNOT_OPEN', 'NEWER_FORMAT', 'DAMAGED'])

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

  /** Durable at the replica when fulfilled, with the update that it is. TOO_MANY, TOO_LARGE. */
  async write(session: Session, document: DocumentId, shelf: Shelf, content: Uint8Array): Promise<UpdateId> {
    const { update } = await this.#context.say(session, session.document(document, shelf, content))
    this.#keep(session, update, content)
    return update
  }

  /** Null when there is none. CANNOT_OPEN. */
  read(session: Session, document: DocumentId): Promise<Version | null> {
    return this.#fetch(session, document)
  }

  /** As `write`. */
  async delete(session: Session, document: DocumentId, shelf: Shelf): Promise<UpdateId> {
    const { update } = await this.#context.say(session, session.document(document, shelf, null))
    return update
  }

  /** One of them; null when it is not there (any more). CANNOT_OPEN. */
  open(session: Session, document: DocumentId): Promise<Uint8Array | null> {
    return this.#opening.run(async () => (await this.#fetch(session, document))?.content ?? null)
  }

  /** What is on a shelf, unopened. */
  names(session: Session, shelf: Shelf): ReturnType<ReplicaApi['documents']> {
    return this.#context.ask(session, (api) => api.documents({ shelf }))
  }

  /** All that is on a shelf, in the order in which it was written last. One that `read` cannot read keeps nobody from the others. */
  async list<Content>(
    session: Session,
    shelf: Shelf,
    read: (content: Uint8Array) => Promise<Content>,
  ): Promise<OpenShelf<Content>> {
    const infos = await this.names(session, shelf)
    let leftOut = 0
    const found = await Promise.all(
      infos.map(async ({ document, update, writtenAt }) => {
        try {
          const content = this.#opened.get(update) ?? (await this.open(session, document))
          return content === null ? [] : [{ document, writtenAt, content: await read(content) }]
        } catch (error) {
          if (!(error instanceof QuintetError) || !notReadable.has(error.code)) throw error
          leftOut += 1
          return []
        }
      }),
    )
    return { found: found.flat(), leftOut }
  }

  /** Null when there is none (any more). */
  async #fetch(session: Session, document: DocumentId): Promise<Version | null> {
    const sealed = await this.#context.ask(session, (api) => api.document({ document }))
    if (sealed === null) return null
    const { update, payload } = sealed
    const content = session.openDocument(document, payload)
    this.#keep(session, update, content)
    return { update, content }
  }

  /** Nothing of a person is kept in memory when they have logged out. */
  #keep(session: Session, update: UpdateId, content: Uint8Array): void {
    if (this.#context.isPresent(session)) this.#opened.set(update, content)
  }
}

/** A document's name as a caller gives it. BAD_REQUEST. */
export const checkedDocumentId = (value: string): DocumentId => {
  if (!idPattern.test(value)) throw new QuintetError('BAD_REQUEST', 'This is not the name of a draft or outbox entry.')
  return documentId(value)
}

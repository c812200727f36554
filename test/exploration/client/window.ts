import type { ClientEvent } from '../../../replica/client/contract/events.ts'
import type { AccountId } from '../../../replica/core/model/ids.ts'
import { shelves } from '../../../replica/core/model/mailbox-changes.ts'
import type { ReplicaCore } from '../../../replica/core/replica-core.ts'
import { documentsOn } from '../../../replica/host/mailbox-queries.ts'
import { mailPage } from '../../../replica/host/queries.ts'
import type { VirtualTime } from './virtual-time.ts'

const refreshMs = 300
const pageMails = 100

/** What a window would show that looks now. */
export const lookedUp = (core: ReplicaCore, account: AccountId): string => {
  const folders = (['inbox', 'sent', 'trash'] as const).map((folder) => {
    const { mails } = mailPage(core, account, folder, pageMails, 0)
    return mails.map(({ mail, read, starred }) => `${mail} ${read} ${starred}`)
  })
  const documents = [shelves.drafts, shelves.outbox].map((shelf) =>
    documentsOn(core, account, shelf).map(({ update }) => update),
  )
  return JSON.stringify({ folders, documents })
}

/** What the app's window knows of a mailbox: it looks again when it is told to, and not otherwise. */
export class Window {
  /** What it shows; null before it has looked. */
  shown: string | null = null
  isConnected = true
  /** How often it was told of each mail, by its words, since its person logged in. */
  readonly told = new Map<string, number>()
  readonly #time: VirtualTime
  readonly #look: () => Promise<string | null>

  constructor(time: VirtualTime, look: () => Promise<string | null>) {
    this.#time = time
    this.#look = look
  }

  hear(event: ClientEvent): void {
    switch (event.event) {
      case 'mail':
        this.told.set(event.header.subject, (this.told.get(event.header.subject) ?? 0) + 1)
        this.refresh()
        break
      case 'connected':
        this.isConnected = true
        this.refresh()
        break
      case 'mailbox':
      case 'draftKept':
      case 'sent':
      case 'renamed':
        this.refresh()
        break
      case 'disconnected':
        this.isConnected = false
        break
      case 'post':
      case 'view':
      case 'knowledge':
      case 'people':
      case 'takenOver':
      case 'accountDeleted':
      case 'keysChanged':
        break
    }
  }

  /** What is shown stays when that does not succeed. */
  refresh(): void {
    this.#time.after(refreshMs, () => {
      void this.#look().then((shown) => {
        this.shown = shown ?? this.shown
      })
    })
  }
}

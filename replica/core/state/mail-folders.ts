import type { MailEntry } from './mail-entry.ts'
import { MailboxIndex } from './mailbox-index.ts'

/** Where a person's copies of one mail are shown, as bits. */
export const placeBits = { inbox: 1, sent: 2, starred: 4, trash: 8, unread: 16 } as const

export const folderNames = ['inbox', 'sent', 'starred', 'trash'] as const
export type FolderName = (typeof folderNames)[number]

/** One folder and how many of its mails are unread. */
interface Folder {
  readonly index: MailboxIndex
  unread: number
}

const emptyFolder = (): Folder => ({ index: new MailboxIndex(), unread: 0 })

/** One person's folders. A mail in the trash is in no other. */
export class MailFolders {
  readonly #folders: Readonly<Record<FolderName, Folder>> = {
    inbox: emptyFolder(),
    sent: emptyFolder(),
    starred: emptyFolder(),
    trash: emptyFolder(),
  }

  get inbox(): MailboxIndex {
    return this.#folders.inbox.index
  }

  get sent(): MailboxIndex {
    return this.#folders.sent.index
  }

  index(name: FolderName): MailboxIndex {
    return this.#folders[name].index
  }

  unread(name: FolderName): number {
    return this.#folders[name].unread
  }

  /** Moves a mail from where it was shown to where it is now; both are `placeBits`. */
  move(mail: MailEntry, before: number, after: number): void {
    if (before === after) return
    for (const name of folderNames) {
      const bit = placeBits[name]
      const folder = this.#folders[name]
      if ((before & bit) !== 0) {
        if ((before & placeBits.unread) !== 0) folder.unread -= 1
        if ((after & bit) === 0) folder.index.remove(mail)
      }
      if ((after & bit) !== 0) {
        if ((after & placeBits.unread) !== 0) folder.unread += 1
        if ((before & bit) === 0) folder.index.add(mail)
      }
    }
  }

  /** Every mail that is in any folder, once. */
  mails(): ReadonlySet<MailEntry> {
    return new Set(folderNames.flatMap((name) => this.index(name).page(this.index(name).size, null)))
  }
}

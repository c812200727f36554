import { markBits } from '../model/image.ts'
import type { MarkRegisters } from '../model/image.ts'
import { isOn } from './mark-registers.ts'
import type { MailKey } from './mail-entry.ts'
import type { MailSource } from './mailbox-index.ts'
import { MailboxIndex } from './mailbox-index.ts'

/** Where a person's copies of one mail are shown, as bits. */
export const placeBits = { inbox: 1, sent: 2, starred: 4, trash: 8, unread: 16 } as const

export const folderNames = ['inbox', 'sent', 'starred', 'trash'] as const
export type FolderName = (typeof folderNames)[number]

/** A copy's `markBits` when there is none. */
export const noCopy = markBits.deleted

/**
 * Where a person sees a mail, from the marks of the person's copies (`noCopy` where there is none), as `placeBits`; 0 when
 * both are deleted. A sender has read what it sent. What is in the trash is nowhere else.
 */
export const placeOf = (sent: number, received: number, { read, star, trash }: MarkRegisters): number => {
  const inbox = (received & markBits.deleted) === 0 ? placeBits.inbox : 0
  const place = inbox | ((sent & markBits.deleted) === 0 ? placeBits.sent : 0)
  if (place === 0) return 0
  const isRead = read === 0 ? inbox === 0 || (received & markBits.read) !== 0 : isOn(read)
  const unread = isRead ? 0 : placeBits.unread
  if (isOn(trash)) return placeBits.trash | unread
  return place | unread | (isOn(star) ? placeBits.starred : 0)
}

/** One person's folders. */
export class MailFolders {
  readonly #indexes: Readonly<Record<FolderName, MailboxIndex>>
  readonly #unread: Record<FolderName, number> = { inbox: 0, sent: 0, starred: 0, trash: 0 }

  /** `eachMail` visits the mails with the places at which the person sees them. */
  constructor(source: MailSource, eachMail: (visit: (key: MailKey, place: number) => void) => void) {
    const keys: Record<FolderName, MailKey[]> = { inbox: [], sent: [], starred: [], trash: [] }
    eachMail((key, place) => {
      for (const name of folderNames) {
        if ((place & placeBits[name]) === 0) continue
        keys[name].push(key)
        if ((place & placeBits.unread) !== 0) this.#unread[name] += 1
      }
    })
    this.#indexes = {
      inbox: new MailboxIndex(source, keys.inbox),
      sent: new MailboxIndex(source, keys.sent),
      starred: new MailboxIndex(source, keys.starred),
      trash: new MailboxIndex(source, keys.trash),
    }
  }

  get inbox(): MailboxIndex {
    return this.#indexes.inbox
  }

  get sent(): MailboxIndex {
    return this.#indexes.sent
  }

  index(name: FolderName): MailboxIndex {
    return this.#indexes[name]
  }

  unread(name: FolderName): number {
    return this.#unread[name]
  }

  /** Moves a mail from where it was shown to where it is now; both are `placeBits`. */
  move(key: MailKey, before: number, after: number): void {
    for (const name of folderNames) {
      const bit = placeBits[name]
      if ((before & bit) !== 0) {
        if ((before & placeBits.unread) !== 0) this.#unread[name] -= 1
        if ((after & bit) === 0) this.#indexes[name].remove(key)
      }
      if ((after & bit) !== 0) {
        if ((after & placeBits.unread) !== 0) this.#unread[name] += 1
        if ((before & bit) === 0) this.#indexes[name].add(key)
      }
    }
  }
}

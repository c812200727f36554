import { markBits } from '../model/image.ts'
import type { MarkRegisters } from '../model/image.ts'
import { isOn, noRegisters } from './mark-registers.ts'
import type { MailKey } from './mail-entry.ts'
import type { ClockedKeys } from './mail-order.ts'
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

/** How many values a copy's `markBits` can have, and how many `placeOf`. */
export const marksCount = 4
export const placeCount = 32

/** `placeOf` of a copy on which nothing is set, at `sent * marksCount + received`. */
export const unsetPlaces = Uint8Array.from({ length: marksCount * marksCount }, (_, marks) =>
  placeOf(Math.floor(marks / marksCount), marks % marksCount, noRegisters),
)

/** Where a person sees consecutive mails: `placeBits` of each, how many there are of each place, and the mails' clocks. */
export interface Places {
  readonly places: Uint8Array
  readonly counts: Uint32Array
  readonly clocks: Float64Array
}

/** Those of the keys from `firstKey` on. */
export interface PlacedMails extends Places {
  readonly firstKey: MailKey
}

/** One person's folders. */
export class MailFolders {
  readonly #indexes: Readonly<Record<FolderName, MailboxIndex>>
  readonly #unread: Record<FolderName, number> = { inbox: 0, sent: 0, starred: 0, trash: 0 }

  /** `mails` are all that there are. */
  constructor(source: MailSource, mails: readonly PlacedMails[]) {
    const indexOf = (name: FolderName): MailboxIndex => {
      const count = countOf(mails, placeBits[name])
      // Nobody may ever look, and then it would keep all that is known of the mails.
      return new MailboxIndex(source, count, count === 0 ? () => noMails : () => mailsAt(mails, placeBits[name]))
    }
    this.#indexes = {
      inbox: indexOf('inbox'),
      sent: indexOf('sent'),
      starred: indexOf('starred'),
      trash: indexOf('trash'),
    }
    for (const name of folderNames) this.#unread[name] = countOf(mails, placeBits[name] | placeBits.unread)
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

const noMails: ClockedKeys = { keys: new Float64Array(0), clocks: new Float64Array(0) }

/** How many mails have all of `bits`. */
const countOf = (mails: readonly PlacedMails[], bits: number): number =>
  mails.reduce(
    (sum, { counts }) => sum + counts.reduce((all, count, place) => all + ((place & bits) === bits ? count : 0), 0),
    0,
  )

/** The mails whose place has `bit`, with their clocks. A person may have a million, and waits for them. */
const mailsAt = (mails: readonly PlacedMails[], bit: number): ClockedKeys => {
  const count = countOf(mails, bit)
  const found = { keys: new Float64Array(count), clocks: new Float64Array(count) }
  let next = 0
  for (const { firstKey, places, clocks } of mails) {
    for (let index = 0; index < places.length; index += 1) {
      if (((places[index] ?? 0) & bit) === 0) continue
      found.keys[next] = firstKey + index
      found.clocks[next] = clocks[index] ?? 0
      next += 1
    }
  }
  return found
}

import type { AccountId, Clock } from '../model/ids.ts'
import type { MarkRecord, MarkRegisters } from '../model/image.ts'
import type { SettableMark } from '../model/mailbox-changes.ts'
import type { DigestPart, SetDigest } from './digest.ts'
import type { MailEntry } from './mail-entry.ts'

/** Half of what a number holds exactly: the year 2112. A clock beyond it orders nothing any more. */
const lastClock = 2 ** 52 - 1

export const noRegisters: MarkRegisters = { read: 0, star: 0, trash: 0 }

/** What setting `mark` at `clock` does to a copy: the register that it is about, the others not set. */
export const registersOf = (mark: SettableMark, clock: Clock): MarkRegisters => {
  const at = Math.min(clock, lastClock) * 2
  switch (mark) {
    case 'read':
      return { ...noRegisters, read: at + 1 }
    case 'unread':
      return { ...noRegisters, read: at }
    case 'star':
      return { ...noRegisters, star: at + 1 }
    case 'unstar':
      return { ...noRegisters, star: at }
    case 'trash':
      return { ...noRegisters, trash: at + 1 }
    case 'restore':
      return { ...noRegisters, trash: at }
  }
}

/** Register by register the later one. */
export const laterOf = (one: MarkRegisters, two: MarkRegisters): MarkRegisters => ({
  read: Math.max(one.read, two.read),
  star: Math.max(one.star, two.star),
  trash: Math.max(one.trash, two.trash),
})

export const isOn = (register: number): boolean => register % 2 === 1

export const isUnset = ({ read, star, trash }: MarkRegisters): boolean => read === 0 && star === 0 && trash === 0

/** The registers of those copies of which any was ever set: few, so that a mail without marks costs nothing. */
export class RegisterTable {
  readonly #byAccount = new Map<AccountId, Map<MailEntry, MarkRegisters>>()
  readonly #digest: SetDigest

  constructor(digest: SetDigest) {
    this.#digest = digest
  }

  get(account: AccountId, mail: MailEntry): MarkRegisters {
    return this.#byAccount.get(account)?.get(mail) ?? noRegisters
  }

  /** Merges by the later value. */
  merge(account: AccountId, mail: MailEntry, registers: MarkRegisters): void {
    if (isUnset(registers)) return
    const before = this.get(account, mail)
    const after = laterOf(before, registers)
    if (after.read === before.read && after.star === before.star && after.trash === before.trash) return
    this.#forget(account, mail, before)
    let ofAccount = this.#byAccount.get(account)
    if (ofAccount === undefined) {
      ofAccount = new Map()
      this.#byAccount.set(account, ofAccount)
    }
    ofAccount.set(mail, after)
    this.#digest.addRecord(partsOf(account, mail, after))
  }

  /** The copy is gone, and its marks with it. */
  drop(account: AccountId, mail: MailEntry): void {
    const before = this.#byAccount.get(account)?.get(mail)
    if (before === undefined) return
    this.#forget(account, mail, before)
    const ofAccount = this.#byAccount.get(account)
    ofAccount?.delete(mail)
    if (ofAccount?.size === 0) this.#byAccount.delete(account)
  }

  records(): readonly MarkRecord[] {
    const records: MarkRecord[] = []
    for (const [account, ofAccount] of this.#byAccount) {
      for (const [{ origin, sequence }, registers] of ofAccount) records.push({ origin, sequence, account, registers })
    }
    return records
  }

  #forget(account: AccountId, mail: MailEntry, before: MarkRegisters): void {
    if (!isUnset(before)) this.#digest.removeRecord(partsOf(account, mail, before))
  }
}

const partsOf = (
  account: AccountId,
  { origin, sequence }: MailEntry,
  { read, star, trash }: MarkRegisters,
): readonly DigestPart[] => ['marks', origin, sequence, account, read, star, trash]

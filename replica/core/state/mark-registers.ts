import type { AccountId, Clock, OriginId, Sequence } from '../model/ids.ts'
import type { MarkRecord, MarkRegisters } from '../model/image.ts'
import type { SettableMark } from '../model/mailbox-changes.ts'
import { limits } from '../model/limits.ts'
import { type DigestPart, type SetDigest, TableDigest } from './digest.ts'

const { lastClock } = limits

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
  readonly #byAccount = new Map<AccountId, Map<OriginId, Map<Sequence, MarkRegisters>>>()
  readonly #digest = new TableDigest(partsOf)

  /** What an account has set on the mails of one origin; undefined when that is nothing. */
  ofOrigin(account: AccountId, origin: OriginId): ReadonlyMap<Sequence, MarkRegisters> | undefined {
    return this.#byAccount.get(account)?.get(origin)
  }

  get(account: AccountId, origin: OriginId, sequence: Sequence): MarkRegisters {
    return this.#byAccount.get(account)?.get(origin)?.get(sequence) ?? noRegisters
  }

  /** Merges by the later value. */
  merge({ account, origin, sequence, registers }: MarkRecord): void {
    const before = this.get(account, origin, sequence)
    const after = laterOf(before, registers)
    if (after.read === before.read && after.star === before.star && after.trash === before.trash) return
    if (!isUnset(before)) this.#digest.remove({ account, origin, sequence, registers: before })
    let ofAccount = this.#byAccount.get(account)
    if (ofAccount === undefined) {
      ofAccount = new Map()
      this.#byAccount.set(account, ofAccount)
    }
    let ofOrigin = ofAccount.get(origin)
    if (ofOrigin === undefined) {
      ofOrigin = new Map()
      ofAccount.set(origin, ofOrigin)
    }
    ofOrigin.set(sequence, after)
    this.#digest.add({ account, origin, sequence, registers: after })
  }

  /** The copy is gone, and its marks with it. */
  drop(account: AccountId, origin: OriginId, sequence: Sequence): void {
    const ofAccount = this.#byAccount.get(account)
    const ofOrigin = ofAccount?.get(origin)
    const before = ofOrigin?.get(sequence)
    if (before === undefined) return
    this.#digest.remove({ account, origin, sequence, registers: before })
    ofOrigin?.delete(sequence)
    if (ofOrigin?.size === 0) ofAccount?.delete(origin)
    if (ofAccount?.size === 0) this.#byAccount.delete(account)
  }

  records(): readonly MarkRecord[] {
    const records: MarkRecord[] = []
    for (const [account, ofAccount] of this.#byAccount) {
      for (const [origin, ofOrigin] of ofAccount) {
        for (const [sequence, registers] of ofOrigin) records.push({ origin, sequence, account, registers })
      }
    }
    return records
  }

  digest(digest: SetDigest): void {
    this.#digest.addTo(digest, () => this.records())
  }
}

const partsOf = ({ account, origin, sequence, registers }: MarkRecord): readonly DigestPart[] => {
  const { read, star, trash } = registers
  return ['marks', origin, sequence, account, read, star, trash]
}

import type { AccountId, Tag, UpdateId } from '../model/ids.ts'
import { tagsAgree } from '../model/ids.ts'
import type { MarkRegisters, PendingMark } from '../model/image.ts'
import { markBits } from '../model/image.ts'
import type { SetDigest } from './digest.ts'
import { laterOf, noRegisters } from './mark-registers.ts'

/** What waits for one person's copy of a mail. */
export interface WaitingMarks {
  readonly bits: number
  readonly registers: MarkRegisters
}

/** Marks that came before their mail: only those that mean it are for the mail that comes. */
export class PendingMarks {
  /** By the mail's name, then by tag and account. */
  readonly #byMail = new Map<UpdateId, Map<string, PendingMark>>()

  get size(): number {
    return this.#byMail.size
  }

  /** A copy that is to be deleted needs no other marks. */
  add(mark: PendingMark): void {
    const { mail, tag, account } = mark
    let ofMail = this.#byMail.get(mail)
    if (ofMail === undefined) {
      ofMail = new Map()
      this.#byMail.set(mail, ofMail)
    }
    const key = `${tag} ${account}`
    ofMail.set(key, { mail, tag, account, ...together(ofMail.get(key), mark) })
  }

  /** What waited for a mail that has come. What waited for another one of this name waits in vain. */
  take(mail: UpdateId, tag: Tag): ReadonlyMap<AccountId, WaitingMarks> | undefined {
    const ofMail = this.#byMail.get(mail)
    if (ofMail === undefined) return undefined
    this.#byMail.delete(mail)
    const waiting = new Map<AccountId, WaitingMarks>()
    for (const mark of ofMail.values()) {
      if (tagsAgree(mark.tag, tag)) waiting.set(mark.account, together(waiting.get(mark.account), mark))
    }
    return waiting
  }

  /** Marks for this name wait in vain. */
  drop(mail: UpdateId): void {
    this.#byMail.delete(mail)
  }

  records(): readonly PendingMark[] {
    return [...this.#byMail.values()].flatMap((ofMail) => [...ofMail.values()])
  }

  digest(digest: SetDigest): void {
    for (const { mail, tag, account, bits, registers } of this.records()) {
      const { read, star, trash } = registers
      digest.add(`pending ${mail} ${tag} ${account} ${bits} ${read} ${star} ${trash}`)
    }
  }
}

const together = (before: WaitingMarks | undefined, mark: WaitingMarks): WaitingMarks => {
  const bits = (before?.bits ?? 0) | mark.bits
  const registers = laterOf(before?.registers ?? noRegisters, mark.registers)
  return { bits, registers: (bits & markBits.deleted) === 0 ? registers : noRegisters }
}

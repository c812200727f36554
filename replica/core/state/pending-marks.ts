import type { AccountId, UpdateId } from '../model/ids.ts'
import { splitUpdateId } from '../model/ids.ts'
import type { MarkRegisters, PendingMark } from '../model/image.ts'
import { markBits } from '../model/image.ts'
import type { VersionVector } from '../model/messages.ts'
import { heldFrom } from '../version-vector.ts'
import type { SetDigest } from './digest.ts'
import { laterOf, noRegisters } from './mark-registers.ts'

/** What waits for one person's copy of a mail. */
export interface WaitingMarks {
  readonly bits: number
  readonly registers: MarkRegisters
}

/** Marks that came before their mail. */
export class PendingMarks {
  readonly #byMail = new Map<UpdateId, Map<AccountId, WaitingMarks>>()

  get size(): number {
    return this.#byMail.size
  }

  /** A copy that is to be deleted needs no other marks. */
  add({ mail, account, bits, registers }: PendingMark): void {
    let ofMail = this.#byMail.get(mail)
    if (ofMail === undefined) {
      ofMail = new Map()
      this.#byMail.set(mail, ofMail)
    }
    const before = ofMail.get(account)
    const all = (before?.bits ?? 0) | bits
    const later = laterOf(before?.registers ?? noRegisters, registers)
    ofMail.set(account, { bits: all, registers: (all & markBits.deleted) === 0 ? later : noRegisters })
  }

  /** What waited for a mail that has come. */
  take(mail: UpdateId): ReadonlyMap<AccountId, WaitingMarks> | undefined {
    const waiting = this.#byMail.get(mail)
    this.#byMail.delete(mail)
    return waiting
  }

  /** Drops what waits for updates up to `vector`: they are there, or gone. */
  settle(vector: VersionVector): void {
    for (const id of [...this.#byMail.keys()]) {
      const { origin, sequence } = splitUpdateId(id)
      if (sequence <= heldFrom(vector, origin)) this.#byMail.delete(id)
    }
  }

  records(): readonly PendingMark[] {
    const records: PendingMark[] = []
    for (const [mail, ofMail] of this.#byMail) {
      for (const [account, { bits, registers }] of ofMail) records.push({ mail, account, bits, registers })
    }
    return records
  }

  digest(digest: SetDigest): void {
    for (const { mail, account, bits, registers } of this.records()) {
      const { read, star, trash } = registers
      digest.add(`pending ${mail} ${account} ${bits} ${read} ${star} ${trash}`)
    }
  }
}

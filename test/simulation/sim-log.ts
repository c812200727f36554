import type { Sequence } from '../../replica/core/model/ids.ts'
import type { Batch, Update } from '../../replica/core/model/updates.ts'
import type { Damage } from '../../replica/host/ports.ts'

type Found = Omit<Damage, 'origin'>

/** Batches that follow on each other, and what was found where they end, if that is damage. */
export interface Run {
  readonly batches: readonly Batch[]
  readonly damage: Found | null
}

/** One origin's log on a simulated disk. */
export class SimLog {
  #batches: Batch[] = []
  readonly #mails = new Map<Sequence, Update>()
  readonly #damagedBatches = new Set<Sequence>()
  readonly #damagedMails = new Set<Sequence>()
  #torn = 0

  /** Every update that is held whole. */
  updates(): readonly Update[] {
    const sequences = new Set([
      ...this.#mails.keys(),
      ...this.#batches.flatMap(({ updates }) => updates.map(({ sequence }) => sequence)),
    ])
    return [...sequences].flatMap((sequence) => {
      const update = this.read(sequence)
      return update === null || update === 'damaged' ? [] : [update]
    })
  }

  get last(): Sequence {
    return Math.max(this.#batches.at(-1)?.last ?? 0, ...this.#mails.keys())
  }

  get bytes(): number {
    const batches = this.#batches.reduce((sum, { bytes }) => sum + bytes.length, 0)
    return [...this.#mails.values()].reduce((sum, { bytes }) => sum + bytes.length, batches)
  }

  append(batch: Batch): void {
    const { first, last } = batch
    this.#batches = this.#batches.filter((other) => other.last < first || other.first > last)
    this.#batches.splice(this.#countUpTo(first), 0, batch)
    for (let sequence = first; sequence <= last; sequence++) {
      this.#mails.delete(sequence)
      this.#damagedBatches.delete(sequence)
    }
  }

  store(update: Update): void {
    this.#mails.set(update.sequence, update)
    this.#damagedMails.delete(update.sequence)
  }

  read(sequence: Sequence): Update | 'damaged' | null {
    const mail = this.#mails.get(sequence)
    if (mail !== undefined && !this.#damagedMails.has(sequence)) return mail
    const batch = this.#batchAt(sequence)
    if (batch !== null && !this.#damagedBatches.has(batch.first)) return batch.updates[sequence - batch.first] ?? null
    return mail === undefined && batch === null ? null : 'damaged'
  }

  /** From the batch that holds `after + 1`, until `maxBytes` would be passed, one batch at least. */
  run(after: Sequence, maxBytes: number): Run {
    const batches: Batch[] = []
    let room = maxBytes
    for (let next = this.#batchAt(after + 1); next !== null; next = this.#batchAt(next.last + 1)) {
      room -= next.bytes.length
      if (batches.length > 0 && room < 0) break
      const { first, last } = next
      if (this.#damagedBatches.has(first)) return { batches, damage: { first, last, reason: 'damaged' } }
      const previous = batches.at(-1)
      if (previous !== undefined && previous.lastHash !== next.previousHash) {
        return { batches, damage: { first, last, reason: 'its hash does not follow' } }
      }
      batches.push(next)
    }
    return { batches, damage: null }
  }

  /** All that follows on `held`; what cannot be reached from there is damage. */
  suffix(held: Sequence): Run {
    const run = this.run(held, Infinity)
    const end = run.batches.at(-1)?.last ?? held
    const beyond = this.#batches.find(({ first }) => first > end + 1)
    if (run.damage !== null || beyond === undefined) return run
    return { ...run, damage: { first: end + 1, last: beyond.first - 1, reason: 'the log has a gap' } }
  }

  /** Tells whether anything was discarded. */
  compact(floor: Sequence, isLive: (sequence: Sequence) => boolean): boolean {
    const before = this.#batches.length + this.#mails.size
    const kept: Batch[] = []
    for (const batch of this.#batches) {
      if (batch.last > floor || batch.updates.every(({ sequence }) => isLive(sequence))) kept.push(batch)
      else if (!this.#damagedBatches.has(batch.first)) {
        for (const update of batch.updates) if (isLive(update.sequence)) this.#mails.set(update.sequence, update)
      }
    }
    this.#batches = kept
    for (const sequence of this.#mails.keys()) {
      if (sequence <= floor && !isLive(sequence)) this.#mails.delete(sequence)
    }
    return this.#batches.length + this.#mails.size !== before
  }

  cutAfter(sequence: Sequence): void {
    for (const batch of this.#batches) {
      if (batch.first > sequence || batch.last <= sequence) continue
      for (const update of batch.updates) if (update.sequence <= sequence) this.#mails.set(update.sequence, update)
    }
    this.#batches = this.#batches.filter(({ last }) => last <= sequence)
    for (const held of this.#mails.keys()) if (held > sequence) this.#mails.delete(held)
  }

  damage(sequence: Sequence): void {
    if (this.#mails.has(sequence)) this.#damagedMails.add(sequence)
    const batch = this.#batchAt(sequence)
    if (batch !== null) this.#damagedBatches.add(batch.first)
  }

  tearLast(): void {
    if (this.#batches.pop() !== undefined) this.#torn += 1
  }

  /** How many torn records there were. */
  cutTorn(): number {
    const torn = this.#torn
    this.#torn = 0
    return torn
  }

  copy(): SimLog {
    const copy = new SimLog()
    copy.#batches = [...this.#batches]
    for (const [sequence, update] of this.#mails) copy.#mails.set(sequence, update)
    for (const sequence of this.#damagedBatches) copy.#damagedBatches.add(sequence)
    for (const sequence of this.#damagedMails) copy.#damagedMails.add(sequence)
    copy.#torn = this.#torn
    return copy
  }

  #batchAt(sequence: Sequence): Batch | null {
    const batch = this.#batches[this.#countUpTo(sequence) - 1]
    return batch !== undefined && batch.last >= sequence ? batch : null
  }

  /** How many batches begin at or before `sequence`. */
  #countUpTo(sequence: Sequence): number {
    let low = 0
    let high = this.#batches.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#batches[middle]?.first ?? Infinity) <= sequence) low = middle + 1
      else high = middle
    }
    return low
  }
}

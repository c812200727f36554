import { randomBytes } from 'node:crypto'
import { commandId } from '../../replica/core/model/ids.ts'
import type { Hash, OriginId, Sequence } from '../../replica/core/model/ids.ts'
import type { Batch, Draft, Update } from '../../replica/core/model/updates.ts'
import type { FoundSnapshot, SnapshotFile } from '../../replica/host/ports.ts'
import { encodeMailPayload } from '../../replica/wire/payload-codec.ts'
import { signPayload } from '../../replica/wire/update-codec.ts'
import { groupId, installs, people, wire } from '../property/arbitraries.ts'
import type { Install } from '../property/arbitraries.ts'

const [sender, reader] = people
const signatureBytes = 64

/** A mail whose update has about 600 bytes more than `bodyBytes`. */
function mailDraft(clock: number, bodyBytes: number, signature?: Uint8Array): Draft {
  if (sender === undefined || reader === undefined) throw new Error('there are people')
  const mail = {
    account: sender.account,
    command: commandId(randomBytes(12).toString('base64url')),
    to: [reader.account],
    conversation: null,
    wraps: [1, 2].map(() => ({ enc: randomBytes(32), wrappedKey: randomBytes(48) })),
    sealedHeader: randomBytes(120),
    sealedBody: randomBytes(bodyBytes),
  }
  const payload = encodeMailPayload(mail)
  const change = {
    kind: 'mail' as const,
    account: mail.account,
    command: mail.command,
    to: mail.to,
    conversation: null,
  }
  const genuine = signature ?? signPayload(groupId, 'mail', payload, sender.privateKey)
  return { clock, change: { change, payload, signature: genuine } }
}

/** Makes one install's log, batch by batch. */
export class LogMaker {
  readonly origin: OriginId
  readonly #install: Install
  #last: Sequence = 0
  #hash: Hash

  constructor(seat: number) {
    const install = installs[seat - 1]
    if (install === undefined) throw new Error('there is no such seat')
    this.#install = install
    this.origin = install.origin
    this.#hash = wire.firstHash(install.origin)
  }

  get last(): Sequence {
    return this.#last
  }

  batch(updates: number, bodyBytes = 100): Batch {
    return this.#make(Array.from({ length: updates }, (_, index) => mailDraft(this.#last + index + 1, bodyBytes)))
  }

  batches(count: number, updates: number, bodyBytes = 100): readonly Batch[] {
    return Array.from({ length: count }, () => this.batch(updates, bodyBytes))
  }

  /** A batch with one mail that its sender did not sign, as every replica takes it in. */
  batchWithForged(): Batch {
    const forged = mailDraft(this.#last + 2, 10, new Uint8Array(signatureBytes))
    const made = this.#make([mailDraft(this.#last + 1, 10), forged])
    const decoded = wire.decodeBatch(made.bytes)
    if (!decoded.ok) throw new Error(decoded.failure.message)
    return decoded.value
  }

  #make(drafts: readonly Draft[]): Batch {
    const batch = this.#install.make(this.#last + 1, this.#hash, drafts)
    this.#last = batch.last
    this.#hash = batch.lastHash
    return batch
  }
}

/** Ascending, both ends included. */
export const range = (first: Sequence, last: Sequence): readonly Sequence[] =>
  Array.from({ length: last - first + 1 }, (_, index) => first + index)

export const updatesOf = (batches: readonly Batch[]): readonly Update[] => batches.flatMap(({ updates }) => updates)

export const sequencesOf = (updates: readonly Update[]): readonly Sequence[] => updates.map(({ sequence }) => sequence)

export const spansOf = (batches: readonly Batch[]): readonly string[] =>
  batches.map(({ origin, first, last }) => `${origin}:${first}-${last}`)

/** A snapshot that was found, with the chunks that it gives. */
export const wholeOf = (found: FoundSnapshot | null): SnapshotFile | null =>
  found && { vector: found.vector, chunks: [...found.chunks] }

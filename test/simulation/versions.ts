import type { CoreEvent } from '../../replica/core/effects.ts'
import type { StateImage } from '../../replica/core/model/image.ts'
import type { Message } from '../../replica/core/model/messages.ts'
import type { Batch, Change, Update } from '../../replica/core/model/updates.ts'
import type { Machine } from './machine.ts'
import type { World } from './world.ts'

/**
 * Which program a machine runs. To the former one words that tell when they were said, and what old documents are forgotten, are of kinds that it
 * does not know: it keeps them, hands them on, and understands them when it is the present one.
 */
export type Version = 'former' | 'present'

const forgettingType = 27
const laterTypes: Readonly<Partial<Record<Change['kind'], number>>> = {
  marks: 24,
  document: 25,
  forgetting: forgettingType,
  follow: 43,
}
/** Few, so that what was kept for later is read in several goes. */
const readAtOnce = 3

export const isUnderstoodBy = (version: Version, change: Change): boolean =>
  version === 'present' || !('saidAt' in change || change.kind === 'forgetting')

const originals = new WeakMap<object, Update>()
const originalBatches = new WeakMap<object, Batch>()

export const readUpdate = (version: Version, update: Update): Update => {
  const type = laterTypes[update.change.kind]
  if (type === undefined || isUnderstoodBy(version, update.change)) return update
  const read: Update = Object.freeze({ ...update, change: Object.freeze({ kind: 'unknown', type }) })
  originals.set(read, update)
  return read
}

export const readBatch = (version: Version, batch: Batch): Batch => {
  if (batch.updates.every(({ change }) => isUnderstoodBy(version, change))) return batch
  const updates = Object.freeze(batch.updates.map((update) => readUpdate(version, update)))
  const read: Batch = Object.freeze({ ...batch, updates })
  originalBatches.set(read, batch)
  return read
}

/** What the former program reads of an image. */
export const readImage = (version: Version, image: StateImage): StateImage => {
  if (version === 'present') return image
  const kept = image.forgettings.map(({ origin, sequence, clock }) => ({
    origin,
    sequence,
    clock,
    type: forgettingType,
  }))
  return { ...image, later: [...image.later, ...kept], forgettings: [] }
}

export const readMessage = (version: Version, message: Message): Message => {
  if (message.kind === 'batches')
    return { ...message, batches: message.batches.map((batch) => readBatch(version, batch)) }
  if (message.kind === 'mails')
    return { ...message, updates: message.updates.map((update) => readUpdate(version, update)) }
  return fieldsOf(version, message)
}

/** The former program does not know the last fields of some messages: it does not send them, and passes over them. */
export const fieldsOf = (version: Version, message: Message): Message => {
  if (version === 'present') return message
  switch (message.kind) {
    case 'knowledge':
      return { ...message, aside: 0 }
    case 'refusal':
      return { ...message, retirement: message.retirement && { ...message.retirement, vouchers: [] } }
    case 'fork':
      return { kind: 'fork', origin: message.origin, end: message.end }
    case 'groupKey':
      return { kind: 'groupKey', key: message.key, madeAt: message.madeAt }
    default:
      return message
  }
}

/** What stands in the bytes, whoever has read them. */
export const asWritten = (update: Update): Update => originals.get(update) ?? update
export const batchAsWritten = (batch: Batch): Batch => originalBatches.get(batch) ?? batch

/** What the machine's program understands of what an earlier one has kept, in the order of clocks. */
export const understoodBy = ({ core, disk, version }: Machine): readonly CoreEvent[] => {
  const kept = core.state.later.records().toSorted((left, right) => left.clock - right.clock)
  const updates = kept.flatMap(({ origin, sequence }) => {
    const update = disk.readUpdate(origin, sequence)
    return update !== null && isUnderstoodBy(version, update.change) ? [update] : []
  })
  const events: CoreEvent[] = []
  for (let start = 0; start < updates.length; start += readAtOnce)
    events.push({ kind: 'understood', updates: updates.slice(start, start + readAtOnce) })
  return events
}

/** Half of the machines begin with the former program. */
export const versionOf = ({ mix, random }: World): Version =>
  mix === 'versions' && random.chance(0.5) ? 'former' : 'present'

/** The machine is stopped, and the present program is installed. */
export const bringUpToDate = (machine: Machine): void => {
  const { coverage, trace } = machine.world
  if (machine.version === 'present') return
  coverage.note('brought up to date')
  trace.note(machine.name, 'is brought up to date')
  machine.crash()
  machine.version = 'present'
}

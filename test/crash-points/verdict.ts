import type { OriginId, Sequence } from '../../replica/core/model/ids.ts'
import type { Batch } from '../../replica/core/model/updates.ts'
import type { Damage, Recovered, Storage } from '../../replica/host/ports.ts'
import { range, wholeOf } from '../conformance/storage-fixture.ts'
import type { Promised, Scenario } from './scenario.ts'

/** What a start after a crash holds against what was promised before it. Throws what is wrong. */
export const judge = async (
  storage: Storage,
  found: Recovered,
  scenario: Scenario,
  promised: Promised,
): Promise<void> => {
  const damage = found.damage.filter((one) => wasKept(one, scenario, promised))
  if (damage.length > 0) throw new Error(`damage is found: ${JSON.stringify(damage)}`)
  judgeSnapshot(found, scenario, promised)
  const held = heldBy(found)
  for (const [origin, last] of promised.acknowledged)
    if ((held.get(origin) ?? 0) < last) throw new Error(`of ${origin} ${held.get(origin)} is left of ${last}`)
  for (const [origin, last] of held) {
    const most = promised.begun.get(origin) ?? 0
    if (last > most) throw new Error(`${origin} goes to ${last}, though only ${most} were given`)
    const highest = found.highest.get(origin) ?? 0
    if (highest < last && heldFromSnapshot(found, origin) !== last) throw new Error(`${origin}:${last} leaves no trace`)
  }
  judgeSuffix(found, scenario)
  for (const origin of scenario.given.keys()) await judgeUpdates(storage, origin, scenario, promised)
  await judgeSetting(storage, promised)
}

/**
 * Whether some of it had been acknowledged. Where a file that is not its log's last has a torn end, as when batches take the place of mails that came
 * before them, nothing tells a write that was broken off from what was lost there: what the file has not got is told, and, as it is not live, not fetched.
 */
const wasKept = ({ origin, first, last }: Damage, scenario: Scenario, { acknowledged, stored }: Promised): boolean =>
  first <= (acknowledged.get(origin) ?? 0) ||
  (origin === scenario.transferred.origin && range(first, last).some((sequence) => stored.has(sequence)))

/** Goes on writing where the logs end, as given; what was acknowledged then. */
export const goOn = async (storage: Storage, found: Recovered, scenario: Scenario): Promise<readonly Batch[]> => {
  const held = heldBy(found)
  const next = [...scenario.batches].flatMap(
    ([origin, batches]) => batches.find(({ first }) => first === (held.get(origin) ?? 0) + 1) ?? [],
  )
  if (next.length > 0) await storage.append(next)
  return next
}

/** What is promised when these were acknowledged, too. */
export const promisedWith = (promised: Promised, batches: readonly Batch[]): Promised => {
  const ends = batches.map(({ origin, last }) => [origin, last] as const)
  return {
    ...promised,
    acknowledged: new Map([...promised.acknowledged, ...ends]),
    begun: new Map([...promised.begun, ...ends.filter(([origin, last]) => last > (promised.begun.get(origin) ?? 0))]),
  }
}

/** The same while they are being written. */
export const promisedWhile = (promised: Promised, batches: readonly Batch[]): Promised => ({
  ...promisedWith(promised, batches),
  acknowledged: promised.acknowledged,
})

const heldFromSnapshot = (found: Recovered, origin: OriginId): Sequence => found.snapshot?.vector.get(origin) ?? 0

const heldBy = (found: Recovered): ReadonlyMap<OriginId, Sequence> => {
  const held = new Map(found.snapshot?.vector)
  for (const { origin, last } of found.suffix) held.set(origin, Math.max(last, held.get(origin) ?? 0))
  return held
}

const judgeSnapshot = ({ snapshot }: Recovered, scenario: Scenario, { snapshots }: Promised): void => {
  const [acknowledged, begun] = snapshots
  const found = wholeOf(snapshot)
  const place = scenario.snapshots.findIndex(({ chunks }) => chunks.join() === found?.chunks.join()) + 1
  if (snapshot !== null && place === 0) throw new Error('a snapshot is found that nobody gave')
  if (place < acknowledged) throw new Error(`snapshot ${place} is found though ${acknowledged} was acknowledged`)
  if (place > begun) throw new Error(`snapshot ${place} is found, which was not given yet`)
}

const judgeSuffix = (found: Recovered, scenario: Scenario): void => {
  const ends = new Map<OriginId, Sequence>()
  for (const { origin, first, last, updates } of found.suffix) {
    const end = ends.get(origin) ?? heldFromSnapshot(found, origin)
    const follows = ends.has(origin) ? first === end + 1 : first <= end + 1 && last > end
    if (!follows) throw new Error(`${origin}:${first}-${last} comes after ${end}`)
    ends.set(origin, last)
    for (const { sequence, bytes } of updates)
      if (!isGiven(scenario, origin, sequence, bytes)) throw new Error(`${origin}:${sequence} is not what was given`)
  }
}

const judgeUpdates = async (
  storage: Storage,
  origin: OriginId,
  scenario: Scenario,
  promised: Promised,
): Promise<void> => {
  const last = promised.begun.get(origin) ?? 0
  const updates = await storage.readUpdates(origin, range(1, last))
  const found = new Set<Sequence>()
  for (const { sequence, bytes } of updates) {
    if (found.has(sequence)) throw new Error(`${origin}:${sequence} is there twice`)
    if (!isGiven(scenario, origin, sequence, bytes)) throw new Error(`${origin}:${sequence} is not what was given`)
    found.add(sequence)
  }
  for (let sequence = 1; sequence <= last; sequence += 1) {
    const isMissing = isRequired(origin, sequence, scenario, promised) && !found.has(sequence)
    if (isMissing) throw new Error(`${origin}:${sequence} was acknowledged and is not there`)
  }
}

const isRequired = (origin: OriginId, sequence: Sequence, scenario: Scenario, promised: Promised): boolean => {
  if (origin === scenario.transferred.origin && promised.stored.has(sequence)) return true
  if (sequence > (promised.acknowledged.get(origin) ?? 0)) return false
  return scenario.isLive(origin, sequence) || sequence > (promised.floors.get(origin) ?? 0)
}

const judgeSetting = async (storage: Storage, { settings }: Promised): Promise<void> => {
  const [acknowledged, begun] = settings
  const value = await storage.readSetting('pauses')
  const version = typeof value === 'object' && value !== null && 'version' in value ? Number(value.version) : 0
  if (version < acknowledged || version > begun) throw new Error(`setting ${version} of ${acknowledged} to ${begun}`)
}

const isGiven = (scenario: Scenario, origin: OriginId, sequence: Sequence, bytes: Uint8Array): boolean =>
  Buffer.compare(scenario.given.get(origin)?.get(sequence)?.bytes ?? Buffer.alloc(0), bytes) === 0

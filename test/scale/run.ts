import { assert } from '../../replica/core/model/errors.ts'
import type { OriginId } from '../../replica/core/model/ids.ts'
import { seatCount, splitUpdateId } from '../../replica/core/model/ids.ts'
import type { VersionVector } from '../../replica/core/model/messages.ts'
import { heldFrom } from '../../replica/core/version-vector.ts'
import { Random } from '../simulation/random.ts'
import { ScaleGroup } from './group.ts'
import { Letters } from './letters.ts'
import type { ScaleOptions } from './options.ts'
import { streamRate } from './pipe.ts'
import type { KnowledgeTimes } from './knowledge-times.ts'
import { timeKnowledge } from './knowledge-times.ts'
import type { Seat } from './seat.ts'
import { percentile } from './spread.ts'
import type { Counted } from './traffic.ts'
import { Traffic } from './traffic.ts'

const limitMs = 3_600_000
const settleMs = 15_000
const idleMs = 30_000
const partedForMs = 20_000
const msPerSecond = 1_000

/** What one phase cost: bytes and messages of the whole group, processor time of its cores. */
export interface Phase {
  readonly simulatedMs: number
  readonly bytes: number
  readonly headerBytes: number
  readonly byKind: Readonly<Record<string, Counted>>
  readonly steps: number
  readonly cpuMicros: number
}

export interface ScaleResult {
  readonly options: ScaleOptions
  /** Bytes a second that one stream carries. */
  readonly streamBytesPerSecond: number
  readonly growth: Phase
  readonly idle: Phase
  readonly live: Phase
  /** From healing to agreement. */
  readonly merge: Phase
  readonly heldMs: Quantiles
  readonly knownMs: Quantiles
  readonly mailBytes: number
  /** Of all that was missing anywhere when the halves met. */
  readonly missingBytes: number
  readonly knowledge: KnowledgeTimes
  readonly digest: string
}

export interface Quantiles {
  readonly p50: number
  readonly p99: number
  readonly most: number
}

/** Runs one group through its life: growth, quiet, work, a split and the merge after it. */
export const runScale = async (options: ScaleOptions): Promise<ScaleResult> => {
  assert(options.seats === seatCount, 'the group has as many seats as asked for')
  const random = new Random(options.seed)
  const group = new ScaleGroup(options, random, await Letters.write(random.fork()))
  const phase = (run: () => void): Phase => measure(group, run)
  const growth = phase(() => group.grow(limitMs))
  group.run(settleMs)
  const idle = phase(() => group.run(idleMs))
  const live = phase(() => work(group, random, options))
  const { mailBytes, missingBytes } = split(group, options)
  const merge = phase(() => {
    group.heal()
    group.until(limitMs, 'the halves agree', () => group.isAgreed)
  })
  group.until(limitMs, 'the group is whole again', () => group.isWhole)
  const digests = new Set(group.seats.map(({ core }) => core.state.digest()))
  assert(digests.size === 1, 'all seats have one state')
  return {
    options,
    streamBytesPerSecond: streamRate(options) * msPerSecond,
    growth,
    idle,
    live,
    merge,
    heldMs: quantiles(group.spread.heldMs),
    knownMs: quantiles(group.spread.knownMs),
    mailBytes,
    missingBytes,
    knowledge: timeKnowledge(group.wire, group.seats),
    digest: [...digests][0] ?? '',
  }
}

/** Mails one by one, each by somebody else, at random times. */
const work = (group: ScaleGroup, random: Random, { mails, mailsPerSecond, seats }: ScaleOptions): void => {
  let left = mails
  const writeOne = (): void => {
    const seat = random.pick(group.seats)
    if (left === 0 || seat === undefined) return
    left -= 1
    const writtenMs = group.timeline.nowMs
    group.write(seat, ({ update }) => {
      const { origin, sequence } = splitUpdateId(update)
      group.spread.watch(origin, sequence, writtenMs, seats - 1)
    })
    group.timeline.after(random.waitMs(msPerSecond / mailsPerSecond), writeOne)
  }
  writeOne()
  group.until(limitMs, 'all hold all mails and their writers know it', () => left === 0 && group.spread.isDone)
}

/** Two halves that write apart. Returns the size of a mail's batch, and what is missing everywhere in the end. */
const split = (
  group: ScaleGroup,
  { partedMails, seats }: ScaleOptions,
): { mailBytes: number; missingBytes: number } => {
  group.part()
  group.run(settleMs)
  const gapMs = partedForMs / Math.max(1, partedMails)
  let written = 0
  let bytes = 0
  for (let mail = 0; mail < partedMails; mail += 1) {
    const seat = group.seats[mail % seats]
    if (seat === undefined) break
    group.timeline.after(mail * gapMs, () =>
      group.write(seat, ({ batch }) => {
        written += 1
        bytes += (batch?.bytes.length ?? 0) / (batch?.updates.length ?? 1)
      }),
    )
  }
  group.until(limitMs, 'all mails are written', () => written === partedMails)
  group.until(limitMs, 'each half agrees', () => halves(group.seats).every(isAgreed))
  const mailBytes = bytes / Math.max(1, written)
  return { mailBytes, missingBytes: missingUpdates(group.seats) * mailBytes }
}

const halves = (seats: readonly Seat[]): readonly (readonly Seat[])[] => {
  const half = Math.floor(seats.length / 2)
  return [...Map.groupBy(seats, ({ identity }) => identity.server <= half).values()]
}

const isAgreed = (seats: readonly Seat[]): boolean => missingUpdates(seats) === 0

/** How many updates are held by some and not by others, counted at each that lacks them. */
const missingUpdates = (seats: readonly Seat[]): number => {
  const all = new Map<OriginId, number>()
  const vectors: readonly VersionVector[] = seats.map(({ core }) => core.state.vector)
  for (const vector of vectors)
    for (const [origin, held] of vector) all.set(origin, Math.max(held, all.get(origin) ?? 0))
  let missing = 0
  for (const vector of vectors) for (const [origin, held] of all) missing += held - heldFrom(vector, origin)
  return missing
}

const measure = (group: ScaleGroup, run: () => void): Phase => {
  const sum = (of: (seat: Seat) => number): number => group.seats.reduce((total, seat) => total + of(seat), 0)
  const before = {
    nowMs: group.timeline.nowMs,
    steps: sum(({ steps }) => steps),
    cpu: sum(({ cpuMicros }) => cpuMicros),
  }
  const traffic = new Traffic()
  group.traffic = traffic
  run()
  return {
    simulatedMs: group.timeline.nowMs - before.nowMs,
    bytes: traffic.bytes,
    headerBytes: traffic.headerBytes,
    byKind: traffic.byKind(),
    steps: sum(({ steps }) => steps) - before.steps,
    cpuMicros: sum(({ cpuMicros }) => cpuMicros) - before.cpu,
  }
}

const quantiles = (values: readonly number[]): Quantiles => ({
  p50: percentile(values, 0.5),
  p99: percentile(values, 0.99),
  most: percentile(values, 1),
})

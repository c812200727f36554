import type { Effects } from '../../replica/core/effects.ts'
import type { OriginId, Sequence } from '../../replica/core/model/ids.ts'
import type { VersionVector } from '../../replica/core/model/messages.ts'
import { decodeReceivedImageInParts } from '../../replica/wire/image-decode.ts'
import { encodeImage } from '../../replica/wire/image-encode.ts'
import * as checks from './checks.ts'
import { habits } from './habits.ts'
import { KeptMarks } from '../../replica/host/kept-marks.ts'
import { isItself, type LiveUpdate } from '../../replica/core/state/live-updates.ts'
import type { Machine } from './machine.ts'
import { context } from './sim-wire.ts'
import type { DiskWrite } from './model-disk.ts'
import { writeMs } from './model-disk.ts'
import { readImage, readUpdate, understoodBy } from './versions.ts'
import { Violation } from './violation.ts'
import { inOneGo } from '../support/in-one-go.ts'

const usualWorkMs = 120
/** What could not be written for want of room is waited for. */
const snapshotAgainMs = 1_000
const longestWorkMs = 4_000

/** What a step starts and does not wait for: one job after the other, beside further steps. */
export class BackgroundWork {
  readonly #machine: Machine
  #jobs: (() => void)[] = []
  #busy = false
  #isWritingSnapshot = false
  #keptMarks = new KeptMarks()

  constructor(machine: Machine) {
    this.#machine = machine
  }

  get isWritingSnapshot(): boolean {
    return this.#isWritingSnapshot
  }

  reset(): void {
    this.#jobs = []
    this.#busy = false
    this.#isWritingSnapshot = false
    this.#keptMarks = new KeptMarks()
  }

  begin({ decodeImage: toDecode, findMissing, install, snapshot, compact }: Effects): void {
    if (toDecode !== null) this.#add(() => this.#decode(toDecode))
    if (findMissing !== null) this.#add(() => this.#findMissing(findMissing))
    if (install !== null) this.understand()
    if (snapshot !== null) this.#add(() => this.#machine.whenIdle(() => this.#writeSnapshot()))
    if (compact === null) return
    checks.compacting(this.#machine, compact)
    this.#add(() => this.#compact(compact))
  }

  /** Reads again what an earlier version, here or at the other end of a state transfer, has kept without understanding it. */
  understand(): void {
    const { core, world } = this.#machine
    const kept = core.state.later.records().length
    if (kept === 0) return
    world.coverage.add('kept for a later version', kept)
    this.#add(() =>
      this.#machine.whenIdle(() => {
        const events = understoodBy(this.#machine)
        world.coverage.add('understood later', events.length)
        for (const event of events) this.#machine.enqueue(event)
        this.#done()
      }),
    )
  }

  #add(job: () => void): void {
    this.#jobs.push(job)
    this.#next()
  }

  #next(): void {
    if (this.#busy) return
    const job = this.#jobs.shift()
    if (job === undefined) return
    this.#busy = true
    this.#machine.later(this.#workMs(), job)
  }

  #workMs(): number {
    const { random } = this.#machine.world
    return random.next() * (random.chance(0.03) ? longestWorkMs : usualWorkMs)
  }

  #done(): void {
    this.#busy = false
    this.#next()
  }

  #decode({ peer, chunks }: NonNullable<Effects['decodeImage']>): void {
    const image = inOneGo(decodeReceivedImageInParts(context, chunks))
    const isOfLiar = this.#machine.world.liar?.machine.peer === peer
    if (!image.ok && !isOfLiar)
      throw new Violation('image', `${this.#machine.name} cannot read an image: ${image.failure.message}`)
    this.#machine.enqueue({
      kind: 'imageDecoded',
      peer,
      image: image.ok ? readImage(this.#machine.version, image.value) : null,
    })
    this.#done()
  }

  #findMissing({ search, mails: wanted }: NonNullable<Effects['findMissing']>): void {
    const mails = new Map<OriginId, readonly Sequence[]>()
    const { disk } = this.#machine
    for (const [origin, asked] of wanted) {
      const absent = new Set(
        disk.missing(
          origin,
          asked.map(({ sequence }) => sequence),
        ),
      )
      const isStored = (wanted: Omit<LiveUpdate, 'origin'>): boolean => {
        const update = absent.has(wanted.sequence) ? null : disk.readUpdate(origin, wanted.sequence)
        return update !== null && isItself(wanted, readUpdate(this.#machine.version, update))
      }
      const missing = asked.flatMap((wanted) => (isStored(wanted) ? [] : [wanted.sequence]))
      if (missing.length > 0) mails.set(origin, missing)
    }
    this.#machine.enqueue({ kind: 'mailsMissing', search, mails })
    this.#done()
  }

  /** Called between two steps: of what is durable. */
  #writeSnapshot(): void {
    const { disk, world, core } = this.#machine
    if (this.#machine.isFull) {
      this.#machine.later(snapshotAgainMs, () => this.#machine.enqueue({ kind: 'compacted' }))
      this.#done()
      return
    }
    const image = core.state.image()
    const write: DiskWrite = { kind: 'snapshot', snapshot: { vector: image.vector, chunks: encodeImage(image) } }
    this.#isWritingSnapshot = true
    disk.begin(write)
    world.moments?.write(this.#machine, 'snapshot')
    this.#machine.later(writeMs(world.random) * 4, () => {
      disk.commit(write)
      this.#isWritingSnapshot = false
      world.coverage.note('snapshot written')
      world.trace.note(this.#machine.name, 'snapshot')
      this.#machine.enqueue({ kind: 'snapshotWritten', vector: image.vector })
      this.#done()
    })
  }

  /** What is live is copied between two steps, so that only durable deletions count. */
  #compact(floor: VersionVector): void {
    this.#machine.whenIdle(() => {
      const { core, disk, version } = this.#machine
      const live = core.state.live.kept()
      for (const part of this.#keptMarks.unseen(core.state, floor)) {
        const held = part.sequences.flatMap((sequence) => disk.readUpdate(part.origin, sequence) ?? [])
        this.#keptMarks.looked(
          part,
          held.map((update) => readUpdate(version, update)),
        )
      }
      this.#machine.later(this.#workMs(), () => {
        this.#compactNow(floor, live)
      })
    })
  }

  #compactNow(floor: VersionVector, live: ReadonlyMap<OriginId, Float64Array>): void {
    const { disk, world, name } = this.#machine
    const isLive = (origin: OriginId, sequence: Sequence): boolean => {
      const wasLive = live.get(origin)?.includes(sequence) ?? false
      const isKept = habits.liveness === 'state now' ? this.#machine.core.isLive(origin, sequence) : wasLive
      if (wasLive && !isKept) checks.discarded(this.#machine, origin, sequence)
      return isKept || this.#keptMarks.has(origin, sequence)
    }
    const freed = disk.compact(floor, isLive)
    world.coverage.note('compaction')
    world.coverage.add('bytes freed', freed)
    world.trace.note(name, 'compacted', () => `${freed} bytes freed`)
    this.#machine.enqueue({ kind: 'compacted' })
    this.#done()
  }
}

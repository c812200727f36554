import type { PeerId, UpdateId } from '../../replica/core/model/ids.ts'
import { splitUpdateId, updateId } from '../../replica/core/model/ids.ts'
import type { Update } from '../../replica/core/model/updates.ts'
import { isWord } from '../../replica/core/model/updates.ts'
import type { Machine } from './machine.ts'
import { shownOnce } from './checks.ts'
import { Violation } from './violation.ts'

const auditEveryMs = 1_000

/** What one machine's durable state showed before: what is gone stays gone, a mark stays, a live mail has its content. */
export class Audit {
  readonly #marks = new Map<UpdateId, readonly number[]>()
  readonly #gone = new Set<UpdateId>()
  #nextMs = 0

  look(machine: Machine): void {
    const { timeline } = machine.world
    if (timeline.nowMs < this.#nextMs) return
    // After a start what was understood before is understood once more, unless a snapshot has been written since.
    if (machine.version === 'present' && machine.core.state.later.records().length > 0) return
    this.#nextMs = timeline.nowMs + auditEveryMs
    this.lookNow(machine)
    shownOnce(machine)
  }

  lookNow(machine: Machine): void {
    const live = new Set<UpdateId>()
    for (const { origin, sequence, marks } of machine.core.state.mails.records()) {
      const id = updateId(origin, sequence)
      live.add(id)
      this.#staysGone(machine, id)
      this.#marksStay(machine, id, marks)
      hasContent(machine, id)
      this.#marks.set(id, [...marks])
    }
    for (const { origin, sequence, state } of machine.core.state.documents.records()) {
      if (state === 'written') hasContent(machine, updateId(origin, sequence))
    }
    for (const { origin, sequence } of machine.core.state.documents.forgettings.records())
      hasContent(machine, updateId(origin, sequence))
    for (const { origin, sequence } of machine.core.state.posts.records())
      hasContent(machine, updateId(origin, sequence))
    for (const id of this.#marks.keys()) {
      if (live.has(id)) continue
      this.#marks.delete(id)
      // It goes on under another name.
      if (machine.core.state.mails.find(id) !== undefined) continue
      this.#gone.add(id)
      machine.world.coverage.note('mails deleted by all')
    }
  }

  #staysGone(machine: Machine, id: UpdateId): void {
    if (this.#gone.has(id))
      throw new Violation('deleted stays deleted', `${machine.name} shows the deleted mail ${id} again`)
  }

  #marksStay(machine: Machine, id: UpdateId, marks: readonly number[]): void {
    const before = this.#marks.get(id)
    if (before === undefined) return
    if (before.some((bits, copy) => (bits & ~(marks[copy] ?? 0)) !== 0))
      throw new Violation(
        'mark stays',
        `${machine.name} forgot a mark of ${id}: ${before.join()} became ${marks.join()}`,
      )
  }
}

const hasContent = (machine: Machine, id: UpdateId): void => {
  const { disk, core, world } = machine
  const { origin, sequence } = splitUpdateId(id)
  const holds = disk.holds(origin, sequence)
  if (holds || core.repairing > 0 || world.isRotten(machine, id)) return
  if (world.ledger.isDeletedByAll(id) || world.ledger.isSuperseded(id)) return
  throw new Violation(
    'content of live mail',
    `${machine.name} shows ${id} (${world.ledger.updates.get(id)?.change.kind}) but has no content of it`,
  )
}

const microsPerMs = 1_000
const maxDriftMs = 60_000
const slackMs = 3_000

/** That what is written here sorts after everything that was held here, as far as clocks are allowed to be apart. */
export class HybridCheck {
  #floor = 0
  #own = 0
  #isRestarted = false

  /** Updates that became durable in one step. Own ones came from commands that may have been given before the others arrived. */
  noted(machine: Machine, updates: readonly Update[]): void {
    this.settled(machine)
    const isOwn = (update: Update): boolean => update.origin === machine.identity.origin
    // Own updates that are taken back from the others were written long ago.
    if (machine.world.restored.has(machine.identity.origin)) return
    for (const { clock, sequence, change } of updates.filter(isOwn)) {
      if (clock <= this.#floor) {
        const what = `${machine.name}:${sequence} sorts before what was held when it was written`
        throw new Violation('answer after question', `${what}: ${clock} <= ${this.#floor}`)
      }
      if (!isWord(change)) this.#own = clock
    }
    for (const update of updates)
      if (!isOwn(update)) this.#floor = Math.max(this.#floor, Math.min(update.clock, reachOf(machine)))
  }

  /** What was held before a restart is taken note of in the first step, by the clock of that moment. */
  restarted(): void {
    this.#isRestarted = true
  }

  settled(machine: Machine): void {
    if (!this.#isRestarted) return
    this.#isRestarted = false
    this.#floor = Math.max(this.#own, Math.min(this.#floor, reachOf(machine)))
  }
}

const reachOf = (machine: Machine): number => (machine.stepWallMs - slackMs + maxDriftMs) * microsPerMs

const silenceMs = 4_000
const workingMs = ({ world, writtenMs }: Machine): number => world.timeline.nowMs - writtenMs

/** That whoever is connected, and was not retired, hears from this machine, whatever its clock does. What the disk takes does not count. */
export class HeartbeatCheck {
  readonly #toldMs = new Map<PeerId, number>()

  told(machine: Machine, peer: PeerId): void {
    this.#toldMs.set(peer, workingMs(machine))
  }

  look(machine: Machine): void {
    if (!machine.world.isHonest(machine)) return
    const nowMs = workingMs(machine)
    const { peers, state } = machine.core
    const served = peers.allGreeted().filter((session) => !state.seats.isRetiredPeer(session))
    const greeted = new Set(served.map(({ peer }) => peer))
    for (const peer of this.#toldMs.keys()) if (!greeted.has(peer)) this.#toldMs.delete(peer)
    for (const peer of greeted) {
      const toldMs = this.#toldMs.get(peer) ?? nowMs
      this.#toldMs.set(peer, toldMs)
      if (nowMs - toldMs <= silenceMs) continue
      const silentMs = Math.round(nowMs - toldMs)
      throw new Violation('heartbeat', `${machine.name} tells ${machine.world.nameOf(peer)} nothing for ${silentMs} ms`)
    }
  }

  restarted(): void {
    this.#toldMs.clear()
  }
}

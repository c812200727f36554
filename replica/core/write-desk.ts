import type { Decision } from './decisions.ts'
import { decide, nothingReserved } from './commands.ts'
import type { Command, CommandAnswer, CommandTicket, EffectsDraft } from './effects.ts'
import type { HybridClock } from './hybrid-clock.ts'
import type { LogIntake } from './log-intake.ts'
import { fail, succeed } from './model/errors.ts'
import type { AccountId, Clock, OriginId, ServerId } from './model/ids.ts'
import { updateId } from './model/ids.ts'
import { limits } from './model/limits.ts'
import type { Batch, Draft, MakeBatch, SignedChange, SystemChange, Update } from './model/updates.ts'
import type { Identity } from './membership.ts'
import type { Peers } from './peers.ts'
import { postWish } from './state/execution-table.ts'
import type { GroupState } from './state/group-state.ts'

const queuedCommands = 10_000

interface Waiting {
  readonly ticket: CommandTicket
  readonly command: Command
}

/** Updates in the making: a draft, and the tickets that its update answers. */
interface PendingWrite {
  readonly draft: Draft
  readonly tickets: CommandTicket[]
  readonly server: ServerId | null
}

/**
 * Why no command can be carried out now: the own log is being taken back; it has forked, and this install is about to
 * start over; or the others have retired it.
 */
export type Hindrance = 'reclaiming' | 'forked' | 'retired' | null

export interface WriteDeskParts {
  readonly identity: Identity
  readonly state: GroupState
  readonly clock: HybridClock
  readonly peers: Pick<Peers, 'datingMs'>
  readonly intake: LogIntake
  readonly makeBatch: MakeBatch
}

/**
 * Turns commands into this install's own updates: those of one step are committed together. While the own log
 * is being taken back from others, or is about to begin anew, commands wait here, and none is lost.
 */
export class WriteDesk {
  readonly #identity: Identity
  readonly #state: GroupState
  readonly #clock: HybridClock
  readonly #peers: WriteDeskParts['peers']
  readonly #intake: LogIntake
  readonly #makeBatch: MakeBatch
  readonly #queue: Waiting[] = []
  #writes: PendingWrite[] = []
  /** Given in this step, above words of clocks that are ahead. */
  #newestWord: Clock = 0
  #byCommand = new Map<string, PendingWrite>()
  #reserved = nothingReserved()

  constructor({ identity, state, clock, peers, intake, makeBatch }: WriteDeskParts) {
    this.#identity = identity
    this.#state = state
    this.#clock = clock
    this.#peers = peers
    this.#intake = intake
    this.#makeBatch = makeBatch
  }

  get queued(): number {
    return this.#queue.length
  }

  take(nowMs: number, waiting: Waiting, hindrance: Hindrance, effects: EffectsDraft): void {
    if (hindrance === 'retired') {
      const message =
        'The others have retired this machine: it can be read, but nothing can be written here. Start it with --reset and a new invite to join again.'
      effects.answer.push({ ticket: waiting.ticket, result: fail('RETIRED', message) })
    } else if (hindrance === null) {
      this.#carryOut(nowMs, waiting, effects)
    } else if (this.#queue.length < queuedCommands) {
      this.#queue.push(waiting)
    } else {
      effects.answer.push({
        ticket: waiting.ticket,
        result: fail('BUSY', `More than ${queuedCommands} commands are waiting. Try again in a moment.`),
      })
    }
  }

  release(nowMs: number, effects: EffectsDraft): void {
    for (const waiting of this.#queue.splice(0)) this.#carryOut(nowMs, waiting, effects)
  }

  /** Seals this step's drafts into batches, applies them and answers. Returns the batches, to be spread. */
  commit(effects: EffectsDraft): readonly Batch[] {
    const batches: Batch[] = []
    for (const group of splitWrites(this.#writes)) {
      const { origin } = this.#identity
      const batch = this.#makeBatch(
        this.#state.held(origin) + 1,
        this.#intake.headHash(origin),
        group.map((write) => write.draft),
      )
      this.#state.applyBatch(batch)
      effects.persist.push(batch)
      batches.push(batch)
      group.forEach((write, index) => {
        answerWrite(write, batch, index, origin, effects)
      })
    }
    for (const batch of batches) noteChanges(batch.updates, this.#state, effects)
    this.#writes = []
    this.#newestWord = 0
    this.#byCommand = new Map()
    this.#reserved = nothingReserved()
    return batches
  }

  #carryOut(wallMs: number, { ticket, command }: Waiting, effects: EffectsDraft): void {
    const nowMs = this.#datingMs(wallMs)
    const { origin, peer } = this.#identity
    const next = updateId(origin, this.#state.held(origin) + this.#writes.length + 1)
    const decision = decide(this.#state, command, nowMs, { peer, next }, this.#reserved)
    switch (decision.kind) {
      case 'write':
        this.#write(nowMs, ticket, decision)
        break
      case 'joins':
        this.#byCommand.get(decision.command)?.tickets.push(ticket)
        break
      case 'done':
        effects.answer.push({
          ticket,
          result: succeed({ update: decision.update, clock: decision.clock, server: null, batch: null }),
        })
        break
      case 'refused':
        effects.answer.push({ ticket, result: { ok: false, failure: decision.failure } })
        break
    }
  }

  #datingMs(wallMs: number): number {
    const nowMs = this.#peers.datingMs(wallMs)
    // As if what has come had come by that clock: no answer stands before what it answers.
    if (nowMs > wallMs) this.#clock.observe(this.#state.newestClock, nowMs)
    return nowMs
  }

  #write(nowMs: number, ticket: CommandTicket, { changes, server }: Extract<Decision, { kind: 'write' }>): void {
    changes.forEach((change, index) => {
      const draft = { clock: this.#clockOf(nowMs, change), change }
      const write: PendingWrite = { draft, tickets: index === 0 ? [ticket] : [], server }
      this.#writes.push(write)
      if (isSigned(change)) this.#byCommand.set(change.change.command, write)
    })
  }

  /**
   * What somebody has seen and changes here is changed, however far ahead the clock was with which it was written. Of words that tell
   * when they were said their client sees to that (`overtaken`).
   */
  #clockOf(nowMs: number, change: SystemChange | SignedChange): Clock {
    const clock = this.#clock.next(nowMs)
    if (isSigned(change) && 'saidAt' in change.change) return clock
    const before = this.#state.wordBefore(isSigned(change) ? change.change : change)
    if (before < clock) return clock
    this.#newestWord = Math.min(Math.max(this.#newestWord, before) + 1, limits.lastClock)
    return this.#newestWord
  }
}

/**
 * What people are told of updates that have just been applied; a mail or post that came before by another name is no news, and neither is one
 * that was deleted beside it.
 */
export const noteChanges = (updates: readonly Update[], state: GroupState, effects: EffectsDraft): void => {
  const changed = new Set<AccountId>()
  for (const update of updates) {
    const { change, origin, sequence } = update
    switch (change.kind) {
      case 'mail':
        // What has one name is called so.
        if (state.mails.has(origin, sequence) && state.executions.of(change)?.names.length === 1)
          effects.notify.push({ kind: 'mail', update })
        changed.add(change.account)
        break
      case 'read':
      case 'deletion':
      case 'marks':
      case 'document':
      case 'forgetting':
        changed.add(change.account)
        break
      case 'post':
        if (
          state.executions.of(postWish(change))?.names.length === 1 &&
          state.posts.find(updateId(origin, sequence)) !== undefined
        )
          effects.notify.push({ kind: 'post', origin, sequence })
        break
      case 'follow':
      case 'accountKeys':
        effects.notify.push({ kind: 'people' })
        break
      case 'forged':
        effects.notify.push({ kind: 'forged', update: updateId(origin, sequence) })
        break
      default:
        break
    }
  }
  for (const account of changed) effects.notify.push({ kind: 'mailbox', account })
}

const isSigned = (change: SystemChange | SignedChange): change is SignedChange => 'payload' in change

const answerWrite = (
  write: PendingWrite,
  batch: Batch,
  index: number,
  origin: OriginId,
  effects: EffectsDraft,
): void => {
  const value: CommandAnswer = {
    update: updateId(origin, batch.first + index),
    clock: write.draft.clock,
    server: write.server,
    batch,
  }
  for (const ticket of write.tickets) effects.answer.push({ ticket, result: succeed(value) })
}

const smallChangeBytes = 256
/** Two names, in an update that says what the mails are called now. */
const aimBytes = 64

/** What is shown by itself to those who have not got the log: a batch that is as large as may be could not be. */
const isShown = ({ draft: { change } }: PendingWrite): boolean =>
  !isSigned(change) && (change.kind === 'retirement' || change.kind === 'admission')

/** Groups that respect the limits of a batch; a single larger update goes alone, and so does one that is to be shown. */
const splitWrites = (writes: readonly PendingWrite[]): readonly (readonly PendingWrite[])[] => {
  const groups: PendingWrite[][] = []
  let bytes = 0
  let isClosed = true
  for (const write of writes) {
    const { change } = write.draft
    const signedBytes = isSigned(change) ? change.payload.length + (change.aims?.size ?? 0) * aimBytes : 0
    const size = signedBytes + smallChangeBytes
    const group = isClosed || isShown(write) ? undefined : groups.at(-1)
    if (group === undefined || group.length >= limits.batchUpdates || bytes + size > limits.batchBytes) {
      groups.push([write])
      bytes = size
    } else {
      group.push(write)
      bytes += size
    }
    isClosed = isShown(write)
  }
  return groups
}

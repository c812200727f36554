import type { CommandAnswer, Effects, Opinion } from '../../replica/core/effects.ts'
import type { Result } from '../../replica/core/model/errors.ts'
import type { AccountId, OriginId, PeerId, Sequence, UpdateId } from '../../replica/core/model/ids.ts'
import { splitUpdateId, updateId } from '../../replica/core/model/ids.ts'
import type { StateImage } from '../../replica/core/model/image.ts'
import { mailRecords } from '../../replica/core/model/mail-columns.ts'
import type { KnowledgeRows, Message, VersionVector } from '../../replica/core/model/messages.ts'
import type { Batch, Update } from '../../replica/core/model/updates.ts'
import { isForGood, isWord } from '../../replica/core/model/updates.ts'
import { heldFrom } from '../../replica/core/version-vector.ts'
import { decodeImage } from '../../replica/wire/image-decode.ts'
import { deletedBy, isLiveKind } from './ledger.ts'
import { meantBy } from '../../replica/core/model/meant.ts'
import type { Machine } from './machine.ts'
import type { DiskWrite } from './model-disk.ts'
import { holdersAmong } from './reference-model.ts'
import { Violation } from './violation.ts'
import type { World } from './world.ts'

/** One update id, one content, on all disks and in all messages. */
const oneContent = (machine: Machine, update: Update): void => {
  const id = updateId(update.origin, update.sequence)
  const known = machine.world.ledger.updates.get(id)
  if (machine.world.restored.has(update.origin)) return
  if (known === undefined || known === update || Buffer.compare(known.bytes, update.bytes) === 0) return
  throw new Violation('one content', `${machine.name} has another content for ${id}`)
}

/** An origin's updates are durable somewhere only in order, with clocks that only grow, but for words on what was written by a clock far ahead. */
const clocksGrow = (machine: Machine, update: Update): void => {
  const { ledger } = machine.world
  const id = updateId(update.origin, update.sequence)
  if (ledger.updates.has(id) || machine.world.restored.has(update.origin)) return
  const last = ledger.lastClock.get(update.origin) ?? 0
  if (update.clock <= last) throw new Violation('clock', `${id} has clock ${update.clock} after ${last}`)
  if (!isWord(update.change)) ledger.lastClock.set(update.origin, update.clock)
}

/** One command given (again) at one replica is executed once. */
const executedOnce = (machine: Machine, update: Update): void => {
  const { restored, ledger } = machine.world
  if (!('command' in update.change) || restored.has(update.origin)) return
  // A mark on what is of a fork may be aimed anew by who wrote it, too, and more than once: a copy that is taken up sets another aside.
  if (restored.size > 0 && (isForGood(update.change) || meantBy(update.change).length > 0)) return
  // A machine that is not honest keeps to nothing.
  if (ledger.saidOnceMore.has(update.change.command)) return
  const key = `${update.origin} ${update.change.command}`
  const { executed } = ledger
  const before = executed.get(key)
  if (before !== undefined && before !== update.sequence)
    throw new Violation('executed once', `${update.origin}:${update.sequence} repeats ${update.origin}:${before}`)
  executed.set(key, update.sequence)
}

/** One command that several replicas carried out is one mail or post, wherever more than one of its updates has come. */
export const shownOnce = (machine: Machine): void => {
  const shown = new Map<string, UpdateId>()
  const { ledger, coverage } = machine.world
  const { mails, posts } = machine.core.state
  for (const { origin, sequence } of [...mails.records(), ...posts.records()]) {
    const id = updateId(origin, sequence)
    const change = ledger.updates.get(id)?.change
    if ((change?.kind !== 'mail' && change?.kind !== 'post') || ledger.isForked(id)) continue
    if (ledger.namesOf(change).length > 1)
      coverage.note(change.kind === 'mail' ? 'mail given to two servers' : 'post given to two servers')
    const before = shown.get(`${change.account} ${change.command}`)
    if (before !== undefined) throw new Violation('executed once', `${machine.name} shows ${before} again as ${id}`)
    shown.set(`${change.account} ${change.command}`, id)
  }
}

/** Nobody is told that a replica holds what its disk does not cover. */
const noOverclaim = (machine: Machine, rows: KnowledgeRows): void => {
  const { liar } = machine.world
  for (const [holder, row] of rows) {
    // What a liar says of the others is handed on.
    if (liar !== null && holder !== machine.identity.origin) continue
    const owner = machine.world.machineOf(holder)
    if (machine.world.restored.has(holder)) continue
    if (owner === undefined) {
      if (row.size === 0) continue
      throw new Violation('over-claim', `${machine.name} tells a row of ${holder}, which does not exist`)
    }
    for (const [origin, sequence] of row) {
      const durable = heldFrom(owner.disk.durable, origin)
      if (sequence > durable)
        throw new Violation(
          'over-claim',
          `${machine.name} says that ${holder} holds ${origin}:${sequence}; it holds ${durable}`,
        )
    }
  }
}

/** What is sent of a log is durable at its sender. */
const durableBeforeSent = (machine: Machine, batches: readonly Batch[]): void => {
  for (const { origin, last } of batches) {
    if (heldFrom(machine.disk.durable, origin) < last)
      throw new Violation('durable before sent', `${machine.name} sends ${origin}:${last} before it is durable`)
  }
}

/** A write of the machine's disk has become durable. */
export const durable = (machine: Machine, write: DiskWrite): void => {
  const { ledger } = machine.world
  switch (write.kind) {
    case 'append': {
      const updates = write.batches.flatMap((batch) => batch.updates)
      machine.hybrid.noted(machine, updates)
      for (const update of updates) appended(machine, update)
      break
    }
    case 'store':
      for (const update of write.updates) {
        const id = updateId(update.origin, update.sequence)
        oneContent(machine, update)
        if (update.sequence <= heldFrom(machine.disk.durable, update.origin)) ledger.held(machine, id)
        if (machine.world.isRotten(machine, id)) machine.world.coverage.note('mail repaired')
      }
      break
    case 'snapshot': {
      const image = decodeImage(write.snapshot.chunks)
      if (!image.ok) throw new Violation('image', `an installed image cannot be read: ${image.failure.message}`)
      for (const { origin, sequence } of mailRecords(image.value.mails))
        if (machine.disk.holds(origin, sequence)) ledger.held(machine, updateId(origin, sequence))
      break
    }
    case 'continueAfter':
      break
  }
}

const appended = (machine: Machine, update: Update): void => {
  oneContent(machine, update)
  clocksGrow(machine, update)
  executedOnce(machine, update)
  machine.world.ledger.record(update)
  if (isLiveKind(update.change.kind)) machine.world.ledger.held(machine, updateId(update.origin, update.sequence))
  const isOwn = update.origin === machine.identity.origin
  if (isOwn && deletedBy(update.change).length > 0) machine.world.ledger.took(machine, update)
}

/** What does not ascend is refused where it comes in. */
const ascends = (machine: Machine, sequences: readonly Sequence[]): void => {
  if (sequences.some((sequence, index) => index > 0 && sequence <= (sequences[index - 1] ?? 0)))
    throw new Violation('malformed', `${machine.name} sends what is refused: ${sequences.join()}`)
}

export const sent = (machine: Machine, to: PeerId, message: Message): void => {
  const { sent: counts } = machine.world
  counts.set(machine, (counts.get(machine) ?? 0) + 1)
  if (message.kind === 'knowledge') machine.heartbeat.told(machine, to)
  switch (message.kind) {
    case 'hello':
    case 'knowledge':
      noOverclaim(machine, message.rows)
      break
    case 'batches':
      durableBeforeSent(machine, message.batches)
      for (const { updates } of message.batches) for (const update of updates) oneContent(machine, update)
      break
    case 'groupKey':
      machine.world.keyChanges?.given(machine, to, message)
      break
    case 'mailRequest':
      ascends(machine, message.sequences)
      break
    case 'mails':
      for (const update of message.updates) oneContent(machine, update)
      ascends(
        machine,
        message.updates.map(({ sequence }) => sequence),
      )
      break
    default:
      break
  }
}

export const published = (machine: Machine, batches: readonly Batch[]): void => {
  durableBeforeSent(machine, batches)
}

/** An answer means durable here. */
export const answered = (machine: Machine, result: Result<CommandAnswer>): void => {
  if (!result.ok) return
  const { origin, sequence } = splitUpdateId(result.value.update)
  if (heldFrom(machine.disk.durable, origin) < sequence)
    throw new Violation(
      'durable before answered',
      `${machine.name} acknowledges ${result.value.update} before it is durable`,
    )
}

/** A log is discarded only where every seat in use holds it durably, and the older kept snapshot covers it. */
export const compacting = (machine: Machine, floor: VersionVector): void => {
  for (const [origin, sequence] of floor) {
    for (const claim of holdersAmong(machine.core.state.seats)) {
      const holder = machine.world.machineOf(claim.origin)
      if (machine.world.restored.has(claim.origin) || !isBelieved(machine.world, holder)) continue
      if (holder !== undefined && heldFrom(holder.disk.durable, origin) < sequence)
        throw new Violation(
          'stable before discarded',
          `${machine.name} discards up to ${origin}:${sequence}, which ${claim.origin} does not hold`,
        )
    }
    const older = machine.disk.olderSnapshot
    if (older === null || heldFrom(older, origin) < sequence)
      throw new Violation(
        'snapshot before discarded',
        `${machine.name} discards ${origin}:${sequence}, which the older snapshot does not cover`,
      )
  }
}

/** What a liar says that it holds it need not hold, and others of whom it says so need not either. */
const isBelieved = ({ liar }: World, holder: Machine | undefined): boolean =>
  liar === null || (holder !== liar.machine && !liar.lies.has('hearsay'))

/** What a state image covers is durable where it is taken. */
export const imageTaken = (machine: Machine, { vector }: StateImage): void => {
  for (const [origin, sequence] of vector) {
    if (heldFrom(machine.disk.durable, origin) < sequence)
      throw new Violation(
        'durable before sent',
        `${machine.name} sends a state with ${origin}:${sequence} before it is durable`,
      )
  }
}

/** Nobody leaves anything out here: two states of which one covers the other never contradict each other. */
export const confirmed = (machine: Machine, { server, witness, leftOut }: Opinion): void => {
  if (witness !== null) machine.world.coverage.note('second opinion')
  if (leftOut > 0)
    throw new Violation(
      'left out',
      `${machine.name} is told by ${String(witness)} that ${server} left ${leftOut} things out`,
    )
}

/** So whoever was asked knows nothing of it that is not known here, when all has come that it had seen. */
export const installed = (machine: Machine, { notify }: Effects): void => {
  // Who runs another version may have understood more.
  if (machine.world.mix === 'versions') return
  if (!notify.some((notice) => notice.kind === 'transfer' && notice.phase === 'done'))
    throw new Violation('left out', `${machine.name} learns something from who confirmed a state`)
}

/** A mail is discarded only when its deletions are durable: a crash must not bring it back without its content. */
export const discarded = (machine: Machine, origin: OriginId, sequence: Sequence): void => {
  const mail = updateId(origin, sequence)
  const isLast = machine.notYetDurable.some(
    ({ change }) =>
      deletedBy(change).some(({ id }) => id === mail) ||
      (change.kind === 'accountDeletion' && isOwner(machine, change.account, mail)),
  )
  if (isLast)
    throw new Violation('durable before discarded', `${machine.name} discards ${mail} before its deletion is durable`)
}

const isOwner = (machine: Machine, account: AccountId, mail: UpdateId): boolean => {
  const change = machine.world.ledger.updates.get(mail)?.change
  return change?.kind === 'mail' && [change.account, ...change.to].includes(account)
}

/** A start finds every mail that was safe here, unless it was deleted. */
export const recovered = (machine: Machine, suffix: readonly Batch[]): void => {
  const { ledger } = machine.world
  // A write that a crash cut short may have survived.
  for (const { updates } of suffix) for (const update of updates) appended(machine, update)
  machine.hybrid.restarted()
  machine.heartbeat.restarted()
  for (const mail of ledger.heldBy(machine)) {
    // What rotted is found out, and fetched again, only after the start.
    const isWaiting = machine.world.isRotten(machine, machine.core.state.executions.standing(mail))
    if (ledger.acknowledged.has(mail) && !isWaiting) notLost(machine, mail)
  }
}

/** Live here, or deleted by everybody. */
export const notLost = (machine: Machine, mail: UpdateId): void => {
  const { ledger } = machine.world
  const { core, disk } = machine
  const { origin, sequence } = splitUpdateId(core.state.executions.standing(mail))
  if (ledger.isDeletedByAll(mail) || ledger.isForked(mail)) return
  // What came by an interrupted transfer is stored, but belongs to nobody's state yet.
  if (heldFrom(disk.durable, origin) < sequence && origin !== machine.identity.origin) return
  if (!core.isLive(origin, sequence)) throw new Violation('mail lost', `${machine.name} has lost the mail ${mail}`)
  if (!disk.holds(origin, sequence) && core.repairing === 0)
    throw new Violation('content lost', `${machine.name} has lost the content of ${mail}`)
}

/** Between two steps, when everything that the core shows is durable. */
export const settled = (machine: Machine): void => {
  viewIsOfGreeted(machine)
  machine.hybrid.settled(machine)
  machine.heartbeat.look(machine)
  machine.audit.look(machine)
}

/** The view is this server and those whose hello was accepted. */
const viewIsOfGreeted = (machine: Machine): void => {
  const { core } = machine
  const greeted = new Set([machine.seat, ...core.peers.allGreeted().map(({ server }) => server)])
  const told = core.view.servers
  if (told.length !== greeted.size || told.some((server) => !greeted.has(server)))
    throw new Violation('view', `${machine.name} shows ${told.join()}, is connected with ${[...greeted].join()}`)
}

const quietMs = 10_000
const messagesInQuiet = 1_000

/** When everybody agrees, whatever a liar goes on saying makes nobody talk without end. */
export const littleWork = (world: World): void => {
  const { timeline } = world
  world.sent.clear()
  timeline.run(timeline.nowMs + quietMs, () => false)
  for (const machine of world.lasting()) {
    const sent = world.sent.get(machine) ?? 0
    if (sent > messagesInQuiet) throw new Violation('work', `${machine.name} sends ${sent} messages in ${quietMs} ms`)
  }
}

/** A restart from the disk alone gives the same state. */
export const sameAfterRestart = (machine: Machine, digest: string): void => {
  if (machine.core.state.digest() !== digest)
    throw new Violation('recovery', `${machine.name} has another state after a restart`)
}

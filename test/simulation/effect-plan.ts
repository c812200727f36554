import type { Effects } from '../../replica/core/effects.ts'
import { encodeImage } from '../../replica/wire/image-encode.ts'
import * as checks from './checks.ts'
import { habits } from './habits.ts'
import type { Machine } from './machine.ts'
import { startOver } from './starting-over.ts'
import type { DiskWrite } from './model-disk.ts'
import { asWritten, batchAsWritten } from './versions.ts'

/** One part of carrying out a step's effects. A crash may come before any of them, and while one writes. */
export interface Action {
  readonly what: string
  readonly write: DiskWrite | null
  readonly run: () => void
}

/** What a step's effects ask for, in the order of `Effects`' fields, each group wholly before the next. */
export const planEffects = (machine: Machine, effects: Effects): Action[] => {
  const { network, coverage, trace, moments } = machine.world
  const { life } = machine
  const actions: Action[] = []
  const add = (what: string, effect: () => void): number => {
    const run = (): void => {
      moments?.act(machine, what)
      // It may have crashed then.
      if (machine.life === life) effect()
    }
    return actions.push({ what, write: null, run })
  }
  const write = (what: string, todo: DiskWrite, run: () => void = () => undefined): number =>
    actions.push({ what, write: todo, run })
  if (effects.persist.length > 0) write('persist', { kind: 'append', batches: effects.persist.map(batchAsWritten) })
  for (const { origin, updates } of effects.store)
    write('store', { kind: 'store', origin, updates: updates.map(asWritten) })
  if (effects.install !== null) {
    checks.installed(machine, effects)
    planInstall(machine, effects.install, write)
  }
  const { groupKey } = effects
  if (groupKey !== null) add('key', () => machine.groupKeys.use(groupKey))
  if (effects.gossip.length > 0) {
    add('gossip', () => {
      coverage.note('gossip published')
      checks.published(machine, effects.gossip)
      network.publish(machine.peer, effects.gossip)
    })
  }
  for (const { to, message, urgency } of effects.send) {
    add(message.kind === 'knowledge' ? 'knowledge' : 'send', () => {
      if (message.kind === 'batches') coverage.note('pushed directly')
      if (message.kind === 'request') coverage.note('batches asked for')
      machine.send(to, message, urgency)
    })
  }
  for (const task of effects.serve) add('serve', () => machine.server.serve(task))
  for (const peer of effects.disconnect) add('disconnect', () => network.disconnect(machine.peer, peer))
  const { deny } = effects
  if (deny !== null) {
    add('deny', () => {
      machine.denied = deny
      for (const peer of deny) network.disconnect(machine.peer, peer)
    })
  }
  for (const { ticket, result } of effects.answer) add('answer', () => machine.answer(ticket, result))
  for (const notice of effects.notify) {
    if (notice.kind === 'members') {
      add('members', () => {
        machine.groupKeys.know(notice.known)
        machine.remember([...notice.addresses.keys(), ...notice.former.keys()])
      })
    }
    if (notice.kind === 'transfer') {
      add('transfer', () => {
        coverage.note(`transfer ${notice.phase}`)
        trace.note(machine.name, `transfer ${notice.phase}`, () => notice.peer)
      })
    }
    if (notice.kind === 'secondOpinion') add('opinion', () => checks.confirmed(machine, notice))
    if (notice.kind === 'takenOver') add('taken over', () => machine.world.logIns?.takenOver(machine, notice.session))
    if (notice.kind === 'retired') add('retired', () => (machine.wasToldRetired = true))
    if (notice.kind === 'forked') add('forked', () => startOver(machine, notice.origin))
  }
  add('background', () => machine.background.begin(effects))
  return inHabitualOrder(actions)
}

const planInstall = (
  machine: Machine,
  { image, continueAfter }: NonNullable<Effects['install']>,
  write: (what: string, todo: DiskWrite, run?: () => void) => number,
): void => {
  const { vector } = image
  write('install', { kind: 'snapshot', snapshot: { vector: new Map(vector), chunks: encodeImage(image) } }, () => {
    machine.world.coverage.note('snapshot of a transfer')
    machine.enqueue({ kind: 'snapshotWritten', vector })
  })
  for (const [origin, sequence] of continueAfter) write('continue', { kind: 'continueAfter', origin, sequence })
}

/** Planted bugs let one kind of effect come before what it rests on. */
const inHabitualOrder = (actions: Action[]): Action[] => {
  const early = { right: null, 'answers first': 'answer', 'knowledge first': 'knowledge', 'gossip first': 'gossip' }[
    habits.order
  ]
  if (early === null) return actions
  return [...actions.filter(({ what }) => what === early), ...actions.filter(({ what }) => what !== early)]
}

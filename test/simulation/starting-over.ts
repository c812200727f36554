import type { OriginId, Sequence, UpdateId } from '../../replica/core/model/ids.ts'
import { splitUpdateId, updateId } from '../../replica/core/model/ids.ts'
import { limits } from '../../replica/core/model/limits.ts'
import type { Batch, Update } from '../../replica/core/model/updates.ts'
import { originOf } from '../../replica/wire/keys.ts'
import { Divergence, relationOf, stateOf } from '../../replica/host/divergence.ts'
import { isToBeDisowned, ofOtherSide } from '../../replica/host/former-install.ts'
import { peopleOnlyIn } from '../../replica/host/people-of-copy.ts'
import { onceMore, Reissuing, type Reissued } from '../../replica/host/reissue.ts'
import { fullestCopy, goingOn, isAlone } from '../../replica/host/taking-up.ts'
import { asTheyAre, worthGivingBack } from '../../replica/host/worth-giving-back.ts'
import type { KeptKeys } from './group-keys.ts'
import type { Machine } from './machine.ts'
import type { ModelDisk } from './model-disk.ts'
import { newIdentity } from './sim-codec.ts'
import { firstHash, makeBatchOf, signSuccession } from './sim-wire.ts'
import { Violation } from './violation.ts'

const lookEveryMs = 300
/** So often in a row nobody has a state before an older one is taken up: by whoever has the fullest, or if that does not, by any. */
const strandedLooks = 20
const strandedLooksOfAny = 60
/** So often in a row nobody is seen before a copy is taken up that knows of nobody else. Where there are others the program waits for longer than histories last. */
const aloneLooks = 20
const microsPerMs = 1_000

/**
 * What the program around the core does with an old copy that was written to: it is set aside, a new install goes on in
 * the seat, and when that has what the others have, it gives back what only the old copy had. `forked`
 * is null where somebody wants the copy anew.
 */
export const startOver = (old: Machine, forked: OriginId | null): void => {
  const { world } = old
  if (!world.isHonest(old)) return
  if (forked !== null && !world.restored.has(forked))
    throw new Violation('fork', `${old.name} finds that ${forked} has forked`)
  old.crash()
  old.isDestroyed = true
  const { peer } = newIdentity(world.random, old.seat)
  const origin = originOf(old.seat, peer)
  const change = {
    kind: 'seat',
    server: old.seat,
    peer,
    machine: `machine ${world.machines.length + 1}`,
    replaces: old.identity.origin,
    succession: { former: old.peer, signature: signSuccession(old, peer) },
  } as const
  const admission = makeBatchOf(origin, peer)(1, firstHash(origin), [{ clock: old.wallMs * microsPerMs, change }])
  const next = old.successor(
    { origin, server: old.seat, peer, admission, vouchers: vouchersOf(old) },
    { kind: 'claim', server: old.seat, machine: change.machine, replaces: change.replaces },
  )
  next.skewMs = old.skewMs
  next.groupKeys.kept = old.groupKeys.kept
  next.aside = [...old.aside, { disk: old.disk, install: old.identity.origin, forked }]
  world.ledger.inherit(next, old)
  world.coverage.note('old copy started over')
  world.trace.note(next.name, 'goes on for', () => old.name)
  world.add(next, old)
  next.start()
}

const vouchersOf = ({ identity: { admission, vouchers } }: Machine): readonly Batch[] =>
  admission === null ? [] : [admission, ...vouchers].slice(0, limits.vouchers)

/** A copy that was set aside. */
export interface Aside {
  readonly disk: ModelDisk
  /** The install that it is of. */
  readonly install: OriginId
  /** Whose log had forked; null when none had. */
  readonly forked: OriginId | null
}

/** A copy of everything that a machine has on its disk. */
export interface Backup {
  readonly disk: ModelDisk
  readonly aside: readonly Aside[]
  readonly keys: KeptKeys
}

/** A copy of a disk that tells this machine of damage. */
const copyOf = (machine: Machine, disk: ModelDisk): ModelDisk =>
  disk.copy((origin, sequence) => machine.enqueue({ kind: 'damaged', origin, first: sequence, last: sequence }))

/** A copy of the disk as it is now, with what was set aside on it. */
export const backUpOf = (machine: Machine): Backup => ({
  disk: copyOf(machine, machine.disk),
  aside: machine.aside,
  keys: machine.groupKeys.kept,
})

/** In this life of the machine. */
export const beginGivingBack = (machine: Machine): void => {
  machine.enqueue({ kind: 'copies', are: 'waiting', forked: machine.aside.flatMap(({ forked }) => forked ?? []) })
  giveBack(machine)
}

/** Gives back, again and again until all of it is. */
const giveBack = (machine: Machine, looks = 0, alone = 0): void => {
  machine.later(lookEveryMs, () => {
    machine.whenIdle(() => {
      const [aside] = machine.aside
      if (aside === undefined) {
        machine.enqueue({ kind: 'copies', are: 'givenBack' })
        return
      }
      if (machine.isUp && machine.core.isCaughtUp) giveBackOne(machine, aside)
      else {
        const stranded = machine.isUp && machine.core.isStranded ? looks + 1 : 0
        const fullest = stranded === 0 ? null : fullestOf(machine.aside)
        if (stranded === 1) machine.enqueue({ kind: 'aside', updates: fullest?.updates ?? 0 })
        const isDue = stranded >= (machine.isUp && machine.core.isFirstToTakeUp ? strandedLooks : strandedLooksOfAny)
        const aloneNow = machine.isUp && isAlone(machine.core) ? alone + 1 : 0
        const only = aloneNow >= aloneLooks ? fullestOf(machine.aside) : null
        if (isDue && fullest !== null) takeUp(machine, fullest.copy)
        else if (only?.isOnly === true) takeUp(machine, only.copy)
        else giveBack(machine, stranded, aloneNow)
      }
    })
  })
}

const fullestOf = (copies: readonly Aside[]): ReturnType<typeof fullestCopy<Aside>> =>
  fullestCopy(copies.map((copy) => ({ copy, state: stateOf(copy.disk.recover()) })))

/**
 * Nobody has a state any more: each of those who had one has started over. The machine begins anew from the copy; what it had at last is
 * set aside instead, unless the copy has all of it now (as `carryOver`).
 */
const takeUp = (machine: Machine, taken: Aside): void => {
  const { world } = machine
  world.trace.note(machine.name, 'takes an old copy up again')
  world.coverage.note('old copy taken up again')
  machine.crash()
  const former = machine.disk
  const disk = copyOf(machine, taken.disk)
  const state = stateOf(disk.recover())
  let isAll = true
  for (const [origin, last] of former.recover().highest) {
    if (state.held(origin) > 0) isAll = false
    const batches = goingOn(state, firstHash, former.readBatches(origin, state.held(origin), Infinity))
    if (batches.length > 0) disk.commit({ kind: 'append', batches })
    if (state.held(origin) < last) isAll = false
  }
  const left = isAll ? [] : [{ disk: former, install: machine.identity.origin, forked: null }]
  machine.aside = [...machine.aside.filter((aside) => aside !== taken), ...left]
  machine.takeUp(disk)
}

const giveBackOne = (machine: Machine, aside: Aside): void => {
  const { core } = machine
  const copy = stateOf(aside.disk.recover())
  const [disowned] = [
    isToBeDisowned(core, aside.install, copy) ? [aside.install] : [],
    ofOtherSide(core.state, copy),
  ].flat()
  if (disowned !== undefined) {
    machine.command({ kind: 'disown', machine: disowned }, (answer) => {
      machine.world.trace.note(machine.name, 'retires before it gives back', () => disowned)
      if (answer !== null) giveBack(machine)
    })
    return
  }
  const [found, again]: [Update[], Update[]] = [[], []]
  for (const [origin, last] of aside.disk.recover().highest) {
    if (origin === machine.identity.origin) continue
    const batches = asTheyAre(core.state, aside.disk.readBatches(origin, core.state.held(origin), Infinity))
    if (batches.length > 0) machine.enqueue({ kind: 'handedIn', batches })
    const divergence = divergent(machine, aside, origin, last)
    found.push(...divergence.updates())
    again.push(...divergence.again())
  }
  mend(machine, aside, found)
  const isHeld = (id: UpdateId): boolean => {
    const { origin, sequence } = splitUpdateId(id)
    return sequence <= core.state.held(origin)
  }
  const reissuing = new Reissuing(worthGivingBack(found, copy, core.state), isHeld)
  const wishes = reissuing.wishes()
  const became = (index: number, update: UpdateId): void => {
    const id = wishes[index]?.id
    if (id !== undefined) reissuing.became(id, update)
    machine.world.coverage.note('update issued again')
  }
  const commands = wishes.map(({ wish }) => wish)
  const people = peopleOnlyIn(copy, core.state)
  const rest = (): void =>
    issue(machine, commands, became, () => {
      const marks = [...reissuing.marks(marksElsewhere(aside, reissuing, found)), ...onceMore(again)]
      const counted = (): void => machine.world.coverage.note('mark of a fork aimed anew')
      issue(machine, marks, counted, () => {
        machine.aside = machine.aside.slice(1)
        giveBack(machine)
      })
    })
  issue(machine, people, () => undefined, rest)
}

/** All at once; `done` when all are answered. Without an answer the machine went down: its next life begins again. */
const issue = (
  machine: Machine,
  wishes: readonly Reissued[],
  became: (index: number, update: UpdateId) => void,
  done: () => void,
): void => {
  // As the program, which tries it again from the beginning.
  if (machine.isFull) {
    giveBack(machine)
    return
  }
  let open = wishes.length
  if (open === 0) done()
  for (const [index, wish] of wishes.entries()) {
    machine.command(wish, (answer) => {
      if (answer === null) return
      if (answer.ok) became(index, answer.value.update)
      open -= 1
      if (open === 0) done()
    })
  }
}

const marksElsewhere = ({ disk }: Aside, reissuing: Reissuing, found: readonly Update[]): readonly Update[] => {
  const own = new Set(found.map(({ origin, sequence }) => updateId(origin, sequence)))
  return disk
    .updates()
    .filter((update) => reissuing.concerns(update) && !own.has(updateId(update.origin, update.sequence)))
    .sort((left, right) => left.clock - right.clock)
}

const mend = (machine: Machine, aside: Aside, forked: readonly Update[]): void => {
  const names = new Set(forked.map(({ origin, sequence }) => updateId(origin, sequence)))
  for (const [origin, sequences] of machine.core.wanted) {
    const updates = [...sequences].flatMap((sequence) =>
      names.has(updateId(origin, sequence)) ? [] : (aside.disk.readUpdate(origin, sequence) ?? []),
    )
    machine.enqueue({ kind: 'mend', origin, updates })
  }
}

const divergent = (machine: Machine, aside: Aside, origin: OriginId, last: Sequence): Divergence => {
  const { state } = machine.core
  const told = origin === aside.forked ? 'forked' : 'not known to be forked'
  const divergence = new Divergence(relationOf(stateOf(aside.disk.recover()), state, origin, told), state.held(origin))
  for (let sequence = last; sequence > 0; sequence -= 1) {
    const mine = aside.disk.readUpdate(origin, sequence)
    const theirs = machine.disk.readUpdate(origin, sequence)
    if (mine !== null && divergence.meet(mine, theirs?.bytes) === 'end') break
  }
  return divergence
}

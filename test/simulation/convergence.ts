import type { OriginId } from '../../replica/core/model/ids.ts'
import { splitUpdateId, updateId } from '../../replica/core/model/ids.ts'
import { folderNames } from '../../replica/core/state/mail-folders.ts'
import { covers, heldFrom } from '../../replica/core/version-vector.ts'
import type { VersionVector } from '../../replica/core/model/messages.ts'
import type { Machine } from './machine.ts'
import { foldersOf } from './reference-folders.ts'
import { describeImage, describeUpdates, holdersAmong, updatesUpTo } from './reference-model.ts'
import { Violation } from './violation.ts'
import type { World } from './world.ts'

/** Whether all lasting machines hold the same, durably, and have nothing left to fetch. */
export const isConverged = (world: World): boolean => differences(world).length === 0

/** Demands what must hold after everything was healed. */
export const converged = (world: World): void => {
  const open = differences(world)
  if (open.length > 0) throw new Violation('convergence', open.join('\n'))
  for (const machine of world.lasting()) {
    machine.audit.lookNow(machine)
    // The model knows one content of each name.
    if (world.restored.size === 0) agreesWithModel(machine)
    mailboxesSorted(machine)
  }
  if (world.restored.size === 0) nothingLost(world)
  else noWishLost(world)
  const [first] = world.lasting()
  if (first === undefined) return
  const claims = first.core.state.seats.claims()
  const replaced = new Set(claims.flatMap(({ replaces }) => replaces ?? []))
  if (holdersAmong(first.core.state.seats).length + replaced.size < claims.length)
    world.coverage.note('seat claimed twice')
  const { accounts } = first.core.state
  if (accounts.records().some(({ account }) => accounts.nameOf(account)?.includes('~') === true))
    world.coverage.note('names taken twice')
}

const differences = (world: World): readonly string[] => {
  const [first, ...others] = world.lasting()
  if (first === undefined) return []
  const found = world.lasting().flatMap(unfinished)
  if (found.length > 0) return found
  for (const other of others) {
    const [one, two] = [vectorText(first), vectorText(other)]
    if (one !== two) return [`vectors differ: ${first.name} ${one}`, `${other.name} ${two}`]
    if (first.core.state.digest() === other.core.state.digest()) continue
    const [left, right] = [describeImage(first.core.state.image()), describeImage(other.core.state.image())]
    return [`digests differ: ${first.name} and ${other.name}`, ...difference(first.name, left, other.name, right)]
  }
  return [...notHandedOver(world, first), ...unstable(world)]
}

/** What a retired machine had when it came back is taken in, and it is told. */
const notHandedOver = (world: World, first: Machine): readonly string[] =>
  world.machines
    .filter((machine) => world.isRetired(machine) && machine.isUp)
    .flatMap(({ name, core }) => {
      if (!covers(first.core.state.vector, core.state.vector)) return [`${name} has not handed over what it has`]
      return core.isRetired ? [] : [`${name} does not know that it is retired`]
    })

/** With every seat's holder there, all that is held must come to be known as stable. */
const unstable = (world: World): readonly string[] => {
  const isThere = (origin: OriginId): boolean => world.machineOf(origin)?.isDestroyed === false
  return world.lasting().flatMap(({ name, core }) => {
    const holders = holdersAmong(core.state.seats).map(({ origin }) => origin)
    if (!holders.every(isThere) || covers(core.stable, core.state.vector)) return []
    return [`${name} does not find out that all of it is stable`]
  })
}

const unfinished = (machine: Machine): readonly string[] => {
  if (!machine.isSettled) return [`${machine.name} is at work`]
  const { core } = machine
  if (core.state.seats.claimOf(machine.identity.origin) === undefined) return [`${machine.name} has no claim`]
  const found: string[] = []
  if (core.repairing > 0) found.push(`${machine.name} still repairs ${core.repairing} mails`)
  if (core.transferringFrom !== null) found.push(`${machine.name} is in a state transfer`)
  if (machine.aside.length > 0) found.push(`${machine.name} has not given back its old copy`)
  if (core.hindrance !== null) found.push(`${machine.name} is ${core.hindrance}`)
  return found
}

const vectorText = (machine: Machine): string =>
  [...machine.core.state.vector]
    .map(([origin, sequence]) => `${origin}:${sequence}`)
    .sort()
    .join(' ')

/** The state is that of the naive model of the same set of updates. */
const agreesWithModel = (machine: Machine): void => {
  const { state } = machine.core
  const model = describeUpdates(updatesUpTo(state.vector, machine.world.ledger.updates))
  const found = difference('model', model, machine.name, describeImage(state.image()))
  if (found.length > 0) throw new Violation('model', found.join('\n'))
}

/** Every mail that was acknowledged and that a lasting disk held is on all, with its content, unless deleted. */
const nothingLost = (world: World): void => {
  const [first] = world.lasting()
  if (first === undefined) return
  const { vector } = first.core.state
  const gone = new Set(goneMails(world, vector))
  for (const mail of world.ledger.acknowledged) {
    const holders = world.lasting().filter((machine) => world.ledger.heldBy(machine).has(mail))
    if (holders.length === 0 || gone.has(mail)) continue
    const { origin, sequence } = splitUpdateId(mail)
    for (const { core, disk, name } of world.lasting()) {
      if (heldFrom(core.state.vector, origin) < sequence || !core.isLive(origin, sequence))
        throw new Violation(
          'mail lost',
          `${name} has not got ${mail}, which ${holders.map((holder) => holder.name).join()} held`,
        )
      if (!disk.holds(origin, sequence) && !world.isRotten({ name }, mail))
        throw new Violation('content lost', `${name} has no content of ${mail}`)
    }
  }
}

/**
 * Where copies were restored a mail may go by another name in the end: every acknowledged wish that a lasting machine, or
 * the old copy that it started over from, held is live somewhere on each, unless somebody deleted a copy of it.
 */
const noWishLost = (world: World): void => {
  const deletedCommands = commandsDeleted(world)
  const deletedPeople = new Set<string>(world.lasting().flatMap(({ core }) => core.state.accounts.deleted()))
  for (const machine of world.lasting()) {
    const live = new Set<string>()
    for (const { origin, sequences } of machine.core.state.mails.columns().origins) {
      for (const sequence of sequences) {
        const id = updateId(origin, sequence)
        // What is rotten here is whole elsewhere, and of the same log: two logs may have gone by its name.
        const update = [machine, ...world.lasting()].flatMap(({ disk }) => disk.readUpdate(origin, sequence) ?? [])[0]
        const change = (update ?? world.ledger.updates.get(id))?.change
        if (change?.kind === 'mail') live.add(change.command)
      }
    }
    for (const { command, people } of world.ledger.acknowledgedWishes) {
      const isHeld = world.lasting().some((holder) => world.ledger.holdsCommand(holder, command))
      const mayBeGone = deletedCommands.has(command) || people.every((person) => deletedPeople.has(person))
      if (!isHeld || mayBeGone || live.has(command)) continue
      const holders = world.lasting().filter((holder) => world.ledger.holdsCommand(holder, command))
      const names = [...world.ledger.commandsNamed].flatMap(([id, commands]) => (commands.has(command) ? [id] : []))
      throw new Violation(
        'mail lost',
        `${machine.name} has not got the mail of command ${command} (${names.join()}), which ${holders.map(({ name }) => name).join()} held`,
      )
    }
  }
}

/** The commands behind mails of which somebody deleted a copy. */
const commandsDeleted = (world: World): ReadonlySet<string> => {
  const deleted = new Set<string>()
  for (const { change } of world.ledger.all()) {
    const isBulk = change.kind === 'marks' && change.mark === 'delete'
    const mails = isBulk ? change.mails : change.kind === 'deletion' ? [change.mail] : []
    for (const id of mails) for (const command of world.ledger.commandsNamed.get(id) ?? []) deleted.add(command)
  }
  return deleted
}

const goneMails = (world: World, vector: VersionVector): readonly string[] => {
  const updates = updatesUpTo(vector, world.ledger.updates)
  const live = new Set(
    describeUpdates(updates).flatMap((line) => (line.startsWith('mail ') ? [line.split(' ')[1] ?? ''] : [])),
  )
  return updates.flatMap(({ origin, sequence, change }) => {
    const id = `${origin}:${sequence}`
    return change.kind === 'mail' && !live.has(id) ? [id] : []
  })
}

/** Folders show each live copy once, newest first. */
const mailboxesSorted = (machine: Machine): void => {
  const { mails, accounts } = machine.core.state
  const image = machine.core.state.image()
  for (const { account } of accounts.records()) {
    const expected = foldersOf(image, account)
    for (const name of folderNames) {
      const index = mails.mailbox(account).index(name)
      const shown = index.page(index.size, null).map(({ origin, sequence }) => updateId(origin, sequence))
      const { mails: right, unread } = expected[name]
      if (shown.join() !== right.join() || mails.mailbox(account).unread(name) !== unread)
        throw new Violation(
          'mailbox',
          `${name} of ${account} on ${machine.name} is out of order, or does not show what is there`,
        )
    }
  }
}

const shownLines = 6

const difference = (
  nameOne: string,
  one: readonly string[],
  nameTwo: string,
  two: readonly string[],
): readonly string[] => {
  const inOne = new Set(one)
  const inTwo = new Set(two)
  return [
    ...one
      .filter((line) => !inTwo.has(line))
      .map((line) => `only ${nameOne}: ${line}`)
      .slice(0, shownLines),
    ...two
      .filter((line) => !inOne.has(line))
      .map((line) => `only ${nameTwo}: ${line}`)
      .slice(0, shownLines),
  ]
}

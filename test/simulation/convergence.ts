import type { CommandId, OriginId, UpdateId } from '../../replica/core/model/ids.ts'
import { splitUpdateId, tagOf, tagsAgree, updateId } from '../../replica/core/model/ids.ts'
import { folderNames } from '../../replica/core/state/mail-folders.ts'
import { covers, heldFrom } from '../../replica/core/version-vector.ts'
import type { MailRecord } from '../../replica/core/model/mail-columns.ts'
import type { Meant } from '../../replica/core/model/meant.ts'
import type { VersionVector } from '../../replica/core/model/messages.ts'
import { keysApart } from './group-keys.ts'
import { deletedBy } from './ledger.ts'
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
  else {
    noWishLost(world)
    nothingDeletedBack(world)
    nothingHitByMistake(world)
  }
  if (world.joinedAgain.size > 0) {
    noWishLost(world)
    nothingDeletedBack(world)
  }
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
  return [
    ...notHandedOver(world, first),
    ...seatsOfFormers(world, first),
    ...unstable(world),
    ...keysApart(world, world.lasting()),
    ...(world.logIns?.apart() ?? []),
  ]
}

/** What a retired machine had when it came back is taken in, and it is told. */
const notHandedOver = (world: World, first: Machine): readonly string[] =>
  world.machines
    .filter((machine) => world.isRetired(machine) && machine.isUp && world.isHonest(machine))
    // Nothing is taken from one that was shut out, and it is not let in.
    .filter(({ identity }) => !first.core.state.seats.isShutOut(identity.origin))
    // Who was retired by the word of one that was shut out itself is for the others what it was.
    .filter(({ identity }) => first.core.state.seats.isRetired(identity.origin))
    .flatMap(({ name, core }) => {
      if (!covers(first.core.state.vector, core.state.vector)) return [`${name} has not handed over what it has`]
      return core.isRetired ? [] : [`${name} does not know that it is retired`]
    })

/** What a machine was before it joined again has no seat: it would never come, and nothing would be stable any more. */
const seatsOfFormers = (world: World, first: Machine): readonly string[] => {
  const holders = new Set(first.core.state.seats.holders().map(({ origin }) => origin))
  return [...world.joinedAgain]
    .filter(({ isDestroyed, identity }) => isDestroyed && holders.has(identity.origin))
    .map(({ name }) => `${name} has a seat, though its machine has joined again as another one`)
}

/** With every seat's holder there, all that is held must come to be known as stable. */
const unstable = (world: World): readonly string[] => {
  const isThere = (origin: OriginId): boolean => world.machineOf(origin)?.isDestroyed === false
  // What a liar holds may never be known.
  if (world.liar !== null) return []
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
  if (core.state.later.records().length > 0) found.push(`${machine.name} has not understood all that it has kept`)
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
    const live = liveByCommand(world, machine)
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

/** Somebody deleted a mail at a machine whose disk was not lost: it is deleted, whatever it is called by now. */
const nothingDeletedBack = (world: World): void => {
  const { ledger } = world
  const deletions = world.lasting().flatMap((machine) => ledger.takenBy(machine))
  for (const machine of world.lasting()) {
    const live = liveByCommand(world, machine)
    for (const { origin, sequence, change } of deletions) {
      if (!('account' in change)) continue
      // What was a fork of another machine's log is given back by that one, which may not know of the deletion.
      const meant = deletedBy(change).filter(({ id }) => isOwnOrWhole(world, id, origin))
      for (const command of meant.flatMap((one) => commandsMeant(world, one))) {
        const mail = live.get(command)
        if (mail === undefined || !machine.core.state.mails.isOwnedBy(mail, change.account)) continue
        const name = updateId(mail.origin, mail.sequence)
        const by = updateId(origin, sequence)
        throw new Violation('deleted stays deleted', `${machine.name} shows ${name}, which was deleted by ${by}`)
      }
    }
  }
}

/** A copy is deleted only if its owner deleted this mail, not another one that once went by a name of it. */
const nothingHitByMistake = (world: World): void => {
  const deleters = new Map<string, Set<string>>()
  for (const { change } of world.ledger.all()) {
    if (!('account' in change)) continue
    for (const command of deletedBy(change).flatMap((meant) => commandsMeant(world, meant)))
      deleters.set(command, (deleters.get(command) ?? new Set()).add(change.account))
  }
  for (const machine of world.lasting()) {
    const { mails, accounts } = machine.core.state
    for (const [command, mail] of liveByCommand(world, machine)) {
      for (const owner of [mail.from, ...mail.to]) {
        if (mails.isOwnedBy(mail, owner) || accounts.isDeleted(owner) || deleters.get(command)?.has(owner) === true)
          continue
        const name = updateId(mail.origin, mail.sequence)
        throw new Violation(
          'deleted by nobody',
          `${machine.name} lacks the copy of ${name} that ${owner} has not deleted`,
        )
      }
    }
  }
}

const isOwnOrWhole = ({ restored }: World, id: UpdateId, own: OriginId): boolean => {
  const { origin } = splitUpdateId(id)
  return origin === own || !restored.has(origin)
}

/** The live mails of a machine, whatever they are called. */
const liveByCommand = (world: World, machine: Machine): ReadonlyMap<string, MailRecord> => {
  const live = new Map<string, MailRecord>()
  for (const mail of machine.core.state.mails.records()) {
    const { origin, sequence } = mail
    // What is rotten here is whole elsewhere, and of the same log: two logs may have gone by its name.
    const update = [machine, ...world.lasting()].flatMap(({ disk }) => disk.readUpdate(origin, sequence) ?? [])[0]
    const change = (update ?? world.ledger.updates.get(updateId(origin, sequence)))?.change
    if (change?.kind === 'mail') live.set(change.command, mail)
  }
  return live
}

/** The commands behind mails of which somebody deleted a copy. */
const commandsDeleted = (world: World): ReadonlySet<string> =>
  new Set(world.ledger.all().flatMap(({ change }) => deletedBy(change).flatMap((meant) => commandsMeant(world, meant))))

const commandsMeant = ({ ledger }: World, { id, tag }: Meant): readonly CommandId[] =>
  [...(ledger.commandsNamed.get(id) ?? [])].filter((command) => tagsAgree(tag, tagOf(command)))

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

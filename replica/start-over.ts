import { access, mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { msToClock } from './core/model/clock.ts'
import { QuintetError } from './core/model/errors.ts'
import { isOriginId, originId } from './core/model/ids.ts'
import type { OriginId } from './core/model/ids.ts'
import { limits } from './core/model/limits.ts'
import { writeFileAtomically } from './drivers/atomic-file.ts'
import { renameFile, syncDirectory, systemCode } from './drivers/file-names.ts'
import {
  loadAttachment,
  loadInstall,
  loadNextInstall,
  removeNextInstall,
  saveInstall,
  saveNextInstall,
} from './drivers/install-file.ts'
import { openNedbStorage } from './drivers/nedb-storage.ts'
import { systemClock } from './drivers/system-clock.ts'
import type { AsideLog } from './host/give-back.ts'
import type { Install } from './host/install.ts'
import type { LoggerPort } from './host/ports.ts'
import { carryOver } from './host/taking-up.ts'
import { type Keys, newKeys } from './new-install.ts'
import { originOf, peerIdOf } from './wire/keys.ts'
import { successionBatch } from './wire/succession.ts'
import { createWire } from './wire/wire.ts'

const asideName = 'aside'
const forkedName = 'forked'
/** Names the copy that is being taken up, while it is. */
const takingName = 'taking-up'
const takenName = 'taken-up'
const dialTimeoutMs = 3_000

/** Why a copy is set aside: its log has forked, or a person wants it anew. */
export type Occasion = 'forked' | 'reset'

/** The install that goes on in the seat of `install`, which signs for it: a new identity, hence a new origin. */
export const successorOf = (install: Install, machine: string, keys: Keys = newKeys()): Install => {
  const { server, groupId } = install
  const peer = peerIdOf(keys.publicKey)
  const origin = originOf(server, peer)
  const batch = successionBatch(groupId, { ...install, machine }, { origin, ...keys }, msToClock(systemClock.nowMs()))
  // Who has not heard of this install before it started over sees who had let it in.
  const vouchers = install.admission === null ? [] : [install.admission, ...install.vouchers].slice(0, limits.vouchers)
  return { ...install, ...keys, peer, origin, machine, admission: batch.bytes, vouchers }
}

/**
 * Sets the copy in a data directory aside and makes it that of `next`. What only the copy had is given back later, see
 * `openAside`. A crash on the way is made up for by `finishStartingOver`.
 */
export const startOver = async (
  directory: string,
  next: Install,
  occasion: { readonly kind: Occasion; readonly forked: OriginId | null },
): Promise<void> => {
  const former = await loadInstall(directory)
  const aside = await makeAside(directory, former?.origin ?? next.origin)
  if (occasion.forked !== null) await writeFileAtomically(join(aside, forkedName), occasion.forked)
  // Who takes everything anew wants the others, all of them.
  if (occasion.kind === 'reset') await rm(join(directory, 'settings', 'paused.json'), { force: true })
  await saveNextInstall(directory, next)
  await finishStartingOver(directory)
}

/** Goes on where a crash interrupted `startOver`, if it did. */
export const finishStartingOver = async (directory: string): Promise<void> => {
  const next = await loadNextInstall(directory)
  if (next === null) return
  const former = await loadInstall(directory)
  if (former !== null && former.origin !== next.origin) {
    await moveCopy(directory, await makeAside(directory, former.origin))
    await saveInstall(directory, next)
  }
  await removeNextInstall(directory)
}

/**
 * Lets the install of a data directory go on from a copy that was set aside in it; what it had at last is set aside instead, under the same name.
 * A crash on the way is made up for by `finishTakingUp`.
 */
export const takeUp = async (
  directory: string,
  copy: OriginId,
  { groupId, logger }: { readonly groupId: Uint8Array; readonly logger: LoggerPort },
): Promise<void> => {
  const wire = createWire({ groupId })
  const present = await openNedbStorage({ directory, wire, logger, readErrors: 'failure' })
  const { storage } = await openAside(directory, copy, groupId, logger)
  let carried: 'all' | 'some'
  try {
    carried = await carryOver(present, storage, (origin) => wire.firstHash(origin))
  } finally {
    await Promise.all([present.close(), storage.close()])
  }
  await rm(join(directory, takenName), { recursive: true, force: true })
  await writeFileAtomically(join(directory, takingName), copy)
  await finishTakingUp(directory)
  // Otherwise clients would be kept waiting at each start until somebody else comes.
  if (carried === 'all') await rm(join(directory, asideName, copy), { recursive: true, force: true })
}

/** Goes on where a crash interrupted `takeUp`, if it did. */
export const finishTakingUp = async (directory: string): Promise<void> => {
  const taking = await readText(join(directory, takingName))
  if (taking === null) return
  const copy = originId(taking.trim())
  const taken = join(directory, takenName)
  if (!(await exists(taken))) await renameFile(join(directory, asideName, copy), taken)
  const aside = await makeAside(directory, copy)
  // As long as its log has not left, what is in the data directory is the present copy.
  if (await exists(join(taken, 'log'))) await moveCopy(directory, aside)
  await moveCopy(taken, directory)
  await rm(join(directory, takingName))
  await syncDirectory(directory)
  await rm(taken, { recursive: true, force: true })
}

/** Where a copy is set aside. It is there for good before anything is moved into it. */
const makeAside = async (directory: string, copy: OriginId): Promise<string> => {
  const asides = join(directory, asideName)
  const aside = join(asides, copy)
  await mkdir(aside, { recursive: true, mode: 0o700 })
  await syncDirectory(asides)
  await syncDirectory(directory)
  return aside
}

/** Moves what of a copy is not there yet, the log first. */
const moveCopy = async (from: string, to: string): Promise<void> => {
  for (const part of ['log', 'snapshot']) {
    const [here, there] = [join(from, part), join(to, part)]
    if ((await exists(here)) && !(await exists(there))) await renameFile(here, there)
    await syncDirectory(to)
    await syncDirectory(from)
  }
}

/** The installs of which copies were set aside and not wholly given back. */
export const asideCopies = async (directory: string): Promise<readonly OriginId[]> =>
  (await unlessAbsent(readdir(join(directory, asideName)), [])).filter(isOriginId).map(originId).sort()

/** The logs because of which copies were set aside. */
export const forkedAside = async (directory: string): Promise<readonly OriginId[]> => {
  const copies = await asideCopies(directory)
  const found = await Promise.all(copies.map((copy) => forkedIn(join(directory, asideName, copy))))
  return found.filter((origin) => origin !== null)
}

const forkedIn = async (aside: string): Promise<OriginId | null> => {
  const forked = await readText(join(aside, forkedName))
  return forked === null ? null : originId(forked.trim())
}

export const openAside = async (
  directory: string,
  copy: OriginId,
  groupId: Uint8Array,
  logger: LoggerPort,
): Promise<AsideLog> => {
  const aside = join(directory, asideName, copy)
  const wire = createWire({ groupId })
  // It is removed when it has been given back: all of it has to be read.
  const storage = await openNedbStorage({ directory: aside, wire, logger, readErrors: 'failure' })
  return {
    storage,
    forked: await forkedIn(aside),
    discard: () => rm(aside, { recursive: true, force: true }),
  }
}

/** Whether a copy that was set aside has not been given back yet. */
export const hasAside = async (directory: string): Promise<boolean> => (await asideCopies(directory)).length > 0

/** NO_MEMBER_REACHED when nobody else of the group answers: what this copy has could then not be taken back. */
export const requireOtherMember = async (directory: string, install: Install): Promise<void> => {
  const attachment = await loadAttachment(directory)
  const { createClientDialer } = await import('./drivers/libp2p-client.ts')
  const dialer = await createClientDialer({ groupKey: install.groupKey, clock: systemClock })
  try {
    const others = [...(attachment?.members.values() ?? [])].filter(({ peer }) => peer !== install.peer)
    const dials = others.map(async ({ peer, addresses }) => {
      const stream = await dialer.dial(peer, addresses, dialTimeoutMs)
      await stream.close()
    })
    await Promise.any(dials)
  } catch {
    throw new QuintetError(
      'NO_MEMBER_REACHED',
      'No other member of the group can be reached, so nothing could be taken back. Start one of them, or add --even-alone.',
    )
  } finally {
    await dialer.stop()
  }
}

/** Null when it is not there. */
const readText = (path: string): Promise<string | null> => unlessAbsent(readFile(path, 'utf8'), null)

const exists = (path: string): Promise<boolean> =>
  unlessAbsent(
    access(path).then(() => true),
    false,
  )

/** What cannot be looked at may be there: whoever took it for absent would go on without what is in it. */
const unlessAbsent = async <Value>(looking: Promise<Value>, absent: Value): Promise<Value> => {
  try {
    return await looking
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return absent
    throw error
  }
}

import { access, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { QuintetError } from './core/model/errors.ts'
import { isOriginId, originId } from './core/model/ids.ts'
import type { OriginId } from './core/model/ids.ts'
import { limits } from './core/model/limits.ts'
import { syncDirectory, writeFileAtomically } from './drivers/atomic-file.ts'
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
import { type Keys, newKeys } from './new-install.ts'
import { originOf, peerIdOf } from './wire/keys.ts'
import { successionBatch } from './wire/succession.ts'
import { createWire } from './wire/wire.ts'

const asideName = 'aside'
const forkedName = 'forked'
const dialTimeoutMs = 3_000

/** Why a copy is set aside: its log has forked, or a person wants it anew. */
export type Occasion = 'forked' | 'reset'

/** The install that goes on in the seat of `install`, which signs for it: a new identity, hence a new origin. */
export const successorOf = (install: Install, machine: string, keys: Keys = newKeys()): Install => {
  const { server, groupId } = install
  const peer = peerIdOf(keys.publicKey)
  const origin = originOf(server, peer)
  const batch = successionBatch(groupId, { ...install, machine }, { origin, ...keys }, systemClock.nowMs() * 1_000)
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
  const aside = join(directory, asideName, former?.origin ?? next.origin)
  await mkdir(aside, { recursive: true, mode: 0o700 })
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
    const aside = join(directory, asideName, former.origin)
    await mkdir(aside, { recursive: true, mode: 0o700 })
    const log = join(directory, 'log')
    if ((await exists(log)) && !(await exists(join(aside, 'log')))) await rename(log, join(aside, 'log'))
    await rm(join(directory, 'snapshot'), { recursive: true, force: true })
    await syncDirectory(directory)
    await saveInstall(directory, next)
  }
  await removeNextInstall(directory)
}

/** A copy that was set aside here and not wholly given back; null when there is none. */
export const openAside = async (
  directory: string,
  groupId: Uint8Array,
  logger: LoggerPort,
): Promise<AsideLog | null> => {
  const names = await readdir(join(directory, asideName)).catch(() => [])
  const [name] = names.filter(isOriginId).sort()
  if (name === undefined) return null
  const aside = join(directory, asideName, name)
  const forked = await readFile(join(aside, forkedName), 'utf8').catch(() => null)
  const storage = await openNedbStorage({ directory: aside, wire: createWire({ groupId }), logger })
  return {
    storage,
    forked: forked === null ? null : originId(forked.trim()),
    discard: () => rm(aside, { recursive: true, force: true }),
  }
}

/** Whether a copy that was set aside has not been given back yet. */
export const hasAside = async (directory: string): Promise<boolean> =>
  (await readdir(join(directory, asideName)).catch(() => [])).some(isOriginId)

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

const exists = async (path: string): Promise<boolean> => {
  try {
    await access(path)
    return true
  } catch {
    return false
  }
}

import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { QuintetError } from '../core/model/errors.ts'
import type { PeerId } from '../core/model/ids.ts'
import { isOriginId, isServerId, peerId } from '../core/model/ids.ts'
import type { Install } from '../host/install.ts'
import { fromBase64Url, toBase64Url } from '../wire/bytes.ts'
import { asRecord, readJson, writeJson } from './json-file.ts'

/** How clients on this machine find the replica, and other members when it is not running. */
export interface Attachment {
  /** Proves the right to this data directory. */
  readonly adminToken: Uint8Array
  readonly server: number
  /** Where the replica listens for clients on this machine; null when only over the network. */
  readonly socket: string | null
  /** By server id. */
  readonly members: ReadonlyMap<number, { readonly peer: PeerId; readonly addresses: readonly string[] }>
}

const installFormat = 1
const installName = 'install.json'
const nextName = 'next-install.json'
const attachmentName = 'attach.json'

/** Who this data directory's install is; null when it belongs to no group yet. NEWER_FORMAT, DAMAGED, DIRECTORY_NOT_USABLE. */
export const loadInstall = (directory: string): Promise<Install | null> => readInstall(directory, installName)

/** The install that this directory's is about to become; null when it is not. As `loadInstall`. */
export const loadNextInstall = (directory: string): Promise<Install | null> => readInstall(directory, nextName)

const readInstall = async (directory: string, name: string): Promise<Install | null> => {
  const value = await readJson(join(directory, name))
  if (value === null) return null
  if (typeof value['format'] === 'number' && value['format'] > installFormat) {
    throw new QuintetError('NEWER_FORMAT', `${directory} was written by a newer version of Quintet: update this one.`)
  }
  const { server, origin } = value
  if (!isServerId(server) || !isOriginId(origin)) throw damaged(directory)
  const text = (name: string): string => {
    const found = value[name]
    if (typeof found !== 'string') throw damaged(directory)
    return found
  }
  return {
    groupId: fromBase64Url(text('groupId')),
    groupKey: fromBase64Url(text('groupKey')),
    keyMadeAt: typeof value['keyMadeAt'] === 'number' ? value['keyMadeAt'] : 0,
    isKeyHeldBack: value['isKeyHeldBack'] === true,
    formerKeys: listOf(value['formerKeys']).map(fromBase64Url),
    groupName: text('groupName'),
    server,
    origin,
    peer: peerId(text('peer')),
    publicKey: fromBase64Url(text('publicKey')),
    privateKey: fromBase64Url(text('privateKey')),
    machine: text('machine'),
    isRetired: value['isRetired'] === true,
    admission: value['admission'] === null ? null : fromBase64Url(text('admission')),
    vouchers: listOf(value['vouchers']).map(fromBase64Url),
    inviteAddresses: listOf(value['inviteAddresses']),
  }
}

/** Keeps an install for good: whoever can read the file is this install, so only its owner can. */
export const saveInstall = (directory: string, install: Install): Promise<void> =>
  writeInstall(directory, installName, install)

let changing: Promise<unknown> = Promise.resolve()

/** Changes what is kept of this directory's install, one change after the other; tells what it is then. As `loadInstall`. */
export const changeInstall = (directory: string, change: (kept: Install) => Install): Promise<Install | null> => {
  const changed = changing.then(async () => {
    const kept = await loadInstall(directory)
    if (kept === null) return null
    const next = change(kept)
    if (next !== kept) await saveInstall(directory, next)
    return next
  })
  changing = changed.catch(() => undefined)
  return changed
}

/** Keeps what this directory's install is about to become, so that a crash on the way does not matter. */
export const saveNextInstall = (directory: string, install: Install): Promise<void> =>
  writeInstall(directory, nextName, install)

export const removeNextInstall = (directory: string): Promise<void> => rm(join(directory, nextName), { force: true })

const writeInstall = (directory: string, name: string, install: Install): Promise<void> => {
  const { groupId, groupKey, formerKeys, publicKey, privateKey, admission, vouchers } = install
  return writeJson(join(directory, name), {
    format: installFormat,
    ...install,
    groupId: toBase64Url(groupId),
    groupKey: toBase64Url(groupKey),
    formerKeys: formerKeys.map(toBase64Url),
    publicKey: toBase64Url(publicKey),
    privateKey: toBase64Url(privateKey),
    admission: admission === null ? null : toBase64Url(admission),
    vouchers: vouchers.map(toBase64Url),
  })
}

/** Null when no replica has run in this data directory, or what it told is damaged. DIRECTORY_NOT_USABLE. */
export const loadAttachment = async (directory: string): Promise<Attachment | null> => {
  const value = await readJson(join(directory, attachmentName)).catch((error: unknown) => {
    // It is written at each start anyway.
    if (error instanceof QuintetError && error.code === 'DAMAGED') return null
    throw error
  })
  if (value === null || typeof value['adminToken'] !== 'string' || !isServerId(value['server'])) return null
  const members = new Map<number, { peer: PeerId; addresses: readonly string[] }>()
  for (const [server, member] of Object.entries(asRecord(value['members']))) {
    const { peer, addresses } = asRecord(member)
    if (typeof peer !== 'string' || !Array.isArray(addresses)) continue
    const dialled = addresses.filter((address): address is string => typeof address === 'string')
    members.set(Number(server), { peer: peerId(peer), addresses: dialled })
  }
  const socket = typeof value['socket'] === 'string' ? value['socket'] : null
  return { adminToken: fromBase64Url(value['adminToken']), server: value['server'], socket, members }
}

export const saveAttachment = (directory: string, { adminToken, server, socket, members }: Attachment): Promise<void> =>
  writeJson(join(directory, attachmentName), {
    adminToken: toBase64Url(adminToken),
    server,
    socket,
    members: Object.fromEntries(members),
  })

/** The texts in a list; of what is no list there are none. */
const listOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []

const damaged = (directory: string): QuintetError =>
  new QuintetError(
    'DAMAGED',
    `${join(directory, installName)} is not complete: restore it from a backup, or join again.`,
  )

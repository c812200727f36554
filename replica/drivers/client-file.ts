import { join } from 'node:path'
import { QuintetError } from '../core/model/errors.ts'
import type { PeerId, ServerId } from '../core/model/ids.ts'
import { isServerId, peerId } from '../core/model/ids.ts'
import { fromBase64Url, toBase64Url } from '../wire/bytes.ts'
import { asRecord, readJson, writeJson } from './json-file.ts'

/** Where a server can be dialled. */
export interface KnownMember {
  readonly peer: PeerId
  readonly addresses: readonly string[]
}

/** An install that keeps no replica and uses the group's servers. Secret: it holds the group key and its private key. */
export interface ClientInstall {
  /** 16 bytes. */
  readonly groupId: Uint8Array
  /** 32 bytes. */
  readonly groupKey: Uint8Array
  readonly groupName: string
  readonly peer: PeerId
  /** Raw Ed25519 seed, 32 bytes. */
  readonly privateKey: Uint8Array
  readonly machine: string
  /** Kept up to date by what the servers tell. */
  readonly members: ReadonlyMap<ServerId, KnownMember>
}

const clientFormat = 1
const clientName = 'client.json'

/** Null when the directory holds no client. NEWER_FORMAT, DAMAGED, DIRECTORY_NOT_USABLE. */
export const loadClientInstall = async (directory: string): Promise<ClientInstall | null> => {
  const value = await readJson(join(directory, clientName))
  if (value === null) return null
  if (typeof value['format'] === 'number' && value['format'] > clientFormat) {
    throw new QuintetError('NEWER_FORMAT', `${directory} was written by a newer version of Quintet: update this one.`)
  }
  const text = (name: string): string => {
    const found = value[name]
    if (typeof found === 'string') return found
    throw new QuintetError('DAMAGED', `${join(directory, clientName)} is not complete: join the group again.`)
  }
  const members = new Map<ServerId, KnownMember>()
  for (const [key, member] of Object.entries(asRecord(value['members']))) {
    const server = Number(key)
    const { peer, addresses } = asRecord(member)
    if (!isServerId(server) || typeof peer !== 'string' || !Array.isArray(addresses)) continue
    members.set(server, { peer: peerId(peer), addresses: addresses.filter((address) => typeof address === 'string') })
  }
  return {
    groupId: fromBase64Url(text('groupId')),
    groupKey: fromBase64Url(text('groupKey')),
    groupName: text('groupName'),
    peer: peerId(text('peer')),
    privateKey: fromBase64Url(text('privateKey')),
    machine: text('machine'),
    members,
  }
}

export const saveClientInstall = (directory: string, install: ClientInstall): Promise<void> => {
  const { groupId, groupKey, privateKey, members } = install
  return writeJson(join(directory, clientName), {
    format: clientFormat,
    ...install,
    groupId: toBase64Url(groupId),
    groupKey: toBase64Url(groupKey),
    privateKey: toBase64Url(privateKey),
    members: Object.fromEntries(members),
  })
}

import { randomBytes } from 'node:crypto'
import type { ReplicaArguments } from './arguments.ts'
import { QuintetError, toError } from './core/model/errors.ts'
import type { ServerId } from './core/model/ids.ts'
import { serverId } from './core/model/ids.ts'
import { limits } from './core/model/limits.ts'
import { loadClientInstall } from './drivers/client-file.ts'
import { loadInstall, saveInstall } from './drivers/install-file.ts'
import { forgetJoiningKey, keepJoiningKey } from './drivers/joining-file.ts'
import { systemClock } from './drivers/system-clock.ts'
import type { Install } from './host/install.ts'
import { keysOf, machineName, type Keys, newKeys, readInvite, validInvite } from './new-install.ts'
import { requireOtherMember, startOver, successorOf } from './start-over.ts'
import { sameBytes } from './wire/bytes.ts'
import { isLabel } from './wire/names.ts'
import { decodeInvite, type Invite } from './wire/invite-codec.ts'
import { originOf, peerIdOf } from './wire/keys.ts'

const joinTimeoutMs = 20_000
const groupKeyBytes = 32
const groupIdBytes = 16

/** The install that the directory holds, or the one that the arguments ask for. */
export const openInstall = async (options: ReplicaArguments): Promise<Install> => {
  const install = await loadInstall(options.data)
  if (install === null) {
    await refuseClients(options)
    const { checkListening } = await import('./drivers/listen-ports.ts')
    // Who mistypes an address, or chose a port that is in use, has no group for that, and can begin with another.
    await checkListening(options.listen)
    if (options.create !== null) return createGroup(options, options.create)
    if (options.join !== null) {
      const keptKeys = async (token: Uint8Array): Promise<Keys> =>
        keysOf(await keepJoiningKey(options.data, token, newKeys().privateKey))
      const joined = await joinGroup(options, await readInvite(options.join), keptKeys)
      await saveInstall(options.data, joined)
      await forgetJoiningKey(options.data)
      return joined
    }
    throw new QuintetError(
      'DIRECTORY_NOT_A_GROUP',
      `${options.data} holds no group yet: use --create NAME or --join INVITE.`,
    )
  }
  await forgetJoiningKey(options.data)
  if (options.server !== null && options.server !== install.server) {
    throw new QuintetError(
      'BAD_REQUEST',
      `This install has server id ${install.server}; it cannot become ${options.server}. Join with a new data directory.`,
    )
  }
  if (options.create !== null && options.create !== install.groupName) throw otherGroup(options, install)
  if (options.join === null) return install
  const text = await readInvite(options.join)
  // Spent or not, it tells where members are, and by which key.
  const invite = inviteOf(text, install)
  if (invite === null) throw otherGroup(options, install)
  return ledBack(options.data, install, invite)
}

/**
 * By what an invite says of the members: they may all have moved since they were met, and be found by nothing else, or have no key any more that
 * this install has. Its key is tried as a former one is, until a member gives the present one.
 */
const ledBack = async (directory: string, install: Install, { addresses, groupKey }: Invite): Promise<Install> => {
  const { formerKeys } = install
  const isKnown = [install.groupKey, ...formerKeys].some((known) => sameBytes(known, groupKey))
  if (isKnown && addresses.join() === install.inviteAddresses.join()) return install
  const tried = isKnown ? formerKeys : [groupKey, ...formerKeys].slice(0, limits.formerKeys)
  const next = { ...install, inviteAddresses: addresses, formerKeys: tried }
  // What a full disk does not keep counts for this run.
  await saveInstall(directory, next).catch(() => undefined)
  return next
}

/** A client's directory may become that of a replica of its group, and of no other: it would not know its own any more. */
const refuseClients = async ({ data, create, join }: ReplicaArguments): Promise<void> => {
  const client = await loadClientInstall(data)
  if (client === null || (create === null && join === null)) return
  const invite = join === null ? null : decodeInvite(await readInvite(join))
  if (invite !== null && (!invite.ok || sameBytes(invite.value.groupId, client.groupId))) return
  throw new QuintetError(
    'DIRECTORY_HAS_A_GROUP',
    `${data} is that of a client of the group "${client.groupName}". Use another data directory.`,
  )
}

const otherGroup = ({ data }: Pick<ReplicaArguments, 'data'>, install: Install): QuintetError =>
  new QuintetError(
    'DIRECTORY_HAS_A_GROUP',
    `${data} belongs to the group "${install.groupName}". Use another data directory.`,
  )

const createGroup = async (options: ReplicaArguments, groupName: string): Promise<Install> => {
  const isTooLong = Array.from(groupName).length > limits.groupNameChars
  if (groupName.trim() === '' || isTooLong || !isLabel(groupName)) {
    throw new QuintetError(
      'BAD_NAME',
      `A group's name has 1 to ${limits.groupNameChars} characters, without control characters.`,
    )
  }
  const keys = newKeys()
  const server = options.server ?? serverId(1)
  const install: Install = {
    ...identityOf(server, keys, options.machine),
    groupId: randomBytes(groupIdBytes),
    groupKey: randomBytes(groupKeyBytes),
    ...newcomer,
    groupName,
    admission: null,
    vouchers: [],
    inviteAddresses: [],
  }
  await saveInstall(options.data, install)
  return install
}

const joinGroup = async (
  options: ReplicaArguments,
  text: string,
  keysFor: (token: Uint8Array) => Promise<Keys>,
): Promise<Install> => {
  const { groupId, groupKey, token, addresses } = validInvite(text)
  const keys = await keysFor(token)
  const request = {
    token,
    peer: peerIdOf(keys.publicKey),
    server: options.server,
    machine: machineName(options.machine),
  }
  const timeoutMs = joinTimeoutMs
  const [{ requestJoin }, { NearbyMembers }] = await Promise.all([
    import('./drivers/libp2p-client.ts'),
    import('./drivers/nearby-members.ts'),
  ])
  const nearby = options.mdns === 'on' ? new NearbyMembers(groupId, systemClock) : null
  const answer = await requestJoin({
    ...{ groupKey, groupId, privateKey: keys.privateKey, addresses, request, timeoutMs, clock: systemClock },
    ...(nearby === null ? {} : { nearby }),
  }).finally(() => nearby?.stop())
  if (!answer.ok) throw toError(answer.failure)
  const install: Install = {
    ...identityOf(answer.value.server, keys, options.machine),
    groupId,
    groupKey,
    ...newcomer,
    groupName: answer.value.groupName,
    admission: answer.value.admission.bytes,
    vouchers: answer.value.vouchers.map(({ bytes }) => bytes),
    inviteAddresses: addresses,
  }
  return install
}

/** What every install begins with. */
const newcomer = { keyMadeAt: 0, isKeyHeldBack: false, formerKeys: [], isRetired: false } as const

/** That an invite, used or not, is one of the group that a directory is of. BAD_INVITE, DIRECTORY_HAS_A_GROUP. */
export const checkOwnInvite = async (data: string, text: string): Promise<void> => {
  const install = await loadInstall(data)
  if (install !== null && inviteOf(text, install) === null) throw otherGroup({ data }, install)
}

/** Sets this machine's copy aside, so that everything is taken back from the others: with an invite, or on the same seat. */
export const resetCopy = async (options: ReplicaArguments, reset: 'together' | 'alone'): Promise<void> => {
  const install = await loadInstall(options.data)
  if (install === null) return
  const occasion = { kind: 'reset', forked: null } as const
  if (options.join !== null) {
    const invite = await readInvite(options.join)
    if (inviteOf(invite, install) === null) throw otherGroup(options, install)
    await startOver(options.data, await joinGroup(options, invite, async () => newKeys()), occasion)
    return
  }
  if (install.isRetired) {
    throw new QuintetError(
      'RETIRED',
      'The others have retired this machine: ask a member for an invite and add --join INVITE.',
    )
  }
  if (reset === 'together') await requireOtherMember(options.data, install)
  await startOver(options.data, successorOf(install, install.machine), occasion)
}

const identityOf = (server: ServerId, keys: Keys, machine: string | null) => {
  const peer = peerIdOf(keys.publicKey)
  return { server, peer, origin: originOf(server, peer), machine: machineName(machine), ...keys }
}

/** Null when it is none of this install's group. BAD_INVITE. */
const inviteOf = (text: string, install: Install): Invite | null => {
  const invite = decodeInvite(text)
  if (!invite.ok) throw toError(invite.failure)
  return sameBytes(invite.value.groupId, install.groupId) ? invite.value : null
}

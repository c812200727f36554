import { QuintetError, toError } from './core/model/errors.ts'
import type { ServerId } from './core/model/ids.ts'
import { limits } from './core/model/limits.ts'
import { type ClientInstall, type KnownMember, loadClientInstall, saveClientInstall } from './drivers/client-file.ts'
import { loadInstall } from './drivers/install-file.ts'
import { forgetJoiningKey, keepJoiningKey } from './drivers/joining-file.ts'
import { requestVisit } from './drivers/libp2p-client.ts'
import { NearbyMembers } from './drivers/nearby-members.ts'
import { peerOf } from './drivers/peer-in-address.ts'
import { systemClock } from './drivers/system-clock.ts'
import { sameBytes } from './wire/bytes.ts'
import { decodeInvite, type Invite } from './wire/invite-codec.ts'
import { peerIdOf } from './wire/keys.ts'
import type { VisitAnswer, VisitRequest } from './wire/visit-codec.ts'
import { makeDataDirectory, keysOf, newKeys, validInvite } from './new-install.ts'

const joinTimeoutMs = 20_000
const lookTimeoutMs = 5_000

/** What an invite says, and what a member that could be reached adds to it. */
export interface InspectedInvite {
  readonly groupName: string
  /** Milliseconds since 1970. */
  readonly expiresAt: number
  /**
   * All five, each with the machine that has it: null when it is free, nameless when it is promised to one that has not come yet. Null when no
   * member could be reached.
   */
  readonly seats: readonly { readonly server: ServerId; readonly machine: string | null }[] | null
}

/** Looks at an invite without using it up. BAD_INVITE, INVITE_EXPIRED, INVITE_REVOKED. */
export const inspectInvite = async (text: string): Promise<InspectedInvite> => {
  const invite = validInvite(text)
  const { groupName, expiresAtMs, token } = invite
  const answer = await visit(invite, newKeys().privateKey, { kind: 'look', token }, lookTimeoutMs)
  if (!answer.ok && ['BAD_INVITE', 'INVITE_EXPIRED', 'INVITE_REVOKED'].includes(answer.failure.code))
    throw toError(answer.failure)
  const seats = answer.ok
    ? answer.value.seats.map(({ server, holder }) => ({ server, machine: holder?.machine ?? null }))
    : null
  return { groupName: answer.ok ? answer.value.groupName : groupName, expiresAt: expiresAtMs, seats }
}

/**
 * Makes `directory` one of a client that keeps no replica: it uses the group's servers, whichever are there. The invite is spent, no
 * seat is taken. A directory that is one of this group already only learns from it where servers are, unless the group has another key
 * since: an invite by that key lets it in again.
 * BAD_INVITE, INVITE_USED, INVITE_EXPIRED, NO_MEMBER_REACHED, DIRECTORY_HAS_A_GROUP, DIRECTORY_NOT_USABLE.
 */
export const joinAsClient = async (request: {
  readonly directory: string
  readonly invite: string
  readonly machine: string
}): Promise<ClientInstall> => {
  const { directory } = request
  await makeDataDirectory(directory)
  const present = await loadClientInstall(directory)
  if (present !== null && !hasOtherKey(present, request.invite)) return sameGroup(directory, present, request.invite)
  if ((await loadInstall(directory)) !== null)
    throw new QuintetError('DIRECTORY_HAS_A_GROUP', `${directory} is that of a replica. Use another data directory.`)
  const invite = validInvite(request.invite)
  const { privateKey, peer } = present ?? (await keptIdentity(directory, invite.token))
  const machine = request.machine.slice(0, limits.machineNameChars)
  const asked = { kind: 'client', token: invite.token, peer, machine } as const
  const answer = await visit(invite, privateKey, asked, joinTimeoutMs)
  if (!answer.ok) {
    // The invite's key was the older one, as of the invite that this directory once joined by.
    if (present !== null) return present
    throw toError(answer.failure)
  }
  const { groupId, groupKey } = invite
  const members = membersOf(answer.value)
  const install: ClientInstall = {
    groupId,
    groupKey,
    groupName: answer.value.groupName,
    peer,
    privateKey,
    machine,
    members,
  }
  await saveClientInstall(directory, install)
  await forgetJoiningKey(directory)
  return install
}

const keptIdentity = async (directory: string, token: Uint8Array) => {
  const { privateKey, publicKey } = keysOf(await keepJoiningKey(directory, token, newKeys().privateKey))
  return { privateKey, peer: peerIdOf(publicKey) }
}

const hasOtherKey = (present: ClientInstall, text: string): boolean => {
  const invite = decodeInvite(text)
  if (!invite.ok || !sameBytes(invite.value.groupId, present.groupId)) return false
  return !sameBytes(invite.value.groupKey, present.groupKey)
}

const sameGroup = async (directory: string, present: ClientInstall, text: string): Promise<ClientInstall> => {
  const invite = decodeInvite(text)
  if (invite.ok && sameBytes(invite.value.groupId, present.groupId))
    return withAddresses(directory, present, invite.value.addresses)
  const message = `${directory} belongs to the group "${present.groupName}". Use another data directory.`
  throw new QuintetError('DIRECTORY_HAS_A_GROUP', message)
}

/** Spent or not, an invite tells where servers are: they may all have moved since they were used, and be found by nothing else. */
const withAddresses = async (
  directory: string,
  present: ClientInstall,
  invited: readonly string[],
): Promise<ClientInstall> => {
  const members = new Map(
    [...present.members].map(([server, { peer, addresses: known }]) => {
      const news = invited.filter((address) => peerOf(address) === peer && !known.includes(address))
      return [server, { peer, addresses: [...known.slice(0, limits.addressesPerPeer - news.length), ...news] }] as const
    }),
  )
  if (JSON.stringify([...members]) === JSON.stringify([...present.members])) return present
  const next = { ...present, members }
  // On a full disk it begins with the servers that it knows.
  await saveClientInstall(directory, next).catch(() => undefined)
  return next
}

const visit = (invite: Invite, privateKey: Uint8Array, request: VisitRequest, timeoutMs: number) => {
  const { groupKey, groupId, addresses } = invite
  const nearby = new NearbyMembers(groupId, systemClock)
  const asked = { groupKey, privateKey, addresses, request, timeoutMs, clock: systemClock, nearby }
  return requestVisit(asked).finally(() => nearby.stop())
}

const membersOf = ({ seats }: VisitAnswer): ReadonlyMap<ServerId, KnownMember> =>
  new Map(seats.flatMap(({ server, holder }) => (holder === null ? [] : [[server, holder] as const])))

import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ReplicaService } from './api/replica-service.ts'
import { adminTokenCheck, serveReplica } from './api/serve-replica.ts'
import type { ReplicaArguments } from './arguments.ts'
import type { Failure } from './core/model/errors.ts'
import { QuintetError } from './core/model/errors.ts'
import type { PeerId, ServerId } from './core/model/ids.ts'
import { peerId, serverId } from './core/model/ids.ts'
import { limits } from './core/model/limits.ts'
import type { View } from './core/peers.ts'
import { lockDirectory } from './drivers/directory-lock.ts'
import { loadAttachment, loadInstall, saveAttachment, saveInstall } from './drivers/install-file.ts'
import { peerOf } from './drivers/libp2p-addresses.ts'
import { requestJoin } from './drivers/libp2p-client.ts'
import { createLibp2pTransport } from './drivers/libp2p-transport.ts'
import { withFormerPorts } from './drivers/listen-ports.ts'
import { openNedbStorage } from './drivers/nedb-storage.ts'
import { createPinoLogger } from './drivers/pino-logger.ts'
import { systemClock } from './drivers/system-clock.ts'
import type { Install } from './host/install.ts'
import type { FrameStream } from './host/ports.ts'
import { ReplicaHost } from './host/replica-host.ts'
import { isLabel } from './wire/names.ts'
import { type Keys, machineName, newKeys, readInvite } from './new-install.ts'
import { decodeInvite } from './wire/invite-codec.ts'
import { originOf, peerIdOf } from './wire/keys.ts'
import { createWire } from './wire/wire.ts'

/** A replica that runs in this process. */
export interface RunningReplica {
  readonly install: Install
  readonly service: ReplicaService
  readonly listen: readonly string[]
  onView(listener: (view: View) => void): void
  /** Dials the members at once, whatever the back-off: after a wake-up, or on another network. */
  redial(): void
  /** Flushes and closes everything. */
  stop(): Promise<void>
}

const joinTimeoutMs = 20_000
const keyBytes = 32
const groupIdBytes = 16

/** Opens (or makes, or joins with) a data directory and starts its replica. `onFatal` hears of a storage that failed for good. */
export const runReplica = async (
  options: ReplicaArguments,
  onFatal: (failure: Failure) => void,
): Promise<RunningReplica> => {
  await makeDirectory(options.data)
  const lock = await lockDirectory(options.data)
  const log = createPinoLogger({ level: options.logLevel, file: join(options.data, 'replica.log') })
  try {
    const install = await openInstall(options)
    const wire = createWire({ groupId: install.groupId })
    const attached = await loadAttachment(options.data)
    const formerAddresses = attached?.members.get(install.server)?.addresses ?? []
    const [storage, transport] = await Promise.all([
      openNedbStorage({ directory: options.data, wire, logger: log.logger }),
      createLibp2pTransport({
        privateKey: install.privateKey,
        groupKey: install.groupKey,
        groupId: install.groupId,
        listen: await withFormerPorts(options.listen, formerAddresses),
        mdns: options.mdns,
        clock: systemClock,
        logger: log.logger,
        random: Math.random,
      }),
    ])
    const identity = {
      origin: install.origin,
      server: install.server,
      peer: install.peer,
      admission: admissionOf(install),
    }
    const makeBatch = wire.makeBatchWith(install)
    const host = await ReplicaHost.recover({
      identity,
      makeBatch,
      wire,
      storage,
      transport,
      clock: systemClock,
      logger: log.logger,
      invitedBy: membersAt(install.inviteAddresses),
    })
    await takeSeat(host, install)
    const service = new ReplicaService({ install, host, clock: systemClock, randomBytes })
    // The same at every start: a client that comes back at once may have read the file before it is written anew.
    const adminToken = attached?.adminToken ?? randomBytes(keyBytes)
    const attachment = new AttachmentKeeper(options.data, install, host, adminToken)
    const isAdminToken = adminTokenCheck(adminToken)
    const onClient = (stream: FrameStream): void => {
      void serveReplica({ stream, open: (right) => service.connect(right), isAdminToken })
    }
    await host.start({ onClient, onFatal })
    await attachment.save()
    return {
      install,
      service,
      listen: host.listenAddresses(),
      onView: (listener) => {
        host.onNotice((notice) => {
          if (notice.kind === 'view') listener({ number: notice.number, servers: notice.servers })
        })
      },
      redial: () => transport.redial(),
      stop: async () => {
        service.stop()
        await host.stop()
        log.close()
        await lock.release()
      },
    }
  } catch (error) {
    await lock.release()
    throw error
  }
}

/** Keeps the file by which clients on this machine find the members. */
class AttachmentKeeper {
  readonly #directory: string
  readonly #install: Install
  readonly #host: ReplicaHost
  readonly #adminToken: Uint8Array
  #saving: Promise<void> = Promise.resolve()

  constructor(directory: string, install: Install, host: ReplicaHost, adminToken: Uint8Array) {
    this.#directory = directory
    this.#install = install
    this.#host = host
    this.#adminToken = adminToken
    host.onNotice((notice) => {
      if (notice.kind === 'members') void this.save()
    })
  }

  save(): Promise<void> {
    this.#saving = this.#saving.then(() => this.#write()).catch(() => undefined)
    return this.#saving
  }

  async #write(): Promise<void> {
    const { server, peer } = this.#install
    const members = await this.#host.read((core) => {
      const addresses = core.addresses
      return new Map(
        core.state.seats
          .holders()
          .map((claim) => [claim.server as number, { peer: claim.peer, addresses: addresses.get(claim.peer) ?? [] }]),
      )
    })
    members.set(server, { peer, addresses: this.#host.listenAddresses() })
    await saveAttachment(this.#directory, { adminToken: this.#adminToken, server, members })
  }
}

const makeDirectory = async (directory: string): Promise<void> => {
  try {
    await mkdir(directory, { recursive: true, mode: 0o700 })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error'
    throw new QuintetError('DIRECTORY_NOT_USABLE', `The data directory ${directory} cannot be made: ${code}.`)
  }
}

/** The install that the directory holds, or the one that the arguments ask for. */
const openInstall = async (options: ReplicaArguments): Promise<Install> => {
  const install = await loadInstall(options.data)
  if (install === null) {
    if (options.create !== null) return createGroup(options, options.create)
    if (options.join !== null) return joinGroup(options, await readInvite(options.join))
    throw new QuintetError(
      'DIRECTORY_NOT_A_GROUP',
      `${options.data} holds no group yet: use --create NAME or --join INVITE.`,
    )
  }
  if (options.server !== null && options.server !== install.server) {
    throw new QuintetError(
      'BAD_REQUEST',
      `This install has server id ${install.server}; it cannot become ${options.server}. Join with a new data directory.`,
    )
  }
  const isOther =
    (options.create !== null && options.create !== install.groupName) ||
    (options.join !== null && !isInviteOf(await readInvite(options.join), install))
  if (isOther)
    throw new QuintetError(
      'DIRECTORY_HAS_A_GROUP',
      `${options.data} belongs to the group "${install.groupName}". Use another data directory.`,
    )
  return install
}

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
    groupKey: randomBytes(keyBytes),
    groupName,
    admission: null,
    inviteAddresses: [],
  }
  await saveInstall(options.data, install)
  return install
}

const joinGroup = async (options: ReplicaArguments, text: string): Promise<Install> => {
  const invite = decodeInvite(text)
  if (!invite.ok) throw new QuintetError(invite.failure.code, invite.failure.message)
  const { groupId, groupKey, token, addresses, expiresAtMs } = invite.value
  if (expiresAtMs < Date.now())
    throw new QuintetError('INVITE_EXPIRED', 'This invite has expired. Ask a member for a new one.')
  const keys = newKeys()
  const request = {
    token,
    peer: peerIdOf(keys.publicKey),
    server: options.server,
    machine: machineName(options.machine),
  }
  const timeoutMs = joinTimeoutMs
  const answer = await requestJoin({
    groupKey,
    groupId,
    privateKey: keys.privateKey,
    addresses,
    request,
    timeoutMs,
    clock: systemClock,
  })
  if (!answer.ok) throw new QuintetError(answer.failure.code, answer.failure.message)
  const install: Install = {
    ...identityOf(answer.value.server, keys, options.machine),
    groupId,
    groupKey,
    groupName: answer.value.groupName,
    admission: answer.value.admission.bytes,
    inviteAddresses: addresses,
  }
  await saveInstall(options.data, install)
  return install
}

/** The install's first update is its seat; after a crash in between it is made up for. */
const takeSeat = async (host: ReplicaHost, install: Install): Promise<void> => {
  const { server, machine, groupName, admission, origin } = install
  if (await host.read((core) => core.state.held(origin) > 0 || core.hindrance !== null)) return
  if (admission === null) await host.command({ kind: 'found', groupName, server, machine })
  else await host.command({ kind: 'claim', server, machine, replaces: null })
}

const membersAt = (addresses: readonly string[]): ReadonlyMap<PeerId, readonly string[]> => {
  const members = new Map<PeerId, readonly string[]>()
  for (const address of addresses) {
    const peer = peerOf(address)
    if (peer !== null) members.set(peerId(peer), [...(members.get(peerId(peer)) ?? []), address])
  }
  return members
}

const admissionOf = (install: Install) => {
  if (install.admission === null) return null
  const batch = createWire({ groupId: install.groupId }).decodeBatch(install.admission)
  if (!batch.ok) throw new QuintetError('DAMAGED', `The proof of admission is damaged: ${batch.failure.message}`)
  return batch.value
}

const identityOf = (server: ServerId, keys: Keys, machine: string | null) => {
  const peer = peerIdOf(keys.publicKey)
  return { server, peer, origin: originOf(server, peer), machine: machineName(machine), ...keys }
}

const isInviteOf = (text: string, install: Install): boolean => {
  const invite = decodeInvite(text)
  return invite.ok && Buffer.compare(invite.value.groupId, install.groupId) === 0
}

import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ReplicaService } from './api/replica-service.ts'
import type { GroupApi } from './api/group-contract.ts'
import { adminTokenCheck, serveReplica } from './api/serve-replica.ts'
import type { ReplicaArguments } from './arguments.ts'
import type { Failure } from './core/model/errors.ts'
import { QuintetError } from './core/model/errors.ts'
import type { OriginId, PeerId, ServerId } from './core/model/ids.ts'
import { peerId, serverId } from './core/model/ids.ts'
import { limits } from './core/model/limits.ts'
import type { GroupKey } from './core/model/messages.ts'
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
import { GiveBack } from './host/give-back.ts'
import type { FrameStream, LoggerPort, Transport } from './host/ports.ts'
import { ReplicaHost } from './host/replica-host.ts'
import { ViewHistory } from './host/view-history.ts'
import { finishStartingOver, hasAside, openAside, requireOtherMember, startOver, successorOf } from './start-over.ts'
import { fromBase64Url, sameBytes, toBase64Url } from './wire/bytes.ts'
import { isLabel } from './wire/names.ts'
import { machineName, type Keys, newKeys, readInvite } from './new-install.ts'
import { decodeInvite } from './wire/invite-codec.ts'
import { originOf, peerIdOf } from './wire/keys.ts'
import { createWire } from './wire/wire.ts'

/** A replica that runs in this process. It may begin anew under another identity; what is asked of it goes to the present one. */
export interface RunningReplica {
  readonly install: Install
  readonly service: ReplicaService
  readonly listen: readonly string[]
  onView(listener: (view: View) => void): void
  /** Told when it has begun anew: `install`, `service` and `listen` are others. */
  onRestart(listener: () => void): void
  /** Dials the members at once, whatever the back-off: after a wake-up, or on another network. */
  redial(): void
  /** Flushes and closes everything. */
  stop(): Promise<void>
}

const joinTimeoutMs = 20_000
const keyBytes = 32
/** How long clients wait for a copy that starts over; a person without the others may then at least read what is there. */
const giveBackWaitMs = 60_000
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
    await finishStartingOver(options.data)
    if (options.reset !== 'no') await resetCopy(options, options.reset)
    const replica = new Replica(options, log.logger, onFatal, async () => {
      log.close()
      await lock.release()
    })
    await replica.begin(await openInstall(options))
    return replica
  } catch (error) {
    await lock.release()
    throw error
  }
}

/** What one life of a replica is made of. */
interface Parts {
  readonly transport: Transport
  readonly install: Install
  readonly host: ReplicaHost
  readonly service: ReplicaService
  stop(): Promise<void>
}

class Replica implements RunningReplica {
  readonly #options: ReplicaArguments
  readonly #logger: LoggerPort
  readonly #onFatal: (failure: Failure) => void
  readonly #close: () => Promise<void>
  readonly #viewListeners = new Set<(view: View) => void>()
  readonly #restartListeners = new Set<() => void>()
  #parts: Parts | null = null
  #changing: Promise<void> = Promise.resolve()
  #isStopped = false

  constructor(
    options: ReplicaArguments,
    logger: LoggerPort,
    onFatal: (failure: Failure) => void,
    close: () => Promise<void>,
  ) {
    this.#options = options
    this.#logger = logger
    this.#onFatal = onFatal
    this.#close = close
  }

  async begin(install: Install): Promise<void> {
    const parts = await openParts(this.#options, install, this.#logger, this.#onFatal, {
      takeSeat: (request) => this.#takeSeat(request.server),
    })
    this.#parts = parts
    parts.host.onNotice((notice) => {
      if (notice.kind === 'view')
        for (const listener of this.#viewListeners) listener({ number: notice.number, servers: notice.servers })
      if (notice.kind === 'forked') this.#startOver(notice.origin)
      if (notice.kind === 'retired') void this.#keep({ ...parts.install, isRetired: true })
    })
    // Found out before anybody listened.
    const hindrance = await parts.host.read((core) => core.hindrance)
    if (hindrance === 'forked') this.#startOver(install.origin)
  }

  get install(): Install {
    return this.#present.install
  }

  get service(): ReplicaService {
    return this.#present.service
  }

  get listen(): readonly string[] {
    return this.#present.host.listenAddresses()
  }

  onView(listener: (view: View) => void): void {
    this.#viewListeners.add(listener)
  }

  onRestart(listener: () => void): void {
    this.#restartListeners.add(listener)
  }

  redial(): void {
    this.#parts?.transport.redial()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#changing
    await this.#parts?.stop()
    await this.#close()
  }

  get #present(): Parts {
    if (this.#parts === null) throw new QuintetError('STOPPED', 'The replica is not running yet.')
    return this.#parts
  }

  async #keep(install: Install): Promise<void> {
    const kept = await loadInstall(this.#options.data)
    if (kept?.origin === install.origin)
      await saveInstall(this.#options.data, { ...kept, isRetired: install.isRetired })
  }

  /** This copy is an old one that was written to: it is set aside, and this machine goes on as a new install. */
  #startOver(forked: OriginId): void {
    this.#logger.warn('this copy was restored from an old backup and written to: it starts over', { forked })
    this.#restart(async (former, machine) => {
      const next = successorOf(former, machine)
      await startOver(this.#options.data, next, { kind: 'forked', forked })
      return next
    })
  }

  async #takeSeat(server: ServerId): Promise<void> {
    const { install, host } = this.#present
    const origin = originOf(server, install.peer)
    const refusal = await host.read((core) => {
      const { seats } = core.state
      if (!core.hasLostSeat) return badSeat(`This machine has server id ${install.server} and keeps it.`)
      if (seats.holder(server) !== undefined || seats.promised().has(server))
        return new QuintetError('SEAT_TAKEN', `Server id ${server} is taken: choose a free one.`)
      return seats.claimOf(origin) === undefined ? null : badSeat(`This machine once had server id ${server}.`)
    })
    if (refusal !== null) throw refusal
    // The answer goes out first.
    setImmediate(() => {
      this.#restart(async (former) => {
        const next = { ...former, server, origin }
        await saveInstall(this.#options.data, next)
        return next
      })
    })
  }

  /** Ends the present life and begins the next; one after the other. */
  #restart(change: (former: Install, machine: string) => Promise<Install>): void {
    const work = async (): Promise<void> => {
      if (this.#isStopped || this.#parts === null) return
      const { host, stop } = this.#parts
      const machine = await host.read((core) => {
        const claim = core.state.seats.claimOf(core.identity.origin)
        return claim === undefined ? null : core.state.seats.machineOf(claim)
      })
      await stop()
      const former = await loadInstall(this.#options.data)
      if (former === null) throw new QuintetError('DAMAGED', 'The install of this directory is gone.')
      await this.begin(await change(former, machine ?? former.machine))
      for (const listener of this.#restartListeners) listener()
    }
    this.#changing = this.#changing.then(work).catch((error: unknown) => {
      this.#onFatal(
        error instanceof QuintetError
          ? error.failure
          : { code: 'INTERNAL', message: `Starting anew failed: ${String(error)}` },
      )
    })
  }
}

const badSeat = (reason: string): QuintetError =>
  new QuintetError('BAD_REQUEST', `${reason} Another seat is only taken when this one's is lost.`)

/** Storage, transport, event loop and service of one install, running. */
const openParts = async (
  options: ReplicaArguments,
  install: Install,
  logger: LoggerPort,
  onFatal: (failure: Failure) => void,
  { takeSeat: onTakeSeat }: Pick<GroupApi, 'takeSeat'>,
): Promise<Parts> => {
  const wire = createWire({ groupId: install.groupId })
  const attached = await loadAttachment(options.data)
  const formerAddresses = attached?.members.get(install.server)?.addresses ?? []
  const [storage, transport] = await Promise.all([
    openNedbStorage({ directory: options.data, wire, logger }),
    createLibp2pTransport({
      privateKey: install.privateKey,
      groupKeys: { present: install.groupKey, former: install.formerKeys },
      groupId: install.groupId,
      listen: await withFormerPorts(options.listen, formerAddresses),
      mdns: options.mdns,
      clock: systemClock,
      logger,
      random: Math.random,
    }),
  ])
  const { origin, server, peer } = install
  let presentKey = install.groupKey
  const host = await ReplicaHost.recover({
    identity: { origin, server, peer, admission: admissionOf(install), vouchers: vouchersOf(install) },
    makeBatch: wire.makeBatchWith(install),
    wire,
    storage,
    transport,
    clock: systemClock,
    logger,
    groupKey: { key: toBase64Url(install.groupKey), madeAt: install.keyMadeAt },
    keepKey: async (groupKey) => {
      await keepKey(options.data, groupKey, transport)
      presentKey = fromBase64Url(groupKey.key)
    },
    invitedBy: membersAt(install.inviteAddresses),
  })
  if (install.isRetired) host.enqueue({ kind: 'wasRetired' })
  await takeSeat(host, install)
  const history = new ViewHistory({ host, storage, clock: systemClock, logger, origin, server })
  await history.start()
  const service = new ReplicaService({
    install,
    host,
    history,
    takeSeat: onTakeSeat,
    groupKey: () => presentKey,
    clock: systemClock,
    randomBytes,
  })
  // The same at every start: a client that comes back at once may have read the file before it is written anew.
  const adminToken = attached?.adminToken ?? randomBytes(keyBytes)
  const attachment = new AttachmentKeeper(options.data, install, host, adminToken)
  const isAdminToken = adminTokenCheck(adminToken)
  // What a person sees must not be half of it: whoever comes meanwhile tries again.
  let isServing = !(await hasAside(options.data))
  const serve = (): void => {
    isServing = true
  }
  const cancelWaiting = systemClock.after(giveBackWaitMs, serve)
  const onClient = (stream: FrameStream): void => {
    if (!isServing) {
      stream.close().catch(() => undefined)
      return
    }
    void serveReplica({ stream, open: (right) => service.connect(right), isAdminToken })
  }
  await host.start({ onClient, onFatal })
  if (options.syncIntervalMs !== null) await host.setSyncInterval(options.syncIntervalMs)
  await attachment.save()
  const giveBack = new GiveBack({
    host,
    storage,
    clock: systemClock,
    logger,
    open: () => openAside(options.data, install.groupId, logger),
    done: serve,
  })
  if (!isServing) giveBack.start()
  const stop = async (): Promise<void> => {
    cancelWaiting()
    service.stop()
    await giveBack.stop()
    await history.stop()
    await host.stop()
  }
  return { install, host, service, transport, stop }
}

/** Keeps a newer key, durably, and uses it. */
const keepKey = async (directory: string, groupKey: GroupKey, transport: Transport): Promise<void> => {
  const install = await loadInstall(directory)
  if (install === null) return
  const present = fromBase64Url(groupKey.key)
  const isSame = sameBytes(present, install.groupKey)
  const formerKeys = isSame ? install.formerKeys : [install.groupKey, ...install.formerKeys].slice(0, limits.formerKeys)
  await saveInstall(directory, { ...install, groupKey: present, keyMadeAt: groupKey.madeAt, formerKeys })
  transport.useKeys({ present, former: formerKeys })
}

/** Sets this machine's copy aside, so that everything is taken back from the others: with an invite, or on the same seat. */
const resetCopy = async (options: ReplicaArguments, reset: 'together' | 'alone'): Promise<void> => {
  const install = await loadInstall(options.data)
  if (install === null) return
  const occasion = { kind: 'reset', forked: null } as const
  if (options.join !== null) {
    const invite = await readInvite(options.join)
    if (!isInviteOf(invite, install)) throw otherGroup(options, install)
    await startOver(options.data, await joinGroup(options, invite), occasion)
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
    if (options.join !== null) {
      const joined = await joinGroup(options, await readInvite(options.join))
      await saveInstall(options.data, joined)
      return joined
    }
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
  // After a reset the invite is spent, and the directory is that of its group.
  const isOther =
    (options.create !== null && options.create !== install.groupName) ||
    (options.join !== null && !isInviteOf(await readInvite(options.join), install))
  if (isOther) throw otherGroup(options, install)
  return install
}

const otherGroup = (options: ReplicaArguments, install: Install): QuintetError =>
  new QuintetError(
    'DIRECTORY_HAS_A_GROUP',
    `${options.data} belongs to the group "${install.groupName}". Use another data directory.`,
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
    groupKey: randomBytes(keyBytes),
    ...newcomer,
    groupName,
    admission: null,
    vouchers: [],
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
    ...newcomer,
    groupName: answer.value.groupName,
    admission: answer.value.admission.bytes,
    vouchers: answer.value.vouchers.map(({ bytes }) => bytes),
    inviteAddresses: addresses,
  }
  return install
}

/** What every install begins with. */
const newcomer = { keyMadeAt: 0, formerKeys: [], isRetired: false } as const

/** The install's first update is its seat; after a crash in between it is made up for. */
const takeSeat = async (host: ReplicaHost, install: Install): Promise<void> => {
  const { server, machine, groupName, admission, origin } = install
  if (await host.read((core) => core.state.held(origin) > 0 || core.hindrance !== null)) return
  const proof = admission === null ? null : admissionOf(install)
  // A successor's first update was made, with its predecessor's word for it, before it began.
  if (proof?.origin === origin) await host.receive([proof])
  else if (admission === null) await host.command({ kind: 'found', groupName, server, machine })
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

const admissionOf = (install: Install) => (install.admission === null ? null : proofOf(install, install.admission))

const vouchersOf = (install: Install) => install.vouchers.map((bytes) => proofOf(install, bytes))

const proofOf = ({ groupId }: Install, bytes: Uint8Array) => {
  const batch = createWire({ groupId }).decodeBatch(bytes)
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

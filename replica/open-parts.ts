import { randomBytes } from 'node:crypto'
import { ReplicaService } from './api/replica-service.ts'
import type { GroupApi } from './api/group-contract.ts'
import type { ReplicaArguments } from './arguments.ts'
import { type Doors, openDoors } from './client-doors.ts'
import type { Failure } from './core/model/errors.ts'
import { QuintetError } from './core/model/errors.ts'
import type { OriginId } from './core/model/ids.ts'
import type { KeptGroupKey } from './core/model/messages.ts'
import { type Attachment, changeInstall, loadAttachment } from './drivers/install-file.ts'
import { createLateTransport } from './drivers/late-transport.ts'
import { createMemoryStreams } from './drivers/memory-streams.ts'
import { diskError } from './drivers/nedb-files.ts'
import { openNedbStorage } from './drivers/nedb-storage.ts'
import { byPeer } from './drivers/peer-in-address.ts'
import { systemClock } from './drivers/system-clock.ts'
import type { Install } from './host/install.ts'
import { GiveBack } from './host/give-back.ts'
import type { FrameStream, LoggerPort, Transport } from './host/ports.ts'
import { ReplicaHost } from './host/replica-host.ts'
import { ViewHistory } from './host/view-history.ts'
import { asideCopies, forkedAside, openAside } from './start-over.ts'
import { fromBase64Url, toBase64Url } from './wire/bytes.ts'
import { createWire } from './wire/wire.ts'

/** What one life of a replica is made of. */
export interface Parts {
  readonly transport: Transport
  readonly install: Install
  readonly host: ReplicaHost
  readonly service: ReplicaService
  /** For a client within this process. */
  readonly connect: () => FrameStream
  /** Brings it together with the other members, once the clients who come at once have been served. PORT_IN_USE, BAD_ADDRESS. */
  readonly network: () => Promise<void>
  readonly stop: () => Promise<void>
}

/** What a life of a replica works with, besides its arguments. */
interface Surroundings extends Pick<GroupApi, 'takeSeat'> {
  readonly logger: LoggerPort
  readonly onFatal: (failure: Failure) => void
  /** Told that this life is to be ended, and the next begun from a copy that was set aside. */
  readonly takeUp: (copy: OriginId) => void
}

/** Storage, event loop and service of one install, running; clients of this machine come in. The network is still to be started. */
export const openParts = async (
  options: ReplicaArguments,
  install: Install,
  surroundings: Surroundings,
): Promise<Parts> => {
  const attached = await loadAttachment(options.data).catch((error: unknown) => {
    // It is written anew: who only cannot find this replica by it is not worse off than without a replica.
    surroundings.logger.warn('who was told of this replica cannot be read', { error: String(error) })
    return null
  })
  const doors = await openDoors(options.data, { install, logger: surroundings.logger, attached })
  try {
    return await openBehind(doors, options, install, { ...surroundings, attached })
  } catch (error) {
    doors.close()
    throw error
  }
}

const openBehind = async (
  { gate, attachment, close }: Doors,
  options: ReplicaArguments,
  install: Install,
  { logger, onFatal, attached, takeUp, takeSeat: onTakeSeat }: Surroundings & { readonly attached: Attachment | null },
): Promise<Parts> => {
  // Reading all that is stored may take longer than the gate keeps clients waiting for these.
  const areCopiesWaiting = !gate.isOpen
  const wire = createWire({ groupId: install.groupId })
  const transport = openTransport(options, install, logger, attached)
  const storage = await openNedbStorage({ directory: options.data, wire, logger })
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
    groupKey: keptKeyOf(install),
    keepKey: async (groupKey) => {
      await keepKey(options.data, groupKey, transport)
      presentKey = fromBase64Url(groupKey.key)
    },
    invitedBy: byPeer(install.inviteAddresses),
  })
  if (install.isRetired) host.enqueue({ kind: 'wasRetired' })
  if (areCopiesWaiting) host.enqueue({ kind: 'copies', are: 'waiting', forked: await forkedAside(options.data) })
  await takeSeat(host, install)
  const history = new ViewHistory({ host, storage, clock: systemClock, logger, origin, server })
  await history.start()
  const service = new ReplicaService({
    install,
    host,
    history,
    takeSeat: onTakeSeat,
    groupKey: () => presentKey,
    ...{ clock: systemClock, logger, randomBytes },
  })
  await host.start({ onClient: (stream) => gate.enter(stream, 'person'), onFatal })
  const { syncIntervalMs } = options
  // Kept already it needs no room on a full disk.
  if (syncIntervalMs !== null && syncIntervalMs !== (await host.read((core) => core.syncIntervalMs)))
    await host.setSyncInterval(syncIntervalMs)
  const giveBack = new GiveBack({
    host,
    storage,
    clock: systemClock,
    logger,
    copies: () => asideCopies(options.data),
    open: (copy) => openAside(options.data, copy, install.groupId, logger),
    takeUp,
    done: () => {
      host.enqueue({ kind: 'copies', are: 'givenBack' })
      gate.open()
    },
  })
  gate.leadTo(service)
  const network = async (): Promise<void> => {
    await gate.calm()
    await host.connect()
    await attachment.follow(host)
    if (areCopiesWaiting) giveBack.start()
  }
  const stop = async (): Promise<void> => {
    close()
    service.stop()
    await giveBack.stop()
    await history.stop()
    await host.stop()
    await attachment.saved()
  }
  const connect = (): FrameStream => {
    const { client, replica } = createMemoryStreams()
    gate.enter(replica, 'person')
    return client
  }
  return { install, host, service, transport, connect, network, stop }
}

/** Loaded, with all of libp2p, when it is started. */
const openTransport = (
  options: ReplicaArguments,
  install: Install,
  logger: LoggerPort,
  attached: Attachment | null,
): Transport =>
  createLateTransport({
    self: install.peer,
    keys: { present: install.groupKey, former: install.formerKeys },
    load: async (groupKeys) => {
      const [{ createLibp2pTransport }, { withFormerPorts }] = await Promise.all([
        import('./drivers/libp2p-transport.ts'),
        import('./drivers/listen-ports.ts'),
      ])
      const formerAddresses = attached?.members.get(install.server)?.addresses ?? []
      return createLibp2pTransport({
        privateKey: install.privateKey,
        groupKeys,
        groupId: install.groupId,
        listen: await withFormerPorts(options.listen, formerAddresses),
        mdns: options.mdns,
        clock: systemClock,
        logger,
        random: Math.random,
      })
    },
  })

const keptKeyOf = ({ groupKey, keyMadeAt, isKeyHeldBack, formerKeys }: Install): KeptGroupKey => ({
  key: toBase64Url(groupKey),
  madeAt: keyMadeAt,
  isHeldBack: isKeyHeldBack,
  former: formerKeys.map(toBase64Url),
})

/** Keeps a key, durably, and uses it. DISK_FULL, DISK_FAILED. */
const keepKey = async (directory: string, groupKey: KeptGroupKey, transport: Transport): Promise<void> => {
  const present = fromBase64Url(groupKey.key)
  try {
    const install = await changeInstall(directory, (kept) => ({
      ...kept,
      groupKey: present,
      keyMadeAt: groupKey.madeAt,
      isKeyHeldBack: groupKey.isHeldBack,
      formerKeys: (groupKey.former ?? []).map(fromBase64Url),
    }))
    if (install !== null) transport.useKeys({ present, former: install.formerKeys })
  } catch (error) {
    throw diskError(error, "keeping the group's key")
  }
}

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

const admissionOf = (install: Install) => (install.admission === null ? null : proofOf(install, install.admission))

const vouchersOf = (install: Install) => install.vouchers.map((bytes) => proofOf(install, bytes))

const proofOf = ({ groupId }: Install, bytes: Uint8Array) => {
  const batch = createWire({ groupId }).decodeBatch(bytes)
  if (!batch.ok) throw new QuintetError('DAMAGED', `The proof of admission is damaged: ${batch.failure.message}`)
  return batch.value
}

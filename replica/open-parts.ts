import { randomBytes } from 'node:crypto'
import { ReplicaService } from './api/replica-service.ts'
import type { GroupApi } from './api/group-contract.ts'
import type { ReplicaArguments } from './arguments.ts'
import { openDoors } from './client-doors.ts'
import type { Failure } from './core/model/errors.ts'
import { QuintetError } from './core/model/errors.ts'
import type { PeerId } from './core/model/ids.ts'
import { peerId } from './core/model/ids.ts'
import { limits } from './core/model/limits.ts'
import type { GroupKey } from './core/model/messages.ts'
import { loadAttachment, loadInstall, saveInstall } from './drivers/install-file.ts'
import { peerOf } from './drivers/libp2p-addresses.ts'
import { createLibp2pTransport } from './drivers/libp2p-transport.ts'
import { withFormerPorts } from './drivers/listen-ports.ts'
import { createMemoryStreams } from './drivers/memory-streams.ts'
import { openNedbStorage } from './drivers/nedb-storage.ts'
import { systemClock } from './drivers/system-clock.ts'
import type { Install } from './host/install.ts'
import { GiveBack } from './host/give-back.ts'
import type { FrameStream, LoggerPort, Transport } from './host/ports.ts'
import { ReplicaHost } from './host/replica-host.ts'
import { ViewHistory } from './host/view-history.ts'
import { openAside } from './start-over.ts'
import { fromBase64Url, sameBytes, toBase64Url } from './wire/bytes.ts'
import { createWire, type Wire } from './wire/wire.ts'

/** What one life of a replica is made of. */
export interface Parts {
  readonly transport: Transport
  readonly install: Install
  readonly host: ReplicaHost
  readonly service: ReplicaService
  /** For a client within this process. */
  readonly connect: () => FrameStream
  readonly stop: () => Promise<void>
}

/** Storage, transport, event loop and service of one install, running. */
export const openParts = async (
  options: ReplicaArguments,
  install: Install,
  logger: LoggerPort,
  onFatal: (failure: Failure) => void,
  { takeSeat: onTakeSeat }: Pick<GroupApi, 'takeSeat'>,
): Promise<Parts> => {
  const wire = createWire({ groupId: install.groupId })
  const attached = await loadAttachment(options.data)
  const formerAddresses = attached?.members.get(install.server)?.addresses ?? []
  const { storage, transport } = await openDrivers(options, install, logger, { wire, formerAddresses })
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
  const { gate, local, attachment } = await openDoors(options.data, { install, host, service, logger, attached })
  await host.start({ onClient: (stream) => gate.enter(stream, 'person'), onFatal })
  if (options.syncIntervalMs !== null) await host.setSyncInterval(options.syncIntervalMs)
  await attachment.save()
  const giveBack = new GiveBack({
    host,
    storage,
    clock: systemClock,
    logger,
    open: () => openAside(options.data, install.groupId, logger),
    done: () => gate.open(),
  })
  if (!gate.isOpen) giveBack.start()
  const stop = async (): Promise<void> => {
    gate.stop()
    local.close()
    service.stop()
    await giveBack.stop()
    await history.stop()
    await host.stop()
  }
  const connect = (): FrameStream => {
    const { client, replica } = createMemoryStreams()
    gate.enter(replica, 'person')
    return client
  }
  return { install, host, service, transport, connect, stop }
}

const openDrivers = async (
  options: ReplicaArguments,
  install: Install,
  logger: LoggerPort,
  { wire, formerAddresses }: { readonly wire: Wire; readonly formerAddresses: readonly string[] },
) => {
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
  return { storage, transport }
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

import type { MemberInfo } from './api/contract.ts'
import { connectReplica } from './api/remote-replica.ts'
import type { ClientClock } from './client/client-ports.ts'
import type { MailClient } from './client/contract/mail-client.ts'
import { createMailClient, type MailClientOptions } from './client/mail-client.ts'
import type { SearchStart } from './client/search/search-desk.ts'
import { QuintetError } from './core/model/errors.ts'
import { isServerId, type ServerId } from './core/model/ids.ts'
import { type ClientInstall, type KnownMember, loadClientInstall, saveClientInstall } from './drivers/client-file.ts'
import { createClientStore } from './drivers/client-store.ts'
import { lockHolder } from './drivers/directory-lock.ts'
import { drawRandom } from './drivers/drawn-random.ts'
import { type Attachment, loadAttachment, loadInstall } from './drivers/install-file.ts'
import type { ClientDialer } from './drivers/libp2p-client.ts'
import { connectLocally } from './drivers/local-socket.ts'
import { pulseOf } from './drivers/process-pulse.ts'
import { verifyWithSodium } from './drivers/sodium.ts'
import { systemClock } from './drivers/system-clock.ts'
import { limits } from './core/model/limits.ts'
import type { Install } from './host/install.ts'
import type { FrameStream } from './host/ports.ts'
import type { RunningReplica } from './run-replica.ts'
import { shellWord } from './shell-word.ts'
import { sameBytes } from './wire/bytes.ts'

export interface ClientOptions {
  /** An app has the search index made ready `atLogIn`. */
  readonly searchStart?: SearchStart
  /** The directory's replica, where it runs in the client's own process. */
  readonly running?: HomeReplica | null
  /** How long a replica of the directory that is not running is waited for; not at all unless said otherwise. */
  readonly startingMs?: number
  /** What time the client takes it to be. */
  readonly clock?: ClientClock
}

/** What a client has of this machine. */
type Ports = Required<Pick<MailClientOptions, 'store' | 'searchStart' | 'random' | 'clock'>>

/** The replica of a client's own directory, in the same process. */
export type HomeReplica = Pick<RunningReplica, 'connect'>

/** Of one try: with what follows it, a server that is gone is told within 3 s. One that answers over a long way has longer. */
const dialTimeoutMs = 2_500
/** By then a client shows what it was started for; from then on another server is reached without delay. */
const dialerReadyAfterMs = 1_000

/**
 * A client of the replica that keeps `directory`, or of the group that `joinAsClient` joined. It begins at the server `first`, and
 * nowhere else; when its server goes away it goes on at another one. DIRECTORY_NOT_A_GROUP, UNREACHABLE, TIMEOUT, NO_SUCH_SERVER.
 */
export const connectClient = async (
  directory: string,
  first: ServerId | null,
  { searchStart = 'atFirstSearch', running = null, startingMs = 0, clock = systemClock }: ClientOptions = {},
): Promise<MailClient> => {
  verifyWithSodium()
  const ports = { store: createClientStore(`${directory}/client`), searchStart, random: drawRandom, clock }
  const untilMs = systemClock.nowMs() + startingMs
  for (;;) {
    const leftMs = Math.max(0, untilMs - systemClock.nowMs())
    const install = await loadInstall(directory)
    if (install !== null) return attachedClient(directory, install, { first, running, startingMs: leftMs }, ports)
    const client = await loadClientInstall(directory)
    if (client !== null) return freeClient(directory, client, first, ports)
    if (leftMs === 0) throw notAGroup(directory)
    await new Promise<void>((over) => systemClock.after(limits.startingLookMs, over))
  }
}

const notAGroup = (directory: string): QuintetError =>
  new QuintetError(
    'DIRECTORY_NOT_A_GROUP',
    `No replica keeps its state in ${directory}. Start one there first: npm run replica -- --data ${shellWord(directory)} --create NAME (or --join INVITE). ` +
      `Without a replica: npm run mail -- --data ${shellWord(directory)} --join INVITE`,
  )

interface Attaching {
  readonly first: ServerId | null
  readonly running: HomeReplica | null
  readonly startingMs: number
}

/** Uses the replica of its own data directory while that runs, and the others when it does not. */
const attachedClient = async (
  directory: string,
  install: Install,
  { first, running, startingMs }: Attaching,
  ports: Ports,
): Promise<MailClient> => {
  const dialers = new KeyedDialers(null)
  const home = first ?? install.server
  /** The group's key as another server told it while the own one is away; until the own one has another than it had then. */
  let told: { readonly key: Uint8Array; readonly insteadOf: Uint8Array } | null = null
  let ownKey = install.groupKey
  const readFiles = filesOf(directory, install)
  return createMailClient({
    connect: async (server, onReached) => {
      // The replica may have another seat or key since.
      const { present, attachment } = await readFiles()
      ownKey = present.groupKey
      const key = told !== null && sameBytes(told.insteadOf, ownKey) ? told.key : ownKey
      const isHome = server === null || server === home
      const wanted = isHome && home === install.server ? present.server : (server ?? home)
      const member = attachment?.members.get(wanted)
      if (attachment === null) throw notStarted(directory)
      if (member === undefined) throw unknownServer(wanted)
      const isOwn = wanted === present.server
      const { peer } = member
      const dial = async (): Promise<FrameStream> =>
        (await dialers.get(key)).dial(peer, member.addresses, dialTimeoutMs, onReached)
      const open = async (): Promise<FrameStream> => {
        if (isOwn && running !== null) return running.connect()
        if (!isOwn || attachment.socket === null) return dial()
        dialers.prepare(key)
        const place = { path: attachment.socket, peer, clock: systemClock, timeoutMs: dialTimeoutMs }
        return connectLocally(place).catch(async (error: unknown) => {
          if (await isOutOfSight(directory, error)) return dial()
          throw error
        })
      }
      const stream = await open()
      const adminToken = isOwn ? attachment.adminToken : null
      return connectReplica({ stream, adminToken, clock: systemClock })
    },
    machine: install.machine,
    servers: {
      home,
      start: startOf(first),
      ...(home === install.server ? { homePulse: pulseOf(directory), startingMs } : {}),
      learnKey: (key) => {
        told = { key, insteadOf: ownKey }
      },
      list: async () => [...((await readFiles()).attachment?.members.keys() ?? [])].filter(isServerId),
    },
    ...ports,
  })
}

/** It runs, and its socket is not there: somebody has emptied /tmp, or the replica is a service that has a /tmp of its own. */
const isOutOfSight = async (directory: string, error: unknown): Promise<boolean> =>
  error instanceof QuintetError && error.failure.code === 'UNREACHABLE' && (await lockHolder(directory)) !== null

/** Reads what a replica's directory says of it and of the members; what cannot be read, because the disk fails, is as it was. */
const filesOf = (directory: string, install: Install) => {
  let present = install
  let attachment: Attachment | null = null
  return async () => {
    present = (await loadInstall(directory).catch(() => null)) ?? present
    attachment = (await loadAttachment(directory).catch(() => null)) ?? attachment
    return { present, attachment }
  }
}

/** A dialer for the group's present key: another one when the key was changed. */
class KeyedDialers {
  readonly #privateKey: Uint8Array | null
  #key: Uint8Array = new Uint8Array()
  #dialer: Promise<ClientDialer> | null = null

  /** With the identity of a client that was let in, or (null) one for this run only. */
  constructor(privateKey: Uint8Array | null) {
    this.#privateKey = privateKey
  }

  /** Has it at hand soon, though it is not needed now. */
  prepare(groupKey: Uint8Array): void {
    systemClock.after(dialerReadyAfterMs, () => {
      this.get(groupKey).catch(() => undefined)
    })
  }

  get(groupKey: Uint8Array): Promise<ClientDialer> {
    if (this.#dialer !== null && sameBytes(groupKey, this.#key)) return this.#dialer
    const former = this.#dialer
    this.#key = groupKey
    const identity = this.#privateKey === null ? {} : { privateKey: this.#privateKey }
    // Loaded late: who uses the replica of this machine mostly never needs it.
    this.#dialer = import('./drivers/libp2p-client.ts').then(({ createClientDialer }) =>
      createClientDialer({ groupKey, ...identity, clock: systemClock }),
    )
    void former?.then((dialer) => dialer.stop()).catch(() => undefined)
    return this.#dialer
  }
}

/** Keeps no replica: all servers are as good, the nearest is taken. */
const freeClient = async (
  directory: string,
  install: ClientInstall,
  first: ServerId | null,
  ports: Ports,
): Promise<MailClient> => {
  const { privateKey, machine } = install
  const dialers = new KeyedDialers(privateKey)
  const members = new Map(install.members)
  let { groupKey } = install
  let saved = JSON.stringify([...members])
  let saving: Promise<void> = Promise.resolve()
  const save = (): void => {
    const kept = { ...install, groupKey, members: new Map(members) }
    // What cannot be remembered now is told again.
    saving = saving.then(() => saveClientInstall(directory, kept)).catch(() => undefined)
  }
  const learn = (told: readonly MemberInfo[]): void => {
    for (const { server, peer, addresses } of told) {
      // Where a server stands that nobody reaches now, the one before it knew better.
      const known: KnownMember | undefined = members.get(server)
      if (addresses.length > 0 || known?.peer !== peer) members.set(server, { peer, addresses })
    }
    const text = JSON.stringify([...members])
    if (text === saved) return
    saved = text
    save()
  }
  const learnKey = (present: Uint8Array): void => {
    if (sameBytes(present, groupKey)) return
    groupKey = present
    save()
  }
  const client = await createMailClient({
    connect: async (server, onReached) => {
      // The one that was asked for at the start stands in the place of an own one.
      const wanted = server ?? first
      const member = wanted === null ? undefined : members.get(wanted)
      if (member === undefined) throw unknownServer(wanted)
      const dialer = await dialers.get(groupKey)
      const stream = await dialer.dial(member.peer, member.addresses, dialTimeoutMs, onReached)
      return connectReplica({ stream, adminToken: null, clock: systemClock })
    },
    machine,
    servers: {
      home: first ?? 'none',
      start: startOf(first),
      list: () => Promise.resolve([...members.keys()]),
      learn,
      learnKey,
    },
    ...ports,
  })
  return client
}

const startOf = (first: ServerId | null) => (first === null ? 'anywhere' : 'at home')

const unknownServer = (server: ServerId | null): QuintetError =>
  new QuintetError(
    'NO_SUCH_SERVER',
    server === null
      ? 'No server of the group is known here.'
      : `No address is known of server ${server}: nobody has that seat, or it was never met.`,
  )

const notStarted = (directory: string): QuintetError =>
  new QuintetError(
    'NO_SUCH_SERVER',
    `The replica in ${directory} was never started: npm run replica -- --data ${shellWord(directory)}`,
  )

import { randomBytes } from 'node:crypto'
import type { ApiRight } from './api/method-table.ts'
import type { ReplicaService } from './api/replica-service.ts'
import { adminTokenCheck, serveReplica } from './api/serve-replica.ts'
import { AttachmentKeeper } from './attachment-keeper.ts'
import type { Attachment } from './drivers/install-file.ts'
import { listenLocally, type LocalServer } from './drivers/local-socket.ts'
import { systemClock } from './drivers/system-clock.ts'
import type { Install } from './host/install.ts'
import type { FrameStream, LoggerPort } from './host/ports.ts'
import type { ReplicaHost } from './host/replica-host.ts'
import { hasAside } from './start-over.ts'

const adminTokenBytes = 32
/** How long clients wait for a copy that starts over; a person without the others may then at least read what is there. */
const giveBackWaitMs = 60_000

/** By what clients come in. */
interface Doors {
  readonly gate: ClientGate
  readonly local: LocalServer
  readonly attachment: AttachmentKeeper
}

/** Listens for clients on this machine. `attachment` tells them of it when it is saved first; `attached`: what it told last. */
export const openDoors = async (
  directory: string,
  parts: {
    readonly install: Install
    readonly host: ReplicaHost
    readonly service: ReplicaService
    readonly logger: LoggerPort
    readonly attached: Attachment | null
  },
): Promise<Doors> => {
  const { install, host, service, logger, attached } = parts
  // The same at every start: a client that comes back at once may have read the file before it is written anew.
  const adminToken = attached?.adminToken ?? randomBytes(adminTokenBytes)
  // What a person sees must not be half of it: whoever comes meanwhile tries again.
  const state = (await hasAside(directory)) ? 'closed' : 'open'
  const gate = new ClientGate({ state, service, isAdminToken: adminTokenCheck(adminToken) })
  const local = await listenLocally({
    former: attached?.socket ?? null,
    clock: systemClock,
    logger,
    onClient: (stream) => gate.enter(stream, 'admin'),
  })
  const attachment = new AttachmentKeeper(directory, install, host, { adminToken, socket: local.path })
  return { gate, local, attachment }
}

/** Keeps clients out while the copy that they would see is not whole yet, but not for long. */
class ClientGate {
  readonly #service: ReplicaService
  readonly #isAdminToken: (token: Uint8Array) => boolean
  readonly #cancelWaiting: () => void
  #isOpen: boolean

  constructor(options: {
    readonly state: 'open' | 'closed'
    readonly service: ReplicaService
    readonly isAdminToken: (token: Uint8Array) => boolean
  }) {
    this.#service = options.service
    this.#isAdminToken = options.isAdminToken
    this.#isOpen = options.state === 'open'
    this.#cancelWaiting = systemClock.after(giveBackWaitMs, () => this.open())
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  open(): void {
    this.#isOpen = true
  }

  /** `requires`: who has less right does not get in by this door. */
  enter(stream: FrameStream, requires: ApiRight): void {
    if (!this.#isOpen) {
      stream.close().catch(() => undefined)
      return
    }
    const open = (right: ApiRight) => this.#service.connect(right)
    void serveReplica({ stream, open, isAdminToken: this.#isAdminToken, requires })
  }

  /** For good. */
  stop(): void {
    this.#cancelWaiting()
    this.#isOpen = false
  }
}

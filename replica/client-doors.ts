import { randomBytes } from 'node:crypto'
import type { ApiRight } from './api/method-table.ts'
import type { ReplicaService } from './api/replica-service.ts'
import { adminTokenCheck, serveReplica } from './api/serve-replica.ts'
import { AttachmentKeeper } from './attachment-keeper.ts'
import type { Attachment } from './drivers/install-file.ts'
import { listenLocally } from './drivers/local-socket.ts'
import { systemClock } from './drivers/system-clock.ts'
import type { Install } from './host/install.ts'
import type { FrameStream, LoggerPort } from './host/ports.ts'
import { hasAside } from './start-over.ts'

const adminTokenBytes = 32
/** Nobody who is just being served waits while the network is started, but the others of the group do not wait long either. */
const calmMs = 40
const calmMostMs = 400
/** How long clients wait for a copy that starts over; a person without the others may then at least read what is there. */
const giveBackWaitMs = 60_000

/** By what clients come in. */
export interface Doors {
  readonly gate: ClientGate
  readonly attachment: AttachmentKeeper
  /** For good. */
  readonly close: () => void
}

/**
 * Listens for clients on this machine, who are told where when they are not new here. They wait until the gate leads to a service.
 * `attached`: what they were told last.
 */
export const openDoors = async (
  directory: string,
  parts: { readonly install: Install; readonly logger: LoggerPort; readonly attached: Attachment | null },
): Promise<Doors> => {
  const { install, logger, attached } = parts
  // The same at every start: a client that comes back at once may have read the file before it is written anew.
  const adminToken = attached?.adminToken ?? randomBytes(adminTokenBytes)
  // What a person sees must not be half of it: whoever comes meanwhile tries again.
  const state = (await hasAside(directory)) ? 'closed' : 'open'
  const gate = new ClientGate({ state, isAdminToken: adminTokenCheck(adminToken), logger })
  const local = await listenLocally({
    former: attached?.socket ?? null,
    clock: systemClock,
    logger,
    onClient: (stream) => gate.enter(stream, 'admin'),
  })
  const attachment = new AttachmentKeeper(directory, install, { adminToken, socket: local.path }, attached)
  const close = (): void => {
    gate.stop()
    local.close()
  }
  return { gate, attachment, close }
}

interface GateOptions {
  readonly state: 'open' | 'closed'
  readonly isAdminToken: (token: Uint8Array) => boolean
  readonly logger: LoggerPort
}

/** Keeps clients out while the copy that they would see is not whole yet, but not for long. */
class ClientGate {
  readonly #options: GateOptions
  readonly #cancelWaiting: () => void
  #isOpen: boolean
  #service: ReplicaService | null = null
  /** Who came before there was a service. */
  #waiting: { readonly stream: FrameStream; readonly requires: ApiRight }[] = []
  #servedAtMs = 0

  constructor(options: GateOptions) {
    this.#options = options
    this.#isOpen = options.state === 'open'
    this.#cancelWaiting = systemClock.after(giveBackWaitMs, () => this.open())
  }

  get isOpen(): boolean {
    return this.#isOpen
  }

  open(): void {
    this.#isOpen = true
  }

  /** From now on clients are served, those first who have come before. */
  leadTo(service: ReplicaService): void {
    this.#service = service
    for (const { stream, requires } of this.#waiting.splice(0)) this.enter(stream, requires)
  }

  /** `requires`: who has less right does not get in by this door. */
  enter(stream: FrameStream, requires: ApiRight): void {
    const service = this.#service
    if (!this.#isOpen) stream.close().catch(() => undefined)
    else if (service === null) this.#waiting.push({ stream, requires })
    else this.#serve(service, stream, requires)
  }

  /** Fulfilled when nobody has asked for anything for a moment, or after `calmMostMs`. */
  async calm(): Promise<void> {
    const until = systemClock.nowMs() + calmMostMs
    this.#servedAtMs = systemClock.nowMs()
    for (;;) {
      const now = systemClock.nowMs()
      const waitMs = Math.min(this.#servedAtMs + calmMs, until) - now
      // A clock that was set meanwhile must not keep the network away.
      if (waitMs <= 0 || waitMs > calmMostMs) return
      await new Promise<void>((resolve) => systemClock.after(waitMs, resolve))
    }
  }

  /** For good. */
  stop(): void {
    this.#cancelWaiting()
    this.#isOpen = false
    for (const { stream } of this.#waiting.splice(0)) stream.close().catch(() => undefined)
  }

  #serve(service: ReplicaService, stream: FrameStream, requires: ApiRight): void {
    const noteCall = (): void => {
      this.#servedAtMs = systemClock.nowMs()
    }
    noteCall()
    const open = () => service.connect()
    const { isAdminToken, logger } = this.#options
    void serveReplica({ stream, open, isAdminToken, requires, onAnswer: noteCall, logger })
  }
}

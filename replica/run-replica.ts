import { join } from 'node:path'
import type { ReplicaService } from './api/replica-service.ts'
import type { ReplicaArguments } from './arguments.ts'
import type { Failure } from './core/model/errors.ts'
import { QuintetError } from './core/model/errors.ts'
import type { OriginId, ServerId } from './core/model/ids.ts'
import type { View } from './core/peers.ts'
import { removeHalfWritten } from './drivers/atomic-file.ts'
import { lockDirectory } from './drivers/directory-lock.ts'
import { systemCode } from './drivers/file-names.ts'
import { changeInstall, loadInstall, saveInstall } from './drivers/install-file.ts'
import { diskError } from './drivers/nedb-files.ts'
import { createPinoLogger } from './drivers/pino-logger.ts'
import { processMemory } from './drivers/process-memory.ts'
import { verifyWithSodium } from './drivers/sodium.ts'
import { systemClock } from './drivers/system-clock.ts'
import type { Install } from './host/install.ts'
import { MemoryKeeper } from './host/memory-keeper.ts'
import type { FrameStream, LoggerPort } from './host/ports.ts'
import { makeDataDirectory } from './new-install.ts'
import { openInstall, resetCopy } from './open-install.ts'
import { openParts, type Parts } from './open-parts.ts'
import { finishStartingOver, finishTakingUp, startOver, successorOf, takeUp } from './start-over.ts'
import { originOf } from './wire/keys.ts'

/** Where people's replicas listen: at all of the machine's addresses. Where there is no IPv6 at all, the first suffices. */
export const everywhere: readonly string[] = ['/ip4/0.0.0.0/tcp/0', '/ip6/::/tcp/0']

/** A replica that runs in this process. It may begin anew under another identity; what is asked of it goes to the present one. */
export interface RunningReplica {
  readonly install: Install
  readonly service: ReplicaService
  readonly listen: readonly string[]
  /** For a client within this process. STOPPED before it runs. */
  connect(): FrameStream
  /** Told when it listens; again when it has begun anew: `install`, `service` and `listen` are others then. */
  onReady(listener: () => void): void
  /** Told of every change of the view, each after it was told that the life that the change belongs to is ready. */
  onView(listener: (view: View) => void): void
  /** Dials the members at once, whatever the back-off: after a wake-up, or on another network. */
  redial(): void
  /** Flushes and closes everything. */
  stop(): Promise<void>
}

/**
 * Opens (or makes, or joins with) a data directory and starts its replica. `onFatal` hears of a storage that failed for good. `onOpen`
 * gets the replica when it serves clients of this machine; the network comes after them, and is there when this is fulfilled.
 */
export const runReplica = async (
  options: ReplicaArguments,
  onFatal: (failure: Failure) => void,
  onOpen: (replica: RunningReplica) => void = () => undefined,
): Promise<RunningReplica> => {
  verifyWithSodium()
  await makeDataDirectory(options.data)
  const lock = await lockDirectory(options.data)
  await removeHalfWritten(options.data).catch(() => undefined)
  const log = createPinoLogger({ level: options.logLevel, file: join(options.data, 'replica.log') })
  const forgetCrashes = noteCrashes(log.logger)
  try {
    await finishStartingOver(options.data)
    await finishTakingUp(options.data)
    if (options.reset !== 'no') await resetCopy(options, options.reset)
    const memory = new MemoryKeeper({ memory: processMemory, clock: systemClock, logger: log.logger })
    const replica = new Replica(options, log.logger, onFatal, async () => {
      memory.stop()
      forgetCrashes()
      log.close()
      await lock.release()
    })
    await replica.begin(await openInstall(options), () => onOpen(replica))
    memory.start()
    return replica
  } catch (error) {
    forgetCrashes()
    await lock.release()
    throw systemCode(error) === null ? error : diskError(error, `opening ${options.data}`)
  }
}

/** What ends the process unforeseen is told where nobody reads what it says on its way out, as of a service. It ends all the same. */
const noteCrashes = (logger: LoggerPort): (() => void) => {
  const note = (thrown: unknown, origin: NodeJS.UncaughtExceptionOrigin): void => {
    const error = thrown instanceof Error ? thrown.stack : String(thrown)
    logger.error('the process ends by an error that nothing has caught', { origin, error })
  }
  process.on('uncaughtExceptionMonitor', note)
  return () => process.off('uncaughtExceptionMonitor', note)
}

class Replica implements RunningReplica {
  readonly #options: ReplicaArguments
  readonly #logger: LoggerPort
  readonly #onFatal: (failure: Failure) => void
  readonly #close: () => Promise<void>
  readonly #viewListeners = new Set<(view: View) => void>()
  readonly #readyListeners = new Set<() => void>()
  /** What is to be told once the present life is ready; null when it is. */
  #earlyViews: View[] | null = null
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

  /** `onOpen`: clients of this machine are served, the network is still to be started. */
  async begin(install: Install, onOpen: () => void = () => undefined): Promise<void> {
    const parts = await openParts(this.#options, install, {
      logger: this.#logger,
      onFatal: this.#onFatal,
      takeSeat: (request) => this.#takeSeat(request.server),
      takeUp: (copy) => this.#takeUp(copy),
    })
    this.#parts = parts
    // Members that are found at once are there before the network is told to be.
    this.#earlyViews = []
    parts.host.onNotice((notice) => {
      if (notice.kind === 'view') this.#tellView({ number: notice.number, servers: notice.servers })
      if (notice.kind === 'forked') this.#startOver(notice.origin)
      if (notice.kind === 'retired') void this.#noteRetired(parts.install.origin)
    })
    onOpen()
    try {
      await parts.network()
      this.#tellReady()
      // Found out before anybody listened.
      const hindrance = await parts.host.read((core) => core.hindrance)
      if (hindrance === 'forked') this.#startOver(install.origin)
    } catch (error) {
      // Who stopped it meanwhile waits for that, not for the network.
      if (this.#isStopped) return
      await parts.stop()
      throw error
    }
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

  connect(): FrameStream {
    return this.#present.connect()
  }

  onView(listener: (view: View) => void): void {
    this.#viewListeners.add(listener)
  }

  onReady(listener: () => void): void {
    this.#readyListeners.add(listener)
  }

  redial(): void {
    this.#parts?.transport.redial()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#changing
    try {
      await this.#parts?.stop()
    } finally {
      await this.#close()
    }
  }

  get #present(): Parts {
    if (this.#parts === null) throw new QuintetError('STOPPED', 'The replica is not running yet.')
    return this.#parts
  }

  #tellView(view: View): void {
    if (this.#earlyViews !== null) this.#earlyViews.push(view)
    else for (const listener of this.#viewListeners) listener(view)
  }

  #tellReady(): void {
    if (this.#isStopped) return
    const early = this.#earlyViews ?? []
    this.#earlyViews = null
    for (const listener of this.#readyListeners) listener()
    for (const view of early) this.#tellView(view)
  }

  async #noteRetired(origin: OriginId): Promise<void> {
    try {
      await changeInstall(this.#options.data, (kept) => (kept.origin === origin ? { ...kept, isRetired: true } : kept))
    } catch (error) {
      // The others say so again after the next start.
      this.#logger.warn('that this machine was retired could not be kept', { error: String(error) })
    }
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

  /** Nobody has a state: this machine goes on, as the same install, from a copy that it had set aside. */
  #takeUp(copy: OriginId): void {
    this.#restart(async (install) => {
      await takeUp(this.#options.data, copy, { groupId: install.groupId, logger: this.#logger })
      return install
    })
  }

  async #takeSeat(server: ServerId): Promise<void> {
    const { install, host } = this.#present
    const origin = originOf(server, install.peer)
    const refusal = await host.read((core) => {
      const { seats } = core.state
      if (!core.hasLostSeat) return badSeat(`This machine has server id ${install.server} and keeps it.`)
      if (seats.holder(server) !== undefined || seats.promised(systemClock.nowMs()).has(server))
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
    }
    this.#changing = this.#changing.then(work).catch((error: unknown) => {
      const known = systemCode(error) === null ? error : diskError(error, 'starting anew')
      this.#onFatal(
        known instanceof QuintetError
          ? known.failure
          : { code: 'INTERNAL', message: `Starting anew failed: ${String(error)}` },
      )
    })
  }
}

const badSeat = (reason: string): QuintetError =>
  new QuintetError('BAD_REQUEST', `${reason} Another seat is only taken when this one's is lost.`)

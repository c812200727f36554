import type { OriginId, ServerId } from '../core/model/ids.ts'
import { isServerId } from '../core/model/ids.ts'
import type { ViewChange } from '../core/model/view-change.ts'
import { limits } from '../core/model/limits.ts'
import { readKept } from './kept-settings.ts'
import type { ClockPort, LoggerPort, Storage } from './ports.ts'
import type { Notice, ReplicaHost } from './replica-host.ts'

interface HistoryOptions {
  readonly host: Pick<ReplicaHost, 'onNotice' | 'read'>
  readonly storage: Pick<Storage, 'readSetting' | 'writeSetting'>
  readonly clock: ClockPort
  readonly logger: LoggerPort
  readonly origin: OriginId
  readonly server: ServerId
}

const settingName = 'view-history'
/** Mails that came in are written down this often at most. */
const saveEveryMs = 2_000

/** The last `limits.historyViews` changes of the view, kept over restarts. */
export class ViewHistory {
  readonly #options: HistoryOptions
  #changes: readonly ViewChange[] = []
  /** Since the newest change, besides those that stand there already. */
  #mailsIn = 0
  #servers: readonly ServerId[]
  #mailsBefore: number | null = null
  #isSaved = true
  #saving: Promise<void> = Promise.resolve()
  readonly #stops: (() => void)[] = []

  constructor(options: HistoryOptions) {
    this.#options = options
    this.#servers = [options.server]
  }

  /** Takes up what was kept, and listens from now on. */
  async start(): Promise<void> {
    const kept = await readKept(this.#options.storage, this.#options.logger, settingName)
    if (Array.isArray(kept)) this.#changes = kept.filter(isViewChange).slice(0, limits.historyViews)
    this.#stops.push(
      this.#options.host.onNotice((notice) => this.#take(notice)),
      this.#options.clock.every(saveEveryMs, () => this.#save()),
    )
  }

  /** Writes down what is not written yet. */
  async stop(): Promise<void> {
    for (const stop of this.#stops.splice(0)) stop()
    this.#save()
    await this.#saving
  }

  /** Newest first. */
  list(): readonly ViewChange[] {
    const [newest, ...older] = this.#changes
    if (this.#mailsIn > 0 && newest !== undefined) {
      this.#changes = [{ ...newest, mailsIn: newest.mailsIn + this.#mailsIn }, ...older]
      this.#mailsIn = 0
    }
    return this.#changes
  }

  #take(notice: Notice): void {
    switch (notice.kind) {
      case 'view':
        this.#note(notice.number, notice.servers)
        break
      case 'mail':
        if (notice.update.origin !== this.#options.origin) this.#count(1)
        break
      case 'transfer':
        if (notice.phase !== 'abandoned') void this.#countTransfer(notice.phase)
        break
      default:
        break
    }
  }

  #note(number: number, servers: readonly ServerId[]): void {
    const before = this.#servers
    const change: ViewChange = {
      at: this.#options.clock.nowMs(),
      number,
      servers,
      joined: servers.filter((server) => !before.includes(server)),
      left: before.filter((server) => !servers.includes(server)),
      mailsIn: 0,
    }
    this.#servers = servers
    this.#changes = [change, ...this.list()].slice(0, limits.historyViews)
    this.#isSaved = false
    this.#save()
  }

  #count(mails: number): void {
    if (this.#changes.length === 0 || mails <= 0) return
    this.#mailsIn += mails
    this.#isSaved = false
  }

  /** A state transfer brings mails without telling of each. */
  async #countTransfer(phase: 'begun' | 'done'): Promise<void> {
    const mails = await this.#options.host.read((core) => core.state.mails.size).catch(() => null)
    if (phase === 'done' && mails !== null && this.#mailsBefore !== null) this.#count(mails - this.#mailsBefore)
    this.#mailsBefore = phase === 'begun' ? mails : null
  }

  #save(): void {
    if (this.#isSaved) return
    this.#isSaved = true
    const changes = this.list()
    this.#saving = this.#saving
      .then(() => this.#options.storage.writeSetting(settingName, changes))
      .catch((error: unknown) => {
        this.#options.logger.warn('the history of views could not be saved', { error: String(error) })
      })
  }
}

const isServers = (value: unknown): boolean => Array.isArray(value) && value.every(isServerId)

const isViewChange = (value: unknown): value is ViewChange => {
  if (typeof value !== 'object' || value === null) return false
  const { at, number, servers, joined, left, mailsIn } = value as Readonly<Record<string, unknown>>
  const hasNumbers = [at, number, mailsIn].every((field) => Number.isSafeInteger(field))
  return hasNumbers && isServers(servers) && isServers(joined) && isServers(left)
}

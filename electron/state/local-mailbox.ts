import type { ClientEvent } from '../../replica/client/contract/events.ts'
import type { MailClient } from '../../replica/client/contract/mail-client.ts'
import { type Failure, QuintetError } from '../../replica/core/model/errors.ts'
import type { ServerId } from '../../replica/core/model/ids.ts'
import type { KeptGroup } from '../../replica/kept-group.ts'
import type { RunningReplica } from '../../replica/run-replica.ts'
import type { AppPhase, InspectedInvite } from '../contract/app-host.ts'
import { failureOf } from '../ipc/answers.ts'
import { type LogInKeeper, StayingSignedIn, type StayWish } from './staying-signed-in.ts'

export interface MailboxOptions {
  readonly data: string
  /** Multiaddrs; empty for all of this machine. */
  readonly listen: readonly string[]
  readonly mdns: 'on' | 'off'
}

interface FirstOpening {
  readonly create: string | null
  readonly join: string | null
  readonly server: ServerId | null
  readonly machine: string | null
}

/** A client without a replica looks this often whether a server has come. */
const reopenMs = 10_000
/** When the disk has failed under the replica: longer than it takes to go over to another server, if one is there. */
const elsewhereWithinMs = 12_000
const laterOpening: FirstOpening = { create: null, join: null, server: null, machine: null }
/** Nobody is logged in any more when this is told. */
const endsLogIn: ReadonlySet<ClientEvent['event']> = new Set(['takenOver', 'accountDeleted'])
/** After these calls somebody else may be logged in, or nobody, or the session is of another server or group name. */
const sessionMethods: ReadonlySet<string> = new Set([
  'signUp',
  'logIn',
  'logOut',
  'deleteAccount',
  'resetPassword',
  'renameGroup',
  'takeSeat',
  'connect',
])

/** After these calls the machine's directory says something else of its group, or of its seat. */
const groupMethods: ReadonlySet<string> = new Set(['renameGroup', 'takeSeat'])

/** What a window leaves as it is: it asks for a reset, or another interval, in its own way. */
const asChosenBefore = { syncIntervalMs: null, reset: 'no', consent: 'ask' } as const

/** This machine's replica, the client that the window uses, and how far they are. */
export class LocalMailbox {
  readonly #options: MailboxOptions
  readonly #phaseListeners: ((phase: AppPhase) => void)[] = []
  readonly #eventListeners: ((event: ClientEvent) => void)[] = []
  #phase: AppPhase = { phase: 'starting', step: 'opening' }
  #group: KeptGroup | null = null
  #replica: RunningReplica | null = null
  /** Why the replica has ended, while the client uses another server. */
  #homeFailure: Failure | null = null
  #client: MailClient | null = null
  #work: Promise<unknown> = Promise.resolve()
  readonly #staying = new StayingSignedIn()
  #reopening: NodeJS.Timeout | undefined
  /** Called when the client has another connection. */
  #lookElsewhere: () => void = () => undefined

  constructor(options: MailboxOptions) {
    this.#options = options
  }

  get phase(): AppPhase {
    return this.#phase
  }

  /** UNREACHABLE while none is open. */
  get client(): MailClient {
    if (this.#client === null) throw new QuintetError('UNREACHABLE', 'The mailbox is not open yet.')
    return this.#client
  }

  get isOpen(): boolean {
    return this.#client !== null
  }

  onPhase(listener: (phase: AppPhase) => void): void {
    this.#phaseListeners.push(listener)
  }

  onEvent(listener: (event: ClientEvent) => void): void {
    this.#eventListeners.push(listener)
  }

  /** To be called before `open`. */
  keepLogInsIn(keeper: LogInKeeper): void {
    this.#staying.keepIn(keeper)
  }

  /** Whether the present log-in, and later ones, last over a restart. Where it turns out late that they do, the kept one is gone on with. */
  setStaySignedIn(wish: StayWish): void {
    if (this.#staying.become(wish) === 'same') return
    if (this.#phase.phase === 'signedIn' || wish === 'off') this.#staying.keep(this.#client)
    else if (wish === 'on') void this.#inOrder(() => this.#resumeLate())
  }

  /** Opens what the data directory holds; `phase` tells what came of it. */
  open(): Promise<void> {
    return this.#inOrder(async () => {
      if (this.#client !== null) return
      this.#become({ phase: 'starting', step: 'opening' })
      await this.#tryToOpen()
    })
  }

  /** Makes the group that this machine is the first of. Rejects when it cannot be done; `phase` stays, or has failed where the group is there and is not open. */
  create(groupName: string, machine: string, server: ServerId): Promise<void> {
    return this.#inOrder(() => this.#enter(() => this.#start({ create: groupName, join: null, server, machine })))
  }

  join(invite: string, machine: string, server: ServerId | null): Promise<void> {
    return this.#inOrder(() => this.#enter(() => this.#start({ create: null, join: invite, server, machine })))
  }

  /** As `join`, without a replica of its own. */
  joinAsClient(invite: string, machine: string): Promise<void> {
    const join = async (): Promise<void> => {
      const { joinAsClient } = await loadReplica()
      await joinAsClient({ directory: this.#options.data, invite, machine })
      await this.#connect()
    }
    return this.#inOrder(() => this.#enter(join))
  }

  /** BAD_INVITE, INVITE_EXPIRED. */
  async inspectInvite(invite: string): Promise<InspectedInvite> {
    const { inspectInvite } = await loadReplica()
    return inspectInvite(invite)
  }

  async logIn(person: { readonly name: string; readonly password: string }): Promise<void> {
    await this.client.logIn(person)
    this.called('logIn')
  }

  /** To be called after each call of the client's. */
  called(method: string): void {
    if (!sessionMethods.has(method)) return
    this.#tellSession()
    this.#staying.keep(this.#client)
    if (groupMethods.has(method)) void this.#inOrder(() => this.#readGroup()).catch(() => undefined)
  }

  /** The machine woke up. */
  redial(): void {
    this.#replica?.redial()
    this.#reopen()
  }

  /** Wipes this machine's copy and takes it back from the others, one of which must be reachable; by an invite it joins them again. */
  reset(invite: string | null): Promise<void> {
    return this.#beginAnew(invite, 'together')
  }

  /** Begins anew with what an invite of the group says of the others. */
  findOthers(invite: string): Promise<void> {
    return this.#beginAnew(invite, 'no')
  }

  /** Everything that was accepted is on the disk when this is fulfilled. */
  close(): Promise<void> {
    return this.#inOrder(() => this.#stop())
  }

  #beginAnew(invite: string | null, reset: 'no' | 'together'): Promise<void> {
    return this.#inOrder(async () => {
      if (invite !== null) await this.#checkInvite(invite, reset)
      await this.#stop()
      this.#become({ phase: 'starting', step: reset === 'no' ? 'opening' : 'takingBack' })
      try {
        await this.#start({ ...laterOpening, join: invite }, reset)
      } catch (error) {
        // An invite that does not do has changed nothing.
        if (invite === null) this.#become({ phase: 'failed', failure: failureOf(error) })
        else await this.#tryToOpen()
        throw error
      }
    })
  }

  /** Who mistypes one, or has one that is used up, stays where they are. */
  async #checkInvite(invite: string, reset: 'no' | 'together'): Promise<void> {
    const { checkOwnInvite } = await loadReplica()
    await checkOwnInvite(this.#options.data, invite)
    if (reset === 'together') await this.inspectInvite(invite)
  }

  /** What gives this machine its group, and opens it. */
  async #enter(work: () => Promise<void>): Promise<void> {
    const { keptGroup } = await loadReplica()
    if ((await keptGroup(this.#options.data)) !== null)
      throw new QuintetError('DIRECTORY_HAS_A_GROUP', 'This machine belongs to a group already.')
    try {
      await work()
    } catch (error) {
      // Where the machine has its group by now, only opening it is left to try.
      if ((await keptGroup(this.#options.data)) !== null) this.#openLater(error)
      throw error
    }
  }

  async #start(opening: FirstOpening, reset: 'no' | 'together' = 'no'): Promise<void> {
    const { everywhere, runReplica } = await loadReplica()
    const { data, listen, mdns } = this.#options
    const options = { data, mdns, ...opening, listen: listen.length === 0 ? everywhere : listen }
    try {
      this.#replica = await runReplica(
        { ...options, ...asChosenBefore, reset, format: 'json', logLevel: 'info' },
        (failure) => void this.#fail(failure),
      )
      this.#homeFailure = null
    } catch (error) {
      if (error instanceof QuintetError && error.code === 'DISK_FAILED') return this.#connectElsewhere(error)
      // A replica without a window keeps this directory: the window is one more client of it.
      if (!(error instanceof QuintetError) || error.code !== 'DIRECTORY_IN_USE') throw error
    }
    await this.#connect()
  }

  /** The disk does not let the replica start. With another server people go on all the same. */
  async #connectElsewhere(error: QuintetError): Promise<void> {
    this.#homeFailure = error.failure
    await this.#connect().catch(() => {
      throw error
    })
  }

  async #connect(): Promise<void> {
    const { connectClient, keptGroup } = await loadReplica()
    this.#group = await keptGroup(this.#options.data)
    const client = await connectClient(this.#options.data, null, { searchStart: 'atLogIn', running: this.#replica })
    this.#client = client
    client.onEvent((event) => this.#hear(event))
    await this.#staying.resume(client)
    this.#tellSession()
  }

  async #resumeLate(): Promise<void> {
    const client = this.#client
    if (client === null) return
    await this.#staying.resume(client)
    if (this.#client === client) this.#tellSession()
  }

  async #tryToOpen(): Promise<void> {
    clearTimeout(this.#reopening)
    try {
      const { keptGroup } = await loadReplica()
      const kept = await keptGroup(this.#options.data)
      if (kept === null) this.#become({ phase: 'empty' })
      else if (kept.server === null) await this.#connect()
      else await this.#start(laterOpening)
    } catch (error) {
      this.#openLater(error)
    }
  }

  #openLater(error: unknown): void {
    const failure = failureOf(error)
    this.#become({ phase: 'failed', failure })
    if (failure.code === 'UNREACHABLE') this.#reopening = setTimeout(() => this.#reopen(), reopenMs)
  }

  /** Where no server could be reached one may have come; the window goes on showing the failure meanwhile. */
  #reopen(): void {
    void this.#inOrder(async () => {
      if (this.#phase.phase === 'failed' && this.#phase.failure.code === 'UNREACHABLE') await this.#tryToOpen()
    })
  }

  async #readGroup(): Promise<void> {
    const { keptGroup } = await loadReplica()
    this.#group = await keptGroup(this.#options.data)
    this.#tellSession()
  }

  #hear(event: ClientEvent): void {
    for (const listener of this.#eventListeners) listener(event)
    if (event.event === 'connected') this.#lookElsewhere()
    if (endsLogIn.has(event.event)) this.#staying.keep(this.#client)
    if (endsLogIn.has(event.event) || event.event === 'renamed' || event.event === 'connected') this.#tellSession()
  }

  #tellSession(): void {
    const [client, group] = [this.#client, this.#group]
    if (client === null || group === null) return
    const account = client.loggedInAs
    const phase = account === null ? 'signedOut' : 'signedIn'
    const { server } = client
    const mode = group.server === null ? 'client' : 'replica'
    this.#become({
      phase,
      group: group.groupName,
      mode,
      server,
      home: group.server,
      homeFailure: this.#homeFailure,
      account,
      accountId: client.account,
    })
  }

  async #fail(failure: Failure): Promise<void> {
    const client = this.#client
    if (failure.code === 'DISK_FAILED' && (await this.#goOnElsewhere(failure))) return
    // Whoever has stopped it, or opened another one meanwhile, has told of that.
    if (this.#client !== client) return
    // That it could not be ended in order either says less than why it is ended.
    await this.#stop().catch(() => undefined)
    this.#become({ phase: 'failed', failure })
  }

  /** The disk of this machine is not that of the others: what people read and write goes on at one of them, if one can be reached. */
  async #goOnElsewhere(failure: Failure): Promise<boolean> {
    const [client, replica] = [this.#client, this.#replica]
    if (client === null || replica === null) return false
    const isElsewhere = new Promise<boolean>((resolve) => {
      const tooLate = setTimeout(() => resolve(false), elsewhereWithinMs)
      this.#lookElsewhere = () => {
        if (client.server === this.#group?.server) return
        clearTimeout(tooLate)
        resolve(true)
      }
    })
    this.#replica = null
    this.#homeFailure = failure
    this.#tellSession()
    this.#lookElsewhere()
    // The client's connection ends with it.
    await replica.stop().catch(() => undefined)
    return isElsewhere
  }

  async #stop(): Promise<void> {
    clearTimeout(this.#reopening)
    const [client, replica] = [this.#client, this.#replica]
    this.#client = null
    this.#replica = null
    await client?.close().catch(() => undefined)
    await replica?.stop()
  }

  #become(phase: AppPhase): void {
    this.#phase = phase
    for (const listener of this.#phaseListeners) listener(phase)
  }

  #inOrder<Value>(work: () => Promise<Value>): Promise<Value> {
    const done = this.#work.then(work)
    this.#work = done.catch(() => undefined)
    return done
  }
}

/** Some 500 modules: the window is on its way before they are loaded. */
const loadReplica = () => import('./replica-modules.ts')

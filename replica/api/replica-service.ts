import { clockToMs } from '../core/model/clock.ts'
import type { AccountId, Clock, OriginId, Sequence, SessionId } from '../core/model/ids.ts'
import { seatOf, updateId } from '../core/model/ids.ts'
import type { AccountKeysRecord } from '../core/model/image.ts'
import { limits } from '../core/model/limits.ts'
import type { VersionVector } from '../core/model/messages.ts'
import type { LogInVerdict } from '../core/model/session-place.ts'
import type { Update } from '../core/model/updates.ts'
import type { Install } from '../host/install.ts'
import type { ClockPort, LoggerPort } from '../host/ports.ts'
import type { MailView } from '../host/queries.ts'
import { promisedSeats } from '../host/network-queries.ts'
import { findAccounts, findPeople, members, recipientsAmong, seats } from '../host/queries.ts'
import { postForFollowers, type PostView } from '../host/social-queries.ts'
import type { Notice, ReplicaHost } from '../host/replica-host.ts'
import type { ViewHistory } from '../host/view-history.ts'
import { warnings } from '../host/warnings.ts'
import { encodeInvite, inviteIdOf, tokenBytes } from '../wire/invite-codec.ts'
import { signedPartsOf } from '../wire/signed-parts.ts'
import { createWire } from '../wire/wire.ts'
import type {
  AccountInfo,
  KeysChange,
  MailContent,
  MemberInfo,
  PersonInfo,
  ReplicaEvent,
  SealedMail,
  SessionPlace,
  SignedPost,
  StatusInfo,
} from './contract.ts'
import { GroupAdmin } from './group-admin.ts'
import type { GroupApi } from './group-contract.ts'
import type { ConnectionPorts } from './service-connection.ts'
import { SealedMails } from './sealed-mails.ts'
import { ServiceConnection } from './service-connection.ts'
import { Throttle } from './throttle.ts'

export interface ServiceOptions {
  readonly install: Install
  readonly host: ReplicaHost
  readonly history: Pick<ViewHistory, 'list'>
  /** Begins the replica anew under another server id. */
  readonly takeSeat: GroupApi['takeSeat']
  /** The present one, for invites. */
  readonly groupKey: () => Uint8Array
  readonly clock: ClockPort
  readonly logger: LoggerPort
  readonly randomBytes: (count: number) => Uint8Array
}

type NewMail = Pick<Update, 'origin' | 'sequence' | 'bytes'>

const msPerDay = 86_400_000
const nothingHeld: VersionVector = new Map()

/** One replica's side of the api: what all connections share. */
export class ReplicaService implements ConnectionPorts {
  readonly install: Install
  readonly host: ReplicaHost
  readonly group: GroupApi
  readonly clock: ClockPort
  readonly #options: ServiceOptions
  readonly #connections = new Set<ServiceConnection>()
  readonly #knowledge: Throttle
  readonly #people: Throttle
  readonly #mails: SealedMails
  /** Mails that came with the present step. */
  readonly #untold: NewMail[] = []
  #digest: { readonly revision: number; readonly text: string } | null = null

  constructor(options: ServiceOptions) {
    this.#options = options
    this.install = options.install
    this.host = options.host
    this.#mails = new SealedMails(options.install.groupId, options.host)
    this.group = new GroupAdmin({
      ...options,
      wire: createWire(options.install),
      nowMs: () => options.clock.nowMs(),
      status: () => this.status(),
    })
    this.clock = options.clock
    const toAll = (event: ReplicaEvent) => () => this.#tellAll(event)
    this.#knowledge = new Throttle(this.clock, limits.knowledgeEventMs, toAll({ event: 'knowledge' }))
    this.#people = new Throttle(this.clock, limits.knowledgeEventMs, toAll({ event: 'people' }))
    this.host.onNotice((notice) => {
      this.#notice(notice)
    })
  }

  /** A client's connection. It ends with `close`. */
  connect(): ServiceConnection {
    const connection = new ServiceConnection(this)
    this.#connections.add(connection)
    return connection
  }

  closed(connection: ServiceConnection): void {
    this.#connections.delete(connection)
    this.sessionsChanged()
  }

  /** Tells all connections that the replica is going down. */
  stop(): void {
    this.#knowledge.end()
    this.#people.end()
    this.#tellAll({ event: 'closed', failure: { code: 'STOPPED', message: 'The replica is going down.' } })
  }

  /** Others are told who is logged in here. */
  sessionsChanged(): void {
    const sessions = [...this.#connections].flatMap(({ claim }) => claim ?? [])
    this.host.enqueue({ kind: 'sessions', sessions })
  }

  randomBytes(count: number): Uint8Array {
    return this.#options.randomBytes(count)
  }

  async status(): Promise<StatusInfo> {
    const diskBytes = await this.host.diskBytes()
    const nowMs = this.clock.nowMs()
    const lags = new Map(this.host.links().map(({ peer, lagMs }) => [peer, lagMs]))
    return this.host.read((core) => {
      const { state, identity } = core
      if (this.#digest?.revision !== state.revision) this.#digest = { revision: state.revision, text: state.digest() }
      const rows = core.rows()
      const inUse = seats(core)
      const told = toldOf([identity.origin, ...inUse.map(({ origin }) => origin), ...state.vector.keys()])
      return {
        serverId: identity.server,
        origin: identity.origin,
        groupName: state.seats.group?.name ?? this.install.groupName,
        view: core.view,
        vector: told(state.vector),
        matrix: Object.fromEntries(inUse.map((seat) => [seat.server, told(rows.get(seat.origin) ?? nothingHeld)])),
        stable: told(core.stable),
        accounts: state.accounts.size,
        mails: state.mails.size,
        digest: this.#digest.text,
        warnings: warnings(core, this.host.surroundings, nowMs).map(({ sentence }) => sentence),
        diskBytes,
        paused: core.paused,
        seats: inUse.map(({ server, origin, machine, isReachable, peer }) => ({
          server,
          origin,
          machine,
          connected: isReachable,
          lagMs: lags.get(peer) ?? null,
        })),
        promised: promisedSeats(core, nowMs),
      }
    })
  }

  lookUp(names: readonly string[], accounts: readonly AccountId[]): Promise<readonly AccountInfo[]> {
    return this.host.read((core) =>
      findAccounts(core, names, accounts).flatMap(({ record, name }) => {
        const { account, sealKey, sealedKeys, bytes } = record
        const parts = signedPartsOf(bytes)
        const changed = core.state.accountKeys.get(account)
        const keys = changed === undefined ? null : signedPartsOf(changed.bytes)
        if (!parts.ok || keys?.ok === false) return []
        const present = changed?.sealedKeys ?? sealedKeys
        const keysChanged = changed === undefined ? null : changeOf(changed)
        const shown = { account, name, sealKey, sealedKeys: present, ...parts.value }
        return [{ ...shown, keys: keys?.value ?? null, keysChanged }]
      }),
    )
  }

  people(like: string, after: string | null): Promise<readonly PersonInfo[]> {
    return this.host.read((core) => findPeople(core, like, after).slice(0, limits.pageAccounts))
  }

  async members(): Promise<readonly MemberInfo[]> {
    const known = await this.host.read(members)
    const own = this.host.listenAddresses()
    return known.map((member) => ({
      ...member,
      addresses: (member.server === this.install.server ? own : member.addresses).slice(0, limits.addressesPerPeer),
    }))
  }

  groupKey(): Uint8Array {
    return this.#options.groupKey()
  }

  judgeLogIn(account: AccountId, session: SessionId, offered: Clock | null): Promise<LogInVerdict> {
    return this.host.read((core) => core.judgeLogIn(account, session, offered, this.#options.clock.nowMs()))
  }

  async invite(): Promise<string> {
    const token = this.#options.randomBytes(tokenBytes)
    const wallMs = this.clock.nowMs()
    const likelyMs = await this.host.read((core) => core.peers.likelyMs(wallMs))
    const expiresAtMs = Math.max(wallMs, likelyMs) + limits.inviteDays * msPerDay
    await this.host.command({ kind: 'invite', invite: inviteIdOf(token), expiresAtMs })
    const others = this.host.links().flatMap((link) => link.addresses.slice(0, 2))
    const addresses = [...new Set([...this.host.listenAddresses(), ...others])].slice(0, limits.addressesPerPeer)
    const { groupId } = this.install
    const groupKey = this.#options.groupKey()
    const groupName = await this.host.read((core) => core.state.seats.group?.name ?? this.install.groupName)
    return encodeInvite({ groupId, groupName, groupKey, token, expiresAtMs, addresses })
  }

  /** Mails as a client may see them; see `SealedMails.seal`. */
  seal(mails: readonly MailView[], content: MailContent): Promise<readonly SealedMail[]> {
    return this.#mails.seal(mails, content)
  }

  /** Posts as their authors signed them, in the order given, without those whose content storage has lost. */
  async signedPosts(posts: readonly PostView[]): Promise<readonly SignedPost[]> {
    const found = await this.#mails.contents(posts)
    return posts.flatMap(({ post, author, authorName, postedAt }) => {
      const bytes = found.get(post)
      const parts = bytes === undefined ? null : signedPartsOf(bytes)
      return parts?.ok === true ? [{ post, author, authorName, postedAt, ...parts.value }] : []
    })
  }

  #notice(notice: Notice): void {
    switch (notice.kind) {
      case 'view':
        this.#tellAll({ event: 'view', view: { number: notice.number, servers: notice.servers } })
        break
      case 'mail':
        if (this.#isForSomebodyHere(notice.update)) this.#announceWithStep(notice.update)
        break
      case 'post':
        if (this.#hasPeople()) this.#beside(this.#announcePost(notice.origin, notice.sequence))
        break
      case 'brought':
        if (this.#hasPeople()) this.#beside(this.#announceBrought(notice))
        break
      case 'mailbox':
        for (const connection of this.#connections)
          if (connection.account === notice.account) connection.mailboxChanged()
        break
      case 'takenOver':
        this.#takenOver(notice.session, notice.by)
        break
      case 'people':
        this.#people.ask()
        break
      case 'knowledge':
        this.#knowledge.ask()
        break
      case 'groupKey':
        this.#tellAll({ event: 'groupKey' })
        break
      case 'transfer':
        // A state that was joined may have changed anything.
        if (notice.phase !== 'done') break
        for (const connection of this.#connections) connection.mailboxChanged()
        this.#people.ask()
        break
      default:
        break
    }
  }

  /** Who is not told, because the disk fails to read or the replica goes down meanwhile, finds it in the lists all the same. */
  #beside(telling: Promise<void>): void {
    telling.catch((error: unknown) => {
      this.#options.logger.warn('people were not told of something new', { error: String(error) })
    })
  }

  async #announcePost(origin: OriginId, sequence: Sequence): Promise<void> {
    const found = await this.host.read((core) => postForFollowers(core, this.loggedIn(), origin, sequence))
    if (found === null || found.followers.length === 0) return
    const [post] = await this.signedPosts([found.view])
    if (post === undefined) return
    for (const connection of this.#connections)
      if (connection.account !== null && found.followers.includes(connection.account))
        connection.emit({ event: 'post', post })
  }

  /** In their order. What storage has not got yet is not told of. */
  async #announceBrought({ mails, posts }: Extract<Notice, { kind: 'brought' }>): Promise<void> {
    const contents = await this.#mails.contents(mails)
    const held = mails.flatMap(({ origin, sequence }) => {
      const bytes = contents.get(updateId(origin, sequence))
      return bytes === undefined ? [] : { origin, sequence, bytes }
    })
    await this.#announce(() => held)
    for (const { origin, sequence } of posts) await this.#announcePost(origin, sequence)
  }

  #tellAll(event: ReplicaEvent): void {
    for (const connection of this.#connections) connection.emit(event)
  }

  #takenOver(session: SessionId, by: SessionPlace): void {
    for (const connection of this.#connections) if (connection.claim?.session === session) connection.takenOver(by)
  }

  /** All of which one step tells are looked up together, when it is over. */
  #announceWithStep(mail: NewMail): void {
    this.#untold.push(mail)
    if (this.#untold.length === 1) this.#beside(this.#announce(() => this.#untold.splice(0)))
  }

  async #announce(mails: () => readonly NewMail[]): Promise<void> {
    const told = await this.host.read((core) => {
      const accounts = this.loggedIn()
      return mails().map((mail) => ({ mail, views: recipientsAmong(core, accounts, mail.origin, mail.sequence) }))
    })
    for (const { mail, views } of told) {
      for (const [account, view] of views) {
        const sealed = this.#mails.header(view, mail.bytes)
        for (const connection of this.#connections)
          if (connection.account === account) connection.emit({ event: 'mail', mail: sealed })
      }
    }
  }

  #isForSomebodyHere({ change }: Update): boolean {
    if (change.kind !== 'mail') return false
    for (const { account } of this.#connections) if (account !== null && change.to.includes(account)) return true
    return false
  }

  #hasPeople(): boolean {
    for (const { account } of this.#connections) if (account !== null) return true
    return false
  }

  /** Who is logged in here. */
  loggedIn(): ReadonlySet<AccountId> {
    return new Set([...this.#connections].flatMap(({ account }) => account ?? []))
  }
}

/** What there is to tell of vectors: as many logs as a client takes, the first of `logs` and the same of each vector. */
const toldOf = (logs: readonly OriginId[]): ((vector: VersionVector) => Readonly<Record<string, number>>) => {
  const told = new Set([...new Set(logs)].slice(0, limits.vectorEntries))
  return (vector) => Object.fromEntries([...vector].filter(([origin]) => told.has(origin)))
}

const changeOf = ({ origin, clock }: AccountKeysRecord): KeysChange => ({
  server: seatOf(origin),
  at: clockToMs(clock),
})

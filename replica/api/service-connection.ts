import { QuintetError, toError } from '../core/model/errors.ts'
import type { AccountId, Clock, SessionId, Tag, UpdateId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { Meant } from '../core/model/meant.ts'
import type { SessionClaim } from '../core/model/messages.ts'
import type { LogInVerdict } from '../core/model/session-place.ts'
import type { Install } from '../host/install.ts'
import { conversationOf, countsOf, forgettableBy, spreadOf, tagsOf, trashedBy } from '../host/mailbox-queries.ts'
import type { ClockPort } from '../host/ports.ts'
import { answerUnwritten, type MailView, outcomeOf } from '../host/queries.ts'
import { profileOf, type PostView } from '../host/social-queries.ts'
import type { ReplicaHost } from '../host/replica-host.ts'
import { concat, fromBase64Url, utf8 } from '../wire/bytes.ts'
import { verifyBytes } from '../wire/keys.ts'
import { verifySubmission } from '../wire/update-codec.ts'
import type {
  AccountInfo,
  Accepted,
  CountsInfo,
  GroupInfo,
  LogInAnswer,
  LogInRequest,
  MailContent,
  MemberInfo,
  PersonInfo,
  ProfileInfo,
  ReplicaApi,
  ReplicaEvent,
  SayAnew,
  SealedMail,
  SignedPost,
  SessionPlace,
  SpreadInfo,
  StatusInfo,
  Submission,
  ViewInfo,
} from './contract.ts'
import type { GroupApi } from './group-contract.ts'
import type { RequestOf } from './method-table.ts'
import { Reader } from './reader.ts'
import { Throttle } from './throttle.ts'

const challengeBytes = 32
/** Events kept until the client listens. */
const untoldEvents = 1_000

/** What queries look at. */
type Core = Parameters<typeof countsOf>[0]

/** What a connection needs of the service that it belongs to. */
export interface ConnectionPorts {
  readonly install: Install
  readonly host: ReplicaHost
  readonly group: GroupApi
  readonly clock: ClockPort
  randomBytes(count: number): Uint8Array
  status(): Promise<StatusInfo>
  lookUp(names: readonly string[], accounts: readonly AccountId[]): Promise<readonly AccountInfo[]>
  people(like: string, after: string | null): Promise<readonly PersonInfo[]>
  members(): Promise<readonly MemberInfo[]>
  groupKey(): Uint8Array
  judgeLogIn(account: AccountId, session: SessionId, offered: Clock | null): Promise<LogInVerdict>
  invite(): Promise<string>
  seal(mails: readonly MailView[], content: MailContent): Promise<readonly SealedMail[]>
  signedPosts(posts: readonly PostView[]): Promise<readonly SignedPost[]>
  sessionsChanged(): void
  closed(connection: ServiceConnection): void
}

/** One client's connection to a replica, with at most one session. What only an administrator may do is looked after by `serveReplica`. */
export class ServiceConnection implements ReplicaApi {
  readonly #service: ConnectionPorts
  readonly #reader: Reader
  #claim: SessionClaim | null = null
  #challenge: Uint8Array | null = null
  #listener: ((event: ReplicaEvent) => void) | null = null
  #untold: ReplicaEvent[] = []
  readonly #mailboxChanges: Throttle

  constructor(service: ConnectionPorts) {
    this.#service = service
    this.#reader = new Reader(service)
    this.#mailboxChanges = new Throttle(service.clock, limits.mailboxEventMs, () => {
      if (this.#claim !== null) this.emit({ event: 'mailbox' })
    })
  }

  /** Who is logged in on this connection. */
  get account(): AccountId | null {
    return this.#claim?.account ?? null
  }

  /** The session that is open on this connection. */
  get claim(): SessionClaim | null {
    return this.#claim
  }

  /** The session has ended, because a later one stands. */
  takenOver(by: SessionPlace): void {
    this.#claim = null
    this.emit({ event: 'takenOver', ...by })
    this.#service.sessionsChanged()
  }

  group(): Promise<GroupInfo> {
    const { groupId, server, origin, groupName } = this.#service.install
    return this.#service.host.read((core) => ({
      groupId,
      groupName: core.state.seats.group?.name ?? groupName,
      serverId: server,
      origin,
    }))
  }

  view(): Promise<ViewInfo> {
    return this.#service.host.read((core) => core.view)
  }

  status() {
    return this.#service.status()
  }

  lookUp({ names, accounts }: RequestOf<'lookUp'>) {
    return this.#service.lookUp(names, accounts)
  }

  people({ like, after }: RequestOf<'people'>) {
    return this.#service.people(like, after)
  }

  members() {
    return this.#service.members()
  }

  async groupKey(): Promise<Uint8Array> {
    this.#session()
    return this.#service.groupKey()
  }

  challenge(): Promise<Uint8Array> {
    this.#challenge = this.#service.randomBytes(challengeBytes)
    return Promise.resolve(this.#challenge)
  }

  async logIn({ account, signature, session, clock: offered, machine }: LogInRequest): Promise<LogInAnswer> {
    const challenge = this.#challenge
    this.#challenge = null
    const found = await this.#service.host.read(({ state }) =>
      state.accounts.isDeleted(account) ? 'deleted' : state.accounts.get(account) === undefined ? 'unknown' : 'known',
    )
    if (found === 'deleted') throw new QuintetError('NO_SUCH_ACCOUNT', 'This account has been deleted.')
    if (found === 'unknown') throw new QuintetError('NOT_HERE_YET', 'This account has not arrived at this server yet.')
    const signed =
      challenge === null ? null : concat([utf8('quintet/log-in/1'), this.#service.install.groupId, challenge])
    if (signed === null || !verifyBytes(fromBase64Url(account), signed, signature)) {
      throw new QuintetError('BAD_SIGNATURE', 'The log-in was not signed by the account for this challenge.')
    }
    const verdict = await this.#service.judgeLogIn(account, session, offered)
    if (verdict.kind === 'superseded') return { clock: null, takenBy: verdict.by }
    const { clock } = verdict
    this.#claim = { account, session, clock, machine }
    this.#service.sessionsChanged()
    return { clock, takenBy: null }
  }

  logOut(): Promise<void> {
    this.#claim = null
    this.#service.sessionsChanged()
    return Promise.resolve()
  }

  async submit({ kind, payload, signature, command }: Submission): Promise<Accepted | SayAnew> {
    const signed = verifySubmission(this.#service.install.groupId, kind, payload, signature)
    if (!signed.ok) throw toError(signed.failure)
    const { change } = signed.value
    if (change.command !== command)
      throw new QuintetError('BAD_REQUEST', 'The command id is not the one that was signed.')
    if (kind !== 'account' && change.account !== this.account) {
      // It may be the very wish that ended the session, or one whose answer was lost before another log-in took over.
      const before = await this.#service.host.read((core) => outcomeOf(core, change))
      if (before !== null) return before
      this.#session()
      throw new QuintetError('NOT_ALLOWED', 'This connection is logged in for another account.')
    }
    if ('saidAt' in change) {
      const wallMs = this.#service.clock.nowMs()
      const answer = await this.#service.host.read((core) => answerUnwritten(core, change, core.peers.likelyMs(wallMs)))
      if (answer !== null) return answer
    }
    const { update, clock } = await this.#service.host.command({ kind: 'submit', signed: signed.value })
    return { update, clock }
  }

  async list(request: RequestOf<'list'>) {
    return this.#reader.list(this.#session(), request)
  }

  async fetch(request: RequestOf<'fetch'>) {
    return this.#reader.fetch(this.#session(), request)
  }

  async fetchMany(request: RequestOf<'fetchMany'>) {
    return this.#reader.fetchMany(this.#session(), request)
  }

  async mailNames(request: RequestOf<'mailNames'>) {
    return this.#reader.mailNames(this.#session(), request)
  }

  async posts(request: RequestOf<'posts'>) {
    return this.#reader.posts(this.#session(), request)
  }

  async documents(request: RequestOf<'documents'>) {
    return this.#reader.documents(this.#session(), request)
  }

  async document(request: RequestOf<'document'>) {
    return this.#reader.document(this.#session(), request)
  }

  async safety(request: RequestOf<'safety'>) {
    return this.#reader.safety(this.#session(), request)
  }

  async safeties(request: RequestOf<'safeties'>) {
    return this.#reader.safeties(this.#session(), request)
  }

  profile({ name }: RequestOf<'profile'>): Promise<ProfileInfo | null> {
    return this.#ofAccount((core, account) => profileOf(core, name, account))
  }

  followed(): Promise<readonly AccountId[]> {
    return this.#ofAccount((core, account) => core.state.follows.followedBy(account).slice(0, limits.onlineAccounts))
  }

  counts(): Promise<CountsInfo> {
    return this.#ofAccount(countsOf)
  }

  conversation({ conversation }: RequestOf<'conversation'>): Promise<readonly UpdateId[]> {
    return this.#ofAccount((core, account) => conversationOf(core, account, conversation))
  }

  forgettable(query: RequestOf<'forgettable'>) {
    return this.#ofAccount((core, account) => forgettableBy(core, account, query, this.#service.clock.nowMs()))
  }

  trashed(query: RequestOf<'trashed'>): Promise<readonly Meant[]> {
    return this.#ofAccount((core, account) => trashedBy(core, account, query, this.#service.clock.nowMs()))
  }

  tags({ names }: RequestOf<'tags'>): Promise<readonly (Tag | null)[]> {
    return this.#ofAccount((core, account) => tagsOf(core, account, names))
  }

  spread({ update }: RequestOf<'spread'>): Promise<SpreadInfo> {
    return this.#ofAccount((core) => spreadOf(core, update))
  }

  invite(): Promise<string> {
    return this.#service.invite()
  }

  async pause({ servers }: RequestOf<'pause'>): Promise<void> {
    if (servers.includes(this.#service.install.server)) {
      throw new QuintetError(
        'BAD_REQUEST',
        `Server ${this.#service.install.server} is this one: it cannot be paused here.`,
      )
    }
    await this.#service.host.pause(servers)
  }

  resume({ servers }: RequestOf<'resume'>): Promise<void> {
    return this.#service.host.resume(servers)
  }

  network() {
    return this.#service.group.network()
  }

  invites() {
    return this.#service.group.invites()
  }

  revokeInvite(request: RequestOf<'revokeInvite'>) {
    return this.#service.group.revokeInvite(request)
  }

  retire(request: RequestOf<'retire'>) {
    return this.#service.group.retire(request)
  }

  letIn(request: RequestOf<'letIn'>) {
    return this.#service.group.letIn(request)
  }

  shutOut(request: RequestOf<'shutOut'>) {
    return this.#service.group.shutOut(request)
  }

  renameGroup(request: RequestOf<'renameGroup'>) {
    return this.#service.group.renameGroup(request)
  }

  renameMachine(request: RequestOf<'renameMachine'>) {
    return this.#service.group.renameMachine(request)
  }

  rotateKey() {
    return this.#service.group.rotateKey()
  }

  setSyncInterval(request: RequestOf<'setSyncInterval'>) {
    return this.#service.group.setSyncInterval(request)
  }

  takeSeat(request: RequestOf<'takeSeat'>) {
    return this.#service.group.takeSeat(request)
  }

  onEvent(listener: (event: ReplicaEvent) => void): void {
    this.#listener = listener
    for (const event of this.#untold.splice(0)) listener(event)
  }

  /** Marks or documents of the account that is logged in changed. */
  mailboxChanged(): void {
    this.#mailboxChanges.ask()
  }

  emit(event: ReplicaEvent): void {
    if (this.#listener !== null) this.#listener(event)
    else if (this.#untold.length < untoldEvents) this.#untold.push(event)
  }

  close(): Promise<void> {
    this.#claim = null
    this.#mailboxChanges.end()
    this.#service.closed(this)
    return Promise.resolve()
  }

  /** Looks at what the account that is logged in has. NOT_LOGGED_IN. */
  async #ofAccount<Value>(query: (core: Core, account: AccountId) => Value): Promise<Value> {
    const account = this.#session()
    return this.#service.host.read((core) => query(core, account))
  }

  #session(): AccountId {
    if (this.#claim === null) throw new QuintetError('NOT_LOGGED_IN', 'Log in first.')
    return this.#claim.account
  }
}

import type { Failure } from '../core/model/errors.ts'
import { QuintetError } from '../core/model/errors.ts'
import type { AccountId, Clock, ServerId, SessionId, UpdateId } from '../core/model/ids.ts'
import { isUpdateId, splitUpdateId, updateId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { SessionClaim } from '../core/model/messages.ts'
import type { LogInVerdict } from '../core/model/session-place.ts'
import type { Install } from '../host/install.ts'
import { conversationOf, countsOf, documentOf, documentsOn, spreadOf, trashedBefore } from '../host/mailbox-queries.ts'
import type { ClockPort } from '../host/ports.ts'
import type { MailView } from '../host/queries.ts'
import { mailNames, mailPage, ownedMail } from '../host/queries.ts'
import { postPage, profileOf, type PostView } from '../host/social-queries.ts'
import type { ReplicaHost } from '../host/replica-host.ts'
import { concat, fromBase64Url, utf8 } from '../wire/bytes.ts'
import { verifyBytes } from '../wire/keys.ts'
import { signedPartsOf } from '../wire/signed-parts.ts'
import { verifySubmission } from '../wire/update-codec.ts'
import type {
  AccountInfo,
  Accepted,
  CountsInfo,
  DocumentInfo,
  GroupInfo,
  LogInAnswer,
  LogInRequest,
  MailContent,
  ManyMails,
  MemberInfo,
  NamePage,
  PersonInfo,
  PostsOf,
  ProfileInfo,
  ReplicaApi,
  ReplicaEvent,
  SafetyInfo,
  SealedDocument,
  SealedMail,
  SignedPost,
  SignedPosts,
  SealedPage,
  SessionPlace,
  SpreadInfo,
  StatusInfo,
  Submission,
  ViewInfo,
} from './contract.ts'
import type { GroupApi } from './group-contract.ts'
import { mostBytesOf, type ApiRight, type RequestOf } from './method-table.ts'
import { Throttle } from './throttle.ts'

const challengeBytes = 32
/** Of many mails so many are read at once, and so much is given in one answer. */
const mailsPerRead = 16
const manyBytes = limits.frameBytes / 2
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
  judgeLogIn(account: AccountId, session: SessionId, offered: Clock | null): Promise<LogInVerdict>
  invite(): Promise<string>
  seal(mails: readonly MailView[], content: MailContent): Promise<readonly SealedMail[]>
  signedPosts(posts: readonly PostView[]): Promise<readonly SignedPost[]>
  sessionsChanged(): void
  closed(connection: ServiceConnection): void
}

/** One client's connection to a replica, with at most one session. */
export class ServiceConnection implements ReplicaApi {
  readonly #service: ConnectionPorts
  readonly #right: ApiRight
  #claim: SessionClaim | null = null
  #challenge: Uint8Array | null = null
  #listener: ((event: ReplicaEvent) => void) | null = null
  #untold: ReplicaEvent[] = []
  readonly #mailboxChanges: Throttle

  constructor(service: ConnectionPorts, right: ApiRight) {
    this.#service = service
    this.#right = right
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

  async submit({ kind, payload, signature, command }: Submission): Promise<Accepted> {
    const signed = verifySubmission(this.#service.install.groupId, kind, payload, signature)
    if (!signed.ok) throw new QuintetError(signed.failure.code, signed.failure.message)
    const { change } = signed.value
    if (change.command !== command)
      throw new QuintetError('BAD_REQUEST', 'The command id is not the one that was signed.')
    if (kind !== 'account' && change.account !== this.#session()) {
      throw new QuintetError('NOT_ALLOWED', 'This connection is logged in for another account.')
    }
    const { update, clock } = await this.#service.host.command({ kind: 'submit', signed: signed.value })
    return { update, clock }
  }

  async list({ folder, limit, before, offset }: RequestOf<'list'>): Promise<SealedPage> {
    const account = this.#session()
    const from = before === null ? offset : parsePlace(before)
    const most = Math.min(limit, limits.pageHeaders)
    const { mails, total, unread, hasMore } = await this.#service.host.read((core) =>
      mailPage(core, account, folder, most, from),
    )
    const last = mails.at(-1)
    const next = hasMore && last !== undefined ? `${last.clock}@${last.mail}` : null
    return { mails: await this.#service.seal(mails, 'header'), total, unread, next }
  }

  async fetch({ mail: id }: RequestOf<'fetch'>): Promise<SealedMail> {
    const [sealed] = await this.#service.seal([await this.#owned(id)], 'whole')
    if (sealed === undefined || sealed.payload.length === 0) {
      throw new QuintetError('DAMAGED', damagedMessage)
    }
    return sealed
  }

  async fetchMany({ mails, content }: RequestOf<'fetchMany'>): Promise<ManyMails> {
    const account = this.#session()
    const found: SealedMail[] = []
    let bytes = 0
    let covered = 0
    while (covered < mails.length) {
      const asked = mails.slice(covered, covered + mailsPerRead)
      const owned = await this.#service.host.read((core) => asked.flatMap((id) => ownedMail(core, account, id) ?? []))
      for (const mail of await this.#service.seal(owned, content)) {
        const size = mostBytesOf(mail)
        if (found.length > 0 && bytes + size > manyBytes) return { mails: found, covered: mails.indexOf(mail.mail) }
        bytes += size
        found.push(mail)
      }
      covered += asked.length
    }
    return { mails: found, covered }
  }

  async mailNames({ folder, only, limit, before }: RequestOf<'mailNames'>): Promise<NamePage> {
    const account = this.#session()
    const place = before === null ? null : parsePlace(before)
    const most = Math.min(limit, limits.pageNames)
    const page = await this.#service.host.read((core) => mailNames(core, { account, folder, only }, most, place))
    const { mails, next } = page
    return { mails, next: next && `${next.clock}@${updateId(next.origin, next.sequence)}` }
  }

  async posts({ of, limit, before }: RequestOf<'posts'>): Promise<SignedPosts> {
    const account = this.#session()
    const place = before === null ? null : parsePlace(before)
    const most = Math.min(limit, limits.pagePosts)
    const { posts, hasMore } = await this.#service.host.read((core) =>
      postPage(core, authorsOf(core, of, account), most, place),
    )
    const last = posts.at(-1)
    const next = hasMore && last !== undefined ? `${last.clock}@${last.post}` : null
    return { posts: await this.#service.signedPosts(posts), next }
  }

  profile({ name }: RequestOf<'profile'>): Promise<ProfileInfo | null> {
    return this.#ofAccount((core, account) => profileOf(core, name, account))
  }

  followed(): Promise<readonly AccountId[]> {
    return this.#ofAccount((core, account) => core.state.follows.followedBy(account).slice(0, limits.onlineAccounts))
  }

  async safety({ mail: id }: RequestOf<'safety'>): Promise<readonly ServerId[]> {
    const mail = await this.#owned(id)
    return this.#service.host.read((core) => core.holdersOf(mail.origin, mail.sequence))
  }

  counts(): Promise<CountsInfo> {
    return this.#ofAccount(countsOf)
  }

  conversation({ conversation }: RequestOf<'conversation'>): Promise<readonly UpdateId[]> {
    return this.#ofAccount((core, account) => conversationOf(core, account, conversation))
  }

  trashed({ beforeMs }: RequestOf<'trashed'>): Promise<readonly UpdateId[]> {
    return this.#ofAccount((core, account) => trashedBefore(core, account, beforeMs))
  }

  async documents({ shelf }: RequestOf<'documents'>): Promise<readonly DocumentInfo[]> {
    const found = await this.#ofAccount((core, account) => documentsOn(core, account, shelf))
    return found.map(({ document, update, writtenAt }) => ({ document, update, writtenAt }))
  }

  async document({ document }: RequestOf<'document'>): Promise<SealedDocument | null> {
    const found = await this.#ofAccount((core, account) => documentOf(core, account, document))
    if (found === null) return null
    const { update, writtenAt, origin, sequence } = found
    const [stored] = await this.#service.host.readUpdates(origin, [sequence])
    const parts = stored === undefined ? null : signedPartsOf(stored.bytes)
    if (parts?.ok === true) return { document, update, writtenAt, payload: parts.value.payload }
    // It may have been written anew meanwhile, and compacted.
    const now = await this.#ofAccount((core, account) => documentOf(core, account, document))
    if (now?.update !== update) return this.document({ document })
    throw new QuintetError('DAMAGED', damagedMessage)
  }

  async safeties({ mails }: RequestOf<'safeties'>): Promise<readonly SafetyInfo[]> {
    return this.#ofAccount((core, account) =>
      mails.flatMap((mail) => {
        const owned = ownedMail(core, account, mail)
        return owned === null ? [] : [{ mail, servers: core.holdersOf(owned.origin, owned.sequence) }]
      }),
    )
  }

  spread({ update }: RequestOf<'spread'>): Promise<SpreadInfo> {
    return this.#ofAccount((core) => spreadOf(core, update))
  }

  async invite(): Promise<string> {
    this.#requireAdmin()
    return this.#service.invite()
  }

  async pause({ servers }: RequestOf<'pause'>): Promise<void> {
    this.#requireAdmin()
    if (servers.includes(this.#service.install.server)) {
      throw new QuintetError(
        'BAD_REQUEST',
        `Server ${this.#service.install.server} is this one: it cannot be paused here.`,
      )
    }
    await this.#service.host.pause(servers)
  }

  async resume({ servers }: RequestOf<'resume'>): Promise<void> {
    this.#requireAdmin()
    await this.#service.host.resume(servers)
  }

  network() {
    return this.#service.group.network()
  }

  async invites() {
    this.#requireAdmin()
    return this.#service.group.invites()
  }

  async revokeInvite(request: RequestOf<'revokeInvite'>) {
    this.#requireAdmin()
    await this.#service.group.revokeInvite(request)
  }

  async retire(request: RequestOf<'retire'>) {
    this.#requireAdmin()
    await this.#service.group.retire(request)
  }

  async renameGroup(request: RequestOf<'renameGroup'>) {
    this.#requireAdmin()
    await this.#service.group.renameGroup(request)
  }

  async renameMachine(request: RequestOf<'renameMachine'>) {
    this.#requireAdmin()
    await this.#service.group.renameMachine(request)
  }

  async rotateKey() {
    this.#requireAdmin()
    await this.#service.group.rotateKey()
  }

  async setSyncInterval(request: RequestOf<'setSyncInterval'>) {
    this.#requireAdmin()
    await this.#service.group.setSyncInterval(request)
  }

  async takeSeat(request: RequestOf<'takeSeat'>) {
    this.#requireAdmin()
    await this.#service.group.takeSeat(request)
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

  async #owned(id: UpdateId): Promise<MailView> {
    const account = this.#session()
    const mail = await this.#service.host.read((core) => ownedMail(core, account, id))
    if (mail === null) throw new QuintetError('NO_SUCH_MAIL', `There is no mail ${id} in your mailbox.`)
    return mail
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

  #requireAdmin(): void {
    if (this.#right === 'admin') return
    const failure: Failure = {
      code: 'NOT_ALLOWED',
      message: 'This needs the right to the data directory of the server that is asked.',
    }
    throw new QuintetError(failure.code, failure.message)
  }
}

const damagedMessage = 'This is damaged on this disk. It is being fetched from another replica: try again in a moment.'

const authorsOf = ({ state }: Core, of: PostsOf, account: AccountId): readonly AccountId[] => {
  switch (of.kind) {
    case 'author':
      return [of.author]
    case 'followed':
      return state.follows.followedBy(account)
    case 'timeline':
      return [...state.follows.followedBy(account), account]
  }
}

const parsePlace = (text: string): Pick<MailView, 'clock' | 'origin' | 'sequence'> => {
  const [clock = '', id = ''] = text.split('@')
  if (!/^[0-9]{1,16}$/.test(clock) || !isUpdateId(id)) {
    throw new QuintetError('BAD_REQUEST', '"before" is not the "next" of a page.')
  }
  return { clock: Number(clock), ...splitUpdateId(id) }
}

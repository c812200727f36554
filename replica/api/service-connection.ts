import type { Failure } from '../core/model/errors.ts'
import { QuintetError } from '../core/model/errors.ts'
import type { AccountId, Clock, ServerId, SessionId, UpdateId } from '../core/model/ids.ts'
import { isUpdateId, splitUpdateId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { SessionClaim } from '../core/model/messages.ts'
import type { LogInVerdict } from '../core/sessions.ts'
import type { Install } from '../host/install.ts'
import type { MailView } from '../host/queries.ts'
import { mailPage, ownedMail } from '../host/queries.ts'
import type { ReplicaHost } from '../host/replica-host.ts'
import { concat, fromBase64Url, utf8 } from '../wire/bytes.ts'
import { verifyBytes } from '../wire/keys.ts'
import { verifySubmission } from '../wire/update-codec.ts'
import type {
  AccountInfo,
  Accepted,
  GroupInfo,
  LogInAnswer,
  LogInRequest,
  MemberInfo,
  PersonInfo,
  ReplicaApi,
  ReplicaEvent,
  SealedMail,
  SealedPage,
  SessionPlace,
  StatusInfo,
  Submission,
  ViewInfo,
} from './contract.ts'
import type { ApiRight, RequestOf } from './method-table.ts'

const challengeBytes = 32
/** Events kept until the client listens. */
const untoldEvents = 1_000

/** How much of a mail is shown: lists leave the body out. */
export type MailContent = 'header' | 'whole'

/** What a connection needs of the service that it belongs to. */
export interface ConnectionPorts {
  readonly install: Install
  readonly host: ReplicaHost
  randomBytes(count: number): Uint8Array
  status(): Promise<StatusInfo>
  lookUp(names: readonly string[], accounts: readonly AccountId[]): Promise<readonly AccountInfo[]>
  people(like: string, after: string | null): Promise<readonly PersonInfo[]>
  members(): Promise<readonly MemberInfo[]>
  judgeLogIn(account: AccountId, session: SessionId, offered: Clock | null): Promise<LogInVerdict>
  invite(): Promise<string>
  seal(mails: readonly MailView[], content: MailContent): Promise<readonly SealedMail[]>
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

  constructor(service: ConnectionPorts, right: ApiRight) {
    this.#service = service
    this.#right = right
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

  async list({ folder, limit, before }: RequestOf<'list'>): Promise<SealedPage> {
    const account = this.#session()
    const place = before === null ? null : parsePlace(before)
    const most = Math.min(limit, limits.pageHeaders)
    const { mails, total, hasMore } = await this.#service.host.read((core) =>
      mailPage(core, account, folder, most, place),
    )
    const last = mails.at(-1)
    const next = hasMore && last !== undefined ? `${last.clock}@${last.mail}` : null
    return { mails: await this.#service.seal(mails, 'header'), total, next }
  }

  async fetch({ mail: id }: RequestOf<'fetch'>): Promise<SealedMail> {
    const [sealed] = await this.#service.seal([await this.#owned(id)], 'whole')
    if (sealed === undefined || sealed.payload.length === 0) {
      throw new QuintetError(
        'DAMAGED',
        'This mail is damaged on this disk. It is being fetched from another replica: try again in a moment.',
      )
    }
    return sealed
  }

  async safety({ mail: id }: RequestOf<'safety'>): Promise<readonly ServerId[]> {
    const mail = await this.#owned(id)
    return this.#service.host.read((core) => core.holdersOf(mail.origin, mail.sequence))
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

  onEvent(listener: (event: ReplicaEvent) => void): void {
    this.#listener = listener
    for (const event of this.#untold.splice(0)) listener(event)
  }

  emit(event: ReplicaEvent): void {
    if (this.#listener !== null) this.#listener(event)
    else if (this.#untold.length < untoldEvents) this.#untold.push(event)
  }

  close(): Promise<void> {
    this.#claim = null
    this.#service.closed(this)
    return Promise.resolve()
  }

  async #owned(id: UpdateId): Promise<MailView> {
    const account = this.#session()
    const mail = await this.#service.host.read((core) => ownedMail(core, account, id))
    if (mail === null) throw new QuintetError('NO_SUCH_MAIL', `There is no mail ${id} in your mailbox.`)
    return mail
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

const parsePlace = (text: string): Pick<MailView, 'clock' | 'origin' | 'sequence'> => {
  const [clock = '', id = ''] = text.split('@')
  if (!/^[0-9]{1,16}$/.test(clock) || !isUpdateId(id)) {
    throw new QuintetError('BAD_REQUEST', '"before" is not the "next" of a page.')
  }
  return { clock: Number(clock), ...splitUpdateId(id) }
}

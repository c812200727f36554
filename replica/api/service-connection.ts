import type { Failure } from '../core/model/errors.ts'
import { QuintetError } from '../core/model/errors.ts'
import type { AccountId, Clock, OriginId, Sequence, ServerId, UpdateId } from '../core/model/ids.ts'
import { isUpdateId, splitUpdateId, updateId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { MailEntry } from '../core/state/mail-table.ts'
import { concat, fromBase64Url, utf8 } from '../wire/bytes.ts'
import { verifyBytes } from '../wire/keys.ts'
import { verifySubmission } from '../wire/update-codec.ts'
import type {
  Accepted,
  GroupInfo,
  ReplicaApi,
  ReplicaEvent,
  SealedMail,
  SealedPage,
  Submission,
  ViewInfo,
} from './contract.ts'
import type { ApiRight, RequestOf } from './method-table.ts'
import type { ReplicaService } from './replica-service.ts'

const challengeBytes = 32
/** Events kept until the client listens. */
const untoldEvents = 1_000

/** One client's connection to a replica, with at most one session. */
export class ServiceConnection implements ReplicaApi {
  readonly #service: ReplicaService
  readonly #right: ApiRight
  #account: AccountId | null = null
  #challenge: Uint8Array | null = null
  #listener: ((event: ReplicaEvent) => void) | null = null
  #untold: ReplicaEvent[] = []

  constructor(service: ReplicaService, right: ApiRight) {
    this.#service = service
    this.#right = right
  }

  /** Who is logged in on this connection. */
  get account(): AccountId | null {
    return this.#account
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

  people({ like }: RequestOf<'people'>) {
    return this.#service.people(like)
  }

  challenge(): Promise<Uint8Array> {
    this.#challenge = this.#service.randomBytes(challengeBytes)
    return Promise.resolve(this.#challenge)
  }

  async logIn({ account, signature }: RequestOf<'logIn'>): Promise<void> {
    const challenge = this.#challenge
    this.#challenge = null
    const exists = await this.#service.host.read((core) => core.state.accounts.get(account) !== undefined)
    if (!exists) throw new QuintetError('NO_SUCH_ACCOUNT', 'This account does not exist (any more).')
    const signed =
      challenge === null ? null : concat([utf8('quintet/log-in/1'), this.#service.install.groupId, challenge])
    if (signed === null || !verifyBytes(fromBase64Url(account), signed, signature)) {
      throw new QuintetError('BAD_SIGNATURE', 'The log-in was not signed by the account for this challenge.')
    }
    this.#account = account
    this.#service.sessionsChanged()
  }

  logOut(): Promise<void> {
    this.#account = null
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
    const cursor = before === null ? null : parseCursor(before)
    const page = await this.#service.host.read((core) => {
      const index = core.state.mails.mailbox(account)[folder]
      return { mails: index.page(Math.min(limit, limits.pageHeaders) + 1, cursor), total: index.size }
    })
    const shown = page.mails.slice(0, Math.min(limit, limits.pageHeaders))
    const last = shown.at(-1)
    const next = page.mails.length > shown.length && last !== undefined ? cursorOf(last) : null
    return { mails: await this.#service.seal(shown, account, 'header'), total: page.total, next }
  }

  async fetch({ mail: id }: RequestOf<'fetch'>): Promise<SealedMail> {
    const { mail, account } = await this.#owned(id)
    const [sealed] = await this.#service.seal([mail], account, 'whole')
    if (sealed === undefined || sealed.payload.length === 0) {
      throw new QuintetError(
        'DAMAGED',
        'This mail is damaged on this disk. It is being fetched from another replica: try again in a moment.',
      )
    }
    return sealed
  }

  async safety({ mail: id }: RequestOf<'safety'>): Promise<readonly ServerId[]> {
    const { mail } = await this.#owned(id)
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
    this.#account = null
    this.#service.closed(this)
    return Promise.resolve()
  }

  async #owned(id: UpdateId): Promise<{ readonly mail: MailEntry; readonly account: AccountId }> {
    const account = this.#session()
    const { origin, sequence } = splitUpdateId(id)
    const mail = await this.#service.host.read((core) => {
      const found = core.state.mails.get(origin, sequence)
      return found !== undefined && core.state.mails.isOwnedBy(found, account) ? found : null
    })
    if (mail === null) throw new QuintetError('NO_SUCH_MAIL', `There is no mail ${id} in your mailbox.`)
    return { mail, account }
  }

  #session(): AccountId {
    if (this.#account === null) throw new QuintetError('NOT_LOGGED_IN', 'Log in first.')
    return this.#account
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

interface Cursor {
  readonly clock: Clock
  readonly origin: OriginId
  readonly sequence: Sequence
}

const cursorOf = ({ clock, origin, sequence }: Cursor): string => `${clock}@${updateId(origin, sequence)}`

const parseCursor = (text: string): Cursor => {
  const [clock = '', id = ''] = text.split('@')
  if (!/^[0-9]{1,16}$/.test(clock) || !isUpdateId(id)) {
    throw new QuintetError('BAD_REQUEST', '"before" is not the "next" of a page.')
  }
  return { clock: Number(clock), ...splitUpdateId(id) }
}

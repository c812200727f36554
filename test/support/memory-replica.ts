import { randomBytes } from 'node:crypto'

import type {
  AccountInfo,
  Accepted,
  Folder,
  LogInAnswer,
  LogInRequest,
  ProfileInfo,
  ReplicaApi,
  ReplicaEvent,
  SealedDocument,
  SealedMail,
  SignedPost,
  SignedPosts,
  StatusInfo,
  Submission,
  ViewInfo,
} from '../../replica/api/contract.ts'
import { fail, QuintetError, succeed, type ErrorCode, type Result } from '../../replica/core/model/errors.ts'
import {
  originId,
  serverId,
  updateId,
  type AccountId,
  type DocumentId,
  type ServerId,
  type UpdateId,
} from '../../replica/core/model/ids.ts'
import type { AccountChange, AccountKeysChange, MailChange, PersonChange } from '../../replica/core/model/updates.ts'
import type { DocumentChange, MarksChange } from '../../replica/core/model/mailbox-changes.ts'
import { concat, fromBase64Url, utf8 } from '../../replica/wire/bytes.ts'
import { peerIdOf, verifyBytes } from '../../replica/wire/keys.ts'
import { withoutBody } from '../../replica/wire/payload-codec.ts'
import { verifySubmission } from '../../replica/wire/update-codec.ts'

interface HeldMail {
  readonly mail: UpdateId
  readonly change: MailChange
  readonly payload: Uint8Array
  readonly signature: Uint8Array
  readonly sentAt: number
  readonly read: Set<AccountId>
  /** What was set last, by owner. */
  readonly set: Map<AccountId, Set<'read' | 'unread' | 'star' | 'trash'>>
  readonly trashedAt: Map<AccountId, number>
  readonly deleted: Set<AccountId>
}

interface HeldDocument extends SealedDocument {
  readonly account: AccountId
  readonly shelf: number
}

interface HeldAccount extends AccountInfo {
  deleted: boolean
}

interface BegunSession {
  readonly session: string
  readonly clock: number
  readonly machine: string
}

export interface MemoryReplicaOptions {
  readonly server?: ServerId
  readonly groupId?: Uint8Array
}

/**
 * One replica in memory: it checks signatures, executes each command once and tells its connections what arrives, but
 * it has no log, no peers and no disk. `connect` gives a new connection.
 */
export class MemoryReplica {
  readonly groupId: Uint8Array
  readonly server: ServerId
  readonly accounts: HeldAccount[] = []
  readonly mails: HeldMail[] = []
  documents: HeldDocument[] = []
  posts: SignedPost[] = []
  /** Whether all seats can be reached. */
  isWhole = true
  /** What was submitted, in order, retries included. */
  readonly submissions: Submission[] = []
  readonly connections = new Set<MemoryConnection>()
  /** Changes a mail on its way to a client, as a replica that lies would. */
  alter: (mail: SealedMail) => SealedMail = (mail) => mail
  paused: readonly ServerId[] = []
  readonly #executed = new Map<string, Accepted>()
  readonly #sessions = new Map<AccountId, BegunSession>()
  #moment = 0
  readonly #follows = new Map<AccountId, Set<AccountId>>()
  #sequence = 0

  constructor({ server = serverId(1), groupId = new Uint8Array(randomBytes(16)) }: MemoryReplicaOptions = {}) {
    this.server = server
    this.groupId = groupId
  }

  connect(right: 'admin' | 'person' = 'admin'): MemoryConnection {
    const connection = new MemoryConnection(this, right)
    this.connections.add(connection)
    return connection
  }

  /** Every connection is lost. */
  dropConnections(): void {
    for (const connection of [...this.connections]) connection.lose()
  }

  /** An account arrives as from another replica. */
  adopt(account: HeldAccount): void {
    this.accounts.push(account)
    this.tellAll({ event: 'people' })
  }

  tellAll(event: ReplicaEvent): void {
    for (const connection of this.connections) connection.emit(event)
  }

  get view(): ViewInfo {
    return { number: 1, servers: [this.server] }
  }

  execute(submission: Submission, session: AccountId | null): Result<Accepted> {
    this.submissions.push(submission)
    const done = this.#executed.get(submission.command)
    if (done !== undefined) return succeed(done)
    const verified = verifySubmission(this.groupId, submission.kind, submission.payload, submission.signature)
    if (!verified.ok) return verified
    const { change } = verified.value
    if (change.kind !== 'account' && change.account !== session) return fail('NOT_LOGGED_IN', 'Log in first.')
    const refusal = this.#apply(change, submission)
    if (refusal !== null) return refusal
    const accepted = { update: this.#nextId(), clock: this.#sequence }
    this.#executed.set(submission.command, accepted)
    if (change.kind === 'mail') this.#announce(accepted.update)
    if (['marks', 'document', 'deletion', 'read'].includes(change.kind)) this.#changed(change.account)
    return succeed(accepted)
  }

  box(folder: Folder, owner: AccountId): readonly HeldMail[] {
    return this.mails
      .filter((mail) => !mail.deleted.has(owner))
      .filter((mail) => mail.set.get(owner)?.has('trash') === (folder === 'trash' ? true : undefined))
      .filter((mail) => isIn(folder, mail, owner))
      .reverse()
  }

  tell(mail: HeldMail, owner: AccountId): SealedMail {
    const { change } = mail
    return this.alter({
      mail: mail.mail,
      from: change.account,
      fromName: this.nameOf(change.account),
      to: change.to,
      toNames: change.to.map((account) => this.nameOf(account)),
      sentAt: mail.sentAt,
      read: isRead(mail, owner),
      markedUnread: mail.set.get(owner)?.has('unread') ?? false,
      starred: mail.set.get(owner)?.has('star') ?? false,
      inTrash: mail.set.get(owner)?.has('trash') ?? false,
      conversation: change.conversation,
      payload: mail.payload,
      signature: mail.signature,
    })
  }

  nextMoment(): number {
    this.#moment += 1
    return this.#moment
  }

  /** The session of the account that stands now. */
  logIn(account: AccountId, began: BegunSession): BegunSession {
    const before = this.#sessions.get(account)
    const stands =
      before === undefined || before.session === began.session || began.clock > before.clock ? began : before
    this.#sessions.set(account, stands)
    return stands
  }

  nameOf(account: AccountId): string {
    return this.accounts.find((held) => held.account === account)?.name ?? '?'
  }

  #nextId(): UpdateId {
    return updateId(originId(`${this.server}.aaaaaaaa`), this.#sequence)
  }

  #apply(
    change: PersonChange,
    submission: Submission,
  ): { readonly ok: false; readonly failure: QuintetError['failure'] } | null {
    switch (change.kind) {
      case 'account':
        if (this.accounts.some(({ name, deleted }) => folded(name) === folded(change.name) && !deleted)) {
          return fail('NAME_TAKEN', `The name ${change.name} is taken.`)
        }
        this.#addAccount(change, submission)
        break
      case 'accountKeys':
        this.#changeKeys(change, submission)
        break
      case 'accountDeletion':
        for (const held of this.accounts) if (held.account === change.account) held.deleted = true
        break
      case 'mail':
        if (!change.to.every((to) => this.accounts.some(({ account, deleted }) => account === to && !deleted))) {
          return fail('NO_SUCH_ACCOUNT', 'A recipient is not known here.')
        }
        break
      case 'read':
      case 'deletion': {
        const held = this.mails.find(({ mail }) => mail === change.mail)
        if (held === undefined) return fail('NO_SUCH_MAIL', 'There is no such mail.')
        held[change.kind === 'read' ? 'read' : 'deleted'].add(change.account)
        break
      }
      case 'marks': {
        const marked = this.mails.filter(({ mail }) => change.mails.includes(mail))
        if (marked.length === 0) return fail('NO_SUCH_MAIL', 'There are no such mails.')
        for (const mail of marked) setMark(mail, change, this.#sequence)
        break
      }
      case 'document':
        this.#write(change, submission)
        break
      case 'post':
        this.#addPost(change.account, submission)
        break
      case 'postDeletion':
        if (!this.posts.some(({ post }) => post === change.post)) return fail('NO_SUCH_POST', 'There is no such post.')
        this.posts = this.posts.filter(({ post }) => post !== change.post)
        break
      case 'follow': {
        const followed = this.#follows.get(change.account) ?? new Set()
        this.#follows.set(change.account, followed)
        if (change.state === 'follows') followed.add(change.whom)
        else followed.delete(change.whom)
      }
    }
    this.#sequence += 1
    if (change.kind === 'mail') this.#addMail(change, submission)
    return null
  }

  #addAccount({ account, name, sealKey, sealedKeys }: AccountChange, { payload, signature }: Submission): void {
    this.accounts.push({ account, name, sealKey, sealedKeys, payload, signature, keys: null, deleted: false })
  }

  #changeKeys({ account, sealedKeys }: AccountKeysChange, { payload, signature }: Submission): void {
    const place = this.accounts.findIndex((held) => held.account === account)
    const held = this.accounts[place]
    if (held !== undefined) this.accounts[place] = { ...held, sealedKeys, keys: { payload, signature } }
  }

  followedBy(account: AccountId): AccountId[] {
    return [...(this.#follows.get(account) ?? [])]
  }

  #addPost(author: AccountId, { payload, signature }: Submission): void {
    const postedAt = 1_700_000_000_000 + this.#sequence * 1_000
    const id = updateId(originId(`${this.server}.aaaaaaaa`), this.#sequence + 1)
    const post: SignedPost = { post: id, author, authorName: this.nameOf(author), postedAt, payload, signature }
    this.posts.push(post)
    for (const connection of this.connections) {
      const { session } = connection
      if (session !== null && this.followedBy(session).includes(author)) connection.emit({ event: 'post', post })
    }
  }

  #addMail(change: MailChange, { payload, signature }: Submission): void {
    const sentAt = 1_700_000_000_000 + this.#sequence * 1_000
    const mail = this.#nextId()
    this.mails.push({ mail, change, payload, signature, sentAt, ...noMarks() })
  }

  #write({ account, document, shelf, state }: DocumentChange, { payload }: Submission): void {
    this.documents = this.documents.filter((held) => held.account !== account || held.document !== document)
    const update = updateId(originId(`${this.server}.aaaaaaaa`), this.#sequence + 1)
    const writtenAt = 1_700_000_000_000 + this.#sequence * 1_000
    if (state === 'written') this.documents.push({ account, document, update, writtenAt, shelf, payload })
  }

  #changed(account: AccountId): void {
    for (const connection of this.connections) if (connection.session === account) connection.emit({ event: 'mailbox' })
  }

  #announce(id: UpdateId): void {
    const held = this.mails.find(({ mail }) => mail === id)
    if (held === undefined) return
    for (const connection of this.connections) {
      const { session } = connection
      if (session === null || !held.change.to.includes(session)) continue
      connection.emit({ event: 'mail', mail: headerOf(this.tell(held, session)) })
    }
  }
}

const noMarks = (): Pick<HeldMail, 'read' | 'set' | 'trashedAt' | 'deleted'> => ({
  read: new Set(),
  set: new Map(),
  trashedAt: new Map(),
  deleted: new Set(),
})

const isRead = ({ change, read, set }: HeldMail, owner: AccountId): boolean => {
  if (set.get(owner)?.has('unread') === true) return false
  return !change.to.includes(owner) || read.has(owner) || set.get(owner)?.has('read') === true
}

const isIn = (folder: Folder, { change, set }: HeldMail, owner: AccountId): boolean => {
  switch (folder) {
    case 'inbox':
      return change.to.includes(owner)
    case 'sent':
      return change.account === owner
    case 'starred':
      return set.get(owner)?.has('star') ?? false
    case 'trash':
      return true
  }
}

const setMark = (mail: HeldMail, { account, mark }: MarksChange, at: number): void => {
  const set = mail.set.get(account) ?? new Set()
  mail.set.set(account, set)
  switch (mark) {
    case 'delete':
      mail.deleted.add(account)
      return
    case 'read':
    case 'unread':
      set.delete(mark === 'read' ? 'unread' : 'read')
      set.add(mark)
      return
    case 'unstar':
      set.delete('star')
      return
    case 'restore':
      set.delete('trash')
      return
    case 'star':
    case 'trash':
      set.add(mark)
      if (mark === 'trash') mail.trashedAt.set(account, 1_700_000_000_000 + at * 1_000)
  }
}

const folded = (name: string): string => name.normalize('NFKC').toLowerCase()

const headerOf = (mail: SealedMail): SealedMail => {
  const payload = withoutBody(mail.payload)
  return payload.ok ? { ...mail, payload: payload.value } : mail
}

const noGroup = 'A replica in memory has no group of machines.'

class MemoryConnection implements ReplicaApi {
  session: AccountId | null = null
  readonly #replica: MemoryReplica
  readonly #right: 'admin' | 'person'
  #challenge: Uint8Array | null = null
  #listener: (event: ReplicaEvent) => void = () => undefined
  #open = true
  readonly #ended = Promise.withResolvers<undefined>()
  /** Set to hold answers back: every method waits for it after having taken effect. */
  answerAfter: Promise<unknown> | null = null

  constructor(replica: MemoryReplica, right: 'admin' | 'person') {
    this.#replica = replica
    this.#right = right
  }

  emit(event: ReplicaEvent): void {
    this.#listener(event)
  }

  lose(): void {
    if (!this.#open) return
    this.#open = false
    this.#ended.resolve(undefined)
    this.#replica.connections.delete(this)
    this.emit({ event: 'closed', failure: { code: 'UNREACHABLE', message: 'The connection was lost.' } })
  }

  async group() {
    const { groupId, server } = this.#replica
    return this.#answer(
      succeed({ groupId, groupName: 'test', serverId: server, origin: originId(`${server}.aaaaaaaa`) }),
    )
  }

  async view() {
    return this.#answer(succeed(this.#replica.view))
  }

  async status(): Promise<StatusInfo> {
    const { server, view, accounts, mails, paused } = this.#replica
    const origin = originId(`${server}.aaaaaaaa`)
    const held = { [origin]: mails.length }
    const here = { server, origin, machine: 'memory', connected: true, lagMs: null }
    const away = { ...here, server: serverId(server === 5 ? 4 : 5), connected: false }
    const seats = this.#replica.isWhole ? [here] : [here, away]
    const counts = { accounts: accounts.length, mails: mails.length, digest: 'memory', warnings: [], diskBytes: 0 }
    const vectors = { vector: held, matrix: { [server]: held }, stable: held }
    return this.#answer(
      succeed({ serverId: server, origin, groupName: 'test', view, ...vectors, ...counts, paused, seats }),
    )
  }

  async lookUp({ names, accounts }: { readonly names: readonly string[]; readonly accounts: readonly AccountId[] }) {
    const isAsked = (held: HeldAccount): boolean =>
      names.some((name) => folded(name) === folded(held.name)) || accounts.includes(held.account)
    const found = this.#replica.accounts.filter((held) => !held.deleted && isAsked(held))
    return this.#answer(succeed(found.map(({ deleted: _deleted, ...info }) => info)))
  }

  async people({ like }: { readonly like: string }) {
    const online = new Set([...this.#replica.connections].map(({ session }) => session))
    const found = this.#replica.accounts.filter(({ name, deleted }) => !deleted && folded(name).includes(folded(like)))
    const servers = (account: AccountId) => (online.has(account) ? [this.#replica.server] : [])
    const people = found.map(({ account, name }) => ({
      account,
      name,
      online: online.has(account),
      servers: servers(account),
      signedUpAt: 1_700_000_000_000,
    }))
    return this.#answer(succeed(people))
  }

  async members() {
    const { server } = this.#replica
    const member = { server, peer: peerIdOf(new Uint8Array(32)), machine: 'memory', addresses: [] }
    return this.#answer(succeed([member]))
  }

  async challenge() {
    this.#challenge = new Uint8Array(randomBytes(32))
    return this.#answer(succeed(this.#challenge))
  }

  async logIn({ account, signature, session, clock, machine }: LogInRequest): Promise<LogInAnswer> {
    const signed = concat([utf8('quintet/log-in/1'), this.#replica.groupId, this.#challenge ?? new Uint8Array()])
    if (!this.#replica.accounts.some((held) => held.account === account && !held.deleted)) {
      return this.#refuse('NO_SUCH_ACCOUNT', 'There is no such account.')
    }
    if (!verifyBytes(fromBase64Url(account), signed, signature))
      return this.#refuse('BAD_SIGNATURE', 'The signature is wrong.')
    this.#challenge = null
    this.session = account
    const began = this.#replica.logIn(account, { session, clock: clock ?? this.#replica.nextMoment(), machine })
    if (began.session === session) return this.#answer(succeed({ clock: began.clock, takenBy: null }))
    this.session = null
    return this.#answer(succeed({ clock: null, takenBy: { server: this.#replica.server, machine: began.machine } }))
  }

  async logOut() {
    this.session = null
    return this.#answer(succeed(undefined))
  }

  async submit(submission: Submission) {
    return this.#answer(this.#replica.execute(submission, this.session))
  }

  async list({ folder, limit, before, offset }: Parameters<ReplicaApi['list']>[0]) {
    const owner = this.#owner()
    const box = this.#replica.box(folder, owner)
    const start = before === null ? offset : Number(before)
    const mails = box.slice(start, start + limit).map((mail) => headerOf(this.#replica.tell(mail, owner)))
    const next = start + limit < box.length ? String(start + limit) : null
    const unread = box.filter((mail) => !isRead(mail, owner)).length
    return this.#answer(succeed({ mails, total: box.length, unread, next }))
  }

  async counts() {
    const owner = this.#owner()
    const [inbox, starred, sent, trash] = (['inbox', 'starred', 'sent', 'trash'] as const).map((folder) =>
      this.#replica.box(folder, owner),
    )
    const on = (shelf: number): number =>
      this.#replica.documents.filter((held) => held.account === owner && held.shelf === shelf).length
    return this.#answer(
      succeed({
        inbox: inbox?.length ?? 0,
        unread: inbox?.filter((mail) => !isRead(mail, owner)).length ?? 0,
        starred: starred?.length ?? 0,
        sent: sent?.length ?? 0,
        trash: trash?.length ?? 0,
        drafts: on(1),
        outbox: on(2),
      }),
    )
  }

  async conversation({ conversation }: { readonly conversation: UpdateId }) {
    const owner = this.#owner()
    const mails = this.#all(owner).filter(
      ({ mail, change }) => mail === conversation || change.conversation === conversation,
    )
    return this.#answer(succeed(mails.map(({ mail }) => mail)))
  }

  async trashed({ beforeMs }: { readonly beforeMs: number }) {
    const owner = this.#owner()
    const old = this.#replica.box('trash', owner).filter((mail) => (mail.trashedAt.get(owner) ?? 0) < beforeMs)
    return this.#answer(succeed(old.map(({ mail }) => mail)))
  }

  async documents({ shelf }: { readonly shelf: number }) {
    const owner = this.#owner()
    const found = this.#replica.documents.filter((held) => held.account === owner && held.shelf === shelf)
    return this.#answer(succeed(found.map(({ document, update, writtenAt }) => ({ document, update, writtenAt }))))
  }

  async document({ document }: { readonly document: DocumentId }) {
    const owner = this.#owner()
    const found = this.#replica.documents.find((held) => held.account === owner && held.document === document)
    return this.#answer(succeed(found ?? null))
  }

  async safeties({ mails }: { readonly mails: readonly UpdateId[] }) {
    return this.#answer(succeed(mails.map((mail) => ({ mail, servers: [this.#replica.server] }))))
  }

  async spread() {
    return this.#answer(succeed({ heldBy: [this.#replica.server], waitingFor: [] }))
  }

  #all(owner: AccountId): readonly HeldMail[] {
    const isTheirs = ({ change, deleted }: HeldMail): boolean =>
      !deleted.has(owner) && (change.account === owner || change.to.includes(owner))
    return this.#replica.mails.filter(isTheirs)
  }

  async fetch({ mail }: { readonly mail: UpdateId }): Promise<SealedMail> {
    const owner = this.#owner()
    const held = this.#all(owner).find((other) => other.mail === mail)
    if (held === undefined) return this.#refuse('NO_SUCH_MAIL', 'There is no such mail.')
    return this.#answer(succeed(this.#replica.tell(held, owner)))
  }

  async fetchMany({ mails, content }: Parameters<ReplicaApi['fetchMany']>[0]) {
    const owner = this.#owner()
    const all = this.#all(owner)
    const found = mails.flatMap((id) => all.find(({ mail }) => mail === id) ?? [])
    const told = found.map((mail) => this.#replica.tell(mail, owner))
    return this.#answer(succeed({ mails: content === 'whole' ? told : told.map(headerOf), covered: mails.length }))
  }

  async mailNames({ folder, only, limit, before }: Parameters<ReplicaApi['mailNames']>[0]) {
    const owner = this.#owner()
    const start = before === null ? 0 : Number(before)
    const page = this.#replica.box(folder, owner).slice(start, start + limit)
    const chosen = page.filter((mail) => only === 'all' || !isRead(mail, owner))
    const next = page.length === limit ? String(start + limit) : null
    return this.#answer(succeed({ mails: chosen.map(({ mail }) => mail), next }))
  }

  async posts({ of, limit, before }: Parameters<ReplicaApi['posts']>[0]): Promise<SignedPosts> {
    const owner = this.#owner()
    const authors = of.kind === 'author' ? [of.author] : this.#replica.followedBy(owner)
    if (of.kind === 'timeline') authors.push(owner)
    const all = this.#replica.posts.filter(({ author }) => authors.includes(author)).reverse()
    const start = before === null ? 0 : Number(before)
    const next = start + limit < all.length ? String(start + limit) : null
    return this.#answer(succeed({ posts: all.slice(start, start + limit), next }))
  }

  async profile({ name }: { readonly name: string }): Promise<ProfileInfo | null> {
    const owner = this.#owner()
    const replica = this.#replica
    const held = replica.accounts.find((other) => folded(other.name) === folded(name) && !other.deleted)
    if (held === undefined) return this.#answer(succeed(null))
    const { account } = held
    const people = replica.accounts.map((other) => other.account)
    const isOnline = [...replica.connections].some(({ session }) => session === account)
    const profile: ProfileInfo = {
      account,
      name: held.name,
      online: isOnline,
      servers: isOnline ? [replica.server] : [],
      signedUpAt: 1_700_000_000_000,
      followed: replica.followedBy(owner).includes(account),
      followers: people.filter((other) => replica.followedBy(other).includes(account)).map((of) => replica.nameOf(of)),
      following: replica.followedBy(account).map((of) => replica.nameOf(of)),
      posts: replica.posts.filter(({ author }) => author === account).length,
    }
    return this.#answer(succeed(profile))
  }

  async followed() {
    return this.#answer(succeed(this.#replica.followedBy(this.#owner())))
  }

  async safety() {
    return this.#answer(succeed([this.#replica.server]))
  }

  async invite(): Promise<string> {
    if (this.#right !== 'admin') return this.#refuse('NOT_ALLOWED', 'This needs the right to the data directory.')
    return this.#answer(succeed('quintet://join/test'))
  }

  network(): Promise<never> {
    return this.#refuse('BAD_REQUEST', noGroup)
  }

  invites(): Promise<never> {
    return this.#refuse('BAD_REQUEST', noGroup)
  }

  revokeInvite(): Promise<never> {
    return this.#refuse('BAD_REQUEST', noGroup)
  }

  retire(): Promise<never> {
    return this.#refuse('BAD_REQUEST', noGroup)
  }

  renameGroup(): Promise<never> {
    return this.#refuse('BAD_REQUEST', noGroup)
  }

  renameMachine(): Promise<never> {
    return this.#refuse('BAD_REQUEST', noGroup)
  }

  rotateKey(): Promise<never> {
    return this.#refuse('BAD_REQUEST', noGroup)
  }

  setSyncInterval(): Promise<never> {
    return this.#refuse('BAD_REQUEST', noGroup)
  }

  takeSeat(): Promise<never> {
    return this.#refuse('BAD_REQUEST', noGroup)
  }

  async pause({ servers }: { readonly servers: readonly ServerId[] }): Promise<void> {
    this.#replica.paused = servers
    return this.#answer(succeed(undefined))
  }

  async resume(): Promise<void> {
    this.#replica.paused = []
    return this.#answer(succeed(undefined))
  }

  onEvent(listener: (event: ReplicaEvent) => void): void {
    this.#listener = listener
  }

  async close(): Promise<void> {
    this.#open = false
    this.#ended.resolve(undefined)
    this.#replica.connections.delete(this)
  }

  #owner(): AccountId {
    if (this.session === null) throw new QuintetError('NOT_LOGGED_IN', 'Log in first.')
    return this.session
  }

  #refuse(code: ErrorCode, message: string): Promise<never> {
    return this.#answer(fail(code, message))
  }

  async #answer<Value>(result: Result<Value>): Promise<Value> {
    if (!this.#open) throw new QuintetError('UNREACHABLE', 'The connection was lost.')
    await Promise.race([this.answerAfter, this.#ended.promise])
    // A connection that was lost meanwhile does not answer, though the replica may have done what was asked.
    if (!this.connected) throw new QuintetError('UNREACHABLE', 'The connection was lost.')
    if (!result.ok) throw new QuintetError(result.failure.code, result.failure.message)
    return result.value
  }

  get connected(): boolean {
    return this.#open
  }
}

import { randomBytes } from 'node:crypto'

import type { NetworkReport } from '../../replica/api/group-contract.ts'
import type {
  LogInAnswer,
  LogInRequest,
  ProfileInfo,
  ReplicaApi,
  ReplicaEvent,
  SealedMail,
  SignedPosts,
  StatusInfo,
  Submission,
  TrashQuery,
} from '../../replica/api/contract.ts'
import { fail, QuintetError, succeed, type ErrorCode, type Result } from '../../replica/core/model/errors.ts'
import {
  originId,
  tagOf,
  type AccountId,
  type DocumentId,
  type ServerId,
  type UpdateId,
} from '../../replica/core/model/ids.ts'
import { likePattern } from '../../replica/core/state/like-pattern.ts'
import { concat, fromBase64Url, utf8 } from '../../replica/wire/bytes.ts'
import { peerIdOf, verifyBytes } from '../../replica/wire/keys.ts'
import { commandOf } from '../../replica/wire/payload-codec.ts'
import { folded, isRead, type HeldMail } from './memory-mails.ts'
import { networkOf, otherThan } from './memory-network.ts'
import type { HeldAccount, MemoryReplica } from './memory-replica.ts'

const noGroup = 'A replica in memory has no group of machines.'

/** A client's connection to a replica in memory. */
export class MemoryConnection implements ReplicaApi {
  session: AccountId | null = null
  readonly #replica: MemoryReplica
  #challenge: Uint8Array | null = null
  #listener: (event: ReplicaEvent) => void = () => undefined
  #open = true
  readonly #ended = Promise.withResolvers<undefined>()
  /** Set to hold answers back: every method waits for it after having taken effect. */
  answerAfter: Promise<unknown> | null = null

  constructor(replica: MemoryReplica) {
    this.#replica = replica
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
    this.#replica.statuses += 1
    const { server, view, accounts, mails, paused } = this.#replica
    const origin = originId(`${server}.aaaaaaaa`)
    const held = { [origin]: this.#replica.sequence }
    const here = { server, origin, machine: 'memory', connected: true, lagMs: null }
    const other = otherThan(server)
    const away = { ...here, server: other, origin: originId(`${other}.aaaaaaaa`), connected: false }
    const seats = this.#replica.isWhole ? [here] : [here, away]
    const counts = { accounts: accounts.length, mails: mails.length, digest: 'memory', warnings: [], diskBytes: 0 }
    const [theirs, vector] = [{ [away.origin]: 1 }, { ...held, [away.origin]: 1 - this.#replica.lacks }]
    const vectors = { vector, matrix: { [server]: vector, [other]: theirs }, stable: held }
    const told = { ...vectors, ...counts, paused, seats, promised: [] }
    return this.#answer(succeed({ serverId: server, origin, groupName: 'test', view, ...told }))
  }

  async lookUp({ names, accounts }: { readonly names: readonly string[]; readonly accounts: readonly AccountId[] }) {
    const isAsked = (held: HeldAccount): boolean =>
      names.some((name) => folded(name) === folded(held.name)) || accounts.includes(held.account)
    const found = this.#replica.accounts.filter((held) => !held.deleted && isAsked(held))
    return this.#answer(succeed(found.map(({ deleted: _deleted, ...info }) => info)))
  }

  async people({ like }: { readonly like: string }) {
    const online = new Set([...this.#replica.connections].map(({ session }) => session))
    const found = this.#replica.accounts.filter(({ name, deleted }) => !deleted && likePattern(like)(folded(name)))
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
    const { server, isWhole } = this.#replica
    const member = { server, peer: peerIdOf(new Uint8Array(32)), machine: 'memory', addresses: [] }
    const away = { ...member, server: otherThan(server) }
    return this.#answer(succeed(isWhole ? [member] : [member, away]))
  }

  async groupKey() {
    return this.#answer(succeed(new Uint8Array(32)))
  }

  async challenge() {
    this.#challenge = new Uint8Array(randomBytes(32))
    return this.#answer(succeed(this.#challenge))
  }

  async logIn({ account, signature, session, clock, machine }: LogInRequest): Promise<LogInAnswer> {
    const signed = concat([utf8('quintet/log-in/1'), this.#replica.groupId, this.#challenge ?? new Uint8Array()])
    if (!this.#replica.accounts.some((held) => held.account === account && !held.deleted)) {
      if (this.#replica.isNewcomer) return this.#refuse('NOT_HERE_YET', 'The account has not come yet.')
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
    const mails = box.slice(start, start + limit).map((mail) => this.#replica.list(mail, owner))
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

  async trashed({ beforeMs, among }: TrashQuery) {
    const owner = this.#owner()
    const old = this.#replica
      .box('trash', owner)
      .filter(({ mail, trashedAt }) => (trashedAt.get(owner) ?? 0) < beforeMs && (among?.includes(mail) ?? true))
    return this.#answer(succeed(old.map(({ mail, change }) => ({ id: mail, tag: tagOf(change.command) }))))
  }

  async tags({ names }: { readonly names: readonly UpdateId[] }) {
    const mails = this.#all(this.#owner())
    const found = names.map((name) => {
      const held = mails.find(({ mail }) => mail === name)
      if (held !== undefined) return tagOf(held.change.command)
      const post = this.#replica.posts.find((other) => other.post === name)
      const command = post === undefined ? null : commandOf(post.payload)
      return command === null ? null : tagOf(command)
    })
    return this.#answer(succeed(found))
  }

  async documents({ shelf }: { readonly shelf: number }) {
    const owner = this.#owner()
    const found = this.#replica.documents.filter((held) => held.account === owner && held.shelf === shelf)
    return this.#answer(succeed(found.map(({ document, update, writtenAt }) => ({ document, update, writtenAt }))))
  }

  async forgettable() {
    return this.#answer(succeed(this.#replica.forgettable))
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
    const { server, isWhole } = this.#replica
    return this.#answer(succeed({ heldBy: [server], waitingFor: isWhole ? [] : [otherThan(server)] }))
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
    if (content === 'whole') this.#replica.fetched.push(...found.map(({ mail }) => mail))
    const told = found.map((mail) => this.#replica[content === 'whole' ? 'tell' : 'list'](mail, owner))
    return this.#answer(succeed({ mails: told, covered: mails.length }))
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
    return this.#answer(succeed('quintet://join/test'))
  }

  network(): Promise<NetworkReport> {
    return this.#answer(succeed(networkOf(this.#replica)))
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

  letIn(): Promise<never> {
    return this.#refuse('BAD_REQUEST', noGroup)
  }

  shutOut(): Promise<never> {
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

import { randomBytes } from 'node:crypto'

import type {
  AccountInfo,
  Accepted,
  SayAnew,
  Folder,
  ForgettableInfo,
  ReplicaEvent,
  SealedDocument,
  SealedMail,
  SignedPost,
  Submission,
  ViewInfo,
} from '../../replica/api/contract.ts'
import { fail, QuintetError, succeed, type Result } from '../../replica/core/model/errors.ts'
import {
  originId,
  serverId,
  tagOf,
  tagsAgree,
  updateId,
  type AccountId,
  type ServerId,
  type UpdateId,
} from '../../replica/core/model/ids.ts'
import type { AccountChange, AccountKeysChange, MailChange, PersonChange } from '../../replica/core/model/updates.ts'
import type { DocumentChange, ForgettingChange } from '../../replica/core/model/mailbox-changes.ts'
import { tagIn } from '../../replica/client/shown-tags.ts'
import { meantBy } from '../../replica/core/model/meant.ts'
import { verifySubmission } from '../../replica/wire/update-codec.ts'
import { MemoryConnection } from './memory-connection.ts'
import { folded, headerOf, isIn, isRead, noMarks, setMark, type HeldMail } from './memory-mails.ts'

interface HeldDocument extends SealedDocument {
  readonly account: AccountId
  readonly shelf: number
}

export interface HeldAccount extends AccountInfo {
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
  /** What it says can be forgotten. */
  forgettable: ForgettableInfo | null = { saidUpTo: 0, left: [], deleted: 0 }
  readonly forgotten: ForgettingChange[] = []
  readonly accounts: HeldAccount[] = []
  readonly mails: HeldMail[] = []
  documents: HeldDocument[] = []
  posts: SignedPost[] = []
  /** Whether all seats can be reached. */
  isWhole = true
  /** When the other seat that can be reached was heard last, in milliseconds since 1970; null: there is none. */
  otherHeardAt: () => number | null = () => null
  /** Whether accounts may be missing that there are. */
  isNewcomer = false
  /** Updates that another seat holds and that have not come. */
  lacks: 0 | 1 = 0
  /** How often its status was asked for. */
  statuses = 0
  /** What was submitted, in order, retries included. */
  readonly submissions: Submission[] = []
  readonly connections = new Set<MemoryConnection>()
  /** Changes a mail on its way to a client, as a replica that lies would. */
  alter: (mail: SealedMail) => SealedMail = (mail) => mail
  /** As `alter`, for what lists and pushes say of it. */
  alterListed: (mail: SealedMail) => SealedMail = (mail) => mail
  /** Mails that were given whole because somebody asked for that, in order. */
  readonly fetched: UpdateId[] = []
  paused: readonly ServerId[] = []
  /** As of when it dates what it writes, in microseconds since 1970. */
  clock = 0
  readonly #executed = new Map<string, Accepted>()
  readonly #sessions = new Map<AccountId, BegunSession>()
  #moment = 0
  readonly #follows = new Map<AccountId, Set<AccountId>>()
  #sequence = 0

  constructor({ server = serverId(1), groupId = new Uint8Array(randomBytes(16)) }: MemoryReplicaOptions = {}) {
    this.server = server
    this.groupId = groupId
  }

  connect(): MemoryConnection {
    const connection = new MemoryConnection(this)
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

  /** As after an hour. */
  forgetCommands(): void {
    this.#executed.clear()
  }

  tellAll(event: ReplicaEvent): void {
    for (const connection of this.connections) connection.emit(event)
  }

  /** Of the last update. */
  get sequence(): number {
    return this.#sequence
  }

  get view(): ViewInfo {
    return { number: 1, servers: [this.server] }
  }

  execute(submission: Submission, session: AccountId | null): Result<Accepted | SayAnew> {
    this.submissions.push(submission)
    const done = this.#executed.get(submission.command)
    if (done !== undefined) return succeed(done)
    const verified = verifySubmission(this.groupId, submission.kind, submission.payload, submission.signature)
    if (!verified.ok) return verified
    const { change } = verified.value
    if (change.kind !== 'account' && change.account !== session) return fail('NOT_LOGGED_IN', 'Log in first.')
    const refusal = this.#apply(change, submission)
    if (refusal !== null) return refusal
    const accepted = { update: this.#nextId(), clock: this.clock + this.#sequence }
    this.#executed.set(submission.command, accepted)
    if (change.kind === 'mail') this.#announce(accepted.update)
    if (['marks', 'document', 'deletion', 'read'].includes(change.kind)) this.#changed(change.account)
    return succeed(accepted)
  }

  box(folder: Folder, owner: AccountId): readonly HeldMail[] {
    return this.mails
      .filter((mail) => !mail.deleted.has(owner))
      .filter((mail) => (mail.set.get(owner)?.has('trash') ?? false) === (folder === 'trash'))
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
      leaf: null,
    })
  }

  list(mail: HeldMail, owner: AccountId): SealedMail {
    return this.alterListed(headerOf(this.groupId, this.tell(mail, owner)))
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
    const held = this.accounts.find((other) => other.account === account)
    if (held === undefined) return '?'
    return held.deleted ? '' : held.name
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
        const [held] = this.#meant(change)
        if (held === undefined) return fail('NO_SUCH_MAIL', 'There is no such mail.')
        held[change.kind === 'read' ? 'read' : 'deleted'].add(change.account)
        break
      }
      case 'marks': {
        const marked = this.#meant(change)
        const isNamed = ({ mail }: HeldMail): boolean => change.mails.includes(mail)
        if (marked.length === 0 || marked.length < this.mails.filter(isNamed).length)
          return fail('NO_SUCH_MAIL', 'There are no such mails.')
        for (const mail of marked) setMark(mail, change, this.#sequence)
        break
      }
      case 'document':
        this.#write(change, submission)
        break
      case 'forgetting':
        this.forgotten.push(change)
        break
      case 'post':
        this.#addPost(change.account, submission)
        break
      case 'postDeletion':
        if (!this.posts.some(({ post, payload }) => post === change.post && tagsAgree(change.tag, tagIn(payload))))
          return fail('NO_SUCH_POST', 'There is no such post.')
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

  /** The mails that a mark names, as far as they are those that its person saw. */
  #meant(change: PersonChange): readonly HeldMail[] {
    const meant = meantBy(change)
    return this.mails.filter((held) =>
      meant.some(({ id, tag }) => id === held.mail && tagsAgree(tag, tagOf(held.change.command))),
    )
  }

  #addAccount({ account, name, sealKey, sealedKeys }: AccountChange, { payload, signature }: Submission): void {
    const keys = { keys: null, keysChanged: null }
    this.accounts.push({ account, name, sealKey, sealedKeys, payload, signature, ...keys, deleted: false })
  }

  #changeKeys({ account, sealedKeys }: AccountKeysChange, { payload, signature }: Submission): void {
    const place = this.accounts.findIndex((held) => held.account === account)
    const held = this.accounts[place]
    if (held === undefined) return
    const keysChanged = { server: this.server, at: 1_700_000_000_000 + this.#sequence * 1_000 }
    this.accounts[place] = { ...held, sealedKeys, keys: { payload, signature }, keysChanged }
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
      connection.emit({ event: 'mail', mail: this.list(held, session) })
    }
  }
}

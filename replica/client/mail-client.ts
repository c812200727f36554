import { LRUCache } from 'lru-cache'

import type { Accepted, SealedMail, Submission } from '../api/contract.ts'
import { QuintetError } from '../core/model/errors.ts'
import type { ServerId, UpdateId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { utf8 } from '../wire/bytes.ts'
import { AccountDirectory } from './account-directory.ts'
import { BoundedWork, InOrder } from './bounded-work.ts'
import type { ClientClock, RandomBytes } from './client-ports.ts'
import type { ClientEvent } from './contract/events.ts'
import type { MailClient } from './contract/mail-client.ts'
import type { Header, HeaderPage, Mail } from './contract/mailbox.ts'
import { laterFeatures, type LaterMethod } from './later-features.ts'
import { passwordCost, type PasswordCost } from './key-lock.ts'
import type { Recipient } from './mail-sealer.ts'
import { ReplicaLink, type ConnectReplica, type LinkListener } from './replica-link.ts'
import { knownAccount, newAccount, normalName, type Session, type SessionPorts } from './session.ts'

export interface MailClientOptions {
  readonly connect: ConnectReplica
  readonly random: RandomBytes
  readonly clock: ClientClock
  /** For tests, which cannot wait for the real cost. */
  readonly passwordCost?: PasswordCost
}

type Request<Method extends keyof MailClient> = MailClient[Method] extends (request: infer Asked) => unknown
  ? Asked
  : never

/** A client of the replica that `connect(null)` reaches. UNREACHABLE. */
export const createMailClient = async (options: MailClientOptions): Promise<MailClient> => {
  const client = new SealingMailClient(options)
  await client.open(options.connect, options.clock)
  return Object.assign(client, laterFeatures)
}

class SealingMailClient implements Omit<MailClient, LaterMethod> {
  readonly #ports: SessionPorts
  readonly #directory: AccountDirectory
  readonly #order = new InOrder()
  readonly #sealing = new BoundedWork(limits.mailsAtOnce)
  readonly #opening = new BoundedWork(limits.mailsAtOnce)
  readonly #announcing = new InOrder()
  readonly #markedRead = new LRUCache<UpdateId, true>({ max: limits.cachedIds })
  #sends = 0
  #session: Session | null = null
  #listener: (event: ClientEvent) => void = () => undefined
  #opened: ReplicaLink | null = null

  constructor({ random, clock, passwordCost: cost = passwordCost }: MailClientOptions) {
    this.#ports = { random, clock, passwordCost: cost }
    this.#directory = new AccountDirectory((query) => this.#link.call((api) => api.lookUp(query)), clock)
  }

  async open(connect: ConnectReplica, clock: ClientClock): Promise<void> {
    this.#opened = await ReplicaLink.open(connect, clock, this.#linkListener())
  }

  get loggedInAs(): string | null {
    return this.#session?.name ?? null
  }

  get server(): ServerId {
    return this.#link.group.serverId
  }

  async signUp(request: Request<'signUp'>): Promise<{ readonly recoveryPhrase: string }> {
    const { session, submission } = await newAccount(this.#groupId, request, this.#ports)
    await this.#submit(submission)
    await this.#logInAs(session)
    return { recoveryPhrase: '' }
  }

  async logIn(request: Request<'logIn'>): Promise<void> {
    const lookUp: Parameters<typeof knownAccount>[0] = (query) => this.#link.call((api) => api.lookUp(query))
    await this.#logInAs(await knownAccount(lookUp, this.#groupId, request, this.#ports))
  }

  async logOut(): Promise<void> {
    this.#person()
    this.#session = null
    await this.#link.call((api) => api.logOut())
  }

  async deleteAccount(): Promise<void> {
    await this.#submit(await this.#person().accountDeletion())
    this.#session = null
    await this.#link.call((api) => api.logOut())
  }

  async connect({ server }: Request<'connect'>): Promise<void> {
    await this.#link.moveTo(server)
    this.#directory.forgetAll()
  }

  async send({ to, subject, body }: Request<'send'>): Promise<{ readonly mail: UpdateId }> {
    const session = this.#person()
    const names = checkedNames(to)
    checkContent(subject, body)
    if (this.#sends >= limits.requestsInFlight) {
      throw new QuintetError(
        'BUSY',
        `${limits.requestsInFlight} mails are on their way already: wait for some of them.`,
      )
    }
    this.#sends += 1
    const seal = (recipients: readonly Recipient[]): Promise<Submission> =>
      session.mail({ to: recipients, subject, body })
    try {
      const { update } = await this.#order.run(
        () => this.#sealing.run(async () => seal(await this.#recipients(names))),
        (submission) => this.#submitMail(submission, names, seal),
      )
      return { mail: update }
    } finally {
      this.#sends -= 1
    }
  }

  async list({ folder, limit, before }: Request<'list'>): Promise<HeaderPage> {
    const session = this.#person()
    if (!Number.isInteger(limit) || limit < 1)
      throw new QuintetError('BAD_REQUEST', 'The limit of a page is from 1 up.')
    if (limit > limits.pageHeaders)
      throw new QuintetError('TOO_MANY', `A page has at most ${limits.pageHeaders} headers.`)
    const mails: SealedMail[] = []
    let next = before ?? null
    let total: number
    // A page of mails with many recipients can come in several parts.
    do {
      if (folder !== 'inbox' && folder !== 'sent')
        throw new QuintetError('NOT_YET', 'This folder comes with a later version.')
      const query = { folder, limit: limit - mails.length, before: next }
      const page = await this.#link.call((api) => api.list(query))
      mails.push(...page.mails)
      total = page.total
      next = page.mails.length > 0 ? page.next : null
    } while (next !== null && mails.length < limit)
    const headers = await Promise.all(mails.map((mail) => this.#header(session, mail)))
    const unread = headers.filter((header) => !header.read).length
    return next === null ? { headers, total, unread } : { headers, total, unread, next }
  }

  async read({ mail: id }: Request<'read'>): Promise<Mail> {
    const session = this.#person()
    const sealed = await this.#link.call((api) => api.fetch({ mail: id }))
    if (sealed.mail !== id)
      throw new QuintetError('CANNOT_OPEN', 'The replica gave another mail than the one asked for.')
    const { subject, body } = await session.opener.open(sealed)
    await this.#markRead(session, sealed)
    const header = await this.#header(session, sealed)
    return { ...header, subject, body, inReplyTo: null, fromAccount: sealed.from }
  }

  async delete({ mail }: Request<'delete'>): Promise<{ readonly removal: UpdateId }> {
    const { update } = await this.#submit(await this.#person().deletion(mail))
    return { removal: update }
  }

  async safety(request: Request<'safety'>): Promise<{ readonly servers: readonly ServerId[] }> {
    this.#person()
    return { servers: await this.#link.call((api) => api.safety(request)) }
  }

  async accounts({ like }: Request<'accounts'>): ReturnType<MailClient['accounts']> {
    if (like.length > limits.likeChars) {
      throw new QuintetError('TOO_LARGE', `A pattern can have ${limits.likeChars} characters at most.`)
    }
    const people = await this.#link.call((api) => api.people({ like: like.normalize('NFC') }))
    return { accounts: people.map((person) => ({ ...person, servers: [], signedUpAt: 0, followed: false })) }
  }

  view() {
    return this.#link.call((api) => api.view())
  }

  status() {
    return this.#link.call((api) => api.status())
  }

  async invite(): Promise<{ readonly invite: string }> {
    return { invite: await this.#link.callOnce((api) => api.invite()) }
  }

  pause(request: Request<'pause'>): Promise<void> {
    return this.#link.call((api) => api.pause(request))
  }

  resume(request: Request<'resume'>): Promise<void> {
    return this.#link.call((api) => api.resume(request))
  }

  onEvent(listener: (event: ClientEvent) => void): void {
    this.#listener = listener
  }

  async close(): Promise<void> {
    this.#session = null
    await this.#link.close()
  }

  get #link(): ReplicaLink {
    if (this.#opened === null) throw new QuintetError('UNREACHABLE', 'The client is not connected yet.')
    return this.#opened
  }

  get #groupId(): Uint8Array {
    return this.#link.group.groupId
  }

  #person(): Session {
    if (this.#session === null) throw new QuintetError('NOT_LOGGED_IN', 'Log in first.')
    return this.#session
  }

  async #logInAs(session: Session): Promise<void> {
    if (this.#session !== null) await this.logOut()
    await this.#link.call(async (api) => {
      await session.logIn(api)
      // At once, so that a connection that is lost next is taken up with this session.
      this.#session = session
    })
    this.#markedRead.clear()
  }

  #submit(submission: Submission): Promise<Accepted> {
    return this.#link.call((api) => api.submit(submission))
  }

  #recipients(names: readonly string[]): Promise<readonly Recipient[]> {
    return this.#directory.recipients(this.#groupId, names)
  }

  /** An account that the directory remembers can be gone, or its name be another's: then once more, with what is true now. */
  async #submitMail(
    submission: Submission,
    names: readonly string[],
    seal: (recipients: readonly Recipient[]) => Promise<Submission>,
  ): Promise<Accepted> {
    try {
      return await this.#submit(submission)
    } catch (error) {
      if (!(error instanceof QuintetError) || error.code !== 'NO_SUCH_ACCOUNT') throw error
      this.#directory.forget(names)
      return this.#submit(await seal(await this.#recipients(names)))
    }
  }

  /** A subject that cannot be opened is shown as an empty one; opening the mail says why. */
  async #header(session: Session, mail: SealedMail): Promise<Header> {
    const subject = await this.#opening.run(() => session.opener.openSubject(mail).catch(() => ''))
    const isOwnCopy = mail.from === session.account && !mail.to.includes(session.account)
    const read = mail.read || isOwnCopy || this.#markedRead.has(mail.mail)
    return {
      mail: mail.mail,
      from: mail.fromName,
      to: mail.toNames,
      cc: [],
      subject,
      snippet: '',
      sentAt: mail.sentAt,
      read,
      starred: false,
      conversation: mail.mail,
      own: mail.from === session.account,
      inTrash: false,
    }
  }

  async #markRead(session: Session, { mail, read, to }: SealedMail): Promise<void> {
    if (read || !to.includes(session.account) || this.#markedRead.has(mail)) return
    this.#markedRead.set(mail, true)
    try {
      await this.#submit(await session.markRead(mail))
    } catch {
      // The mail is open: that it stays unread (a full disk, a lost connection) must not keep it from the reader.
      this.#markedRead.delete(mail)
    }
  }

  #linkListener(): LinkListener {
    return {
      prepare: async (api, _group, occasion) => {
        const session = this.#session
        if (session === null) return
        try {
          await session.logIn(api)
        } catch (error) {
          const isGone = error instanceof QuintetError && ['NO_SUCH_ACCOUNT', 'BAD_SIGNATURE'].includes(error.code)
          if (occasion === 'move' || !isGone) throw error
          this.#session = null
        }
      },
      event: (event) => {
        if (event.event === 'view') {
          this.#directory.forgetAll()
          this.#listener(event)
        } else this.#announce(event.mail)
      },
      disconnected: (failure) => this.#listener({ event: 'disconnected', failure }),
      connected: (server) => this.#listener({ event: 'connected', server }),
    }
  }

  #announce(mail: SealedMail): void {
    const session = this.#session
    if (session === null) return
    const told = this.#announcing.run(
      () => this.#header(session, mail),
      async (header) => this.#listener({ event: 'mail', header, late: false }),
    )
    told.catch(() => undefined)
  }
}

/** Different names, in the order given. TOO_MANY, BAD_REQUEST, BAD_NAME. */
const checkedNames = (to: readonly string[]): readonly string[] => {
  const names = [...new Set(to.map(normalName))]
  if (names.length === 0) throw new QuintetError('BAD_REQUEST', 'A mail needs at least one recipient.')
  if (names.length > limits.recipients) {
    throw new QuintetError(
      'TOO_MANY',
      `A mail can have ${limits.recipients} recipients at most; this one has ${names.length}.`,
    )
  }
  return names
}

const checkContent = (subject: string, body: string): void => {
  if (subject.length > limits.subjectChars && Array.from(subject).length > limits.subjectChars) {
    throw new QuintetError('TOO_LARGE', `A subject can have ${limits.subjectChars} characters at most.`)
  }
  if (body.length > limits.bodyBytes || utf8(body).length > limits.bodyBytes) {
    throw new QuintetError('TOO_LARGE', `A body can have ${limits.bodyBytes} bytes at most.`)
  }
}

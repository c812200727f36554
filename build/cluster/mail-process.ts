import { type Json, JsonProcess, type ProcessPlace } from './json-process.ts'

/** What the scripted interface answers, by verb. It is the program's documented contract, so it is not checked here again. */
export interface Answers {
  signUp: { readonly recoveryPhrase?: string }
  logIn: object
  logOut: object
  deleteAccount: object
  changePassword: object
  resetPassword: object
  renewRecoveryPhrase: { readonly recoveryPhrase: string }
  connect: object
  send: { readonly mail: string; readonly outbox?: string; readonly waitingFor?: readonly string[] }
  list: { readonly headers: readonly MailHeader[]; readonly total: number; readonly next?: string }
  read: Omit<MailHeader, 'read'> & { readonly body: string }
  /** With the removal when the request asks for it by `full: true`. */
  delete: { readonly removal?: string }
  deleteMany: { readonly removals: readonly string[] }
  emptyTrash: object
  mark: object
  counts: FolderCounts
  conversation: { readonly mails: readonly WholeMail[] }
  removal: { readonly removedOn: readonly number[]; readonly waitingFor: readonly number[] }
  safeties: { readonly safeties: readonly { readonly mail: string; readonly servers: readonly number[] }[] }
  drafts: { readonly drafts: readonly WaitingMail[] }
  saveDraft: { readonly draft: string }
  discardDraft: object
  outbox: { readonly entries: readonly WaitingMail[] }
  cancelOutbox: { readonly subject: string; readonly body: string }
  attach: { readonly attachment: string; readonly name: string; readonly size: number }
  attachFrom: { readonly attachments: readonly { readonly attachment: string }[] }
  attachment: { readonly name: string; readonly content: string }
  exportMail: { readonly name: string; readonly content: string }
  safety: { readonly servers: readonly number[] }
  accounts: {
    readonly accounts: readonly {
      readonly name: string
      readonly online: boolean
      /** When the request asks for it by `servers: true`. */
      readonly servers?: readonly number[]
    }[]
  }
  identities: {
    readonly identities: readonly {
      readonly name: string
      readonly account: string
      readonly words: string
      readonly known: { readonly account: string; readonly words: string; readonly calledNow: string | null } | null
    }[]
  }
  accept: object
  post: { readonly post: string }
  deletePost: object
  follow: object
  unfollow: object
  timeline: {
    readonly posts: readonly { readonly author: string; readonly text: string; readonly postedAt: number }[]
    readonly next?: string
  }
  posts: {
    readonly posts: readonly { readonly post: string; readonly author: string; readonly text: string }[]
    readonly next?: string
  }
  profile: {
    readonly name: string
    readonly online: boolean
    readonly followed: boolean
    readonly followers: readonly string[]
    readonly following: readonly string[]
    readonly posts: number
  }
  search: { readonly headers: readonly MailHeader[] }
  view: { readonly number: number; readonly servers: readonly number[] }
  status: GroupStatus
  invite: { readonly invite: string }
  pause: object
  network: NetworkAnswer
  invites: { readonly invites: readonly InviteAnswer[] }
  revokeInvite: object
  retire: object
  letIn: { readonly machines: readonly LetInAnswer[] }
  shutOut: object
  renameGroup: object
  renameMachine: object
  rotateKey: object
  setSyncInterval: object
  seat: object
  resume: object
}

export interface MailHeader {
  readonly mail: string
  readonly from: string
  readonly to: readonly string[]
  readonly subject: string
  readonly sentAt: number
  readonly read: boolean
}

export interface InviteAnswer {
  readonly invite: string
  readonly expiresAt: number
  readonly state: string
  readonly usedBy: number | null
}

export interface LetInAnswer {
  readonly machine: string | null
  readonly invite: string | null
  readonly server: number | null
  readonly name: string | null
  readonly state: string
  readonly at: number | null
  readonly by: readonly { readonly machine: string; readonly server: number | null; readonly name: string | null }[]
  readonly byRetired: boolean
  readonly connected: boolean
  readonly here: boolean
}

export interface NetworkAnswer {
  readonly groupName: string
  readonly server: number
  readonly machine: string
  readonly ownSeat: string
  readonly seats: readonly {
    readonly server: number
    readonly state: string
    readonly machine: string | null
    readonly promised: string | null
    readonly lastSeenAt: number | null
    readonly holds: Readonly<Record<string, number>>
    readonly behind: number
  }[]
  readonly history: readonly {
    readonly at: number
    readonly joined: readonly number[]
    readonly left: readonly number[]
    readonly mailsIn: number
  }[]
  readonly warnings: readonly string[]
  readonly syncIntervalMs: number
}

/** A header or mail that was asked for with `"full": true`. */
export interface WholeMail extends MailHeader {
  readonly cc: readonly string[]
  readonly snippet: string
  readonly starred: boolean
  readonly conversation: string
  readonly own: boolean
  readonly inTrash: boolean
  readonly body: string
  readonly inReplyTo: string | null
}

export interface FolderCounts {
  readonly inbox: number
  readonly unread: number
  readonly starred: number
  readonly sent: number
  readonly trash: number
  readonly drafts: number
  readonly outbox: number
}

/** A draft or an outbox entry. */
export interface WaitingMail {
  readonly draft?: string
  readonly outbox?: string
  readonly to: readonly string[]
  readonly cc: readonly string[]
  readonly subject: string
  readonly body: string
  readonly reason?: { readonly kind: string; readonly names?: readonly string[] }
}

export interface GroupStatus {
  readonly serverId: number
  readonly origin: string
  readonly view: { readonly number: number; readonly servers: readonly number[] }
  readonly vector: Readonly<Record<string, number>>
  readonly matrix: Readonly<Record<string, Readonly<Record<string, number>>>>
  readonly stable: Readonly<Record<string, number>>
  readonly accounts: number
  readonly mails: number
  readonly digest: string
  readonly warnings: readonly string[]
  readonly diskBytes: number
  readonly paused: readonly number[]
  readonly promised: readonly { readonly server: number; readonly invite: string }[]
}

/** A request that was answered with `ok: false`. */
export class RequestFailure extends Error {
  readonly code: string

  constructor(verb: string, code: string, message: string) {
    super(`${verb}: ${message} (${code})`)
    this.code = code
  }
}

export interface MailOptions {
  /** Of the replica on this machine, or of a client without one. */
  readonly data: string
  /** An invite, to become a client without a replica. */
  readonly join?: string
  /** Another server to connect to. */
  readonly server?: number
  /** Another script with the same interface, and what it takes besides. */
  readonly program?: { readonly script: string; readonly args: readonly string[] }
  readonly place?: ProcessPlace | undefined
  /** Of the checkout that is run; by default this one. */
  readonly root?: string | undefined
}

const eventWithinMs = 60_000
const askEveryMs = 100

/** The scripted terminal client as a process: `replica/mail.ts --json`. Requests may overlap. */
export class MailProcess {
  readonly process: JsonProcess
  #lastId = 0
  readonly #unanswered = new Map<unknown, PromiseWithResolvers<Json>>()

  constructor({ data, join, server, program = { script: 'replica/mail.ts', args: [] }, place, root }: MailOptions) {
    const first = server === undefined ? [] : ['--server', String(server)]
    const more = [...first, ...(join === undefined ? [] : ['--join', join]), ...program.args]
    const args = ['--data', data, '--json', ...more]
    const { script } = program
    const from = root === undefined ? {} : { program: root }
    this.process = new JsonProcess({ script, args, place, ...from, take: (line) => this.#take(line) })
    void this.process.exited.then(() => {
      const error = new Error(`the client ended: ${this.process.stderr.trim()}`)
      for (const { reject } of this.#unanswered.values()) reject(error)
    })
  }

  /** Rejects with a `RequestFailure`, or when no answer comes. */
  async ask<Verb extends keyof Answers>(verb: Verb, fields: Json = {}): Promise<Answers[Verb]> {
    const answer = await this.exchange({ do: verb, ...fields })
    if (answer['ok'] !== true) throw new RequestFailure(verb, String(answer['code']), String(answer['message']))
    return answer as unknown as Answers[Verb]
  }

  /** The answer as it came, for any request, wrong ones too; `id` is added. */
  exchange(request: Json): Promise<Json> {
    this.#lastId += 1
    const id = this.#lastId
    if (this.process.exit !== null) return Promise.reject(new Error('the client has ended'))
    const answer = Promise.withResolvers<Json>()
    this.#unanswered.set(id, answer)
    this.process.write(JSON.stringify({ id, ...request }))
    return answer.promise
  }

  /** Asks again and again until the answer is as expected. */
  async until<Answer>(
    ask: () => Promise<Answer>,
    isMet: (answer: Answer) => boolean,
    withinMs = eventWithinMs,
  ): Promise<Answer> {
    const deadline = Date.now() + withinMs
    for (;;) {
      const answer = await ask()
      if (isMet(answer)) return answer
      if (Date.now() > deadline) throw new Error(`not within ${withinMs} ms: ${JSON.stringify(answer)}`)
      await new Promise((resolve) => setTimeout(resolve, askEveryMs))
    }
  }

  /** What was pushed so far. */
  events(kind: string): readonly Json[] {
    return this.process.lines.filter(({ event }) => event === kind)
  }

  /** The first pushed event that `matches`, those of the past included. */
  event(kind: string, matches: (event: Json) => boolean, withinMs = eventWithinMs): Promise<Json> {
    return this.process.until(() => this.events(kind).find(matches) ?? null, withinMs, `event ${kind}`)
  }

  /** Ends its input; what is in flight is answered first. */
  async close(): Promise<number | null> {
    this.process.endInput()
    return (await this.process.exited).code
  }

  #take(line: Json): 'taken' | 'left' {
    const answer = this.#unanswered.get(line['id'])
    if (answer === undefined) return 'left'
    this.#unanswered.delete(line['id'])
    answer.resolve(line)
    return 'taken'
  }
}

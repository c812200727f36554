import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { MailClient } from '../replica/client/contract/mail-client.ts'
import type { ClientClock } from '../replica/client/client-ports.ts'
import { connectClient } from '../replica/connect-client.ts'
import { systemClock } from '../replica/drivers/system-clock.ts'
import { QuintetError } from '../replica/core/model/errors.ts'
import type { UpdateId } from '../replica/core/model/ids.ts'
import { passwordOf } from './cluster/group.ts'
import { crew } from './demo-corpus.ts'
import { conversations, type DemoConversation, draft, liveMails, posts } from './demo-mailbox.ts'

const captain = crew[0].name
const liveEveryMs = 20_000

type CrewMember = (typeof crew)[number]

/** So much of what the crew wrote. */
export interface DemoPart {
  readonly conversations: readonly DemoConversation[]
  readonly posts: readonly { readonly author: string; readonly text: string }[]
}

/** The crew's clients in this process, each at their own server. */
export class DemoCrew {
  readonly #clients: ReadonlyMap<string, MailClient>
  #timer: NodeJS.Timeout | null = null

  private constructor(clients: ReadonlyMap<string, MailClient>) {
    this.#clients = clients
  }

  /** `folder` holds the data directories of the five servers, which run. Who is to be signed in at the window is told in it. */
  static async signUp(folder: string, clock: ClientClock = systemClock): Promise<DemoCrew> {
    const person = { name: captain, password: passwordOf(captain) }
    await writeFile(path.join(folder, 'demo.json'), JSON.stringify(person), { mode: 0o600 })
    return DemoCrew.#connect(folder, clock, async (client, { name, machine }) => {
      await client.renameMachine({ name: machine })
      await client.signUp({ name, password: passwordOf(name) })
    })
  }

  /** As `signUp`, for a crew that has done so before. */
  static logIn(folder: string, clock: ClientClock): Promise<DemoCrew> {
    return DemoCrew.#connect(folder, clock, (client, { name }) => client.logIn({ name, password: passwordOf(name) }))
  }

  static async #connect(
    folder: string,
    clock: ClientClock,
    enter: (client: MailClient, member: CrewMember) => Promise<unknown>,
  ): Promise<DemoCrew> {
    const entries = crew.map(async (member, index) => {
      const client = await connectClient(path.join(folder, `server-${index + 1}`), null, { clock })
      await enter(client, member)
      return [member.name, client] as const
    })
    return new DemoCrew(new Map(await Promise.all(entries)))
  }

  /** The mailbox that a newcomer finds. */
  async write(): Promise<void> {
    await this.writePart({ conversations, posts })
    await this.settleIn()
  }

  async writePart({ conversations: written, posts: posted }: DemoPart): Promise<void> {
    for (const conversation of written) await this.#converse(conversation)
    for (const { author, text } of posted) await this.#of(author).post({ text })
  }

  /** What the captain has left lying there, and whom she follows. */
  async settleIn(): Promise<void> {
    await this.#of(captain).saveDraft(draft)
    const others = crew.filter(({ name }) => name !== captain)
    await Promise.all(others.map(({ name }) => this.#of(captain).follow({ name })))
  }

  /** From now on somebody writes to the captain now and then, who reads at the window. */
  async live(): Promise<void> {
    await this.#of(captain).close()
    let next = 0
    this.#timer = setInterval(() => {
      const mail = liveMails[next % liveMails.length]
      next += 1
      if (mail === undefined) return
      const { from, subject, body } = mail
      // In a split its server goes on without the captain's; when servers end, this does.
      void this.#of(from)
        .send({ to: [captain], subject, body })
        .catch(() => undefined)
    }, liveEveryMs)
  }

  async end(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer)
    await Promise.all([...this.#clients.values()].map((client) => client.close().catch(() => undefined)))
  }

  async #converse({ subject, mails, state }: DemoConversation): Promise<void> {
    const written: UpdateId[] = []
    for (const { from, to, cc = [], body, files = [] } of mails) {
      const last = written.at(-1)
      const answered = last === undefined ? { subject } : { subject: `Re: ${subject}`, inReplyTo: last }
      const client = this.#of(from)
      if (last !== undefined) await arrived(client, last)
      const attached = files.map(({ name, text }) =>
        client.attach({ name, content: Buffer.from(text).toString('base64') }),
      )
      const attachments = (await Promise.all(attached)).map(({ attachment }) => attachment)
      const sent = await client.send({ to, cc, body, attachments, ...answered })
      if ('mail' in sent) written.push(sent.mail)
    }
    if (state === undefined) return
    const own = this.#of(captain)
    await Promise.all(written.map((mail) => arrived(own, mail)))
    await own.mark({ mails: written, mark: 'read' })
    if (state === 'starred') await own.mark({ mails: written.slice(0, 1), mark: 'star' })
  }

  #of(name: string): MailClient {
    const client = this.#clients.get(name)
    if (client === undefined) throw new Error(`${name} is not of the crew`)
    return client
  }
}

const arrivesWithinMs = 20_000
const pollMs = 20

/** A mail is answered once it is there. */
const arrived = async (client: MailClient, mail: UpdateId): Promise<void> => {
  for (const deadline = Date.now() + arrivesWithinMs; ;) {
    try {
      await client.safety({ mail })
      return
    } catch (error) {
      if (!(error instanceof QuintetError) || error.code !== 'NO_SUCH_MAIL' || Date.now() > deadline) throw error
    }
    await new Promise((over) => setTimeout(over, pollMs))
  }
}

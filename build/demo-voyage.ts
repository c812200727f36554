import { mapLimited } from './cluster/limited.ts'
import { passwordOf, type ReplicaGroup } from './cluster/group.ts'
import type { MailProcess } from './cluster/mail-process.ts'
import { crew, pick, seededRandom, writeLetter } from './demo-corpus.ts'
import type { DemoLedger } from './demo-ledger.ts'
import type { DemoReport } from './demo-report.ts'

type Member = (typeof crew)[number]

const seed = 2024
const sendsAtOnce = 8
const copiesShare = 0.25
/** One mail in so many is shown while they are written. */
const shownEvery = 25
const shownSubjectCharacters = 48

/** The crew at work: each of them at the replica on their own machine, server 1 to 5 in the crew's order. */
export class DemoVoyage {
  readonly #group: ReplicaGroup
  readonly #ledger: DemoLedger
  readonly #report: DemoReport
  readonly #random = seededRandom(seed)
  readonly #clients = new Map<Member, MailProcess>()
  #underWay = 0

  constructor(group: ReplicaGroup, ledger: DemoLedger, report: DemoReport) {
    this.#group = group
    this.#ledger = ledger
    this.#report = report
  }

  async signUp(): Promise<void> {
    await mapLimited(crew, crew.length, async (member) => {
      await this.clientOf(member).ask('signUp', { name: member.name, password: passwordOf(member.name) })
      this.#report.line(`${member.name} (${member.duty}) signed up at server ${serverOf(member)}`)
    })
  }

  /** It goes on at another server while its own is gone. */
  clientOf(member: Member): MailProcess {
    const client = this.#clients.get(member) ?? this.#group.client(serverOf(member))
    this.#clients.set(member, client)
    return client
  }

  /** `count` letters by each of the people at `servers`, to anybody. Fulfilled when all are accepted. */
  async write(servers: readonly number[], count: number): Promise<number> {
    const writers = crew.filter((member) => servers.includes(serverOf(member)))
    const letters = writers.flatMap((writer) => Array.from({ length: count }, () => this.#letterBy(writer)))
    // Everyone's letters alternate, so that all servers are busy at the same time.
    const turns = Array.from({ length: count }, (_, turn) => letters.filter((_letter, index) => index % count === turn))
    await mapLimited(turns.flat(), sendsAtOnce * writers.length, async ({ from, to, subject, body }) => {
      this.#underWay += 1
      const { mail } = await this.clientOf(from).ask('send', { to, subject, body })
      this.#underWay -= 1
      this.#ledger.accept({ mail, from: from.name, to, subject, body })
      if (this.#ledger.accepted % shownEvery === 0)
        this.#report.line(`${from.name} → ${to.join(', ')}: ${shownSubject(subject)}`)
    })
    return letters.length
  }

  /** Mails that were sent and are not accepted yet. */
  get underWay(): number {
    return this.#underWay
  }

  /** The people at `servers` open some of what they have, and throw some of it away. */
  async readAndDelete(
    servers: readonly number[],
    count: number,
  ): Promise<{ readonly read: number; readonly deleted: number }> {
    let read = 0
    let deleted = 0
    for (const member of crew.filter((one) => servers.includes(serverOf(one)))) {
      const client = this.clientOf(member)
      const { headers } = await client.ask('list', { folder: 'inbox', limit: count * 2 })
      const [toRead, toDelete] = [headers.slice(0, count), headers.slice(count)]
      await Promise.all(toRead.map(({ mail }) => client.ask('read', { mail })))
      await Promise.all(
        toDelete.map(async ({ mail }) => {
          await client.ask('delete', { mail })
          this.#ledger.delete(member.name, mail)
        }),
      )
      read += toRead.length
      deleted += toDelete.length
    }
    return { read, deleted }
  }

  /** Everybody opens everything. What is wrong, in sentences. */
  async audit(): Promise<readonly string[]> {
    const wrong = await Promise.all(
      crew.map(async (member) => {
        const found = await this.#ledger.audit(member.name, this.clientOf(member))
        const expected = this.#ledger.inboxOf(member.name).length
        if (found.length === 0) this.#report.line(`${member.name} opened ${expected} mails: all there, all as written`)
        return found
      }),
    )
    return wrong.flat()
  }

  #letterBy(from: Member): {
    readonly from: Member
    readonly to: readonly string[]
    readonly subject: string
    readonly body: string
  } {
    const others = crew.filter((member) => member !== from).map(({ name }) => name)
    const first = pick(this.#random, others)
    const second = pick(this.#random, others)
    const to = this.#random() < copiesShare && second !== first ? [first, second] : [first]
    return { from, to, ...writeLetter(this.#random, from.name, from.language) }
  }
}

const shownSubject = (subject: string): string => {
  if (subject === '') return '(no subject)'
  const characters = Array.from(subject)
  if (characters.length <= shownSubjectCharacters) return subject
  return `${characters.slice(0, shownSubjectCharacters).join('')}…`
}

export const serverOf = (member: Member): number => crew.indexOf(member) + 1

import type { MailProcess } from './cluster/mail-process.ts'
import { mapLimited } from './cluster/limited.ts'

export interface AcceptedMail {
  readonly mail: string
  readonly from: string
  readonly to: readonly string[]
  readonly subject: string
  readonly body: string
}

const readsAtOnce = 32
const pageHeaders = 200

/** What the group has promised: every mail that it accepted, and who deleted which. */
export class DemoLedger {
  readonly #accepted = new Map<string, AcceptedMail>()
  readonly #deleted = new Map<string, Set<string>>()

  accept(mail: AcceptedMail): void {
    this.#accepted.set(mail.mail, mail)
  }

  delete(person: string, mail: string): void {
    const mails = this.#deleted.get(person) ?? new Set()
    mails.add(mail)
    this.#deleted.set(person, mails)
  }

  get accepted(): number {
    return this.#accepted.size
  }

  get deletions(): number {
    return [...this.#deleted.values()].reduce((sum, mails) => sum + mails.size, 0)
  }

  /** What must be in a person's inbox. */
  inboxOf(person: string): readonly AcceptedMail[] {
    return [...this.#accepted.values()].filter(
      ({ mail, to }) => to.includes(person) && !this.#isDeletedBy(person, mail),
    )
  }

  /** Lists and opens the whole inbox of the person who is logged in at `client`. What is wrong, in sentences. */
  async audit(person: string, client: MailProcess): Promise<readonly string[]> {
    const wrong: string[] = []
    const found = new Set(await inboxIds(client))
    const expected = new Map(this.inboxOf(person).map((mail) => [mail.mail, mail]))
    for (const mail of found) if (!expected.has(mail)) wrong.push(`${person} has ${mail}, which should not be there`)
    await mapLimited([...expected.values()], readsAtOnce, async (mail) => {
      if (!found.has(mail.mail)) {
        wrong.push(`${person} has lost ${mail.mail} from ${mail.from}: "${mail.subject}"`)
        return
      }
      const read = await client.ask('read', { mail: mail.mail })
      const isSame = read.from === mail.from && read.subject === mail.subject && read.body === mail.body
      if (!isSame) wrong.push(`${person} reads another content in ${mail.mail}: "${read.subject}"`)
    })
    return wrong
  }

  #isDeletedBy(person: string, mail: string): boolean {
    return this.#deleted.get(person)?.has(mail) === true
  }
}

const inboxIds = async (client: MailProcess): Promise<readonly string[]> => {
  const ids: string[] = []
  let mark: { readonly before?: string } | null = {}
  while (mark !== null) {
    const page: { readonly headers: readonly { readonly mail: string }[]; readonly next?: string } = await client.ask(
      'list',
      { folder: 'inbox', limit: pageHeaders, ...mark },
    )
    ids.push(...page.headers.map(({ mail }) => mail))
    mark = page.next === undefined ? null : { before: page.next }
  }
  return ids
}

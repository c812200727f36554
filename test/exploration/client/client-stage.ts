import type { Mark } from '../../../replica/client/contract/mailbox.ts'
import type { MailClient } from '../../../replica/client/contract/mail-client.ts'
import type { DocumentId, UpdateId } from '../../../replica/core/model/ids.ts'
import { documentId } from '../../../replica/core/model/ids.ts'
import { isOpenQuestion, type Register } from './ledger.ts'
import { lookAgainMs, PeopleStage, settle } from './people-stage.ts'
import type { Person } from './person.ts'

const mostLooks = 60

export interface LetterWish {
  readonly to: readonly string[]
  readonly holdMs?: number
  /** The words of a draft that it was. */
  readonly draft?: string
  /** The words of the mail that it answers. */
  readonly answers?: string
  /** A file is attached first, or those of this mail. */
  readonly file?: 'new' | { readonly of: string }
}

/** What a scenario is told with: people by their names, letters and drafts by their words. */
export class ClientStage extends PeopleStage {
  readonly #drafts = new Map<string, DocumentId>()
  /** By whose client a draft is being saved, by its words. */
  readonly #saving = new Map<string, MailClient>()
  /** Since when who put a mail into the trash was logged in then, by its words. */
  readonly #trashing = new Map<string, number>()

  send(name: string, words: string, wish: LetterWish): void {
    const letter = this.ledger.letter(words, name, wish.to)
    this.soon(name, async (person, client) => {
      const inReplyTo = wish.answers === undefined ? null : await this.#find(person, wish.answers)
      const attachments = await this.#files(person, wish.file)
      if (attachments === null) return
      if (wish.draft !== undefined && !(await this.#isSaved(person, wish.draft))) return
      const draft = wish.draft === undefined ? undefined : this.#drafts.get(wish.draft)
      const discarding = wish.draft === undefined ? null : this.#draftOf(name, wish.draft).begin('none')
      if (this.ledger.letters.get(words)?.told !== 'open' || person.device.client !== client) return
      const outcome = await person.ask(`send ${words}`, () =>
        client.send({
          ...{ to: wish.to, subject: words, body: `the body of ${words}` },
          ...(inReplyTo === null ? {} : { inReplyTo }),
          ...(attachments.length === 0 ? {} : { attachments }),
          ...(wish.holdMs === undefined ? {} : { holdMs: wish.holdMs }),
          ...(draft === undefined ? {} : { draft }),
        }),
      )
      if (outcome.kind === 'done') {
        const { value } = outcome
        if ('mail' in value) this.sent(letter, value.mail)
        else {
          letter.outbox = value.outbox
          if (letter.told === 'open') this.ledger.told(letter, 'waits', value.reason.kind)
        }
      } else {
        const told = isOpenQuestion(outcome.code) ? 'open' : 'refused'
        this.ledger.told(letter, told, `${outcome.code}: ${outcome.message}`)
        if (told === 'refused') discarding?.refused()
      }
    })
  }

  undo(name: string, words: string, keep: 'draft' | 'nothing' = 'nothing'): void {
    const letter = this.ledger.letters.get(words)
    this.soon(name, async (person) => {
      if (letter === undefined || letter.outbox === null || letter.told !== 'waits') return
      const outbox = documentId(letter.outbox)
      const becomes = keep === 'draft' ? this.#draftOf(name, words).begin(`the body of ${words}`) : null
      this.ledger.told(letter, 'may be undone', 'begun')
      const outcome = await person.ask(`undo ${words}`, (client) =>
        client.cancelOutbox(keep === 'draft' ? { outbox, keep } : { outbox }),
      )
      if (outcome.kind === 'done') {
        // One that was put there at another machine may leave from there, as long as that has not heard of it: then that is said.
        if (outcome.value.mayHaveLeft === true) return
        this.ledger.told(letter, 'undone', 'told so')
        becomes?.done()
        return
      }
      const told = isOpenQuestion(outcome.code) ? 'may be undone' : outcome.code === 'NO_SUCH_MAIL' ? 'sent' : 'waits'
      if ((letter.told as string) !== 'sent') this.ledger.told(letter, told, outcome.code)
    })
  }

  draft(name: string, words: string, text: string): void {
    this.soon(name, async (person, client) => {
      if (!(await this.#isSaved(person, words))) return
      // As the window does, which goes on with what it shows.
      const seen = this.#drafts.has(words) ? await bodiesOf(person, words) : []
      if (person.device.client !== client) return
      this.#saving.set(words, client)
      const draft = this.#drafts.get(words)
      const saving = this.#draftOf(name, words).begin(text)
      const letter = { to: ['bob'], subject: words, body: text }
      // Who does not know what it was called writes another one: then there are two.
      const second = this.ledger.register(`${name}'s other draft ${words}`, 'none')
      const writing = draft === undefined ? second.begin(text) : null
      const version = this.ledger.version({ name, words, text, writer: client, seen, outcome: 'open' })
      const outcome = await person.ask(`save ${words}`, () =>
        client.saveDraft(draft === undefined ? letter : { ...letter, draft }),
      )
      this.#saving.delete(words)
      if (outcome.kind === 'refused') version.outcome = isOpenQuestion(outcome.code) ? 'open' : 'refused'
      else {
        version.outcome = 'done'
        this.#drafts.set(words, documentId(outcome.value.draft))
        writing?.refused()
      }
      settle(saving, outcome)
    })
  }

  discard(name: string, words: string): void {
    this.soon(name, async (person) => {
      if (!(await this.#isSaved(person, words))) return
      const draft = this.#drafts.get(words)
      if (draft === undefined) return
      const discarding = this.#draftOf(name, words).begin('none')
      settle(discarding, await person.ask(`discard ${words}`, (client) => client.discardDraft({ draft })))
    })
  }

  read(name: string, words: string): void {
    this.soon(name, async (person) => {
      const mail = await this.#find(person, words)
      if (mail === null) return
      // Where the mark cannot be made the mail is shown all the same.
      this.ledger.register(`${name}: ${words}: read`, 'no').begin('yes')
      const outcome = await person.ask(`read ${words}`, (client) => client.read({ mail }))
      if (outcome.kind === 'done' && outcome.value.body !== `the body of ${words}`)
        this.ledger.violations.push(`wrong body: ${words}: ${outcome.value.body}`)
    })
  }

  mark(name: string, words: string, mark: Mark): void {
    const [about, value] = markAbout[mark]
    this.soon(name, async (person) => {
      const mail = await this.#find(person, words)
      if (mail === null) return
      const marking = this.ledger
        .register(`${name}: ${words}: ${about}`, about === 'place' ? 'inbox' : 'no')
        .begin(value)
      const { inSinceMs } = person
      settle(marking, await person.ask(`${mark} ${words}`, (client) => client.mark({ mails: [mail], mark })))
      if (mark === 'trash') this.#trashing.set(words, inSinceMs)
    })
  }

  remove(name: string, words: string): void {
    this.soon(name, async (person) => {
      const mail = await this.#find(person, words)
      if (mail === null) return
      const removing = this.ledger.register(`${name}: ${words}: place`, 'inbox').begin('deleted')
      settle(removing, await person.ask(`delete ${words}`, (client) => client.delete({ mail })))
    })
  }

  /** What the person sees in it is gone then, and what the person has put there since the log-in: of what another client noted last, nobody may know. */
  emptyTrash(name: string): void {
    this.soon(name, async (person) => {
      const seen = await person.ask('look', (client) => client.list({ folder: 'trash', limit: 50 }))
      if (seen.kind === 'refused' || person.device.client === null) return
      const removing = [...this.ledger.registers]
        .filter(([about, { possible }]) => about.startsWith(`${name}: `) && possible.includes('trash'))
        .map(([about, register]) => {
          const isSeen = seen.value.headers.some(({ subject }) => about === `${name}: ${subject}: place`)
          const isOwn = [...this.#trashing].some(
            ([words, at]) => about === `${name}: ${words}: place` && at === person.inSinceMs,
          )
          // What is being taken out may be gone from there just before the trash is emptied.
          const isLeft = register.open.every((place) => place === 'trash')
          const isKnown = isLeft && (isSeen || (isOwn && register.possible.every((place) => place === 'trash')))
          return { ...register.begin('deleted'), isKnown }
        })
      const outcome = await person.ask('empty the trash', (client) => client.emptyTrash())
      for (const one of removing) if (outcome.kind !== 'done' || one.isKnown) settle(one, outcome)
    })
  }

  post(name: string, text: string): void {
    this.soon(name, async (person) => {
      const posting = this.ledger.register(`${name}'s post ${text}`, '0').begin('1')
      settle(posting, await person.ask(`post ${text}`, (client) => client.post({ text })))
    })
  }

  follow(name: string, whom: string, wish: 'follow' | 'unfollow'): void {
    this.soon(name, async (person) => {
      const register = this.ledger.register(`${name} follows ${whom}`, 'no')
      const following = register.begin(wish === 'follow' ? 'yes' : 'no')
      settle(following, await person.ask(`${wish} ${whom}`, (client) => client[wish]({ name: whom })))
    })
  }

  unposted(name: string, text: string): void {
    this.soon(name, async (person) => {
      const writing = this.ledger.register(`${name}'s unposted text`, '').begin(text)
      settle(writing, await person.ask(`save ${text}`, (client) => client.saveUnposted({ text })))
    })
  }

  /** As the window does: nothing else is done with a draft while it is being saved. False when the client has ended meanwhile. */
  async #isSaved({ device }: Person, words: string): Promise<boolean> {
    const { client } = device
    while (client !== null && device.client === client && this.#saving.get(words) === client)
      await new Promise<void>((over) => this.parts.time.after(lookAgainMs, over))
    return client !== null && device.client === client
  }

  #draftOf(name: string, words: string): Register<string> {
    return this.ledger.register(`${name}'s draft ${words}`, 'none')
  }

  async #files(person: Person, wish: LetterWish['file']): Promise<readonly DocumentId[] | null> {
    if (wish === undefined) return []
    if (wish === 'new') {
      const file = { name: 'a file.txt', content: Buffer.from('what is in the file').toString('base64') }
      const outcome = await person.ask('attach', (client) => client.attach(file))
      return outcome.kind === 'done' ? [documentId(outcome.value.attachment)] : null
    }
    const mail = await this.#find(person, wish.of)
    if (mail === null) return null
    const outcome = await person.ask('attach what came', (client) => client.attachFrom({ mail }))
    return outcome.kind === 'done' ? outcome.value.attachments.map(({ attachment }) => documentId(attachment)) : null
  }

  /** As soon as it is seen in the inbox or the trash; null when that does not happen. */
  async #find(person: Person, words: string): Promise<UpdateId | null> {
    for (let look = 0; look < mostLooks; look += 1) {
      if (this.isOver || person.device.client === null) return null
      for (const folder of ['inbox', 'trash'] as const) {
        const outcome = await person.ask('look', (client) => client.list({ folder, limit: 50 }))
        if (outcome.kind === 'refused') continue
        const found = outcome.value.headers.find(({ subject }) => subject === words)
        if (found !== undefined) return found.mail
      }
      await new Promise<void>((over) => this.parts.time.after(lookAgainMs, over))
    }
    return null
  }
}

/** What there is of a draft, as far as it can be seen. */
const bodiesOf = async (person: Person, words: string): Promise<readonly string[]> => {
  const outcome = await person.ask('look at the drafts', (open) => open.drafts())
  if (outcome.kind === 'refused') return []
  return outcome.value.drafts.filter(({ subject }) => subject === words).map(({ body }) => body)
}

const markAbout: Readonly<Record<Mark, readonly [about: string, value: string]>> = {
  read: ['read', 'yes'],
  unread: ['read', 'no'],
  star: ['star', 'yes'],
  unstar: ['star', 'no'],
  trash: ['place', 'trash'],
  restore: ['place', 'inbox'],
}

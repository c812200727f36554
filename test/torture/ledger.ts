import { Choice } from './choice.ts'
import type { Journal } from './journal.ts'

/** `asked`: no answer yet. `done`: acknowledged, or seen where everybody agreed. `unknown`: failed, so it may have been carried out. */
export type Outcome = 'asked' | 'done' | 'unknown'

export interface MailRecord {
  readonly token: number
  readonly from: string
  readonly to: readonly string[]
  readonly subject: string
  readonly body: string
  readonly askedMs: number
  answeredMs: number | null
  outcome: Outcome
  /** As it was answered; null while it waits in the outbox. */
  mail: string | null
  /** It was given to several when the first one went away: then it may have several names, and is shown at the time of the earliest. */
  givenTo: 'one server' | 'perhaps several'
}

export interface PostRecord {
  readonly token: number
  readonly author: string
  readonly text: string
  outcome: Outcome
  deletion: 'no' | Outcome
}

export interface DraftRecord {
  readonly token: number
  readonly person: string
  readonly subject: string
  readonly body: string
  outcome: Outcome
  draft: string | null
  deletion: 'no' | Outcome
}

export const flags = ['read', 'starred', 'inTrash'] as const
export type Flag = (typeof flags)[number]

/** A person's own copy of a mail. */
export interface CopyRecord {
  deletion: 'no' | Outcome
  readonly flags: Readonly<Record<Flag, Choice<boolean>>>
  /** Whether its owner has opened it at a quiet point, with the right content. */
  opened: 'no' | 'yes'
}

const tokenPattern = /^\[(\d+)\]/

/** What was promised to whom, written down before and after each call. */
export class Ledger {
  readonly mails = new Map<number, MailRecord>()
  readonly posts = new Map<number, PostRecord>()
  readonly drafts = new Map<number, DraftRecord>()
  readonly #copies = new Map<string, CopyRecord>()
  readonly #journal: Journal
  #lastToken = 0

  constructor(journal: Journal) {
    this.#journal = journal
  }

  nextToken(): number {
    this.#lastToken += 1
    return this.#lastToken
  }

  get acknowledgedMails(): number {
    return [...this.mails.values()].filter(({ outcome }) => outcome === 'done').length
  }

  mailAsked(mail: Pick<MailRecord, 'token' | 'from' | 'to' | 'subject' | 'body'>): MailRecord {
    const record: MailRecord = {
      ...mail,
      ...{ askedMs: this.#journal.ms, answeredMs: null, outcome: 'asked', mail: null, givenTo: 'one server' },
    }
    const { body, ...entry } = mail
    this.#journal.enter({ do: 'send', ...entry, bodyChars: body.length })
    this.mails.set(mail.token, record)
    return record
  }

  mailDone(record: MailRecord, answer: { readonly mail?: string; readonly outbox?: string }): void {
    record.outcome = 'done'
    record.mail = answer.mail ?? null
    record.answeredMs = this.#journal.ms
    this.#journal.enter({ sent: record.token, ...answer })
  }

  postAsked(author: string, token: number, text: string): PostRecord {
    const record: PostRecord = { token, author, text, outcome: 'asked', deletion: 'no' }
    this.#journal.enter({ do: 'post', token, author, text })
    this.posts.set(token, record)
    return record
  }

  draftAsked(draft: Pick<DraftRecord, 'token' | 'person' | 'subject' | 'body'>): DraftRecord {
    const record: DraftRecord = { ...draft, outcome: 'asked', draft: null, deletion: 'no' }
    this.#journal.enter({ do: 'saveDraft', token: draft.token, person: draft.person })
    this.drafts.set(draft.token, record)
    return record
  }

  /** Anything else, before or after the call. */
  note(entry: object): void {
    this.#journal.enter(entry)
  }

  copy(person: string, token: number): CopyRecord {
    const key = `${person} ${token}`
    const known = this.#copies.get(key)
    if (known !== undefined) return known
    const unset = { read: new Choice(false), starred: new Choice(false), inTrash: new Choice(false) }
    const made: CopyRecord = { deletion: 'no', flags: unset, opened: 'no' }
    this.#copies.set(key, made)
    return made
  }

  mailsOf(person: string): readonly MailRecord[] {
    return [...this.mails.values()].filter(({ from, to }) => from === person || to.includes(person))
  }
}

export const subjectOf = (token: number, words: string): string => `[${token}] ${words}`

/** What a text is about in the ledger; null for one that the campaign did not write. */
export const tokenOf = (text: string): number | null => {
  const found = tokenPattern.exec(text)?.[1]
  return found === undefined ? null : Number(found)
}

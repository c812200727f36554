import type { ClientEvent } from '../../replica/client/contract/events.ts'
import type {
  Attachment,
  Draft,
  FileData,
  Folder,
  Header,
  Letter,
  Mail,
  Mark,
  OutboxEntry,
  SeenDraft,
} from '../../replica/client/contract/mailbox.ts'
import { accountId, originId, serverId, updateId, type UpdateId } from '../../replica/core/model/ids.ts'
import { bodyOf, sampleOf } from './sample-mails.ts'

const self = 'Ingrid'
const minuteMs = 60_000

export const mailId = (number: number): UpdateId => updateId(originId('2.abcdefgh'), number)

interface FolderPage {
  readonly folder: Folder
  readonly limit: number
  readonly before?: string
  readonly offset?: number
}

/** A person's mailbox in memory. Mail 1 is the oldest. */
export class FakeMailbox {
  #mails: Header[]
  #drafts: Draft[] = []
  #saves = 0
  #outbox: OutboxEntry[] = []
  #leftOut = 0
  #unposted = ''
  #attachments: readonly Attachment[] = []
  #lastNumber: number
  readonly #emit: (event: ClientEvent) => void
  readonly #nowMs = Date.now()

  constructor(mails: number, emit: (event: ClientEvent) => void) {
    this.#emit = emit
    this.#lastNumber = mails
    this.#mails = Array.from({ length: mails }, (_, index) => this.header(mails - index, index * 37 * minuteMs))
  }

  /** The sample with that number, `agoMs` before now. */
  header(number: number, agoMs: number): Header {
    const sample = sampleOf(number)
    const own = number % 4 === 0
    return {
      mail: mailId(number),
      from: own ? self : sample.from,
      to: own ? [sample.from, ...sample.others] : [self, ...sample.others],
      cc: number % 9 === 0 ? ['Aiko'] : [],
      subject: sample.subject,
      snippet: sample.snippet,
      sentAt: this.#nowMs - agoMs,
      read: own || number % 5 !== 3,
      starred: number % 11 === 6,
      conversation: mailId(Math.max(number - (number % 4), 1)),
      own,
      inTrash: number % 50 === 49,
      attachmentCount: number % 7 === 5 ? 2 : 0,
    }
  }

  /** A new mail comes in. */
  deliver(changed: Partial<Header> = {}): Header {
    this.#lastNumber += 1
    const header = {
      ...this.header(this.#lastNumber, 0),
      own: false,
      read: false,
      inTrash: false,
      from: 'Mateo',
      sentAt: Date.now(),
      ...changed,
    }
    this.#mails = [header, ...this.#mails].toSorted((one, other) => other.sentAt - one.sentAt)
    this.#emit({ event: 'mail', header, late: false })
    return header
  }

  addOutbox(entry: OutboxEntry): void {
    this.#outbox = [entry, ...this.#outbox]
  }

  /** So many drafts, and as many entries of the outbox, cannot be read here. */
  leaveOut(count: number): void {
    this.#leftOut = count
    this.#emit({ event: 'mailbox' })
  }

  folder(folder: Folder): readonly Header[] {
    return this.#mails.filter((mail) => {
      switch (folder) {
        case 'inbox':
          return !mail.own && !mail.inTrash
        case 'sent':
          return mail.own && !mail.inTrash
        case 'starred':
          return mail.starred && !mail.inTrash
        case 'trash':
          return mail.inTrash
      }
    })
  }

  methods() {
    return {
      list: ({ folder, limit, before, offset = Number(before ?? 0) }: FolderPage) => {
        const mails = this.folder(folder)
        const unread = mails.filter(({ read }) => !read).length
        const page = { headers: mails.slice(offset, offset + limit), total: mails.length, unread }
        return offset + limit < mails.length ? { ...page, next: String(offset + limit) } : page
      },
      counts: () => ({
        inbox: this.folder('inbox').length,
        unread: this.folder('inbox').filter(({ read }) => !read).length,
        starred: this.folder('starred').length,
        sent: this.folder('sent').length,
        trash: this.folder('trash').length,
        drafts: this.#drafts.length + this.#leftOut,
        outbox: this.#outbox.length + this.#leftOut,
      }),
      read: ({ mail }: { mail: UpdateId }) => {
        this.#change([mail], { read: true })
        return this.#whole(mail)
      },
      conversation: ({ conversation }: { conversation: UpdateId }) => ({
        mails: this.#mails
          .filter((mail) => mail.conversation === conversation && !mail.inTrash)
          .toReversed()
          .map(({ mail }) => this.#whole(mail)),
      }),
      mark: ({ mails, mark }: { mails: readonly UpdateId[]; mark: Mark }) => {
        this.#change(mails, markChanges[mark])
        this.#emit({ event: 'mailbox' })
      },
      deleteMany: ({ mails }: { mails: readonly UpdateId[] }) => {
        this.#mails = this.#mails.filter(({ mail }) => !mails.includes(mail))
        return { removals: mails }
      },
      removal: () => ({ removedOn: [1, 3, 4, 5].map(serverId), waitingFor: [serverId(2)] }),
      emptyTrash: () => {
        this.#mails = this.#mails.filter(({ inTrash }) => !inTrash)
      },
      safeties: ({ mails }: { mails: readonly UpdateId[] }) => ({
        safeties: mails.map((mail, index) => ({
          mail,
          servers: [1, 3, 2, 5, 4].slice(0, [5, 5, 3, 5, 1][index % 5]).map(serverId),
        })),
      }),
      search: ({ query, limit, offset = 0 }: { query: string; limit: number; offset?: number }) => {
        const found = this.#mails.filter(({ subject, snippet, from }) =>
          `${subject} ${snippet} ${from}`.toLowerCase().includes(query.toLowerCase()),
        )
        const { length } = this.#mails
        return { headers: found.slice(offset, offset + limit), total: found.length, indexed: length, mails: length }
      },
      ...this.#writing(),
    }
  }

  #writing() {
    return {
      drafts: () => ({ drafts: this.#drafts, ...this.#notReadable() }),
      saveDraft: ({
        draft = `draft-${this.#drafts.length + 1}`,
        basedOn: _,
        ...letter
      }: Letter & Partial<SeenDraft>) => {
        this.#saves += 1
        const version = `${'A'.repeat(11)}.${this.#saves}`
        const saved = { ...this.#kept(letter), draft, version, savedAt: Date.now() }
        this.#drafts = [saved, ...this.#drafts.filter((one) => one.draft !== draft)]
        this.#emit({ event: 'mailbox' })
        return { draft, version }
      },
      discardDraft: ({ draft }: { draft: string }) => {
        this.#drafts = this.#drafts.filter((one) => one.draft !== draft)
        this.#emit({ event: 'mailbox' })
      },
      unposted: () => ({ text: this.#unposted }),
      saveUnposted: ({ text }: { text: string }) => {
        this.#unposted = text
        this.#emit({ event: 'mailbox' })
      },
      outbox: () => ({ entries: this.#outbox, ...this.#notReadable() }),
      send: ({ holdMs = 0, draft, basedOn: _, ...letter }: Letter & { holdMs?: number } & Partial<SeenDraft>) => {
        this.#drafts = this.#drafts.filter((one) => one.draft !== draft)
        if (holdMs === 0) return { mail: mailId(1) }
        const reason = { kind: 'held', until: Date.now() + holdMs } as const
        const outbox = `outbox-${this.#outbox.length + 1}`
        this.#outbox = [{ ...this.#kept(letter), outbox, queuedAt: Date.now(), reason }, ...this.#outbox]
        this.#emit({ event: 'mailbox' })
        return { outbox, reason }
      },
      cancelOutbox: ({ outbox, keep }: { outbox: string; keep?: 'draft' }) => {
        const entry = this.#outbox.find((one) => one.outbox === outbox)
        this.#outbox = this.#outbox.filter((one) => one !== entry)
        if (entry !== undefined && keep === 'draft')
          this.#drafts = [{ ...entry, draft: outbox, version: '', savedAt: Date.now() }, ...this.#drafts]
        this.#emit({ event: 'mailbox' })
        return entry
      },
      ...this.#files(),
    }
  }

  #files() {
    const attach = ({ name, content }: FileData): Attachment => {
      const attachment = `file-${this.#attachments.length + 1}`
      const attached = { attachment, name, size: Math.floor((content.length * 3) / 4) }
      this.#attachments = [...this.#attachments, attached]
      return attached
    }
    return {
      attach,
      attachFrom: ({ mail }: { mail: UpdateId }) => ({
        attachments: (this.#whole(mail)?.attachments ?? []).map(({ name }) => attach({ name, content: '' })),
      }),
      attachment: ({ number }: { number: number }) => ({ name: `file ${number}`, content: 'AAAA' }),
      exportMail: () => ({ name: 'mail.eml', content: 'AAAA' }),
    }
  }

  #kept({ attachments = [], ...letter }: Letter) {
    return {
      cc: [],
      inReplyTo: null,
      ...letter,
      attachments: this.#attachments.filter(({ attachment }) => attachments.includes(attachment)),
    }
  }

  #notReadable(): { readonly leftOut?: number } {
    return this.#leftOut > 0 ? { leftOut: this.#leftOut } : {}
  }

  #change(mails: readonly UpdateId[], changed: Partial<Header>): void {
    const named = new Set(mails)
    this.#mails = this.#mails.map((mail) => (named.has(mail.mail) ? { ...mail, ...changed } : mail))
  }

  #whole(mail: UpdateId): Mail | undefined {
    const header = this.#mails.find((one) => one.mail === mail)
    if (header === undefined) return undefined
    const number = Number(mail.slice(mail.lastIndexOf(':') + 1))
    const attachments = Array.from({ length: header.attachmentCount }, (_, index) => ({
      name: index === 0 ? 'Engine room log 2026-11.pdf' : `photo ${index}.jpg`,
      size: 48_211 + index * 230_000,
    }))
    const rest = { inReplyTo: null, fromAccount: accountId('account-1') }
    return { ...header, body: bodyOf(number, header.snippet), attachments, ...rest }
  }
}

const markChanges: Readonly<Record<Mark, Partial<Header>>> = {
  read: { read: true },
  unread: { read: false },
  star: { starred: true },
  unstar: { starred: false },
  trash: { inTrash: true },
  restore: { inTrash: false },
}

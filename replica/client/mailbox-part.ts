import { QuintetError } from '../core/model/errors.ts'
import { isEveryone } from '../core/model/everyone.ts'
import { limits } from '../core/model/limits.ts'
import { UnknownNames } from './account-directory.ts'
import { Attachments } from './attachments.ts'
import type { ClientContext } from './client-context.ts'
import type { DraftVersion, Mailbox, SendAnswer } from './contract/mailbox.ts'
import { checkedDocumentId, Documents } from './documents.ts'
import { versionOf, type Writings, writingsOf } from './draft-writings.ts'
import { Drafts } from './drafts.ts'
import { checkedLetter, type WholeLetter, wholeLetter } from './letters.ts'
import type { KnownPeople } from './known-people.ts'
import { mailFile } from './mail-file.ts'
import { Marking } from './marking.ts'
import { OldDocuments } from './old-documents.ts'
import { Outbox } from './outbox.ts'
import { reachOf } from './reach.ts'
import { Reading } from './reading.ts'
import type { SearchDesk } from './search/search-desk.ts'
import { Sending } from './sending.ts'
import type { TrashDiary } from './trash-diary.ts'

/** What a client remembers of its person, so that it need not believe a server. */
export interface Memories {
  readonly people: KnownPeople
  readonly diary: TrashDiary
}

/** A person's mail. */
export const mailboxPart = (context: ClientContext, search: SearchDesk, { people, diary }: Memories): Mailbox => {
  const documents = new Documents(context)
  const attachments = new Attachments(context, documents)
  const sending = new Sending(context, { attachments, people })
  const drafts = new Drafts(context, documents, attachments)
  const outbox = new Outbox({ context, documents, drafts, sending, attachments, people })
  const reading = new Reading(context, sending, people)
  const marking = new Marking(context, diary)
  new OldDocuments(context)
  return {
    send: (request) => send(request, { context, sending, drafts, outbox }),
    list: (request) => reading.list(request),
    counts: async () => context.ask(context.person(), (api) => api.counts()),
    read: ({ mail }) => reading.read(mail),
    conversation: async ({ conversation }) => ({ mails: await reading.conversation(conversation) }),
    mark: async ({ mails, mark }) => {
      reading.forget(mails)
      await marking.mark(mails, mark)
    },
    delete: async ({ mail }) => {
      const session = context.person()
      const tag = await context.shownTags.tagOf(mail)
      const { update } = await context.submit(session, await session.deletion({ id: mail, tag }))
      search.removed(session, [mail])
      return { removal: update }
    },
    deleteMany: async ({ mails }) => {
      const session = context.person()
      const removals = await marking.mark(mails, 'delete')
      search.removed(session, mails)
      return { removals }
    },
    emptyTrash: () => marking.emptyTrash(),
    safety: async (request) => ({ servers: await context.ask(context.person(), (api) => api.safety(request)) }),
    safeties: async ({ mails }) => {
      const session = context.person()
      checkPageOf(mails)
      return { safeties: await context.ask(session, (api) => api.safeties({ mails })) }
    },
    removal: async ({ removal }) => {
      const request = { update: removal }
      const { heldBy, waitingFor } = await context.ask(context.person(), (api) => api.spread(request))
      return { removedOn: heldBy, waitingFor }
    },
    ...draftsPart(context, drafts, attachments),
    ...filesPart(context, reading, attachments),
    outbox: () => outbox.list(),
    search: (request) => search.search(request, (session, mails) => reading.headersOf(session, mails)),
    cancelOutbox: async (request) => outbox.cancel(checkedDocumentId(request.outbox), request.keep ?? 'nothing'),
  }
}

interface SendPorts {
  readonly context: ClientContext
  readonly sending: Sending
  readonly drafts: Drafts
  readonly outbox: Outbox
}

const send = async (request: Parameters<Mailbox['send']>[0], ports: SendPorts): Promise<SendAnswer> => {
  const { context, sending, drafts, outbox } = ports
  const session = context.person()
  const letter = checkedLetter(request)
  const draft = request.draft === undefined ? null : checkedDocumentId(request.draft)
  const seen = seenOf(request)
  const { holdMs = 0 } = request
  if (!Number.isSafeInteger(holdMs) || holdMs < 0 || holdMs > limits.holdMs)
    throw new QuintetError('BAD_REQUEST', `A mail can be held back for ${limits.holdMs / 1_000} s at most.`)
  if (draft !== null && seen !== null) await drafts.keepUnseen(session, draft, seen)
  const command = session.newCommand()
  if (holdMs > 0) {
    const unknown = await sendOrWait(context, () => lookUp(context, letter))
    // It leaves when its names are known; what can be known nowhere is said while the writer still looks.
    if (unknown instanceof UnknownNames) return outbox.wait(session, { letter, command, draft }, unknown)
    return outbox.hold(session, { letter, command, draft }, holdMs)
  }
  const sent = await sendOrWait(context, () => sending.send(session, letter, { command, meant: [] }))
  if (sent instanceof UnknownNames) return outbox.wait(session, { letter, command, draft }, sent)
  // The mail is durable: that its draft stays (a lost connection) must not look as if it had not been sent.
  if (draft !== null) await drafts.delete(session, draft).catch(() => undefined)
  return { mail: sent }
}

/** Gives the names that are to be waited for. NO_SUCH_ACCOUNT where nobody in the group can know them. */
const sendOrWait = async <Value>(
  context: ClientContext,
  attempt: () => Promise<Value>,
  mayLookAgain: 'look again' | 'last look' = 'look again',
): Promise<Value | UnknownNames> => {
  try {
    return await attempt()
  } catch (error) {
    if (!(error instanceof UnknownNames)) throw error
    const reach = error.known === 'elsewhere' ? 'less' : await reachOf(context)
    if (reach === 'less') return error
    if (reach === 'all' || mayLookAgain === 'last look') throw error
    return sendOrWait(context, attempt, 'last look')
  }
}

/** UnknownNames. */
const lookUp = async ({ directory, groupId }: ClientContext, { to, cc }: WholeLetter): Promise<void> => {
  await directory.recipients(
    groupId,
    [...to, ...cc].filter((name) => !isEveryone(name)),
  )
}

const draftsPart = (
  context: ClientContext,
  drafts: Drafts,
  attachments: Attachments,
): Pick<Mailbox, 'drafts' | 'saveDraft' | 'discardDraft'> => ({
  drafts: () => drafts.list(),
  saveDraft: async ({ draft, basedOn, ...letter }) => {
    const session = context.person()
    const document = draft === undefined ? drafts.newId() : checkedDocumentId(draft)
    const whole = wholeLetter(letter)
    const kept = { ...whole, attachments: await attachments.describe(session, whole.attachments) }
    const { writings } = await drafts.write(session, document, kept, seenOf({ basedOn }))
    return { draft: document, version: versionOf(writings) }
  },
  discardDraft: async ({ draft, basedOn }) => {
    const session = context.person()
    const document = checkedDocumentId(draft)
    const seen = seenOf({ basedOn })
    if (seen !== null) await drafts.keepUnseen(session, document, seen)
    await drafts.delete(session, document)
  },
})

/** BAD_REQUEST. */
const seenOf = ({ basedOn }: { readonly basedOn?: DraftVersion | undefined }): Writings | null =>
  basedOn === undefined ? null : writingsOf(basedOn)

const filesPart = (
  context: ClientContext,
  reading: Reading,
  attachments: Attachments,
): Pick<Mailbox, 'attach' | 'attachFrom' | 'attachment' | 'exportMail'> => ({
  attach: async ({ name, content }) => attachments.add(context.person(), { name, bytes: bytesOf(content) }),
  attachFrom: async ({ mail }) => {
    const session = context.person()
    const { files } = await reading.withFiles(mail)
    return { attachments: await Promise.all(files.map((file) => attachments.add(session, file))) }
  },
  attachment: async ({ mail, number }) => {
    const { mail: shown, files } = await reading.withFiles(mail)
    const [file, found] = [files[number - 1], shown.attachments[number - 1]]
    if (file === undefined || found === undefined)
      throw new QuintetError(
        'NO_SUCH_ATTACHMENT',
        `This mail has ${files.length} files attached, and no number ${number}.`,
      )
    return { name: found.name, content: Buffer.from(file.bytes).toString('base64') }
  },
  exportMail: async ({ mail }) => {
    const { mail: shown, files } = await reading.withFiles(mail)
    return mailFile(shown, files)
  },
})

const base64 = /^[A-Za-z0-9+/]*={0,2}$/
const base64Group = 4

/** BAD_REQUEST. */
const bytesOf = (content: string): Uint8Array => {
  if (content.length % base64Group === 0 && base64.test(content)) return Buffer.from(content, 'base64')
  throw new QuintetError('BAD_REQUEST', 'The content of a file is to be given in base64.')
}

const checkPageOf = (mails: readonly unknown[]): void => {
  if (mails.length > limits.pageHeaders)
    throw new QuintetError('TOO_MANY', `At most ${limits.pageHeaders} mails can be asked for at once.`)
}

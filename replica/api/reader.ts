import { QuintetError } from '../core/model/errors.ts'
import type { AccountId, ServerId, UpdateId } from '../core/model/ids.ts'
import { isUpdateId, splitUpdateId, updateId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { documentOf, documentsOn } from '../host/mailbox-queries.ts'
import type { MailView } from '../host/queries.ts'
import { mailNames, mailPage, ownedMail, whyMissing } from '../host/queries.ts'
import type { ReplicaHost } from '../host/replica-host.ts'
import { postPage, type PostView } from '../host/social-queries.ts'
import { signedPartsOf } from '../wire/signed-parts.ts'
import type {
  DocumentInfo,
  MailContent,
  ManyMails,
  NamePage,
  PostsOf,
  SafetyInfo,
  SealedDocument,
  SealedMail,
  SealedPage,
  SignedPost,
  SignedPosts,
} from './contract.ts'
import { mostBytesOf, type RequestOf } from './method-table.ts'

/** Of many mails so many are read at once, and so much is given in one answer. */
const mailsPerRead = 16
const manyBytes = limits.frameBytes / 2

/** What queries look at. */
type Core = Parameters<typeof mailPage>[0]

/** What reading needs of the service. */
export interface ReaderPorts {
  readonly host: Pick<ReplicaHost, 'read' | 'readUpdates'>
  seal(mails: readonly MailView[], content: MailContent): Promise<readonly SealedMail[]>
  signedPosts(posts: readonly PostView[]): Promise<readonly SignedPost[]>
}

/** Answers what an account asks of its mails, documents and posts. */
export class Reader {
  readonly #ports: ReaderPorts

  constructor(ports: ReaderPorts) {
    this.#ports = ports
  }

  async list(account: AccountId, { folder, limit, before, offset }: RequestOf<'list'>): Promise<SealedPage> {
    const from = before === null ? offset : parsePlace(before)
    const most = Math.min(limit, limits.pageHeaders)
    const { mails, total, unread, hasMore } = await this.#ports.host.read((core) =>
      mailPage(core, account, folder, most, from),
    )
    const last = mails.at(-1)
    const next = hasMore && last !== undefined ? `${last.clock}@${last.mail}` : null
    return { mails: await this.#ports.seal(mails, 'header'), total, unread, next }
  }

  async fetch(account: AccountId, { mail: id }: RequestOf<'fetch'>): Promise<SealedMail> {
    const [sealed] = await this.#ports.seal([await this.#owned(account, id)], 'whole')
    if (sealed === undefined || sealed.payload.length === 0) {
      throw new QuintetError('DAMAGED', damagedMessage)
    }
    return sealed
  }

  async fetchMany(account: AccountId, { mails, content }: RequestOf<'fetchMany'>): Promise<ManyMails> {
    const found: SealedMail[] = []
    let bytes = 0
    let covered = 0
    while (covered < mails.length) {
      const asked = mails.slice(covered, covered + mailsPerRead)
      const owned = await this.#ports.host.read((core) => asked.flatMap((id) => ownedMail(core, account, id) ?? []))
      for (const mail of await this.#ports.seal(owned, content)) {
        const size = mostBytesOf(mail)
        if (found.length > 0 && bytes + size > manyBytes) return { mails: found, covered: mails.indexOf(mail.mail) }
        bytes += size
        found.push(mail)
      }
      covered += asked.length
    }
    return { mails: found, covered }
  }

  async mailNames(account: AccountId, { folder, only, limit, before }: RequestOf<'mailNames'>): Promise<NamePage> {
    const place = before === null ? null : parsePlace(before)
    const most = Math.min(limit, limits.pageNames)
    const page = await this.#ports.host.read((core) => mailNames(core, { account, folder, only }, most, place))
    const { mails, next } = page
    return { mails, next: next && `${next.clock}@${updateId(next.origin, next.sequence)}` }
  }

  async posts(account: AccountId, { of, limit, before }: RequestOf<'posts'>): Promise<SignedPosts> {
    const place = before === null ? null : parsePlace(before)
    const most = Math.min(limit, limits.pagePosts)
    const { posts, hasMore } = await this.#ports.host.read((core) =>
      postPage(core, authorsOf(core, of, account), most, place),
    )
    const last = posts.at(-1)
    const next = hasMore && last !== undefined ? `${last.clock}@${last.post}` : null
    return { posts: await this.#ports.signedPosts(posts), next }
  }

  async documents(account: AccountId, { shelf }: RequestOf<'documents'>): Promise<readonly DocumentInfo[]> {
    const found = await this.#ports.host.read((core) => documentsOn(core, account, shelf))
    return found.map(({ document, update, writtenAt }) => ({ document, update, writtenAt }))
  }

  async document(account: AccountId, { document }: RequestOf<'document'>): Promise<SealedDocument | null> {
    const found = await this.#ports.host.read((core) => documentOf(core, account, document))
    if (found === null) return null
    const { update, writtenAt, origin, sequence } = found
    const [stored] = await this.#ports.host.readUpdates(origin, [sequence])
    const parts = stored === undefined ? null : signedPartsOf(stored.bytes)
    if (parts?.ok === true) return { document, update, writtenAt, payload: parts.value.payload }
    // It may have been written anew meanwhile, and compacted.
    const now = await this.#ports.host.read((core) => documentOf(core, account, document))
    if (now?.update !== update) return this.document(account, { document })
    throw new QuintetError('DAMAGED', damagedMessage)
  }

  async safety(account: AccountId, { mail: id }: RequestOf<'safety'>): Promise<readonly ServerId[]> {
    const mail = await this.#owned(account, id)
    return this.#ports.host.read((core) => core.holdersOf(mail.origin, mail.sequence))
  }

  async safeties(account: AccountId, { mails }: RequestOf<'safeties'>): Promise<readonly SafetyInfo[]> {
    return this.#ports.host.read((core) =>
      mails.flatMap((mail) => {
        const owned = ownedMail(core, account, mail)
        return owned === null ? [] : [{ mail, servers: core.holdersOf(owned.origin, owned.sequence) }]
      }),
    )
  }

  async #owned(account: AccountId, id: UpdateId): Promise<MailView> {
    const { host } = this.#ports
    const mail = await host.read((core) => ownedMail(core, account, id))
    if (mail === null) throw new QuintetError('NO_SUCH_MAIL', await host.read((core) => whyMissing(core, id)))
    return mail
  }
}

const damagedMessage = 'This is damaged on this disk. It is being fetched from another replica: try again in a moment.'

const authorsOf = ({ state }: Core, of: PostsOf, account: AccountId): readonly AccountId[] => {
  switch (of.kind) {
    case 'author':
      return [of.author]
    case 'followed':
      return state.follows.followedBy(account)
    case 'timeline':
      return [...state.follows.followedBy(account), account]
  }
}

const parsePlace = (text: string): Pick<MailView, 'clock' | 'origin' | 'sequence'> => {
  const [clock = '', id = ''] = text.split('@')
  if (!/^[0-9]{1,16}$/.test(clock) || !isUpdateId(id)) {
    throw new QuintetError('BAD_REQUEST', '"before" is not the "next" of a page.')
  }
  return { clock: Number(clock), ...splitUpdateId(id) }
}

import type { AccountId, OriginId, Sequence, UpdateId } from '../model/ids.ts'
import { splitUpdateId, updateId } from '../model/ids.ts'
import type { PostDeletionRecord, PostRecord, StateImage } from '../model/image.ts'
import type { VersionVector } from '../model/messages.ts'
import { heldFrom } from '../version-vector.ts'
import type { DigestPart } from './digest.ts'
import { SetDigest } from './digest.ts'
import type { LiveSource } from './live-updates.ts'
import type { JoinContext } from './mail-join.ts'
import { comparePosts, PostIndex, type PostPlace } from './post-index.ts'

/**
 * What people told the group, by author, in causal order: the texts are in the log. As with mails the version vector is the
 * tombstone: a post that it covers and that is not here was taken back, or its author is gone. A deletion that comes before
 * its post waits for it, and counts only if both are by one account.
 */
export class PostTable implements LiveSource {
  readonly #byOrigin = new Map<OriginId, Map<Sequence, PostRecord>>()
  readonly #byAuthor = new Map<AccountId, PostIndex>()
  readonly #pending = new Map<UpdateId, Set<AccountId>>()
  /** Kept up with every change, as that of the mails. */
  readonly #digest = new SetDigest()

  get(origin: OriginId, sequence: Sequence): PostRecord | undefined {
    return this.#byOrigin.get(origin)?.get(sequence)
  }

  has(origin: OriginId, sequence: Sequence): boolean {
    return this.#byOrigin.get(origin)?.has(sequence) ?? false
  }

  liveSequences(): ReadonlyMap<OriginId, Iterable<Sequence>> {
    return new Map([...this.#byOrigin].map(([origin, posts]) => [origin, posts.keys()]))
  }

  countOf(author: AccountId): number {
    return this.#byAuthor.get(author)?.size ?? 0
  }

  /** Up to `limit` posts of these authors, newest first, from before `before` (from the newest when null). */
  page(authors: Iterable<AccountId>, limit: number, before: PostPlace | null): readonly PostRecord[] {
    const newest = [...new Set(authors)].flatMap((author) => this.#byAuthor.get(author)?.page(limit, before) ?? [])
    return newest.sort((left, right) => comparePosts(right, left)).slice(0, limit)
  }

  /** Takes a post in, unless its author is gone or a deletion of it waits. */
  add(record: PostRecord, isGone: (account: AccountId) => boolean): void {
    const id = updateId(record.origin, record.sequence)
    const isDeleted = this.#pending.get(id)?.has(record.account) === true
    this.#pending.delete(id)
    if (!isDeleted && !isGone(record.account) && !this.has(record.origin, record.sequence)) this.#insert(record)
  }

  /** `account` takes the post back, now or when it comes. `vector` tells one that is still to come from one that is gone. */
  delete(id: UpdateId, account: AccountId, vector: VersionVector): void {
    const { origin, sequence } = splitUpdateId(id)
    const post = this.get(origin, sequence)
    if (post !== undefined) {
      if (post.account === account) this.#remove(post)
    } else if (heldFrom(vector, origin) < sequence) {
      const waiting = this.#pending.get(id)
      if (waiting === undefined) this.#pending.set(id, new Set([account]))
      else waiting.add(account)
    }
  }

  /** The update has come and is no post, so that deletions of it wait in vain. */
  settle(id: UpdateId): void {
    this.#pending.delete(id)
  }

  /** An account is gone, and its posts with it. */
  removeAuthor(account: AccountId): void {
    const index = this.#byAuthor.get(account)
    for (const post of index?.page(index.size, null) ?? []) this.#remove(post)
  }

  /** The other half of a join: what the other's vector covers and the other has not is gone. */
  join({ posts, postDeletions }: StateImage, { mine, theirs, isGone }: Omit<JoinContext, 'merges'>): void {
    const theirPosts = new Set(posts.map(({ origin, sequence }) => updateId(origin, sequence)))
    for (const post of this.records()) {
      const isCovered = post.sequence <= heldFrom(theirs, post.origin)
      if (isCovered && !theirPosts.has(updateId(post.origin, post.sequence))) this.#remove(post)
    }
    for (const post of posts) if (post.sequence > heldFrom(mine, post.origin)) this.add(post, isGone)
    for (const id of [...this.#pending.keys()]) {
      const { origin, sequence } = splitUpdateId(id)
      if (sequence <= heldFrom(theirs, origin)) this.#pending.delete(id)
    }
    for (const { post, account } of postDeletions) this.delete(post, account, mine)
  }

  /** In causal order. */
  records(): readonly PostRecord[] {
    return [...this.#byOrigin.values()].flatMap((posts) => [...posts.values()]).sort(comparePosts)
  }

  pendingDeletions(): readonly PostDeletionRecord[] {
    return [...this.#pending].flatMap(([post, accounts]) => [...accounts].map((account) => ({ post, account })))
  }

  digest(digest: SetDigest): void {
    digest.addAll(this.#digest)
    for (const { post, account } of this.pendingDeletions()) digest.add(`pending post ${post} ${account}`)
  }

  #insert(post: PostRecord): void {
    const posts = this.#byOrigin.get(post.origin)
    if (posts === undefined) this.#byOrigin.set(post.origin, new Map([[post.sequence, post]]))
    else posts.set(post.sequence, post)
    let index = this.#byAuthor.get(post.account)
    if (index === undefined) {
      index = new PostIndex()
      this.#byAuthor.set(post.account, index)
    }
    index.add(post)
    this.#digest.addRecord(partsOf(post))
  }

  #remove(post: PostRecord): void {
    const posts = this.#byOrigin.get(post.origin)
    if (posts?.delete(post.sequence) !== true) return
    if (posts.size === 0) this.#byOrigin.delete(post.origin)
    const index = this.#byAuthor.get(post.account)
    index?.remove(post)
    if (index?.size === 0) this.#byAuthor.delete(post.account)
    this.#digest.removeRecord(partsOf(post))
  }
}

const partsOf = ({ account, origin, sequence, clock }: PostRecord): readonly DigestPart[] => [
  'post',
  account,
  origin,
  sequence,
  clock,
]

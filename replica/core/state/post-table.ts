import type { AccountId, OriginId, Sequence, UpdateId } from '../model/ids.ts'
import { splitUpdateId, tagsAgree, updateId } from '../model/ids.ts'
import type { PostDeletionRecord, PostRecord, StateImage } from '../model/image.ts'
import type { Meant } from '../model/meant.ts'
import type { VersionVector } from '../model/messages.ts'
import { heldFrom } from '../version-vector.ts'
import { type DigestPart, type SetDigest, TableDigest } from './digest.ts'
import type { Execution, ExecutionMerge, ExecutionTable } from './execution-table.ts'
import { standingOf } from './execution-table.ts'
import type { LiveSource } from './live-updates.ts'
import { type JoinContext, type Named, Repeated } from './mail-join.ts'
import { comparePosts, PostIndex, type PostPlace } from './post-index.ts'

/**
 * What people told the group, by author, in causal order: the texts are in the log. As with mails the version vector is the
 * tombstone: a post that it covers and that is not here was taken back, or its author is gone. A deletion that comes before
 * its post waits for it, and counts only if both are by one account. A post that came by several names is one post: see `ExecutionTable`.
 */
export class PostTable implements LiveSource {
  readonly #executions: ExecutionTable
  readonly #byOrigin = new Map<OriginId, Map<Sequence, PostRecord>>()
  readonly #byAuthor = new Map<AccountId, PostIndex>()
  /** By the post's name, then by tag and account. */
  readonly #pending = new Map<UpdateId, Map<string, PostDeletionRecord>>()
  readonly #digest = new TableDigest(partsOf)

  constructor(executions: ExecutionTable) {
    this.#executions = executions
  }

  /** The post by any of its names. */
  find(id: UpdateId): PostRecord | undefined {
    const { origin, sequence } = splitUpdateId(this.#executions.standing(id))
    return this.get(origin, sequence)
  }

  /** As `find`, if it is the one that is meant. */
  findMeant({ id, tag }: Meant): PostRecord | undefined {
    const post = this.find(id)
    return post !== undefined && tagsAgree(post.tag, tag) ? post : undefined
  }

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
    const isDeleted = this.#takePending(record)
    if (!isDeleted && !isGone(record.account) && !this.has(record.origin, record.sequence)) this.#insert(record)
  }

  /** The same post came once more, by a new name: `before` is the command without, `after` with it. */
  repeat(record: PostRecord, before: Execution, after: Execution): void {
    const isDeleted = this.#takePending(record)
    const { origin, sequence } = standingOf(before)
    const post = this.get(origin, sequence)
    // Taken back already, whatever it is called.
    if (post === undefined) return
    if (isDeleted) this.#remove(post)
    else this.#rename(post, after)
  }

  /** `account` takes the post back, now or when it comes. `vector` tells one that is still to come from one that is gone. */
  delete({ id, tag }: Meant, account: AccountId, vector: VersionVector): void {
    const { origin, sequence } = splitUpdateId(id)
    const post = this.find(id)
    if (post !== undefined) {
      if (post.account === account && tagsAgree(post.tag, tag)) this.#remove(post)
    } else if (heldFrom(vector, origin) < sequence && !this.#executions.isAlias(id)) {
      const waiting = this.#pending.get(id) ?? new Map<string, PostDeletionRecord>()
      this.#pending.set(id, waiting.set(`${tag} ${account}`, { post: id, tag, account }))
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
  join({ posts, postDeletions }: StateImage, { mine, theirs, isGone, merges }: JoinContext): void {
    const repeated = new Repeated(merges)
    const theirPosts = new Set(posts.map(idOf))
    for (const post of this.records()) {
      const merge = repeated.of(post)
      const isSeen = merge !== undefined || post.sequence <= heldFrom(theirs, post.origin)
      if (isSeen && !theirPosts.has(idOf(merge?.theirs ?? post))) this.#remove(post)
    }
    for (const post of posts) {
      const merge = repeated.of(post)
      if (merge !== undefined) this.#joinRepeated(merge)
      else if (post.sequence > heldFrom(mine, post.origin)) this.add(post, isGone)
    }
    this.#settlePending(theirs)
    for (const { post, tag, account } of postDeletions) this.delete({ id: post, tag }, account, mine)
  }

  /** In causal order. */
  records(): readonly PostRecord[] {
    return [...this.#byOrigin.values()].flatMap((posts) => [...posts.values()]).sort(comparePosts)
  }

  pendingDeletions(): readonly PostDeletionRecord[] {
    return [...this.#pending.values()].flatMap((waiting) => [...waiting.values()])
  }

  digest(digest: SetDigest): void {
    this.#digest.addTo(digest, () => this.records())
    for (const { post, tag, account } of this.pendingDeletions()) digest.add(`pending post ${post} ${tag} ${account}`)
  }

  /** A post of the other state that is known here by other names: here it may have been taken back. */
  #joinRepeated({ mine, merged }: ExecutionMerge): void {
    const post = this.get(mine.origin, mine.sequence)
    if (post !== undefined) this.#rename(post, merged)
  }

  /** Deletions that waited for what the other state covers: the post has come, perhaps by another name, or is gone. */
  #settlePending(theirs: VersionVector): void {
    for (const [id, waiting] of [...this.#pending]) {
      const { origin, sequence } = splitUpdateId(id)
      if (sequence > heldFrom(theirs, origin) && !this.#executions.isAlias(id)) continue
      this.#pending.delete(id)
      const post = this.find(id)
      if (post !== undefined && isTakenBack(post, waiting)) this.#remove(post)
    }
  }

  /** Lets a post stand as `execution` says. */
  #rename(post: PostRecord, execution: Execution): void {
    const { origin, sequence, clock } = standingOf(execution)
    this.#remove(post)
    if (!this.has(origin, sequence)) this.#insert({ ...post, origin, sequence, clock })
  }

  /** Whether a deletion of this post waited for it. */
  #takePending(record: PostRecord): boolean {
    const waiting = this.#pending.get(idOf(record))
    this.#pending.delete(idOf(record))
    return waiting !== undefined && isTakenBack(record, waiting)
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
    this.#digest.add(post)
  }

  #remove(post: PostRecord): void {
    const posts = this.#byOrigin.get(post.origin)
    if (posts?.delete(post.sequence) !== true) return
    if (posts.size === 0) this.#byOrigin.delete(post.origin)
    const index = this.#byAuthor.get(post.account)
    index?.remove(post)
    if (index?.size === 0) this.#byAuthor.delete(post.account)
    this.#digest.remove(post)
  }
}

const isTakenBack = ({ account, tag }: PostRecord, waiting: ReadonlyMap<string, PostDeletionRecord>): boolean =>
  [...waiting.values()].some((deletion) => deletion.account === account && tagsAgree(deletion.tag, tag))

const idOf = ({ origin, sequence }: Named): UpdateId => updateId(origin, sequence)

const partsOf = ({ account, origin, sequence, clock }: PostRecord): readonly DigestPart[] => [
  'post',
  account,
  origin,
  sequence,
  clock,
]

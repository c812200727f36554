import { clockToMs } from '../core/model/clock.ts'
import { sortedByName } from '../core/model/fold-name.ts'
import type { AccountId, OriginId, Sequence, UpdateId } from '../core/model/ids.ts'
import { updateId } from '../core/model/ids.ts'
import type { PostRecord } from '../core/model/image.ts'
import { limits } from '../core/model/limits.ts'
import type { ReplicaCore } from '../core/replica-core.ts'
import type { PostPlace } from '../core/state/post-index.ts'

/** A post without its text. */
export interface PostView extends PostPlace {
  readonly post: UpdateId
  readonly author: AccountId
  readonly authorName: string
  readonly postedAt: number
}

/** Posts of these authors, newest first, from before `before`. */
export const postPage = (
  core: ReplicaCore,
  authors: readonly AccountId[],
  limit: number,
  before: PostPlace | null,
): { readonly posts: readonly PostView[]; readonly hasMore: boolean } => {
  const found = core.state.posts.page(authors, limit + 1, before)
  return { posts: found.slice(0, limit).map((post) => viewOf(core, post)), hasMore: found.length > limit }
}

/** A post, and which of `accounts` follow its author; null when it is gone. */
export const postForFollowers = (
  core: ReplicaCore,
  accounts: Iterable<AccountId>,
  origin: OriginId,
  sequence: Sequence,
): { readonly view: PostView; readonly followers: readonly AccountId[] } | null => {
  const post = core.state.posts.get(origin, sequence)
  if (post === undefined) return null
  const followers = [...accounts].filter((account) => core.state.follows.follows(account, post.account))
  return { view: viewOf(core, post), followers }
}

/** What `viewer` sees of the person who is called so now; null when nobody is. */
export const profileOf = (core: ReplicaCore, name: string, viewer: AccountId) => {
  const { accounts, follows, posts } = core.state
  const record = accounts.named(name)
  if (record === undefined) return null
  const { account } = record
  const servers = core.online.get(account) ?? []
  return {
    account,
    name: accounts.nameOf(account) ?? record.name,
    online: servers.length > 0,
    servers,
    signedUpAt: clockToMs(record.clock),
    followed: follows.follows(viewer, account),
    followers: namesOf(core, follows.followersOf(account)),
    following: namesOf(core, follows.followedBy(account)),
    posts: posts.countOf(account),
  }
}

/** Those that are known by now: who follows somebody may be known before the sign-up has come. */
const namesOf = (core: ReplicaCore, accounts: readonly AccountId[]): readonly string[] =>
  sortedByName(
    accounts.flatMap((account) => core.state.accounts.nameOf(account) ?? []),
    (name) => name,
  ).slice(0, limits.shownFollows)

const viewOf = (core: ReplicaCore, { account, origin, sequence, clock }: PostRecord): PostView => ({
  post: updateId(origin, sequence),
  origin,
  sequence,
  clock,
  author: account,
  authorName: core.state.accounts.nameOf(account) ?? '',
  postedAt: clockToMs(clock),
})

import type { AccountId, Tag, UpdateId } from '../../replica/core/model/ids.ts'
import { anyTag, tagOf, tagsAgree, updateId } from '../../replica/core/model/ids.ts'
import type { FollowRecord, StateImage } from '../../replica/core/model/image.ts'
import type { PostChange } from '../../replica/core/model/social-changes.ts'
import type { Update } from '../../replica/core/model/updates.ts'
import { countsFrom } from '../../replica/core/model/updates.ts'

/** Posts that their author has neither taken back nor left behind, deletions that wait, and the last word of each pair. */
export const socialLines = (all: readonly Update[], deleted: ReadonlySet<AccountId>): readonly string[] => {
  const known = new Set(all.map(({ origin, sequence }) => updateId(origin, sequence)))
  const tags = new Map<UpdateId, Tag>()
  for (const { origin, sequence, change } of all)
    if (change.kind === 'post') tags.set(updateId(origin, sequence), tagOf(change.command))
  const takenBack = new Set<string>()
  const waiting = new Set<string>()
  for (const { change } of all) {
    if (change.kind !== 'postDeletion') continue
    const { post, tag, account } = change
    if (tagsAgree(tag, tags.get(post) ?? anyTag)) takenBack.add(`${post} ${account}`)
    if (!known.has(post)) waiting.add(`pending post ${post} ${tag} ${account}`)
  }
  const posts = postsOf(all).flatMap((names) => {
    const [first] = names
    if (first === undefined) return []
    const { account } = first.change
    const isTakenBack = names.some(({ origin, sequence }) => takenBack.has(`${updateId(origin, sequence)} ${account}`))
    return isTakenBack || deleted.has(account)
      ? []
      : [postLine(updateId(first.origin, first.sequence), account, first.clock)]
  })
  return [...posts, ...waiting, ...followLines(all, deleted)]
}

type PostUpdate = Update & { readonly change: PostChange }

const isPost = (update: Update): update is PostUpdate => update.change.kind === 'post'

/** One command is one post, however many updates it became: the earliest stands. Each list is ascending by clock, origin, sequence. */
const postsOf = (all: readonly Update[]): readonly (readonly PostUpdate[])[] => {
  const posts = new Map<string, PostUpdate[]>()
  for (const update of all.filter(isPost)) {
    const wish = `${update.change.account} ${update.change.command}`
    posts.set(wish, [...(posts.get(wish) ?? []), update])
  }
  return [...posts.values()].map((names) => names.sort(isBefore))
}

const isBefore = (one: Update, two: Update): number =>
  one.clock - two.clock || (one.origin === two.origin ? one.sequence - two.sequence : one.origin < two.origin ? -1 : 1)

/** The same lines from a replica's state. */
export const describeSocial = ({ posts, postDeletions, follows }: StateImage): readonly string[] => [
  ...posts.map(({ account, origin, sequence, clock }) => postLine(updateId(origin, sequence), account, clock)),
  ...postDeletions.map(({ post, tag, account }) => `pending post ${post} ${tag} ${account}`),
  ...follows.map(followLine),
]

const followLines = (all: readonly Update[], deleted: ReadonlySet<AccountId>): readonly string[] => {
  const last = new Map<string, FollowRecord>()
  for (const update of all) {
    const { origin, sequence, change } = update
    if (change.kind !== 'follow' || deleted.has(change.account) || deleted.has(change.whom)) continue
    const { account, whom, state } = change
    const clock = countsFrom(update)
    const key = `${account} ${whom}`
    const before = last.get(key)
    const isLater =
      before === undefined ||
      clock > before.clock ||
      (clock === before.clock && (origin > before.origin || (origin === before.origin && sequence > before.sequence)))
    if (isLater) last.set(key, { account, whom, origin, sequence, clock, state })
  }
  return [...last.values()].map(followLine)
}

const postLine = (id: UpdateId, account: AccountId, clock: number): string => `post ${id} ${account} ${clock}`

const followLine = ({ account, whom, origin, sequence, clock, state }: FollowRecord): string =>
  `follow ${account} ${whom} ${updateId(origin, sequence)} ${clock} ${state}`

import type { AccountId, UpdateId } from '../../replica/core/model/ids.ts'
import { updateId } from '../../replica/core/model/ids.ts'
import type { FollowRecord, StateImage } from '../../replica/core/model/image.ts'
import type { Update } from '../../replica/core/model/updates.ts'

/** Posts that their author has neither taken back nor left behind, deletions that wait, and the last word of each pair. */
export const socialLines = (all: readonly Update[], deleted: ReadonlySet<AccountId>): readonly string[] => {
  const known = new Set(all.map(({ origin, sequence }) => updateId(origin, sequence)))
  const takenBack = new Set<string>()
  const waiting = new Set<string>()
  for (const { change } of all) {
    if (change.kind !== 'postDeletion') continue
    takenBack.add(`${change.post} ${change.account}`)
    if (!known.has(change.post)) waiting.add(`pending post ${change.post} ${change.account}`)
  }
  const posts = all.flatMap(({ origin, sequence, clock, change }) => {
    const id = updateId(origin, sequence)
    const isShown = change.kind === 'post' && !deleted.has(change.account) && !takenBack.has(`${id} ${change.account}`)
    return isShown ? [postLine(id, change.account, clock)] : []
  })
  return [...posts, ...waiting, ...followLines(all, deleted)]
}

/** The same lines from a replica's state. */
export const describeSocial = ({ posts, postDeletions, follows }: StateImage): readonly string[] => [
  ...posts.map(({ account, origin, sequence, clock }) => postLine(updateId(origin, sequence), account, clock)),
  ...postDeletions.map(({ post, account }) => `pending post ${post} ${account}`),
  ...follows.map(followLine),
]

const followLines = (all: readonly Update[], deleted: ReadonlySet<AccountId>): readonly string[] => {
  const last = new Map<string, FollowRecord>()
  for (const { origin, sequence, clock, change } of all) {
    if (change.kind !== 'follow' || deleted.has(change.account) || deleted.has(change.whom)) continue
    const { account, whom, state } = change
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

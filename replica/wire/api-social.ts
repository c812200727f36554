import { accountId, isServerId, isUpdateId, seatCount } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import * as shape from './api-shapes.ts'
import { mostSignatureBytes } from './person-signature.ts'

/** Names and what is around the text of a post. */
const postPayloadBytes = limits.postChars * 4 + 256
const shownNameUnits = limits.nameChars * 2 + 8
const lastMoment = Number.MAX_SAFE_INTEGER

const account = shape.textLike(/^[A-Za-z0-9_-]{43}$/, accountId)
const name = shape.text(shownNameUnits)
const names = shape.listOf(name, limits.shownFollows)
const pageMark = shape.orNull(shape.text(limits.pageMarkChars))

const kindOfPosts = shape.fields({ kind: shape.oneOf(['author', 'followed', 'timeline']) })
const postsOfAuthor = shape.fields({ kind: shape.oneOf(['author']), author: account })
const postsOfOthers = shape.fields({ kind: shape.oneOf(['followed', 'timeline']) })
const postsOf = (value: unknown, at: string) =>
  kindOfPosts(value, at).kind === 'author' ? postsOfAuthor(value, at) : postsOfOthers(value, at)

export const signedPost = shape.fields({
  post: shape.guarded(isUpdateId, 'the name of a post'),
  author: account,
  authorName: name,
  postedAt: shape.integer(0, lastMoment),
  payload: shape.bytesUpTo(postPayloadBytes),
  signature: shape.bytesUpTo(mostSignatureBytes),
})

/** What a client asks of posts and people. */
export const socialRequests = {
  posts: shape.fields({ of: postsOf, limit: shape.integer(1, limits.pagePosts), before: pageMark }),
  profile: shape.fields({ name }),
} as const

/** What a replica answers to that. */
export const socialAnswers = {
  posts: shape.fields({ posts: shape.listOf(signedPost, limits.pagePosts), next: pageMark }),
  profile: shape.orNull(
    shape.fields({
      account,
      name,
      online: shape.truth,
      servers: shape.listOf(shape.guarded(isServerId, 'a server id'), seatCount),
      signedUpAt: shape.integer(0, lastMoment),
      followed: shape.truth,
      followers: names,
      following: names,
      posts: shape.integer(0, Number.MAX_SAFE_INTEGER),
    }),
  ),
  followed: shape.listOf(account, limits.onlineAccounts),
} as const

import { limits } from '../core/model/limits.ts'
import * as shape from './api-shapes.ts'
import { account, count, moment, servers, shownName, updateName } from './common-shapes.ts'
import { mostSignatureBytes } from './person-signature.ts'

/** Names and what is around the text of a post. */
const postPayloadBytes = limits.postChars * 4 + 256

const names = shape.listOf(shownName, limits.shownFollows)
const pageMark = shape.orNull(shape.text(limits.pageMarkChars))

const kindOfPosts = shape.fields({ kind: shape.oneOf(['author', 'followed', 'timeline']) })
const postsOfAuthor = shape.fields({ kind: shape.oneOf(['author']), author: account })
const postsOfOthers = shape.fields({ kind: shape.oneOf(['followed', 'timeline']) })
const postsOf = (value: unknown, at: string) =>
  kindOfPosts(value, at).kind === 'author' ? postsOfAuthor(value, at) : postsOfOthers(value, at)

export const signedPost = shape.fields({
  post: updateName,
  author: account,
  authorName: shownName,
  postedAt: moment,
  payload: shape.bytesUpTo(postPayloadBytes),
  signature: shape.bytesUpTo(mostSignatureBytes),
})

/** What a client asks of posts and people. */
export const socialRequests = {
  posts: shape.fields({ of: postsOf, limit: shape.integer(1, limits.pagePosts), before: pageMark }),
  profile: shape.fields({ name: shownName }),
} as const

/** What a replica answers to that. */
export const socialAnswers = {
  posts: shape.fields({ posts: shape.listOf(signedPost, limits.pagePosts), next: pageMark }),
  profile: shape.orNull(
    shape.fields({
      account,
      name: shownName,
      online: shape.truth,
      servers,
      signedUpAt: moment,
      followed: shape.truth,
      followers: names,
      following: names,
      posts: count,
    }),
  ),
  followed: shape.listOf(account, limits.onlineAccounts),
} as const

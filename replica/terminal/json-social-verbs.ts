import type { Post } from '../client/contract/people.ts'
import { shownHeader, strange, verb, type Verb } from './json-verb.ts'
import { account, either, postName, text, texts, wholeNumber } from './request-fields.ts'

const pageHeaders = 50
const pagePosts = 50

/** A post as programs know it in a timeline. */
const shownPost = (post: Post): object => {
  const { author, text: said, postedAt } = post
  return { author, ...strange(post), text: said, postedAt }
}

/** What a JSON request can ask for about posts, people and searching. */
export const socialVerbs: readonly (readonly [string, Verb])[] = [
  ['post', verb('change', { text }, (client, request) => client.post(request))],
  ['deletePost', verb('change', { post: postName }, (client, request) => client.deletePost(request))],
  ['follow', verb('change', { name: text }, (client, request) => client.follow(request))],
  ['unfollow', verb('change', { name: text }, (client, request) => client.unfollow(request))],
  [
    'timeline',
    verb('question', { limit: either(wholeNumber, pagePosts), before: either(text, null) }, async (client, request) => {
      const { limit, before } = request
      const { posts, next } = await client.timeline(before === null ? { limit } : { limit, before })
      const shown = { posts: posts.map(shownPost) }
      return next === undefined ? shown : { ...shown, next }
    }),
  ],
  [
    'posts',
    verb(
      'question',
      { name: text, limit: either(wholeNumber, pagePosts), before: either(text, null) },
      (client, { before, ...query }) => client.posts(before === null ? query : { ...query, before }),
    ),
  ],
  ['identities', verb('question', { names: texts }, (client, request) => client.identities(request))],
  ['accept', verb('session', { name: text, account }, (client, request) => client.accept(request))],
  ['profile', verb('question', { name: text }, (client, request) => client.profile(request))],
  [
    'search',
    verb('question', { query: text, limit: either(wholeNumber, pageHeaders) }, async (client, request) => {
      // A program cannot tell a mail that is not there from one that is not searchable yet.
      const { headers } = await client.search({ ...request, until: 'indexed' })
      return { headers: headers.map((header) => shownHeader(header)) }
    }),
  ],
]

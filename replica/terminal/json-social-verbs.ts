import type { Header } from '../client/contract/mailbox.ts'
import type { MailClient } from '../client/contract/mail-client.ts'
import type { Post, PostPage } from '../client/contract/people.ts'
import { limits } from '../core/model/limits.ts'
import { gatherPages, type PageQuery } from './gathered-pages.ts'
import { shownHeader, strange, verb, type Verb } from './json-verb.ts'
import { account, either, postName, text, texts, wholeNumber } from './request-fields.ts'

const pageHeaders = 50
const pagePosts = 50

/** A post as programs know it in a timeline. */
const shownPost = (post: Post): object => {
  const { author, text: said, postedAt } = post
  return { author, ...strange(post), text: said, postedAt }
}

const gatherPosts = async (
  { limit, before }: { readonly limit: number; readonly before: string | null },
  ask: (query: PageQuery) => Promise<PostPage>,
): Promise<PostPage> => {
  const itemsOf = (page: PostPage) => page.posts
  const { items: posts, last } = await gatherPages({ limit, before, perPage: limits.pagePosts, ask, itemsOf })
  return last.next === undefined ? { posts } : { posts, next: last.next }
}

interface PageOfFound {
  readonly headers: readonly Header[]
  readonly next?: string
}

/** What was found has no marks to go on from: its pages are told by how many come before them. */
const gatherFound = async (client: MailClient, query: string, limit: number): Promise<readonly Header[]> => {
  const { items } = await gatherPages({
    limit,
    before: null,
    perPage: limits.pageHeaders,
    ask: async (page): Promise<PageOfFound> => {
      const offset = Number(page.before ?? 0)
      // A program cannot tell a mail that is not there from one that is not searchable yet.
      const { headers, total } = await client.search({ query, limit: page.limit, offset, until: 'indexed' })
      const end = offset + page.limit
      return end < total ? { headers, next: String(end) } : { headers }
    },
    itemsOf: ({ headers }) => headers,
  })
  return items
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
      const { posts, next } = await gatherPosts(request, (page) => client.timeline(page))
      const shown = { posts: posts.map(shownPost) }
      return next === undefined ? shown : { ...shown, next }
    }),
  ],
  [
    'posts',
    verb(
      'question',
      { name: text, limit: either(wholeNumber, pagePosts), before: either(text, null) },
      (client, { name, ...asked }) => gatherPosts(asked, (page) => client.posts({ name, ...page })),
    ),
  ],
  ['identities', verb('question', { names: texts }, (client, request) => client.identities(request))],
  ['accept', verb('session', { name: text, account }, (client, request) => client.accept(request))],
  ['profile', verb('question', { name: text }, (client, request) => client.profile(request))],
  [
    'search',
    verb('question', { query: text, limit: either(wholeNumber, pageHeaders) }, async (client, request) => {
      const headers = await gatherFound(client, request.query, request.limit)
      return { headers: headers.map((header) => shownHeader(header)) }
    }),
  ],
]

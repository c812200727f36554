import type { PostsOf, SignedPost } from '../api/contract.ts'
import { QuintetError } from '../core/model/errors.ts'
import { isUpdateId, tagOf, type AccountId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { FollowChange } from '../core/model/social-changes.ts'
import { decodePostPayload, encodePostDeletionPayload, encodePostPayload } from '../wire/social-payloads.ts'
import { verifySubmission } from '../wire/update-codec.ts'
import { noSuchAccounts } from './account-directory.ts'
import type { ClientContext } from './client-context.ts'
import type { People, Post, PostPage, Profile, Timeline } from './contract/people.ts'
import type { KnownPeople } from './known-people.ts'
import { checkPage } from './page-limits.ts'
import { normalName, type Session } from './session.ts'
import type { UnpostedPart } from './unposted.ts'

type TimelinePart = Omit<Timeline, keyof UnpostedPart> & Pick<People, 'profile'>

/** Posts to the group, and who follows whom. */
export const timelinePart = (context: ClientContext, people: KnownPeople): TimelinePart => {
  const ports = { context, people }
  context.listen({
    event: (event) => {
      if (event.event !== 'post') return
      const post = verifiedPost(ports, event.post, 'told')
      if (post !== null) context.tell({ event: 'post', post })
    },
  })
  return {
    post: async ({ text }) => {
      const session = context.person()
      checkText(text)
      const submission = await session.change('post', (signer) => encodePostPayload({ ...signer, text }))
      const { update } = await context.submit(session, submission)
      context.shownTags.note(update, tagOf(submission.command))
      return { post: update }
    },
    deletePost: async ({ post }) => {
      const session = context.person()
      if (!isUpdateId(post)) throw new QuintetError('NO_SUCH_POST', 'This is not the name of a post.')
      const tag = await context.shownTags.tagOf(post)
      await context.submit(
        session,
        await session.change('postDeletion', (signer) => encodePostDeletionPayload({ ...signer, post, tag })),
      )
    },
    follow: ({ name }) => follow(ports, name, 'follows'),
    unfollow: ({ name }) => follow(ports, name, 'not'),
    timeline: async ({ own = false, ...page }) =>
      pageOf(ports, context.person(), { kind: own ? 'timeline' : 'followed' }, page),
    posts: async ({ name, ...page }) => {
      const session = context.person()
      return pageOf(ports, session, { kind: 'author', author: await accountOf(context, session, name) }, page)
    },
    profile: async ({ name }) => profileOf(context, context.person(), name),
  }
}

interface TimelinePorts {
  readonly context: ClientContext
  readonly people: KnownPeople
}

const follow = async (ports: TimelinePorts, name: string, state: FollowChange['state']): Promise<void> => {
  const { context, people } = ports
  const session = context.person()
  const whom = await accountOf(context, session, name)
  if (state === 'follows') await people.meet(session, [[normalName(name), whom]])
  await context.say(session, session.follow(whom, state))
}

interface Page {
  readonly limit: number
  readonly before?: string
}

const pageOf = async (
  ports: TimelinePorts,
  session: Session,
  of: PostsOf,
  { limit, before }: Page,
): Promise<PostPage> => {
  checkPage('posts', limit)
  const page = await ports.context.ask(session, (api) => api.posts({ of, limit, before: before ?? null }))
  await ports.people.asFarAsKnown(session)
  const posts = page.posts.flatMap((post) => verifiedPost(ports, post) ?? [])
  return page.next === null ? { posts } : { posts, next: page.next }
}

/** NO_SUCH_ACCOUNT. */
const profileOf = async (context: ClientContext, session: Session, name: string): Promise<Profile> => {
  const found = await context.ask(session, (api) => api.profile({ name: normalName(name) }))
  if (found === null) throw noSuchAccounts([name])
  return found
}

/** NO_SUCH_ACCOUNT. */
const accountOf = async (context: ClientContext, session: Session, name: string): Promise<AccountId> =>
  (await profileOf(context, session, name)).account

/** A post that is about to be shown, or told of. Null when it is not what its author signed: it was forged, or damaged on its way. */
const verifiedPost = (
  { context, people }: TimelinePorts,
  { payload, signature, ...told }: SignedPost,
  how: 'shown' | 'told' = 'shown',
): Post | null => {
  const verified = verifySubmission(context.groupId, 'post', payload, signature)
  const decoded = decodePostPayload(payload)
  if (!verified.ok || !decoded.ok || decoded.value.account !== told.author) return null
  context.shownTags.note(told.post, tagOf(decoded.value.command), how)
  const { post, author, authorName, postedAt } = told
  const { session } = context
  const isAnothers = session !== null && people.isAnother(session, authorName, author)
  const shown = { post, author: authorName, text: decoded.value.text, postedAt }
  return isAnothers ? { ...shown, fromAnother: true } : shown
}

const checkText = (text: string): void => {
  if (text.trim() === '') throw new QuintetError('BAD_REQUEST', 'A post cannot be empty.')
  if (text.length > limits.postChars && Array.from(text).length > limits.postChars)
    throw new QuintetError('TOO_LARGE', `A post can have ${limits.postChars} characters at most.`)
}

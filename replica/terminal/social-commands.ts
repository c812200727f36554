import type { Header } from '../client/contract/mailbox.ts'
import type { MailClient } from '../client/contract/mail-client.ts'
import type { Identity, Post, PostPage } from '../client/contract/people.ts'
import { QuintetError } from '../core/model/errors.ts'
import { limits } from '../core/model/limits.ts'
import { askField } from './ask-field.ts'
import { requireLogIn, usageError, type Command, type Sitting } from './command.ts'
import { longDate, shortDate } from './dates.ts'
import { headerLine, shownName, type Layout } from './mail-view.ts'
import { displayWidth, printable, printableLine, wrapped } from './text-width.ts'

const postsShown = 10
const hitsShown = 10
const namesShown = 20

const post: Command['run'] = async (sitting, _words, rest) => {
  const { client, screen } = sitting
  // Over a pipe the text comes all the same, and is no command.
  if (screen.isTyped) requireLogIn(client)
  await askField(sitting, 'What do you want to tell the group? ', rest, (text) => client.post({ text }))
  screen.print('Posted: everyone in the group can read it.')
}

const follow: Command['run'] = async ({ client, screen }, _words, rest) => {
  if (rest === '') throw usageError('follow NAME')
  await client.follow({ name: rest })
  screen.print(`You follow ${shownName(rest)}.`)
}

const unfollow: Command['run'] = async ({ client, screen }, _words, rest) => {
  if (rest === '') throw usageError('unfollow NAME')
  await client.unfollow({ name: rest })
  screen.print(`You do not follow ${shownName(rest)} any more.`)
}

const timeline: Command['run'] = (sitting) =>
  showPosts(
    sitting,
    'Nothing yet from those whom you follow. people shows who there is, follow NAME follows.',
    (before) => sitting.client.timeline(before === null ? { limit: postsShown } : { limit: postsShown, before }),
  )

const profile: Command['run'] = async (sitting, _words, rest) => {
  if (rest === '') throw usageError('profile NAME')
  const { client, screen, layout } = sitting
  const found = await client.profile({ name: rest })
  const { columns, style } = layout()
  screen.print(
    `${style.bold(shownName(found.name))}${found.online ? ', online' : ''}${found.followed ? ', followed by you' : ''}`,
    ...(found.signedUpAt > 0 ? [`Here since ${longDate(found.signedUpAt)}.`] : []),
    ...wrapped(`Followers: ${namesLine(found.followers)}`, columns),
    ...wrapped(`Follows: ${namesLine(found.following)}`, columns),
    `Posts: ${found.posts}`,
  )
  if (found.posts === 0) return
  await showPosts(sitting, '', (before) =>
    client.posts({ name: found.name, limit: postsShown, ...(before === null ? {} : { before }) }),
  )
}

const showWords: Command['run'] = async ({ client, screen }, _words, rest) => {
  const name = rest === '' ? requireLogIn(client) : rest
  screen.print(...identityLines(await identityOf(client, name)))
}

const accept: Command['run'] = async ({ client, screen }, _words, rest) => {
  if (rest === '') throw usageError('accept NAME')
  const identity = await identityOf(client, rest)
  const name = shownName(identity.name)
  screen.print(...identityLines(identity))
  if (identity.known === null) return
  const typed = await screen.question(`Type yes when ${name} has read out the same new words to you: `)
  if (typed.trim().toLowerCase() !== 'yes') {
    screen.print('Nothing was changed.')
    return
  }
  await client.accept({ name: identity.name, account: identity.account })
  screen.print(`From now on this is the ${name} whom you know.`)
}

/** NO_SUCH_ACCOUNT. */
const identityOf = async (client: MailClient, name: string): Promise<Identity> => {
  const { identities } = await client.identities({ names: [name] })
  const [identity] = identities
  if (identity !== undefined) return identity
  throw new QuintetError('NO_SUCH_ACCOUNT', `Nobody here is called ${shownName(name)}.`)
}

/** NAME_CHANGED_HANDS. */
export const checkKnown = async (client: MailClient, names: readonly string[]): Promise<void> => {
  const { identities } = await client.identities({ names: names.slice(0, limits.lookUpAccounts) })
  const other = identities.find(({ known }) => known !== null)
  if (other === undefined) return
  const message = `${identityLines(other).join('\n')}\naccept ${shownName(other.name)} takes the new one.`
  throw new QuintetError('NAME_CHANGED_HANDS', message)
}

const identityLines = ({ name, words, known }: Identity): readonly string[] => {
  const shown = shownName(name)
  if (known === null) return [`Safety words of ${shown}: ${words}`]
  const now = known.calledNow === null ? 'is here no more' : `is called ${shownName(known.calledNow)} now`
  return [
    `${shown} is another account now. The ${shown} whom you know ${now}.`,
    'Two who had taken one name apart may have met, or this server lies. Ask, but not by mail, for the safety words:',
    `  whom you know: ${known.words}`,
    `  the new one:   ${words}`,
  ]
}

const search: Command['run'] = async (sitting, _words, rest) => {
  if (rest === '') throw usageError('search WORDS')
  sitting.listed = { folder: 'inbox', headers: [], next: null }
  await showHits(sitting, rest, [])
}

/** What can be typed about posts, people and searching. */
export const socialCommands: readonly (readonly [string, Command])[] = [
  ['search', { usage: 'search WORDS', help: 'find mail: pump from:ben before:2026-02-01 "two words"', run: search }],
  ['post', { usage: 'post [TEXT]', help: 'tell the group something', run: post }],
  ['timeline', { usage: 'timeline', help: 'what those whom you follow have posted', run: timeline }],
  ['follow', { usage: 'follow NAME', help: "see this person's posts in your timeline", run: follow }],
  ['unfollow', { usage: 'unfollow NAME', help: 'see them no more', run: unfollow }],
  ['words', { usage: 'words [NAME]', help: 'the safety words of a person, or your own, to compare', run: showWords }],
  ['accept', { usage: 'accept NAME', help: 'know the one who has this name now', run: accept }],
  ['profile', { usage: 'profile NAME', help: 'a person, and what they posted', run: profile }],
]

const showPosts = async (
  sitting: Sitting,
  whenEmpty: string,
  pageFrom: (before: string | null) => Promise<PostPage>,
): Promise<void> => {
  const show = async (before: string | null): Promise<void> => {
    const { posts, next } = await pageFrom(before)
    const { screen, layout } = sitting
    if (before === null && posts.length === 0) screen.print(whenEmpty)
    for (const one of posts) screen.print(...postLines(one, layout()))
    sitting.more = next === undefined ? lastPage(sitting) : () => show(next)
    if (next !== undefined) screen.print('n shows the next page.')
  }
  await show(null)
}

const showHits = async (sitting: Sitting, query: string, before: readonly Header[]): Promise<void> => {
  const { client, screen, layout } = sitting
  const page = await client.search({ query, limit: hitsShown, offset: before.length, until: 'indexed' })
  const headers = [...before, ...page.headers]
  sitting.listed = { folder: 'inbox', headers, next: null }
  if (headers.length === 0) screen.print('No mail has all of that.')
  page.headers.forEach((header, index) => {
    screen.print(headerLine(before.length + index + 1, header, header.own ? 'to' : 'from', layout()))
  })
  const hasMore = page.headers.length > 0 && headers.length < page.total
  sitting.more = hasMore ? () => showHits(sitting, query, headers) : lastPage(sitting)
  if (hasMore) screen.print(`${headers.length} of ${page.total}; n shows the next page.`)
}

const lastPage = (sitting: Sitting) => (): Promise<void> => {
  sitting.screen.print('That was the last page.')
  return Promise.resolve()
}

const postLines = (
  { author, fromAnother, text, postedAt }: Post,
  { columns, nowMs, style }: Layout,
): readonly string[] => {
  const name = fromAnother === undefined ? shownName(author) : `(another!) ${shownName(author)}`
  const date = shortDate(postedAt, nowMs)
  const gap = Math.max(2, columns - displayWidth(name) - displayWidth(date))
  return [`${style.bold(name)}${' '.repeat(gap)}${style.dim(date)}`, ...wrapped(printable(text), columns), '']
}

const namesLine = (names: readonly string[]): string => {
  if (names.length === 0) return 'nobody'
  const shown = names.slice(0, namesShown).map(printableLine).join(', ')
  return names.length > namesShown ? `${shown} and ${names.length - namesShown} more` : shown
}

import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { RequestFailure, type WholeMail } from '../../build/cluster/mail-process.ts'
import { audit, type AuditedClient } from '../torture/audit.ts'
import { Choice } from '../torture/choice.ts'
import { Journal } from '../torture/journal.ts'
import { Ledger, subjectOf } from '../torture/ledger.ts'

const directory = mkdtempSync(path.join(tmpdir(), 'quintet-ledger-'))
afterAll(() => rm(directory, { recursive: true }))

const person = 'ada'
let ledger: Ledger
/** What the server shows. */
let shown: WholeMail[]
let posts: { readonly text: string }[]
/** No mail can be opened. */
let isDamaged: boolean
/** The inbox shows what is not to the person, too. */
let isMisplaced: boolean
let drafts: { readonly subject: string; readonly body: string }[]

beforeEach(() => {
  ledger = new Ledger(new Journal(directory))
  shown = []
  posts = []
  drafts = []
  isDamaged = false
  isMisplaced = false
})

const pageLength = 2
/** What comes after the place that was told with the page before. */
const pageOf = <Thing>(all: readonly Thing[], before: unknown): { readonly page: readonly Thing[]; next?: string } => {
  const end = Number(before ?? 0) + pageLength
  return { page: all.slice(end - pageLength, end), ...(end < all.length ? { next: String(end) } : {}) }
}

const answers = (verb: string, fields: Readonly<Record<string, unknown>>): object => {
  switch (verb) {
    case 'list': {
      const inFolder = shown.filter((mail) =>
        mail.inTrash
          ? fields['folder'] === 'trash'
          : (fields['folder'] === 'inbox' && (mail.to.includes(person) || isMisplaced)) ||
            (fields['folder'] === 'sent' && mail.from === person),
      )
      const { page: headers, ...next } = pageOf(inFolder, fields['before'])
      return { headers, ...next }
    }
    case 'read':
      throw new RequestFailure('read', 'DAMAGED', 'It is damaged.')
    case 'conversation':
      if (isDamaged) return { mails: [] }
      return { mails: shown.filter(({ conversation }) => conversation === fields['conversation']) }
    case 'drafts':
      return { drafts }
    case 'posts': {
      const { page, ...next } = pageOf(posts, fields['before'])
      return { posts: page, ...next }
    }
    default:
      throw new Error(`${verb} is not asked here`)
  }
}

const client: AuditedClient = {
  ask: async (verb, fields) => answers(verb, fields ?? {}) as never,
}

const look = (): Promise<readonly string[]> => audit({ person, client, ledger, opens: 'all' })

/** A mail to ada that was acknowledged by this name. */
const acknowledged = (mail: string) => {
  const token = ledger.nextToken()
  const record = ledger.mailAsked({
    token,
    from: 'ben',
    to: [person],
    subject: subjectOf(token, 'of ben'),
    body: `body ${token}`,
  })
  ledger.mailDone(record, { mail })
  return record
}

const asShown = ({ subject, body, from, to }: ReturnType<typeof acknowledged>, mail: string): WholeMail => ({
  ...{ mail, from, to, cc: [], subject, body, snippet: '', sentAt: 0, conversation: mail, inReplyTo: null },
  ...{ read: false, starred: false, inTrash: false, own: false },
})

describe('the checker of the process campaign', () => {
  test('finds nothing wrong with a mailbox that is as promised, newest first', async () => {
    const [first, second] = [acknowledged('1.a:1'), acknowledged('1.a:2')]
    shown = [asShown(second, '1.a:2'), asShown(first, '1.a:1')]
    expect(await look()).toEqual([])
  })

  test('finds an acknowledged mail that is lost', async () => {
    acknowledged('1.a:1')
    expect(await look()).toEqual([expect.stringContaining('[1] is lost')])
  })

  test('finds a mail that is there twice, by two names or by one', async () => {
    const record = acknowledged('1.a:1')
    shown = [asShown(record, '2.b:1'), asShown(record, '1.a:1')]
    expect((await look()).join()).toContain('[1] is there twice')
    shown = [asShown(record, '1.a:1'), asShown(record, '1.a:1')]
    expect((await look()).join()).toContain('[1] is there twice')
  })

  test('finds another content, another sender, and what nobody wrote', async () => {
    const record = acknowledged('1.a:1')
    shown = [{ ...asShown(record, '1.a:1'), body: 'another' }]
    expect(await look()).toEqual([expect.stringContaining('another content')])
    shown = [{ ...asShown(record, '1.a:1'), from: 'eva' }]
    expect(await look()).toEqual([expect.stringContaining('another content')])
    shown = [asShown(record, '1.a:1'), { ...asShown(record, '1.a:0'), subject: '[77] of nobody' }]
    expect(await look()).toEqual([expect.stringContaining('written by nobody')])
  })

  test('finds what is on later pages, too', async () => {
    const all = ['1.a:1', '1.a:2', '1.a:3', '1.a:4', '1.a:5'].map((name) => [acknowledged(name), name] as const)
    shown = all.map(([record, name]) => asShown(record, name)).reverse()
    posts = all.map(([{ token }]) => ledger.postAsked(person, token + 10, `[${token + 10}] a post`)).reverse()
    for (const post of ledger.posts.values()) post.outcome = 'done'
    expect(await look()).toEqual([])
    shown = shown.slice(0, -1)
    posts = posts.slice(0, -1)
    expect(await look()).toEqual([expect.stringContaining('[1] is lost'), expect.stringContaining('post [11] is lost')])
  })

  test('finds another subject, other recipients, and what cannot be opened', async () => {
    const record = acknowledged('1.a:1')
    for (const other of [{ subject: '[1] another' }, { to: [person, 'eva'] }]) {
      shown = [{ ...asShown(record, '1.a:1'), ...other }]
      expect(await look()).toEqual([expect.stringContaining('another content')])
    }
    isDamaged = true
    shown = [asShown(record, '1.a:1')]
    expect(await look()).toEqual([
      expect.stringContaining('[1] cannot be opened at the server: read: It is damaged. (DAMAGED)'),
    ])
  })

  test('finds a mail in a folder of somebody else, and one that is in the wrong one of theirs', async () => {
    const token = ledger.nextToken()
    const asked = { token, from: person, to: ['ben'], subject: subjectOf(token, 'to ben'), body: 'b' }
    const own = ledger.mailAsked(asked)
    ledger.mailDone(own, { mail: '1.a:1' })
    shown = [asShown(own, '1.a:1')]
    expect(await look()).toEqual([])
    isMisplaced = true
    expect(await look()).toEqual([expect.stringContaining('[1] is in inbox,sent, not in sent')])
    isMisplaced = false
    const record = { ...acknowledged('1.a:2'), to: ['eva'] }
    ledger.mails.set(record.token, record)
    shown = [{ ...asShown(record, '1.a:2'), to: [person] }, asShown(own, '1.a:1')]
    expect((await look()).join()).toContain('[2] in inbox is not theirs')
    ledger.mails.delete(record.token)
    shown = [{ ...asShown(own, '1.a:1'), inTrash: true }]
    expect((await look()).join()).toContain('[1] has inTrash true, and should have false')
  })

  test('finds a mail that is unread again, but for one that the person wrote', async () => {
    const record = acknowledged('1.a:1')
    const { read } = ledger.copy(person, record.token).flags
    read.ask(true)
    read.acknowledge(true)
    shown = [asShown(record, '1.a:1')]
    expect(await look()).toEqual([expect.stringContaining('[1] has read false, and should have true')])
    const own = { ...acknowledged('1.a:2'), from: person }
    ledger.mails.set(own.token, own)
    for (const isRead of [true, false]) {
      shown = [{ ...asShown(own, '1.a:2'), read: isRead }, asShown(record, '1.a:1')]
      expect((await look()).filter((sentence) => sentence.includes('[2]'))).toEqual([])
    }
  })

  test('finds a deleted mail that is back, also one whose deletion was never answered once it was gone', async () => {
    const [first, second] = [acknowledged('1.a:1'), acknowledged('1.a:2')]
    ledger.copy(person, first.token).deletion = 'done'
    ledger.copy(person, second.token).deletion = 'unknown'
    shown = [asShown(second, '1.a:2')]
    expect(await look()).toEqual([])
    shown = []
    expect(await look()).toEqual([])
    shown = [asShown(second, '1.a:2'), asShown(first, '1.a:1')]
    expect(await look()).toEqual([
      expect.stringContaining('[1] was deleted and is back'),
      expect.stringContaining('[2] was deleted and is back'),
    ])
  })

  test('finds a mail that was never answered, was there, and is gone', async () => {
    const token = ledger.nextToken()
    const record = ledger.mailAsked({
      token,
      from: 'ben',
      to: [person],
      subject: subjectOf(token, 'of ben'),
      body: 'b',
    })
    record.outcome = 'unknown'
    expect(await look()).toEqual([])
    shown = [asShown(record, '1.a:1')]
    expect(await look()).toEqual([])
    shown = []
    expect(await look()).toEqual([expect.stringContaining('[1] is lost')])
  })

  test('finds mails of one origin that do not stand in the order of its log, and in the order of sending', async () => {
    const [first, second] = [acknowledged('1.a:1'), acknowledged('1.a:2')]
    shown = [asShown(first, '1.a:1'), asShown(second, '1.a:2')]
    expect((await look()).join()).toContain('1.a:2 stands below 1.a:1')
    const later = { ...acknowledged('1.a:8'), askedMs: 900, answeredMs: 901 }
    const earlier = { ...acknowledged('1.a:9'), askedMs: 100, answeredMs: 101 }
    ledger.mails.set(later.token, later)
    ledger.mails.set(earlier.token, earlier)
    shown = [earlier, later, second, first].map((record) => asShown(record, record.mail ?? ''))
    expect(await look()).toEqual([expect.stringContaining('[4] stands above [3], which was asked for later')])
  })

  test('finds a mark that is another than the one that was set', async () => {
    const record = acknowledged('1.a:1')
    const { starred } = ledger.copy(person, record.token).flags
    starred.ask(true)
    starred.acknowledge(true)
    shown = [asShown(record, '1.a:1')]
    expect(await look()).toEqual([expect.stringContaining('[1] has starred false, and should have true')])
  })

  test('finds a post and a draft that are lost, doubled or back', async () => {
    const post = ledger.postAsked(person, ledger.nextToken(), '[1] a post')
    const draft = ledger.draftAsked({ token: ledger.nextToken(), person, subject: '[2] a draft', body: 'b' })
    post.outcome = 'done'
    draft.outcome = 'done'
    expect(await look()).toEqual(['ada: draft [2] is lost', 'ada: post [1] is lost'])
    posts = [post, post]
    drafts = [draft, draft]
    expect(await look()).toEqual(['ada: draft [2] is there 2 times', 'ada: post [1] is there 2 times'])
    posts = [{ ...post, text: '[1] another' }]
    drafts = [{ ...draft, body: 'another' }]
    expect(await look()).toEqual(['ada: draft [2] has another content', 'ada: post [1] has another text'])
    ledger.draftAsked({ token: ledger.nextToken(), person: 'ben', subject: '[3] of ben', body: 'b' }).outcome = 'done'
    ledger.postAsked('ben', ledger.nextToken(), '[4] of ben').outcome = 'done'
    posts = [post]
    drafts = [draft]
    expect(await look()).toEqual([])
    post.deletion = 'done'
    draft.deletion = 'done'
    expect(await look()).toEqual([
      'ada: draft [2] was discarded and is back',
      'ada: post [1] was taken back and is there again',
    ])
  })
})

test('of what was set at servers that may not know of each other each may stand, and what all agree on alone', () => {
  const choice = new Choice('first')
  expect(choice.allowed).toEqual(['first'])
  choice.ask('second')
  expect(choice.allowed).toEqual(['second', 'first'])
  choice.acknowledge('second')
  choice.ask('third')
  expect(choice.allowed).toEqual(['second', 'third'])
  choice.settle('second')
  expect(choice.allowed).toEqual(['second'])
})

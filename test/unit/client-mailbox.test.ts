import { describe, expect, test } from 'vitest'

import type { ClientEvent } from '../../replica/client/contract/events.ts'
import { snippetOf } from '../../replica/client/snippet.ts'
import type { UpdateId } from '../../replica/core/model/ids.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { shelves } from '../../replica/core/model/mailbox-changes.ts'
import { headerLine, mailLines } from '../../replica/terminal/mail-view.ts'
import { uncolored } from '../../replica/terminal/style.ts'
import { codeOf } from '../support/code-of.ts'
import { ManualClock, startMs } from '../support/manual-clock.ts'
import { clientAt, clientOver, nextEvent, person, sendNow, signedUp } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'

const password = "ann's password"
const dayMs = 86_400_000
/** A byte of what is sealed: behind it is only when the draft was said, in 9 bytes. */
const spoiledFromEnd = 10

describe('drafts', () => {
  test('are sealed, and are gone when the mail is durable', async () => {
    const replica = new MemoryReplica()
    const { client } = await person(replica, 'ann')
    const { draft } = await client.saveDraft({ to: ['an'], cc: [], subject: 'secret plan', body: 'secret text' })
    await client.saveDraft({ to: ['ann'], subject: 'secret plan', body: 'secret text, better', draft })
    expect((await client.drafts()).drafts).toMatchObject([{ draft, to: ['ann'], body: 'secret text, better' }])
    for (const { payload } of replica.submissions) expect(Buffer.from(payload).includes('secret')).toBe(false)
    await sendNow(client, { to: ['ann'], subject: 'secret plan', body: 'secret text' })
    await client.send({ to: ['ann'], subject: 'secret plan', body: 'secret text', draft })
    expect(await client.drafts()).toEqual({ drafts: [] })
  })

  test('have names that the client gives: nothing is said of any other', async () => {
    const replica = new MemoryReplica()
    const { client } = await person(replica, 'ann')
    const before = replica.submissions.length
    for (const name of ['', 'a draft', `${'A'.repeat(21)}B`, `${'A'.repeat(22)}A`]) {
      expect(await codeOf(client.saveDraft({ to: [], subject: '', body: '', draft: name }))).toBe('BAD_REQUEST')
      expect(await codeOf(client.discardDraft({ draft: name }))).toBe('BAD_REQUEST')
      expect(await codeOf(client.cancelOutbox({ outbox: name }))).toBe('BAD_REQUEST')
      expect(await codeOf(client.send({ to: ['ann'], subject: '', body: '', draft: name }))).toBe('BAD_REQUEST')
    }
    expect(replica.submissions).toHaveLength(before)
  })

  test('that cannot be opened or read do not keep the others from the person, are counted, and stay', async () => {
    const replica = new MemoryReplica()
    const { client } = await person(replica, 'ann')
    await client.saveDraft({ to: [], subject: 'spoiled', body: '' })
    await client.saveDraft({ to: [], subject: 'whole', body: '' })
    const [spoiled, whole] = replica.documents
    if (spoiled === undefined || whole === undefined) throw new Error('there are two drafts')
    const payload = spoiled.payload.slice()
    const sealed = payload.length - spoiledFromEnd
    payload[sealed] = (payload[sealed] ?? 0) ^ 1
    // What is on the shelf of the outbox is written in another way, as by another version of this program.
    const strange = { ...whole, document: spoiled.document, payload: spoiled.payload, shelf: 2, update: spoiled.update }
    await client.close()
    replica.documents = [{ ...spoiled, payload }, whole]
    const other = await clientAt(replica, new ManualClock())
    await other.logIn({ name: 'ann', password })
    expect(await other.drafts()).toMatchObject({ drafts: [{ subject: 'whole' }], leftOut: 1 })

    replica.documents = [strange]
    const sent = nextEvent(other, 'sent')
    replica.isWhole = false
    expect(await other.send({ to: ['zoe'], subject: 'waits', body: '' })).toMatchObject({ reason: { names: ['zoe'] } })
    expect(await other.outbox()).toMatchObject({ entries: [{ subject: 'waits' }], leftOut: 1 })
    const elsewhere = new MemoryReplica({ groupId: replica.groupId })
    await signedUp(elsewhere, 'zoe')
    for (const account of elsewhere.accounts) replica.adopt(account)
    await sent
    expect(await other.outbox()).toEqual({ entries: [], leftOut: 1 })
    expect(replica.documents.filter(({ shelf }) => shelf !== shelves.memory)).toEqual([strange])
  })

  test('are saved with names that Unicode writes longer than they were typed', async () => {
    const { client } = await person(new MemoryReplica(), 'ann')
    const to = ['\ufb2c'.repeat(limits.nameChars * 2 + 8)]
    await client.saveDraft({ to, subject: '', body: '' })
    expect(await client.drafts()).toMatchObject({ drafts: [{ to: to.map((name) => name.normalize('NFC')) }] })
  })
})

describe('marks', () => {
  test('unread stays unread until the mail is opened again', async () => {
    const { client } = await person(new MemoryReplica(), 'ann')
    const mail = await sendNow(client, { to: ['ann'], subject: 'a', body: 'b' })
    await client.read({ mail })
    await client.mark({ mails: [mail], mark: 'unread' })
    expect(await client.list({ folder: 'inbox', limit: 1 })).toMatchObject({ unread: 1, headers: [{ read: false }] })
    expect(await client.read({ mail })).toMatchObject({ read: true })
    expect(await client.list({ folder: 'inbox', limit: 1 })).toMatchObject({ unread: 0, headers: [{ read: true }] })
  })

  test('the trash loses what has been in it for 30 days, at the next look', async () => {
    const { client, clock } = await person(new MemoryReplica(), 'ann')
    const mail = await sendNow(client, { to: ['ann'], subject: 'old', body: '' })
    await client.mark({ mails: [mail], mark: 'trash' })
    clock.move(limits.trashDays * dayMs - limits.trashEveryMs)
    expect(await client.list({ folder: 'trash', limit: 1 })).toMatchObject({ total: 1, headers: [{ inTrash: true }] })
    const changed = new Promise<void>((resolve) => {
      client.onEvent((event: ClientEvent) => {
        if (event.event === 'mailbox') resolve()
      })
    })
    // One look was under way when the clock stood; the next is due within an hour.
    clock.move(2 * limits.trashEveryMs)
    await changed
    expect(await client.list({ folder: 'trash', limit: 1 })).toMatchObject({ total: 0 })
  })

  test('for more mails than one update takes become several', async () => {
    const replica = new MemoryReplica()
    const { client } = await person(replica, 'ann')
    const mail = await sendNow(client, { to: ['ann'], subject: 'a', body: '' })
    const others = Array.from({ length: limits.marksPerUpdate }, (_, index) => mail.replace(/:\d+$/, `:${index + 1}`))
    const before = replica.submissions.length
    const { removals } = await client.deleteMany({ mails: others as (typeof mail)[] })
    expect(removals).toHaveLength(1)
    expect(replica.submissions).toHaveLength(before + 1)
  })
})

describe('a conversation', () => {
  /** What the person sees where the replica, by its clocks, has the mails in the order `clocks`: places in the order of writing. */
  const seen = async (clocks: readonly number[]): Promise<readonly string[]> => {
    const replica = new MemoryReplica()
    const ann = await signedUp(replica, 'ann')
    const letter = { to: ['ann'], body: '' }
    const question = await sendNow(ann, { ...letter, subject: 'question' })
    const answer = await sendNow(ann, { ...letter, subject: 'answer', inReplyTo: question })
    await sendNow(ann, { ...letter, subject: 'thanks', inReplyTo: answer })
    await sendNow(ann, { ...letter, subject: 'another answer', inReplyTo: question })
    const written = replica.mails.splice(0)
    replica.mails.push(...clocks.flatMap((place) => written[place] ?? []))
    return (await ann.conversation({ conversation: question })).mails.map(({ subject }) => subject)
  }

  test('goes by the clocks, where they are right', async () => {
    expect(await seen([0, 1, 2, 3])).toEqual(['question', 'answer', 'thanks', 'another answer'])
    expect(await seen([0, 1, 3, 2])).toEqual(['question', 'answer', 'another answer', 'thanks'])
  })

  test('has no answer before what it answers, however far ahead the clock was with which that was written', async () => {
    expect(await seen([1, 2, 3, 0])).toEqual(['question', 'answer', 'thanks', 'another answer'])
    expect(await seen([2, 3, 1, 0])).toEqual(['question', 'another answer', 'answer', 'thanks'])
    expect(await seen([0, 2, 3, 1])).toEqual(['question', 'another answer', 'answer', 'thanks'])
  })

  test('shows what is left when a mail that was answered is gone', async () => {
    expect(await seen([2, 3, 0])).toEqual(['thanks', 'question', 'another answer'])
  })
})

describe('a conversation that is looked at again', () => {
  test('has each long mail fetched once, and shows its marks as they are', async () => {
    const replica = new MemoryReplica()
    const fetched: UpdateId[] = []
    const ann = await clientOver(async () => {
      const connection = replica.connect()
      const fetch = connection.fetch.bind(connection)
      return Object.assign(connection, {
        fetch: (query: { readonly mail: UpdateId }) => {
          fetched.push(query.mail)
          return fetch(query)
        },
      })
    })
    await ann.signUp({ name: 'ann', password })
    const body = Array.from({ length: limits.listedBodyBytes }, (_, place) => place).join(' ')
    const question = await sendNow(ann, { to: ['ann'], subject: 'short', body: 'why' })
    const mail = await sendNow(ann, { to: ['ann'], subject: 'long', body, inReplyTo: question })
    const conversation = async () => (await ann.conversation({ conversation: question })).mails
    fetched.splice(0)
    await Promise.all([ann.read({ mail }), conversation()])
    expect(fetched).toEqual([mail])
    await ann.mark({ mails: [mail], mark: 'star' })
    expect(await conversation()).toMatchObject([
      { mail: question, body: 'why', read: false },
      { mail, body, starred: true, read: true },
    ])
    expect(fetched).toEqual([mail])
    // What a server says of it otherwise is not taken from what was opened.
    replica.alter = (sealed) => ({ ...sealed, conversation: null })
    expect(await conversation()).toMatchObject([{ mail: question }])
    replica.alter = (sealed) => sealed
    await ann.logOut()
    await ann.logIn({ name: 'ann', password })
    fetched.splice(0)
    await conversation()
    expect(fetched).toEqual([mail])
  })
})

describe('who gets a mail', () => {
  test('those addressed, and apart from them those with a copy, each once', async () => {
    const replica = new MemoryReplica()
    for (const name of ['bob', 'cleo']) await signedUp(replica, name)
    const { client } = await person(replica, 'ann')
    const mail = await sendNow(client, { to: ['bob', 'BOB'], cc: ['cleo', 'bob'], subject: '', body: '' })
    expect(await client.read({ mail })).toMatchObject({ to: ['bob'], cc: ['cleo'] })
    const copies = await sendNow(client, { to: [], cc: ['cleo'], subject: '', body: '' })
    expect(await client.read({ mail: copies })).toMatchObject({ to: [], cc: ['cleo'] })
    const all = await sendNow(client, { to: ['Everyone'], subject: '', body: '' })
    expect(await client.read({ mail: all })).toMatchObject({ to: ['bob', 'cleo'], cc: [] })
  })

  test('nobody can be called everyone', async () => {
    const client = await clientAt(new MemoryReplica(), new ManualClock())
    expect(await codeOf(client.signUp({ name: 'EveryOne', password }))).toBe('BAD_NAME')
  })
})

describe('a snippet', () => {
  test('is the beginning of the text without its marks, in one line', () => {
    expect(snippetOf('# Title\n\nSome *emphasis*, a [link](https://a.example) and `code`.\n\n- one\n- two')).toBe(
      'Title Some emphasis, a link and code. one two',
    )
    expect(snippetOf('```\nlet a = 1\n```')).toBe('let a = 1')
    expect(snippetOf('')).toBe('')
    expect(Array.from(snippetOf('word '.repeat(500))).length).toBeLessThanOrEqual(limits.snippetChars)
    expect(snippetOf('<script>alert(1)</script>')).toBe('<script>alert(1)</script>')
    expect(snippetOf('😀'.repeat(400))).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/)
  })

  test('is the same where a mark ends far behind its beginning, and in a long text as in its first words', () => {
    expect(snippetOf(`See [the plan](https://a.example/${'x'.repeat(500)}) today`)).toBe('See the plan today')
    // As in the mail itself.
    expect(snippetOf('Take 5*3*2 mg, *not* more')).toBe('Take 5*3*2 mg, not more')
    expect(snippetOf(`${'\n'.repeat(450)}late`)).toBe('late')
    const words = 'one two three '.repeat(14)
    expect(snippetOf(words.repeat(20))).toBe(snippetOf(words))
  })
})

test('a mail tells when it was written where that is far from what the servers say', async () => {
  const replica = new MemoryReplica()
  const { client, clock } = await person(replica, 'ann')
  const usual = await sendNow(client, { to: ['ann'], subject: 'usual', body: '' })
  clock.move(dayMs / 2)
  const later = await sendNow(client, { to: ['ann'], subject: 'half a day', body: '' })
  for (const mail of [usual, later]) expect(await client.read({ mail })).not.toHaveProperty('writtenAt')
  clock.move(dayMs)
  const apart = await sendNow(client, { to: ['ann'], subject: 'apart', body: '' })
  const mail = await client.read({ mail: apart })
  expect(mail).toMatchObject({ subject: 'apart', writtenAt: startMs + 1.5 * dayMs })
  const { headers } = await client.list({ folder: 'inbox', limit: 9 })
  expect(headers.map((header) => header.writtenAt)).toEqual([mail.writtenAt, undefined, undefined])
  const [line] = headers.map((header) =>
    headerLine(1, header, 'from', { columns: 99, nowMs: startMs, style: uncolored }),
  )
  expect(line).toMatch(/\(written 16 Nov\) apart/)
  expect(mailLines(mail, { columns: 80, nowMs: startMs, style: uncolored }).join('\n')).toContain(
    'by the clock of its writer',
  )
})

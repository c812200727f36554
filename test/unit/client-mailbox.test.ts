import { describe, expect, test } from 'vitest'

import type { ClientEvent } from '../../replica/client/contract/events.ts'
import { snippetOf } from '../../replica/client/snippet.ts'
import { QuintetError } from '../../replica/core/model/errors.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { shelves } from '../../replica/core/model/mailbox-changes.ts'
import { headerLine, mailLines } from '../../replica/terminal/mail-view.ts'
import { uncolored } from '../../replica/terminal/style.ts'
import { ManualClock, startMs } from '../support/manual-clock.ts'
import { clientAt, nextEvent, sendNow, signedUp } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'

const password = 'a long password'
const dayMs = 86_400_000
/** A byte of what is sealed: behind it is only when the draft was said, in 9 bytes. */
const spoiledFromEnd = 10

/** Somebody with a clock of their own, and what they are told. */
const person = async (replica: MemoryReplica, name: string) => {
  const clock = new ManualClock()
  const client = await clientAt(replica, clock)
  await client.signUp({ name, password })
  return { client, clock }
}

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work
    return 'no failure'
  } catch (error) {
    return error instanceof QuintetError ? error.code : String(error)
  }
}

describe('the outbox', () => {
  test('lets a held mail go when its time is over, and not before', async () => {
    const replica = new MemoryReplica()
    const { client, clock } = await person(replica, 'ann')
    const answer = await client.send({ to: ['ann'], subject: 'soon', body: '', holdMs: 10_000 })
    expect(answer).toMatchObject({ reason: { kind: 'held', until: startMs + 10_000 } })
    clock.move(9_999)
    expect(await client.counts()).toMatchObject({ outbox: 1, sent: 0 })
    const sent = nextEvent(client, 'sent')
    clock.move(1)
    expect(await sent).toMatchObject('outbox' in answer ? { outbox: answer.outbox } : {})
    expect(await client.counts()).toMatchObject({ outbox: 0, sent: 1 })
  })

  test('lets a held mail go in time although the clock is set back meanwhile', async () => {
    const { client, clock } = await person(new MemoryReplica(), 'ann')
    await client.send({ to: ['ann'], subject: 'soon', body: '', holdMs: 10_000 })
    const sent = nextEvent(client, 'sent')
    clock.set(-3_600_000)
    clock.move(10_000)
    await sent
    expect(await client.counts()).toMatchObject({ outbox: 0, sent: 1 })
  })

  test('keeps a held mail no longer because the clock was ahead when it was queued', async () => {
    const replica = new MemoryReplica()
    const { client, clock } = await person(replica, 'ann')
    const dayMs = 86_400_000
    clock.move(dayMs)
    await client.send({ to: ['ann'], subject: 'soon', body: '', holdMs: 10_000 })
    // Less than by a minute, as clocks are set right all the time.
    clock.move(-30_000)
    replica.tellAll({ event: 'mailbox' })
    expect(await client.counts()).toMatchObject({ outbox: 1, sent: 0 })
    expect(await client.outbox()).toMatchObject({ entries: [{ reason: { kind: 'held' } }] })
    const sent = nextEvent(client, 'sent')
    clock.move(-dayMs)
    replica.tellAll({ event: 'mailbox' })
    await sent
    expect(await client.counts()).toMatchObject({ outbox: 0, sent: 1 })
  })

  test('sends a mail once although the program died between sending it and noting that', async () => {
    const replica = new MemoryReplica()
    const { client, clock } = await person(replica, 'ann')
    const { draft } = await client.saveDraft({ to: [], subject: '', body: '' })
    await client.send({ to: ['ann'], subject: 'once', body: '', holdMs: 5_000, draft })
    const entry = replica.documents.find(({ document }) => document === draft)
    const sent = nextEvent(client, 'sent')
    clock.move(5_000)
    await sent
    await client.close()
    // As it was before the entry was taken out, so long ago that the replica has forgotten the command.
    if (entry !== undefined) replica.documents.push(entry)
    replica.forgetCommands()
    const again = await clientAt(replica, clock)
    const noted = nextEvent(again, 'sent')
    await again.logIn({ name: 'ann', password })
    await noted
    expect(await again.counts()).toMatchObject({ outbox: 0, sent: 1 })
  })

  test('does not wait for whom nobody can be called', async () => {
    const replica = new MemoryReplica()
    replica.isWhole = false
    const { client } = await person(replica, 'ann')
    const send = (name: string, holdMs = 0) => client.send({ to: ['ann', name], subject: '', body: '', holdMs })
    const nobody = [
      '',
      '  ',
      ' zoe',
      'zoe\t',
      'a\u0000b',
      'z\u200boe',
      '~2',
      'zoe~\u0000',
      'z'.repeat(limits.nameChars + 1),
    ]
    for (const name of [...nobody, 'z'.repeat(1_000)]) {
      for (const holdMs of [0, 1_000]) expect([name, await codeOf(send(name, holdMs))]).toEqual([name, 'BAD_NAME'])
    }
    await expect(send('a\u0000b')).rejects.toThrow('"a\\u0000b"')
    expect((await client.outbox()).entries).toEqual([])
    // Somebody may be called so on the other side, or look like this.
    for (const name of ['zoe~2', 'zoe~2~3', '*', 'zо\u0435'])
      expect(await send(name)).toMatchObject({ reason: { kind: 'unknownNames', names: [name] } })
  })

  test('waits for a name only where somebody cannot be reached, and leaves when the account arrives', async () => {
    const replica = new MemoryReplica()
    const elsewhere = new MemoryReplica({ groupId: replica.groupId })
    await signedUp(elsewhere, 'zoe')
    const { client } = await person(replica, 'ann')
    expect(await codeOf(client.send({ to: ['zoe'], subject: 'a', body: '' }))).toBe('NO_SUCH_ACCOUNT')
    replica.isWhole = false
    const answer = await client.send({ to: ['ann', 'zoe'], subject: 'waits', body: '' })
    expect(answer).toMatchObject({ reason: { kind: 'unknownNames', names: ['zoe'] } })
    const sent = nextEvent(client, 'sent')
    for (const account of elsewhere.accounts) replica.adopt(account)
    await sent
    const { headers } = await client.list({ folder: 'sent', limit: 10 })
    expect(headers).toMatchObject([{ subject: 'waits', to: ['ann', 'zoe'] }])
  })

  /** Ann knows one ben; another one, who was first, comes from across the partition and keeps the name. */
  const twoBens = async () => {
    const replica = new MemoryReplica()
    const elsewhere = new MemoryReplica({ groupId: replica.groupId })
    await signedUp(elsewhere, 'ben')
    await signedUp(replica, 'ben')
    const { client, clock } = await person(replica, 'ann')
    replica.isWhole = false
    const merge = (): void => {
      const known = replica.accounts.findIndex(({ name }) => name === 'ben')
      const [account] = replica.accounts.splice(known, 1)
      if (account !== undefined) replica.accounts.push({ ...account, name: 'ben~1' })
      for (const other of elsewhere.accounts) replica.adopt(other)
    }
    return { replica, elsewhere, client, clock, merge }
  }

  const anothers = { kind: 'failed', message: expect.stringContaining("is somebody else's by now") as string }

  test('keeps a mail whose name has become somebody else, and says so', async () => {
    const { replica, client, clock, merge } = await twoBens()
    await client.send({ to: ['ben'], subject: 'secret', body: '', holdMs: 1_000 })
    merge()
    clock.move(1_000)
    await expect.poll(() => client.outbox()).toMatchObject({ entries: [{ subject: 'secret', reason: anothers }] })
    expect(replica.mails).toEqual([])
  })

  test('keeps it also after a restart, or where the person logs in next', async () => {
    const { replica, client, clock, merge } = await twoBens()
    await client.send({ to: ['ben'], subject: 'secret', body: '', holdMs: 1_000 })
    // As it does: whoever comes next takes the session over.
    merge()
    clock.move(1_000)
    const next = await clientAt(replica, clock)
    await next.logIn({ name: 'ann', password })
    await expect.poll(() => next.outbox()).toMatchObject({ entries: [{ subject: 'secret', reason: anothers }] })
    expect(replica.mails).toEqual([])
  })

  test('keeps it also when it waited for another name', async () => {
    const { replica, elsewhere, client, merge } = await twoBens()
    await signedUp(elsewhere, 'zoe')
    await client.send({ to: ['ben', 'zoe'], subject: 'secret', body: '' })
    merge()
    await expect.poll(() => client.outbox()).toMatchObject({ entries: [{ reason: { kind: 'failed' } }] })
    expect(replica.mails).toEqual([])
  })

  test('has let a mail go of which only the answer was lost, whoever has its name by now', async () => {
    const { replica, client, clock, merge } = await twoBens()
    await client.send({ to: ['ben'], subject: 'secret', body: '', holdMs: 1_000 })
    const [connection] = [...replica.connections].slice(-1)
    if (connection === undefined) throw new Error('ann is connected')
    const submit = connection.submit.bind(connection)
    connection.submit = async (submission) => {
      connection.submit = submit
      await submit(submission)
      merge()
      throw new QuintetError('INTERNAL', 'The answer was lost.')
    }
    const sent = nextEvent(client, 'sent')
    clock.move(1_000)
    await sent
    expect(await client.counts()).toMatchObject({ outbox: 0, sent: 1 })
  })

  test('gives back what was written, and says so when it has left', async () => {
    const { client, clock } = await person(new MemoryReplica(), 'ann')
    const letter = { to: ['ann'], cc: ['ann'], subject: 'undo', body: 'text' }
    const answer = await client.send({ ...letter, holdMs: 1_000 })
    const outbox = 'outbox' in answer ? answer.outbox : ''
    expect(await client.cancelOutbox({ outbox })).toEqual(letter)
    expect(await codeOf(client.cancelOutbox({ outbox }))).toBe('NO_SUCH_MAIL')
    clock.move(2_000)
    expect(await client.counts()).toMatchObject({ outbox: 0, sent: 0 })
  })

  test('makes a draft of what is taken back, in one step', async () => {
    const { client } = await person(new MemoryReplica(), 'ann')
    const letter = { to: ['ann'], cc: ['ann'], subject: 'undo', body: 'text' }
    const answer = await client.send({ ...letter, holdMs: 1_000 })
    const outbox = 'outbox' in answer ? answer.outbox : null
    if (outbox === null) throw new Error('it was not held')
    expect(await client.cancelOutbox({ outbox, keep: 'draft' })).toEqual(letter)
    expect(await client.counts()).toMatchObject({ outbox: 0, drafts: 1 })
    expect(await client.drafts()).toMatchObject({ drafts: [{ ...letter, draft: outbox }] })
    await client.discardDraft({ draft: outbox })
    expect(await client.counts()).toMatchObject({ outbox: 0, drafts: 0, sent: 0 })
  })
})

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

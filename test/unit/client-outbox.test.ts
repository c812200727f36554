import { describe, expect, test } from 'vitest'

import type { AccountId } from '../../replica/core/model/ids.ts'
import type { Folder } from '../../replica/api/contract.ts'
import { fail, QuintetError } from '../../replica/core/model/errors.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { shelves } from '../../replica/core/model/mailbox-changes.ts'
import { codeOf } from '../support/code-of.ts'
import { startMs } from '../support/manual-clock.ts'
import { clientAt, nextEvent, person, sendNow, signedUp } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'
import { shownBy } from '../support/terminal.ts'
import { runInteractiveTerminal } from '../../replica/terminal/interactive-terminal.ts'

const password = "ann's password"

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

  test('tries a mail again by itself that could not leave when its time was over', async () => {
    const replica = new MemoryReplica()
    const { client, clock } = await person(replica, 'ann')
    await client.send({ to: ['ann'], subject: 'soon', body: '', holdMs: 10_000 })
    const execute = replica.execute.bind(replica)
    const tries: string[] = []
    replica.execute = (submission, session) => {
      if (submission.kind === 'mail') tries.push(submission.command)
      return tries.length === 1 ? fail('DISK_FULL', 'There is no room.') : execute(submission, session)
    }
    clock.move(10_000)
    await expect.poll(() => tries.length).toBeGreaterThan(0)
    await expect.poll(async () => (clock.move(limits.outboxRetryMs), (await client.counts()).sent)).toBe(1)
    expect(await client.counts()).toMatchObject({ outbox: 0, sent: 1 })
  })

  test('sends a mail once although the program died between sending it and noting that', async () => {
    const replica = new MemoryReplica()
    const { client, clock } = await person(replica, 'ann')
    const { draft } = await client.saveDraft({ to: [], subject: '', body: '' })
    await client.send({ to: ['ann'], subject: 'once', body: '', holdMs: 5_000, draft })
    const entry = replica.documents.find(({ shelf }) => shelf === shelves.outbox)
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

  test('looks once whether a mail that waits has been sent before, however much happens meanwhile', async () => {
    let looks = 0
    class CountingReplica extends MemoryReplica {
      override box(folder: Folder, owner: AccountId) {
        if (folder === 'sent') looks += 1
        return super.box(folder, owner)
      }
    }
    const replica = new CountingReplica()
    replica.isWhole = false
    const { client, clock } = await person(replica, 'ann')
    await client.send({ to: ['nobody yet'], subject: 'waits', body: '' })
    await client.close()
    const again = await clientAt(replica, clock)
    await again.logIn({ name: 'ann', password })
    await expect.poll(() => looks).toBeGreaterThan(0)
    const before = looks
    for (let times = 0; times < 3; times++) {
      replica.tellAll({ event: 'mailbox' })
      await again.outbox()
    }
    expect(looks).toBe(before)
    expect(await again.outbox()).toMatchObject({ entries: [{ reason: { kind: 'unknownNames' } }] })
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

  test('keeps a mail to a name that nobody has no moment as if it were on its way', async () => {
    const replica = new MemoryReplica()
    const { client } = await person(replica, 'ann')
    const letter = { to: ['ann', 'zoe'], subject: '', body: '', holdMs: 10_000 }
    expect(await codeOf(client.send(letter))).toBe('NO_SUCH_ACCOUNT')
    expect((await client.outbox()).entries).toEqual([])
    replica.isWhole = false
    expect(await client.send(letter)).toMatchObject({ reason: { kind: 'unknownNames', names: ['zoe'] } })
  })

  test('tells when a mail does not leave though its time is over', async () => {
    const replica = new MemoryReplica()
    const { client, clock } = await person(replica, 'ann')
    await signedUp(replica, 'ben')
    await client.send({ to: ['ben'], subject: '', body: '', holdMs: 1_000 })
    replica.isWhole = false
    replica.accounts.splice(
      replica.accounts.findIndex(({ name }) => name === 'ben'),
      1,
    )
    const told = nextEvent(client, 'mailbox')
    clock.move(limits.cachedNameMs + 1)
    await told
    expect((await client.outbox()).entries).toMatchObject([{ reason: { kind: 'unknownNames', names: ['ben'] } }])
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

  test('says so when all of the group is together and nobody has the name that is waited for', async () => {
    const replica = new MemoryReplica()
    replica.isWhole = false
    const { client } = await person(replica, 'ann')
    for (const name of ['ben', 'clio']) await client.send({ to: [name], subject: 'split', body: '' })
    const reasons = async () => (await client.outbox()).entries.map(({ reason }) => reason)
    const waits = ['ben', 'clio'].map((name) => ({ kind: 'unknownNames', names: [name] }))
    expect(await reasons()).toEqual(waits)
    replica.isWhole = true
    replica.tellAll({ event: 'view', view: replica.view })
    await expect.poll(reasons).toEqual(waits.map((reason) => ({ ...reason, nobody: true })))
    // It leaves all the same when there is somebody.
    const sent = nextEvent(client, 'sent')
    await signedUp(replica, 'ben')
    replica.tellAll({ event: 'people' })
    await sent
    const text = await shownBy(runInteractiveTerminal, client, ['outbox', 'quit'])
    expect(text).toContain('nobody in the group is called clio')
  })

  test('still leaves when its draft was sent, or written on, on another side of a split', async () => {
    const replica = new MemoryReplica()
    replica.isWhole = false
    const { client } = await person(replica, 'ann')
    const { draft } = await client.saveDraft({ to: [], subject: 'both', body: '' })
    await client.send({ to: ['ben'], subject: 'from here', body: '', draft })
    expect(await client.counts()).toMatchObject({ drafts: 0, outbox: 1 })
    // What the merge brings from there.
    await client.saveDraft({ to: [], subject: 'both', body: 'more', draft })
    await client.send({ to: ['ann'], subject: 'from there', body: 'more', draft })
    const sent = nextEvent(client, 'sent')
    await signedUp(replica, 'ben')
    replica.tellAll({ event: 'people' })
    await sent
    const { headers } = await client.list({ folder: 'sent', limit: 9 })
    expect(headers.map(({ subject }) => subject)).toEqual(['from here', 'from there'])
    expect(await client.counts()).toMatchObject({ drafts: 0, outbox: 0 })
  })

  test('sends nothing that was taken back while a mail before it left slowly', async () => {
    const replica = new MemoryReplica()
    const { client, clock } = await person(replica, 'ann')
    const [connection] = replica.connections
    const submit = connection!.submit.bind(connection)
    const [asked, slow] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()]
    connection!.submit = async (submission) => {
      if (submission.kind === 'mail') {
        asked.resolve(undefined)
        await slow.promise
      }
      return submit(submission)
    }
    await client.send({ to: ['ann'], subject: 'slow', body: '', holdMs: 5_000 })
    const second = await client.send({ to: ['ann'], subject: 'taken back', body: '', holdMs: 10_000 })
    await client.send({ to: ['ann'], subject: 'last', body: '', holdMs: 10_000 })
    clock.move(5_000)
    await asked.promise
    if ('outbox' in second) await client.cancelOutbox({ outbox: second.outbox, keep: 'draft' })
    clock.move(5_000)
    slow.resolve(undefined)
    await expect.poll(async () => (await client.counts()).outbox).toBe(0)
    const { headers } = await client.list({ folder: 'sent', limit: 10 })
    expect(headers.map(({ subject }) => subject).sort()).toEqual(['last', 'slow'])
    expect((await client.drafts()).drafts).toMatchObject([{ subject: 'taken back' }])
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

test('a mail that waits keeps its files when its draft is sent on the other side of a split', async () => {
  const replica = new MemoryReplica()
  const { client: ann, clock } = await person(replica, 'ann')
  const plan = { name: 'plan.pdf', content: 'cGxhbg==' }
  const { attachment } = await ann.attach(plan)
  const letter = { to: ['zoe'], subject: 'from one side', body: '', attachments: [attachment] }
  replica.isWhole = false
  await ann.send(letter)
  const sent = nextEvent(ann, 'sent')
  await sendNow(ann, { ...letter, to: ['ann'], subject: 'from the other side' })
  replica.isWhole = true
  const zoe = await signedUp(replica, 'zoe', clock)
  replica.tellAll({ event: 'people' })
  const { mail } = await sent
  expect(await zoe.attachment({ mail, number: 1 })).toEqual(plan)
  expect(replica.documents.filter(({ shelf }) => shelf === shelves.attachments)).toEqual([])
})

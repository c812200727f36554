import PostalMime from 'postal-mime'
import { describe, expect, test } from 'vitest'

import type { Submission } from '../../replica/api/contract.ts'
import { QuintetError } from '../../replica/core/model/errors.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { shelves } from '../../replica/core/model/mailbox-changes.ts'
import { verifiedAccount } from '../../replica/client/account-directory.ts'
import { importPublicKey } from '../../replica/client/hpke.ts'
import { fileName } from '../../replica/client/file-name.ts'
import { decodeDocumentPayload } from '../../replica/wire/mailbox-payloads.ts'
import { fileOf, photo } from '../support/attached-files.ts'
import { clientAt, clientOf, nextEvent, sendNow, signedUp } from '../support/mail-clients.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { signUpRaw } from '../support/raw-client.ts'
import { MemoryReplica } from '../support/memory-replica.ts'

const plan = fileOf('plan.pdf', new TextEncoder().encode('the secret plan'))
const dayMs = 86_400_000
const annsLogIn = { name: 'ann', password: "ann's password" }

/** Ann, by a clock of her own, and the files that are kept for letters of hers. */
const annAlone = async () => {
  const replica = new MemoryReplica()
  const clock = new ManualClock()
  const ann = await clientAt(replica, clock)
  await ann.signUp(annsLogIn)
  const names = (): readonly string[] =>
    replica.documents.filter(({ shelf }) => shelf === shelves.attachments).map(({ document }) => document)
  return { replica, clock, ann, names }
}

const isWrite = ({ kind, payload }: Submission): boolean => {
  const read = decodeDocumentPayload(payload)
  return kind === 'document' && read.ok && read.value.sealed !== null
}

const kept = (replica: MemoryReplica): number =>
  replica.documents.filter(({ shelf }) => shelf === shelves.attachments).length

describe('files attached to a mail', () => {
  test('are sealed with it, and are had whole by who it is for', async () => {
    const replica = new MemoryReplica()
    const [ann, ben] = [await signedUp(replica, 'ann'), await signedUp(replica, 'ben')]
    const attached = [await ann.attach(plan), await ann.attach(photo)]
    expect(attached).toMatchObject([
      { name: 'plan.pdf', size: 15 },
      { name: 'photo.jpg', size: 300_000 },
    ])
    const attachments = attached.map(({ attachment }) => attachment)
    const mail = await sendNow(ann, { to: ['ben'], subject: 'Both', body: 'see there', attachments })
    for (const { payload } of replica.submissions) expect(Buffer.from(payload).includes('secret plan')).toBe(false)
    expect(kept(replica)).toBe(0)

    expect((await ben.list({ folder: 'inbox', limit: 1 })).headers).toMatchObject([{ attachmentCount: 2, read: false }])
    expect(await ben.attachment({ mail, number: 1 })).toEqual(plan)
    expect(await ben.attachment({ mail, number: 2 })).toEqual(photo)
    expect((await ben.list({ folder: 'inbox', limit: 1 })).headers).toMatchObject([{ read: false }])
    expect(await ben.read({ mail })).toMatchObject({
      body: 'see there',
      attachmentCount: 2,
      attachments: [
        { name: 'plan.pdf', size: 15 },
        { name: 'photo.jpg', size: 300_000 },
      ],
    })
    for (const number of [0, 3, 1.5])
      await expect(ben.attachment({ mail, number })).rejects.toMatchObject({ code: 'NO_SUCH_ATTACHMENT' })
  })

  test('stay with a draft, with a mail that waits, and with one that is forwarded', async () => {
    const replica = new MemoryReplica()
    const [ann, ben] = [await signedUp(replica, 'ann'), await signedUp(replica, 'ben')]
    const { attachment } = await ann.attach(plan)
    const letter = { to: ['ben'], subject: 'Plan', body: '', attachments: [attachment] }
    const { draft } = await ann.saveDraft(letter)
    await ann.logOut()
    const elsewhere = await clientOf(replica)
    await elsewhere.logIn({ name: 'ann', password: "ann's password" })
    const shown = [{ attachment, name: 'plan.pdf', size: 15 }]
    expect((await elsewhere.drafts()).drafts).toMatchObject([{ draft, attachments: shown }])
    const answer = await elsewhere.send({ ...letter, draft, holdMs: 60_000 })
    if (!('outbox' in answer)) throw new Error('it is held')
    expect((await elsewhere.outbox()).entries).toMatchObject([{ attachments: shown }])
    expect(await elsewhere.cancelOutbox({ outbox: answer.outbox, keep: 'draft' })).toMatchObject({ attachments: shown })

    const left = nextEvent(elsewhere, 'sent')
    await elsewhere.send({ ...letter, draft, holdMs: 1 })
    const { mail } = await left
    expect(kept(replica)).toBe(0)
    const { attachments } = await ben.attachFrom({ mail })
    expect(attachments).toMatchObject([{ name: 'plan.pdf', size: 15 }])
    const forwarded = {
      to: ['ann'],
      subject: 'Fwd: Plan',
      body: '',
      attachments: attachments.map((one) => one.attachment),
    }
    const back = await sendNow(ben, forwarded)
    expect(await elsewhere.attachment({ mail: back, number: 1 })).toEqual(plan)
  })

  test('keep the order of mails that are sent one after the other', async () => {
    const replica = new MemoryReplica()
    const ann = await signedUp(replica, 'ann')
    const { attachment } = await ann.attach(photo)
    const first = { to: ['ann'], subject: 'first', body: '', attachments: [attachment] }
    await Promise.all([ann.send(first), ann.send({ to: ['ann'], subject: 'second', body: '' })])
    const { headers } = await ann.list({ folder: 'sent', limit: 2 })
    expect(headers.map(({ subject }) => subject)).toEqual(['second', 'first'])
  })

  test('have limits, which are told before anything is written', async () => {
    const replica = new MemoryReplica()
    const ann = await signedUp(replica, 'ann')
    const tooLarge = ann.attach(fileOf('film.mp4', new Uint8Array(limits.bodyBytes)))
    await expect(tooLarge).rejects.toMatchObject({ code: 'TOO_LARGE' })
    await expect(ann.attach({ name: 'a', content: 'not base64' })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    const half = fileOf('half.bin', new Uint8Array(limits.bodyBytes / 2))
    const halves = [await ann.attach(half), await ann.attach(half)].map(({ attachment }) => attachment)
    const both = { to: ['ann'], subject: '', body: '', attachments: halves }
    await expect(ann.send(both)).rejects.toMatchObject({ code: 'TOO_LARGE' })
    await expect(ann.send({ ...both, holdMs: 60_000 })).rejects.toMatchObject({ code: 'TOO_LARGE' })
    // While it is written it may be too large: it is kept all the same.
    await ann.saveDraft(both)
    const small = await Promise.all(
      Array.from({ length: limits.attachments + 1 }, async () => (await ann.attach(plan)).attachment),
    )
    const many = { to: ['ann'], subject: '', body: '', attachments: small }
    await expect(ann.send(many)).rejects.toMatchObject({ code: 'TOO_MANY' })
    const most = await sendNow(ann, { ...many, attachments: small.slice(1) })
    expect((await ann.read({ mail: most })).attachments).toHaveLength(limits.attachments)
  })

  test('that are not there are told, and a draft is none', async () => {
    const ann = await signedUp(new MemoryReplica(), 'ann')
    const { draft } = await ann.saveDraft({ to: [], subject: 'a draft', body: '' })
    for (const attachments of [[draft], ['A'.repeat(22)]])
      await expect(ann.send({ to: ['ann'], subject: '', body: '', attachments })).rejects.toMatchObject({
        code: 'NO_SUCH_ATTACHMENT',
      })
    const badName = ann.send({ to: ['ann'], subject: '', body: '', attachments: ['../draft'] })
    await expect(badName).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  })

  test('are nobody else’s', async () => {
    const replica = new MemoryReplica()
    const [ann, ben] = [await signedUp(replica, 'ann'), await signedUp(replica, 'ben')]
    const { attachment } = await ann.attach(plan)
    const stolen = ben.send({ to: ['ben'], subject: '', body: '', attachments: [attachment] })
    await expect(stolen).rejects.toMatchObject({ code: 'NO_SUCH_ATTACHMENT' })
  })

  test('go a week after their letter was thrown away, those of a draft stay', async () => {
    const { replica, ann, clock, names } = await annAlone()
    const [used, thrownAway] = [await ann.attach(plan), await ann.attach(photo)]
    await ann.saveDraft({ to: [], subject: '', body: '', attachments: [used.attachment] })
    const { draft } = await ann.saveDraft({ to: [], subject: '', body: '', attachments: [thrownAway.attachment] })
    await ann.discardDraft({ draft })
    clock.move(6 * dayMs)
    await ann.logOut()
    await ann.logIn(annsLogIn)
    await ann.counts()
    expect(names()).toHaveLength(2)
    clock.move(2 * dayMs)
    await ann.logOut()
    // A letter on the other side of a split may name it.
    replica.isWhole = false
    await ann.logIn(annsLogIn)
    for (let turn = 0; turn < 20; turn++) await ann.counts()
    expect(names()).toHaveLength(2)
    await ann.logOut()
    replica.isWhole = true
    await ann.logIn(annsLogIn)
    await expect.poll(names).toEqual([used.attachment])
    expect(replica.statuses).toBe(1)
  })

  test('stay where the letter that names them is on its way', async () => {
    const { replica, ann, clock, names } = await annAlone()
    const { attachment } = await ann.attach(plan)
    const before = replica.documents
    await ann.saveDraft({ to: [], subject: '', body: '', attachments: [attachment] })
    const after = replica.documents
    clock.move(8 * dayMs)
    await ann.logOut()
    // A server that was away has the file, and not yet what came after it.
    replica.documents = before
    replica.lacks = 1
    await ann.logIn(annsLogIn)
    await expect.poll(() => replica.statuses).toBe(1)
    for (let turn = 0; turn < 20; turn++) await ann.counts()
    expect(names()).toEqual([attachment])
    await ann.logOut()
    replica.documents = after
    replica.lacks = 0
    await ann.logIn(annsLogIn)
    await expect.poll(() => replica.statuses).toBe(2)
    for (let turn = 0; turn < 20; turn++) await ann.counts()
    expect(names()).toEqual([attachment])
  })

  test('and nothing else goes, whatever a server says is a file', async () => {
    const { replica, ann, clock } = await annAlone()
    await signedUp(replica, 'ben')
    await sendNow(ann, { to: ['ben'], subject: '', body: '' })
    await expect.poll(() => replica.documents).toHaveLength(1)
    await ann.saveDraft({ to: [], subject: 'a draft', body: '' })
    await ann.send({ to: ['ann'], subject: 'a mail that waits', body: '', holdMs: 3_600_000 })
    const thrownAway = await ann.attach(plan)
    clock.move(8 * dayMs)
    await ann.close()
    const { documents } = replica
    replica.documents = documents.map((held) => ({ ...held, shelf: shelves.attachments }))
    const next = await clientAt(replica, clock)
    await next.logIn(annsLogIn)
    const left = (): readonly string[] => replica.documents.map(({ document }) => document)
    await expect.poll(left).not.toContain(thrownAway.attachment)
    for (let turn = 0; turn < 20; turn++) await next.counts()
    expect(left()).toHaveLength(documents.length - 1)
  })

  test('make room for others when there is none, unless a letter names them', async () => {
    const { replica, ann, clock, names } = await annAlone()
    const [used] = [await ann.attach(plan), await ann.attach(photo), await ann.attach(photo)]
    await ann.saveDraft({ to: [], subject: '', body: '', attachments: [used.attachment] })
    const [connection] = [...replica.connections].slice(-1)
    if (connection === undefined) throw new Error('ann is connected')
    const submit = connection.submit.bind(connection)
    connection.submit = (submission) =>
      isWrite(submission) && names().length >= 3
        ? Promise.reject(new QuintetError('TOO_MANY', 'There are as many as there can be.'))
        : submit(submission)
    await expect(ann.attach(plan)).rejects.toMatchObject({ code: 'TOO_MANY' })
    clock.move(2 * 3_600_000)
    const { attachment } = await ann.attach(plan)
    expect(names()).toEqual([used.attachment, attachment])
  })
})

describe('the name of a file', () => {
  test.each([
    ['plan.pdf', 'plan.pdf'],
    ['../../etc/passwd', 'passwd'],
    ['C:\\Windows\\system32\\evil.dll', 'evil.dll'],
    ['a/', '_'],
    ['..', '_'],
    ['.bashrc', '_bashrc'],
    ['...  ', '_'],
    ['', '_'],
    ['con.txt', 'con_.txt'],
    ['invoice\u202efdp.exe', 'invoice_fdp.exe'],
    ['two\nlines\u0000.txt', 'two lines_.txt'],
    ['what? "this" <is>|*:.txt', 'what_ _this_ _is_.txt'],
    ['trailing. . .', 'trailing'],
    ['half\ud83d.txt', 'half_.txt'],
    ['Ünïcode 日本 🚢.png', 'Ünïcode 日本 🚢.png'],
  ])('%j is %j', (from, to) => {
    expect(fileName(from)).toBe(to)
  })

  test('is never longer than a file system takes, and keeps its ending where there is room', () => {
    expect(fileName(`${'a'.repeat(300)}.pdf`)).toBe(`${'a'.repeat(limits.fileNameChars - 4)}.pdf`)
    for (const name of [
      `a.${'b'.repeat(300)}`,
      '🚢'.repeat(200),
      'e' + '\u0301'.repeat(500),
      `${'語'.repeat(300)}.txt`,
    ]) {
      expect(fileName(name).length).toBeLessThanOrEqual(limits.fileNameChars)
      expect(Buffer.byteLength(fileName(name))).toBeLessThanOrEqual(255)
      expect(fileName(name).isWellFormed()).toBe(true)
    }
  })

  test('that a sender has not made safe is made so by who reads it', async () => {
    const replica = new MemoryReplica()
    const ann = await signedUp(replica, 'ann')
    const { groupId } = replica
    const api = replica.connect()
    const eve = await signUpRaw(api, groupId, 'eve')
    const [info] = await api.lookUp({ names: ['ann'], accounts: [] })
    if (info === undefined) throw new Error('ann has signed up')
    const { account, sealKey } = verifiedAccount(groupId, info)
    const files = ['../../.ssh/authorized_keys', 'photo\u202egpj.exe'].map((name) => ({
      name,
      bytes: new Uint8Array(3),
    }))
    const letter = { subject: '', snippet: '', addressed: 1, inReplyTo: null, conversation: null, body: '', files }
    const to = [{ account, sealKey: await importPublicKey(sealKey) }]
    const answer = await api.submit(await eve.mail({ ...letter, command: eve.newCommand(), to }))
    if (!('update' in answer)) throw new Error('it is sent')
    const mail = answer.update
    const names = ['authorized_keys', 'photo_gpj.exe']
    expect((await ann.read({ mail })).attachments).toEqual(names.map((name) => ({ name, size: 3 })))
    expect(await ann.attachment({ mail, number: 1 })).toMatchObject({ name: 'authorized_keys' })
    const exported = await PostalMime.parse(Buffer.from((await ann.exportMail({ mail })).content, 'base64'))
    expect(exported.attachments.map(({ filename }) => filename)).toEqual(names)
    const { attachments } = await ann.attachFrom({ mail })
    expect(attachments.map(({ name }) => name)).toEqual(names)
  })
})

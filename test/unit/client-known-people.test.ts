import { describe, expect, test } from 'vitest'

import { decodeKeptSession } from '../../replica/client/kept-session.ts'
import { personKeysOf } from '../../replica/client/person-keys.ts'
import { Session } from '../../replica/client/session.ts'
import { QuintetError } from '../../replica/core/model/errors.ts'
import { accountId, serverId } from '../../replica/core/model/ids.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { shelves } from '../../replica/core/model/mailbox-changes.ts'
import { runInteractiveTerminal } from '../../replica/terminal/interactive-terminal.ts'
import { encodeCbor } from '../../replica/wire/cbor.ts'
import { codeOf } from '../support/code-of.ts'
import { testRandom } from '../support/client-ports.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { cheapPassword, clientAt, clientOver, nextEvent, sendNow, signedUp } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'
import { shownBy } from '../support/terminal.ts'

const password = 'a long password'

/**
 * Ann, at a replica where there is a ben. `lie`: from now on it says that somebody else is ben, whose account and keys it has made itself; the ben
 * that there was is called ben~1 there, as after a merge.
 */
const annAndBen = async () => {
  const replica = new MemoryReplica()
  const elsewhere = new MemoryReplica({ groupId: replica.groupId, server: serverId(2) })
  const ben = await signedUp(replica, 'ben')
  const otherBen = await signedUp(elsewhere, 'ben')
  const clock = new ManualClock()
  const ann = await clientAt(replica, clock)
  await ann.signUp({ name: 'ann', password })
  const lie = (): void => {
    const place = replica.accounts.findIndex(({ name }) => name === 'ben')
    const [account] = replica.accounts.splice(place, 1)
    if (account !== undefined) replica.accounts.push({ ...account, name: 'ben~1' })
    for (const other of elsewhere.accounts) replica.adopt(other)
  }
  const falseBen = elsewhere.accounts[0]?.account
  if (falseBen === undefined || ben.account === null) throw new Error('both bens are signed up')
  return { replica, elsewhere, ann, ben, otherBen, clock, lie, bens: { first: ben.account, other: falseBen } }
}

const toBen = { to: ['ben'], subject: 'for ben alone', body: '' }

describe('a name that was written to', () => {
  test('is not written to when it is another account, and says why and who is called how', async () => {
    const { replica, ann, lie } = await annAndBen()
    await sendNow(ann, toBen)
    lie()
    const refused = ann.send({ ...toBen, to: ['BEN'] })
    await expect(refused).rejects.toMatchObject({ code: 'NAME_CHANGED_HANDS' })
    await expect(refused).rejects.toThrow(/ben is another account .* called ben~1 now/)
    expect(await codeOf(ann.send({ ...toBen, holdMs: 1_000 }))).toBe('NAME_CHANGED_HANDS')
    expect(await codeOf(ann.follow({ name: 'ben' }))).toBe('NAME_CHANGED_HANDS')
    expect(replica.mails).toHaveLength(1)
    expect(await ann.outbox()).toEqual({ entries: [] })
    // The one whom ann knows has not gone away.
    await sendNow(ann, { ...toBen, to: ['ben~1'] })
  })

  test('is remembered wherever the person logs in, by a document that no server can read', async () => {
    const { replica, ann, clock, lie } = await annAndBen()
    await sendNow(ann, toBen)
    await ann.close()
    expect(replica.documents).toMatchObject([{ shelf: shelves.memory }])
    expect(Buffer.from(replica.documents[0]?.payload ?? []).includes('ben')).toBe(false)
    lie()
    const next = await clientAt(replica, clock)
    await next.logIn({ name: 'ann', password })
    expect(await codeOf(next.send(toBen))).toBe('NAME_CHANGED_HANDS')
  })

  test('is remembered while the client runs, although the server has gone back to before', async () => {
    const { replica, ann, clock, lie } = await annAndBen()
    await signedUp(replica, 'cleo')
    await sendNow(ann, toBen)
    await expect.poll(() => replica.documents).toHaveLength(1)
    replica.documents = []
    lie()
    await sendNow(ann, { ...toBen, to: ['cleo'] })
    clock.move(limits.rememberEveryMs)
    await expect.poll(() => replica.documents).toHaveLength(1)
    expect(await codeOf(ann.send(toBen))).toBe('NAME_CHANGED_HANDS')
    await ann.close()
    const next = await clientAt(replica, clock)
    await next.logIn({ name: 'ann', password })
    expect(await codeOf(next.send(toBen))).toBe('NAME_CHANGED_HANDS')
  })

  test('is another one when the person has compared the words and says so', async () => {
    const { replica, ann, ben, clock, lie, bens } = await annAndBen()
    await sendNow(ann, toBen)
    const { identities: before } = await ann.identities({ names: ['Ben', 'nobody'] })
    expect(before).toMatchObject([{ name: 'ben', account: bens.first, known: null }])
    const own = await ben.identities({ names: ['ben'] })
    expect(own.identities).toEqual(before)
    lie()
    const { identities } = await ann.identities({ names: ['ben'] })
    expect(identities).toMatchObject([
      { name: 'ben', account: bens.other, known: { account: bens.first, words: before[0]?.words, calledNow: 'ben~1' } },
    ])
    expect(identities[0]?.words.split(' ')).toHaveLength(8)
    expect(identities[0]?.words).not.toBe(before[0]?.words)
    expect(await codeOf(ann.accept({ name: 'ben', account: accountId('ben') }))).toBe('BAD_REQUEST')
    await ann.accept({ name: 'ben', account: bens.other })
    await sendNow(ann, toBen)
    expect((await ann.identities({ names: ['ben'] })).identities).toMatchObject([{ known: null }])
    await ann.close()
    const next = await clientAt(replica, clock)
    await next.logIn({ name: 'ann', password })
    await sendNow(next, toBen)
  })

  test('is the one whom the person has accepted, whoever the server says it is by then', async () => {
    const { ann, lie, bens } = await annAndBen()
    await sendNow(ann, toBen)
    await ann.accept({ name: 'ben', account: bens.other })
    expect(await codeOf(ann.send(toBen))).toBe('NAME_CHANGED_HANDS')
    lie()
    await sendNow(ann, toBen)
  })

  test('does not keep the person from writing to all, nor to themselves', async () => {
    const { replica, ann, lie } = await annAndBen()
    await sendNow(ann, toBen)
    lie()
    await sendNow(ann, { ...toBen, to: ['everyone'] })
    await sendNow(ann, { ...toBen, to: ['ann'] })
    expect(replica.mails.map(({ change }) => change.to.length)).toEqual([1, 2, 1])
  })

  test('is not remembered because of a mail to all: first use is what the person has written', async () => {
    const { ann, lie } = await annAndBen()
    await sendNow(ann, { ...toBen, to: ['everyone'] })
    lie()
    await sendNow(ann, toBen)
  })
})

describe('a mail', () => {
  test('from another account than the known one of its name is shown as such, in lists and open', async () => {
    const { replica, elsewhere, ann, ben, otherBen, lie, bens } = await annAndBen()
    const first = await sendNow(ben, { ...toBen, to: ['ann'] })
    expect(await ann.read({ mail: first })).not.toHaveProperty('fromAnother')
    lie()
    for (const held of replica.accounts) if (held.name === 'ann') elsewhere.adopt(held)
    const strange = await sendNow(otherBen, { ...toBen, to: ['ann'] })
    replica.mails.push(...elsewhere.mails)
    expect(await ann.read({ mail: strange })).toMatchObject({ from: 'ben', fromAnother: true, fromAccount: bens.other })
    expect((await ann.list({ folder: 'inbox', limit: 9 })).headers).toMatchObject([
      { mail: strange, from: 'ben', fromAnother: true },
      { mail: first, from: 'ben~1' },
    ])
    // What the one whom ann knows wrote is not another's because he had to take another name.
    expect(await ann.read({ mail: first })).not.toHaveProperty('fromAnother')
    expect((await ann.list({ folder: 'inbox', limit: 9 })).headers[1]).not.toHaveProperty('fromAnother')
    await ann.accept({ name: 'ben', account: bens.other })
    expect(await ann.read({ mail: strange })).not.toHaveProperty('fromAnother')
  })

  test('that the server shows under a known name, and another has written, is shown as such when it arrives', async () => {
    const { replica, ann, ben } = await annAndBen()
    const cleo = await signedUp(replica, 'cleo')
    await sendNow(ann, toBen)
    replica.alter = (mail) => ({ ...mail, fromName: 'ben' })
    const arrives = nextEvent(ann, 'mail')
    await sendNow(cleo, { ...toBen, to: ['ann'] })
    expect((await arrives).header).toMatchObject({ from: 'ben', fromAnother: true })
    const next = nextEvent(ann, 'mail')
    await sendNow(ben, { ...toBen, to: ['ann'] })
    expect((await next).header).not.toHaveProperty('fromAnother')
  })

  test('under a name by which its author never signed up is shown as such, also when it is the first one', async () => {
    const { replica, ann, ben } = await annAndBen()
    await signedUp(replica, 'cleo')
    const mail = await sendNow(ben, { ...toBen, to: ['ann'] })
    replica.alter = (sealed) => ({ ...sealed, fromName: 'cleo' })
    expect(await ann.read({ mail })).toMatchObject({ from: 'cleo', fromAnother: true })
    // It has not made cleo known as somebody else.
    await sendNow(ann, { ...toBen, to: ['cleo'] })
    replica.alter = (sealed) => ({ ...sealed, fromName: 'ben~1' })
    expect(await ann.read({ mail })).not.toHaveProperty('fromAnother')
  })

  test('that a server says has gone to somebody who is known, and has gone to another, says so', async () => {
    const { replica, ann } = await annAndBen()
    await signedUp(replica, 'cleo')
    await sendNow(ann, toBen)
    const mail = await sendNow(ann, { ...toBen, to: ['cleo'], cc: ['ann'] })
    replica.alter = (sealed) => ({ ...sealed, toNames: ['ben', 'ann'] })
    const sent = await ann.list({ folder: 'sent', limit: 9 })
    expect(sent.headers).toMatchObject([{ mail, to: ['ben'], cc: ['ann'], toOthers: ['ben'] }, { to: ['ben'] }])
    expect(sent.headers[1]).not.toHaveProperty('toOthers')
    expect(await ann.read({ mail })).toMatchObject({ toOthers: ['ben'] })
    const text = await shownBy(runInteractiveTerminal, ann, ['l sent', 'r 1', 'quit'])
    expect(text).toContain('(another!) ben')
    expect(text).toContain('This did not go to the ben whom you know')
  })

  test('that is exported, or whose files are forwarded, makes nobody known by its name', async () => {
    const { replica, ann, ben, lie } = await annAndBen()
    const mail = await sendNow(ben, { ...toBen, to: ['ann'] })
    await ann.exportMail({ mail })
    await ann.attachFrom({ mail })
    lie()
    await sendNow(ann, toBen)
    expect(replica.mails).toHaveLength(2)
  })
})

test('a post under a known name that another has written is shown as such', async () => {
  const { replica, ann, ben } = await annAndBen()
  const cleo = await signedUp(replica, 'cleo')
  await ann.follow({ name: 'ben' })
  await ann.follow({ name: 'cleo' })
  await ben.post({ text: 'mine' })
  await cleo.post({ text: 'not mine' })
  replica.posts = replica.posts.map((post) => ({ ...post, authorName: 'ben' }))
  const { posts } = await ann.timeline({ limit: 9 })
  expect(posts).toMatchObject([{ text: 'not mine', fromAnother: true }, { text: 'mine' }])
  expect(posts[1]).not.toHaveProperty('fromAnother')
})

test('what cannot be written is written later, and not tried all the time', async () => {
  const { replica, ann, clock } = await annAndBen()
  const [connection] = [...replica.connections].slice(-1)
  if (connection === undefined) throw new Error('ann is connected')
  const submit = connection.submit.bind(connection)
  let tries = 0
  connection.submit = async (submission) => {
    if (submission.kind !== 'document') return submit(submission)
    tries += 1
    throw new QuintetError('DISK_FULL', 'The disk is full.')
  }
  await sendNow(ann, toBen)
  await expect.poll(() => tries).toBe(1)
  for (let rests = 0; rests < 5; rests += 1) {
    await sendNow(ann, toBen)
    clock.move(limits.rememberEveryMs)
  }
  expect(tries).toBe(1)
  connection.submit = submit
  clock.move(limits.rememberRetryMs)
  await expect.poll(() => replica.documents).toHaveLength(1)
})

test('many names at once are written down in few documents', async () => {
  const { replica, ann, clock } = await annAndBen()
  const names = Array.from({ length: 5 }, (_, index) => `person ${index}`)
  for (const name of names) await signedUp(replica, name)
  const before = replica.submissions.length
  await Promise.all(names.map((name) => sendNow(ann, { ...toBen, to: [name] })))
  const documents = () => replica.submissions.slice(before).filter(({ kind }) => kind === 'document').length
  expect(documents()).toBeLessThanOrEqual(1)
  clock.move(limits.rememberEveryMs)
  await expect.poll(documents).toBeLessThanOrEqual(2)
  await Promise.all(names.map((name) => sendNow(ann, { ...toBen, to: [name] })))
  clock.move(limits.rememberEveryMs)
  await ann.close()
  expect(documents()).toBeLessThanOrEqual(2)
})

describe('what two clients of a person have remembered on two sides of a split', () => {
  /** Ann has met ben on one side, and dora on the other, where somebody else is dora. */
  const annTwice = async () => {
    const sides = await annAndBen()
    const { replica, elsewhere, ann, clock } = sides
    await sendNow(ann, toBen)
    await expect.poll(() => replica.documents).toHaveLength(1)
    await signedUp(replica, 'dora')
    await signedUp(elsewhere, 'dora')
    for (const held of replica.accounts) if (held.name === 'ann') elsewhere.adopt(held)
    const other = await clientAt(elsewhere, clock)
    await other.logIn({ name: 'ann', password })
    await sendNow(other, { ...toBen, to: ['dora'] })
    await expect.poll(() => elsewhere.documents).toHaveLength(1)
    return { ...sides, other }
  }
  const merge = (replica: MemoryReplica, documents: MemoryReplica['documents']): void => {
    replica.documents = [...documents]
    replica.tellAll({ event: 'mailbox' })
  }

  test('is known after a merge, whichever of the two documents it has left', async () => {
    const { replica, elsewhere, ann, clock, lie } = await annTwice()
    const [left] = elsewhere.documents
    merge(replica, elsewhere.documents)
    clock.move(limits.rememberEveryMs)
    await expect.poll(() => replica.documents.map(({ update }) => update)).not.toEqual([left?.update])
    expect(await codeOf(ann.send({ ...toBen, to: ['dora'] }))).toBe('NAME_CHANGED_HANDS')
    await ann.close()
    const next = await clientAt(replica, clock)
    await next.logIn({ name: 'ann', password })
    expect(await codeOf(next.send({ ...toBen, to: ['dora'] }))).toBe('NAME_CHANGED_HANDS')
    lie()
    expect(await codeOf(next.send(toBen))).toBe('NAME_CHANGED_HANDS')
  })

  test('is asked about when it is one name for two: neither replaces the other before the person says so', async () => {
    const { replica, elsewhere, ann, other, clock, lie, bens } = await annTwice()
    clock.move(limits.rememberEveryMs)
    await sendNow(other, toBen)
    await expect.poll(() => elsewhere.documents[0]?.update).not.toBe('2.aaaaaaaa:3')
    expect(await codeOf(ann.send(toBen))).toBe('no failure')
    merge(replica, elsewhere.documents)
    await expect.poll(() => codeOf(ann.send(toBen))).toBe('NAME_CHANGED_HANDS')
    lie()
    expect(await codeOf(ann.send(toBen))).toBe('NAME_CHANGED_HANDS')
    const { identities } = await ann.identities({ names: ['ben'] })
    expect(identities).toMatchObject([{ account: bens.other, known: { account: bens.first } }])
    clock.move(limits.rememberEveryMs)
    await expect.poll(() => replica.documents[0]?.update).not.toBe(elsewhere.documents[0]?.update)
    await ann.close()
    const next = await clientAt(replica, clock)
    await next.logIn({ name: 'ann', password })
    expect(await codeOf(next.send(toBen))).toBe('NAME_CHANGED_HANDS')
    await next.accept({ name: 'ben', account: bens.other })
    await sendNow(next, toBen)
  })

  test('gives way to what the person has accepted later', async () => {
    const { replica, elsewhere, ann, other, clock, lie, bens } = await annTwice()
    clock.move(limits.rememberEveryMs)
    await other.accept({ name: 'ben', account: bens.other })
    merge(replica, elsewhere.documents)
    await expect.poll(() => codeOf(ann.send(toBen))).toBe('NAME_CHANGED_HANDS')
    lie()
    await sendNow(ann, toBen)
  })

  test('is not written again where the document has all of it', async () => {
    const { replica, elsewhere, ann, clock } = await annTwice()
    merge(replica, elsewhere.documents)
    clock.move(limits.rememberEveryMs)
    await expect.poll(() => replica.documents[0]?.update).not.toBe(elsewhere.documents[0]?.update)
    const { length } = replica.submissions
    replica.tellAll({ event: 'mailbox' })
    for (let turn = 0; turn < 20; turn++) {
      await ann.counts()
      clock.move(limits.rememberEveryMs)
    }
    expect(replica.submissions).toHaveLength(length)
  })
})

test('what a later version has written meanwhile is not written over', async () => {
  const { replica, ann, clock } = await annAndBen()
  await signedUp(replica, 'cleo')
  await sendNow(ann, toBen)
  await expect.poll(() => replica.documents).toHaveLength(1)
  const { halves } = decodeKeptSession(ann.keptSession())
  const ports = { machine: 'newer', random: testRandom, clock, passwordCost: cheapPassword }
  const newer = new Session('ann', replica.groupId, await personKeysOf(halves), ports)
  const [held] = replica.documents
  if (held === undefined) throw new Error('ann remembers ben')
  const word = newer.document(held.document, held.shelf, encodeCbor([2, 'what is only understood later']))
  replica.execute(await word(newer.wordClock.now()), held.account)
  const [later] = replica.documents
  clock.move(limits.rememberEveryMs)
  await sendNow(ann, { ...toBen, to: ['cleo'] })
  await ann.close()
  expect(replica.documents).toEqual([later])
})

test('what a server has kept back at the log-in is known again at the next one', async () => {
  const { replica, ann, lie, otherBen } = await annAndBen()
  await sendNow(ann, toBen)
  await ann.close()
  await expect.poll(() => replica.documents).toHaveLength(1)
  lie()
  // As a server that keeps back what ann's client remembers, of a group where she knows the other ben.
  const liar = new MemoryReplica({ groupId: replica.groupId, server: serverId(2) })
  for (const account of replica.accounts) liar.adopt(account)
  // Later than any log-in at the other one.
  while (liar.nextMoment() < 99);
  let server = liar
  const later = await clientOver(async () => server.connect())
  await later.logIn({ name: 'ann', password })
  expect((await later.identities({ names: ['ben'] })).identities).toMatchObject([{ known: null }])
  server = replica
  const connected = nextEvent(later, 'connected')
  liar.dropConnections()
  await connected
  await expect
    .poll(() => later.identities({ names: ['ben'] }))
    .toMatchObject({
      identities: [{ known: { calledNow: 'ben~1' } }],
    })
  expect(await codeOf(later.send(toBen))).toBe('NAME_CHANGED_HANDS')
  expect(otherBen.loggedInAs).toBe('ben')
})

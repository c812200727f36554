import { randomBytes } from 'node:crypto'

import { describe, expect, test } from 'vitest'

import type { SealedMail } from '../../replica/api/contract.ts'
import type { MailClient } from '../../replica/client/contract/mail-client.ts'
import { importPublicKey } from '../../replica/client/hpke.ts'
import { MailSealer, type OpenMail } from '../../replica/client/mail-sealer.ts'
import { commandId, originId, updateId } from '../../replica/core/model/ids.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { runInteractiveTerminal } from '../../replica/terminal/interactive-terminal.ts'
import { runJsonTerminal } from '../../replica/terminal/json-terminal.ts'
import { toBase64Url } from '../../replica/wire/bytes.ts'
import { decodePayload, headOf } from '../../replica/wire/payload-codec.ts'
import { systemTestClock, testRandom } from '../support/client-ports.ts'
import { clientOf, nextEvent, sendNow, signedUp } from '../support/mail-clients.ts'
import { noMarks, type HeldMail } from '../support/memory-mails.ts'
import { ManualClock, startMs } from '../support/manual-clock.ts'
import { MemoryReplica, type HeldAccount } from '../support/memory-replica.ts'
import { shownBy } from '../support/terminal.ts'

const fileBytes = { name: 'plan.txt', bytes: new Uint8Array(9) }
const inbox = { folder: 'inbox', limit: 9 } as const
const longBody = toBase64Url(randomBytes(3 * limits.listedBodyBytes))
const shortBody = 'come at once'
const bodies = [
  ['short', shortBody],
  ['long', longBody],
] as const
const file = { name: 'plan.txt', content: Buffer.from(longBody).toString('base64') }

const annAndBen = async () => {
  const replica = new MemoryReplica()
  const [ann, ben] = [await signedUp(replica, 'ann'), await signedUp(replica, 'ben')]
  const [annsAccount, bensAccount] = replica.accounts
  if (annsAccount === undefined || bensAccount === undefined) throw new Error('both are signed up')
  return { replica, ann, ben, annsAccount, bensAccount }
}

const recipientOf = async ({ account, sealKey }: HeldAccount) => ({ account, sealKey: await importPublicKey(sealKey) })

/** A mail from somebody who never wrote it, by a replica that has nobody's private keys: it needs the public ones only. */
const madeUp = async (
  { groupId }: MemoryReplica,
  { from, to, body, files = [] }: { from: HeldAccount; to: HeldAccount; body: string; files?: OpenMail['files'] },
): Promise<HeldMail> => {
  const [sender, recipient] = [await recipientOf(from), await recipientOf(to)]
  const sealer = new MailSealer({ groupId, sender, random: testRandom, clock: systemTestClock })
  const payload = await sealer.seal({
    command: commandId(toBase64Url(testRandom(12))),
    to: [recipient],
    conversation: null,
    subject: 'made up',
    snippet: body.slice(0, 40),
    body,
    files,
    addressed: 1,
    inReplyTo: null,
  })
  const change = decodePayload('mail', payload)
  if (!change.ok || change.value.kind !== 'mail') throw new Error('it is a mail')
  const mail = updateId(originId('1.aaaaaaaa'), 1_000)
  const signature = testRandom(64)
  return { mail, change: change.value, payload, signature, sentAt: 1_700_000_000_000, ...noMarks() }
}

const headersIn = async (client: MailClient) => (await client.list(inbox)).headers

const headIn = (payload: Uint8Array): Uint8Array => {
  const found = headOf(payload)
  return found.ok ? found.value.head : payload
}

const bodyBytesOf = (payload: Uint8Array): number => {
  const found = headOf(payload)
  return found.ok ? found.value.bodyBytes : 0
}

/** As a server of a version before lists proved anything gives it, and as a mail is given that such a client signed. */
const withoutProof = (sealed: SealedMail): SealedMail => ({ ...sealed, payload: headIn(sealed.payload), leaf: null })

describe('a header', () => {
  for (const [what, body] of bodies) {
    test(`that a replica made up of a ${what} mail is nobody's: in lists, pushes and searches`, async () => {
      const { replica, ann, annsAccount, bensAccount } = await annAndBen()
      const forged = await madeUp(replica, { from: bensAccount, to: annsAccount, body })
      const told = nextEvent(ann, 'mail')
      replica.mails.push(forged)
      replica.tellAll({ event: 'mail', mail: replica.list(forged, annsAccount.account) })
      const expected = { mail: forged.mail, unproven: true, subject: '', snippet: '', attachmentCount: 0 }
      expect((await told).header).toMatchObject(expected)
      expect(await headersIn(ann)).toMatchObject([expected])
      expect((await ann.search({ query: 'made', limit: 9 })).headers).toEqual([])
      await expect(ann.read({ mail: forged.mail })).rejects.toMatchObject({ code: 'CANNOT_OPEN' })
    })
  }

  test('of a long mail proves itself without the body, of a short one by the body', async () => {
    const { replica, ann, ben } = await annAndBen()
    const { attachment } = await ben.attach(file)
    const told = nextEvent(ann, 'mail')
    await Promise.all([
      sendNow(ben, { to: ['ann'], subject: 'first', body: shortBody }),
      sendNow(ben, { to: ['ann'], subject: 'second', body: longBody, attachments: [attachment] }),
      sendNow(ben, { to: ['ann'], subject: 'third', body: '' }),
    ])
    const given: number[] = []
    replica.alterListed = (sealed) => {
      given.push(bodyBytesOf(sealed.payload))
      return sealed
    }
    const headers = await headersIn(ann)
    expect(headers).toMatchObject([
      { subject: 'third' },
      { subject: 'second', attachmentCount: 1 },
      { subject: 'first' },
    ])
    expect(headers.filter(({ unproven }) => unproven)).toEqual([])
    expect((await told).header).not.toHaveProperty('unproven')
    expect(given.map((bytes) => bytes > 0)).toEqual([true, false, true])
    expect(replica.fetched).toEqual([])
  })

  for (const [what, body] of bodies) {
    test(`that a replica made up for a ${what} mail that there is gives way to that mail's own`, async () => {
      const { replica, ann, ben, annsAccount, bensAccount } = await annAndBen()
      const mail = await sendNow(ben, { to: ['ann'], subject: 'genuine', body })
      const { payload } = await madeUp(replica, { from: bensAccount, to: annsAccount, body })
      const lies = [
        (sealed: SealedMail) => withoutProof({ ...sealed, payload }),
        (sealed: SealedMail) => ({ ...sealed, payload: headIn(payload) }),
        (sealed: SealedMail) => ({ ...sealed, payload: headIn(payload), leaf: testRandom(32) }),
      ]
      for (const lie of lies) {
        replica.alterListed = lie
        const [header] = await headersIn(ann)
        expect(header).toMatchObject({ mail, subject: 'genuine' })
        expect(header).not.toHaveProperty('unproven')
      }
      // Nor does it help to keep the mail back.
      replica.alter = (sealed) => ({ ...sealed, payload, signature: testRandom(97) })
      expect(await headersIn(ann)).toMatchObject([{ mail, subject: '', unproven: true }])
      replica.alter = (sealed) => ({ ...sealed, mail: updateId(originId('1.aaaaaaaa'), 2_000) })
      replica.alterListed = (sealed) => withoutProof({ ...sealed, mail, payload })
      expect(await headersIn(ann)).toMatchObject([{ mail, subject: '', unproven: true }])
    })

    test(`of a ${what} mail is proven by the whole where a server or a client of before does not prove it`, async () => {
      const { replica, ann, ben } = await annAndBen()
      replica.alterListed = withoutProof
      const told = nextEvent(ann, 'mail')
      const mail = await sendNow(ben, { to: ['ann'], subject: 'genuine', body })
      expect((await told).header).not.toHaveProperty('unproven')
      for (let times = 0; times < 2; times++) {
        const [header] = await headersIn(ann)
        expect(header).toMatchObject({ mail, subject: 'genuine' })
        expect(header).not.toHaveProperty('unproven')
      }
      expect(replica.fetched).toEqual([mail])
    })
  }

  test('of a mail with files that does not prove itself is marked until the mail has come', async () => {
    const { replica, ann, ben, annsAccount, bensAccount } = await annAndBen()
    const { attachment } = await ben.attach(file)
    const mail = await sendNow(ben, { to: ['ann'], subject: 'genuine', body: '', attachments: [attachment] })
    replica.alterListed = withoutProof
    const later = await clientOf(replica)
    await later.logIn({ name: 'ann', password: "ann's password" })
    const known = nextEvent(later, 'mailbox')
    expect(await headersIn(later)).toMatchObject([{ mail, subject: 'genuine', unproven: true }])
    await known
    expect((await headersIn(later))[0]).not.toHaveProperty('unproven')
    expect(replica.fetched).toEqual([mail])
    // What a server makes up of it is not shown for longer.
    const { payload } = await madeUp(replica, { from: bensAccount, to: annsAccount, body: '', files: [fileBytes] })
    replica.alterListed = (sealed) => withoutProof({ ...sealed, payload })
    const refuted = nextEvent(later, 'mailbox')
    expect(await headersIn(later)).toMatchObject([{ mail, subject: 'made up', unproven: true }])
    await refuted
    for (let times = 0; times < 2; times++)
      expect(await headersIn(later)).toMatchObject([{ mail, subject: '', unproven: true }])
    expect(replica.fetched).toEqual([mail, mail])
    await ann.close()
  })

  test('of a mail with files is proven by opening the mail', async () => {
    const { replica, ben } = await annAndBen()
    const { attachment } = await ben.attach(file)
    const mail = await sendNow(ben, { to: ['ann'], subject: 'genuine', body: '', attachments: [attachment] })
    const later = await clientOf(replica)
    await later.logIn({ name: 'ann', password: "ann's password" })
    replica.alterListed = withoutProof
    expect(await later.read({ mail })).not.toHaveProperty('unproven')
    expect((await headersIn(later))[0]).not.toHaveProperty('unproven')
    expect(replica.fetched).toEqual([])
  })

  test('that nobody asked for is not among what was found', async () => {
    const { replica, ann, ben } = await annAndBen()
    const wanted = await sendNow(ben, { to: ['ann'], subject: 'wanted', body: shortBody })
    const other = await sendNow(ben, { to: ['ann'], subject: 'other', body: shortBody })
    await ann.search({ query: 'wanted', limit: 9, until: 'indexed' })
    replica.alterListed = (sealed) => ({ ...sealed, mail: other })
    expect((await ann.search({ query: 'wanted', limit: 9 })).headers).toEqual([])
    expect(wanted).not.toBe(other)
  })
})

test('what nothing proves is told as that, in the terminal and to programs', async () => {
  const { replica, annsAccount, bensAccount } = await annAndBen()
  replica.mails.push(await madeUp(replica, { from: bensAccount, to: annsAccount, body: shortBody }))
  const logIn = async () => {
    const client = await clientOf(replica)
    await client.logIn({ name: 'ann', password: "ann's password" })
    return client
  }
  const listed = await shownBy(runJsonTerminal, await logIn(), [JSON.stringify({ id: 1, do: 'list', folder: 'inbox' })])
  expect(JSON.parse(listed.trim().split('\n')[0] ?? '')).toMatchObject({ headers: [{ unproven: true, subject: '' }] })
  const shown = await shownBy(runInteractiveTerminal, await logIn(), ['l', 're 1', 'quit'])
  expect(shown).toMatch(/\(unproven\) ben +\(no subject\)/)
  expect(shown).toContain('This mail cannot be opened: its signature is not that of its sender.')
  expect(shown).not.toContain('Re: ')
})

test('an old mail that a server says has just come is told as one of long ago', async () => {
  const replica = new MemoryReplica()
  const clock = new ManualClock()
  const ann = await signedUp(replica, 'ann', clock)
  const first = nextEvent(ann, 'mail')
  await sendNow(ann, { to: ['ann'], subject: 'come at once', body: shortBody })
  expect(await first).toMatchObject({ late: false })
  await ann.logOut()
  await ann.logIn({ name: 'ann', password: "ann's password" })
  clock.move(30 * 86_400_000)
  replica.alterListed = (sealed) => ({ ...sealed, mail: updateId(originId('1.aaaaaaaa'), 99), sentAt: clock.nowMs() })
  const told = nextEvent(ann, 'mail')
  const [held, account] = [replica.mails[0], replica.accounts[0]?.account]
  if (held === undefined || account === undefined) throw new Error('the mail and its reader are there')
  replica.tellAll({ event: 'mail', mail: replica.list(held, account) })
  expect(await told).toMatchObject({ late: true, header: { subject: 'come at once', writtenAt: startMs } })
})

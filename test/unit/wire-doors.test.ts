import { encode } from 'cborg'
import { describe, expect, test } from 'vitest'
import type { Result } from '../../replica/core/model/errors.ts'
import { accountId, anyTag, commandId, hash, inviteId, sessionId, tag, updateId } from '../../replica/core/model/ids.ts'
import type { AccountId } from '../../replica/core/model/ids.ts'
import type { StateImage } from '../../replica/core/model/image.ts'
import { mailColumns, mailRecords } from '../../replica/core/model/mail-columns.ts'
import type { Batch } from '../../replica/core/model/updates.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { partedFormat } from '../../replica/wire/image-format.ts'
import { decodeImage } from '../../replica/wire/image-decode.ts'
import { encodeImage } from '../../replica/wire/image-encode.ts'
import type { Invite } from '../../replica/wire/invite-codec.ts'
import { decodeInvite, encodeInvite, inviteIdOf } from '../../replica/wire/invite-codec.ts'
import { encodeJoinReply } from '../../replica/wire/join-codec.ts'
import { encodeMessage } from '../../replica/wire/message-codec.ts'
import { checkName, checkNewName, checkSoughtName } from '../../replica/wire/names.ts'
import type { MailPayload, PersonKind } from '../../replica/wire/payload-codec.ts'
import { decodePayload, encodeAccountPayload, encodeMailPayload } from '../../replica/wire/payload-codec.ts'
import { encodeUpdate, signPayload, verifySubmission } from '../../replica/wire/update-codec.ts'
import { groupId, installs, people, wire } from '../property/arbitraries.ts'
import { emptyImage } from '../support/empty-image.ts'
import { inOneGo } from '../support/in-one-go.ts'

const [ours, theirs] = [installs[0]!, installs[1]!]
const [alice, bob, carol] = [people[0]!, people[1]!, people[2]!]
const command = commandId('AAAAAAAAAAAAAAAA')
const messageOf = (result: Result<unknown>) => (result.ok ? '' : result.failure.message)

const wrap = { enc: new Uint8Array(32), wrappedKey: new Uint8Array(48) }

const codeOf = (result: Result<unknown>) => (result.ok ? 'ok' : result.failure.code)

const mailTo = (to: readonly AccountId[], changes: Partial<MailPayload> = {}): Uint8Array =>
  encodeMailPayload({
    account: alice.account,
    command,
    to,
    conversation: null,
    wraps: [wrap, ...to.map(() => wrap)],
    sealedHeader: new Uint8Array(3),
    sealedBody: new Uint8Array(3),
    ...changes,
  })

const account = (name: string, sealedKeys = new Uint8Array(9)) =>
  encodeAccountPayload({ account: alice.account, command, name, sealKey: new Uint8Array(32), sealedKeys })

describe('names', () => {
  test.each(['Ada', 'Ada Lovelace', 'Zoë', '李雷', '👩‍🚀', 'a'.repeat(64), '👍'.repeat(64)])('%s is a name', (name) => {
    expect(checkName(name)).toEqual({ ok: true, value: name })
    expect(codeOf(decodePayload('account', account(name)))).toBe('ok')
  })

  test.each(['Ольга', 'Ωμέγα', 'Иван Smith', '❤️ Ada', '👩‍👩‍👧', '김 Kim', 'やまだ 山田'])('%s is a name', (name) => {
    expect(checkName(name)).toEqual({ ok: true, value: name })
  })

  test.each([
    ...['', ' ', ' Ada', 'Ada ', 'Ada~2', 'A\nda', 'A\u0000', 'Ada\u202e', 'A\u2028a', 'Zoe\u0308'],
    // What nobody sees, and letters of another alphabet that look like Latin ones.
    ...['Ada\u200b', 'A\u00adda', 'A\u200dda', '\ufeffAda', 'Ada\u3164', '\u0430da', 'Ad\u03b1', 'Ben \u0412erg'],
  ])('%j is none', (name) => {
    expect(codeOf(checkName(name))).toBe('BAD_NAME')
    expect(codeOf(decodePayload('account', account(name)))).toBe('BAD_NAME')
  })

  test.each(['A*a', 'Ada?', '＊'])(
    '%s is no name for a new account, and an account of an earlier version may have it',
    (name) => {
      expect(codeOf(checkNewName(name))).toBe('BAD_NAME')
      expect(codeOf(decodePayload('account', account(name)))).toBe('ok')
      expect(codeOf(checkSoughtName(name))).toBe('ok')
    },
  )

  test('a name that is too long is refused with the limit', () => {
    expect(codeOf(checkName('a'.repeat(65)))).toBe('BAD_NAME')
    const tooLong = decodePayload('account', account('a'.repeat(65)))
    expect(codeOf(tooLong)).toBe('TOO_LARGE')
    expect(messageOf(tooLong)).toContain('64')
  })
})

describe('payloads', () => {
  const manyPeople = Array.from({ length: limits.recipients + 1 }, (_, index) =>
    accountId(Buffer.alloc(32, index).toString('base64url')),
  )

  test('a mail goes to 1 to 100 people, none twice', () => {
    expect(codeOf(decodePayload('mail', mailTo(manyPeople.slice(1))))).toBe('ok')
    expect(codeOf(decodePayload('mail', mailTo(manyPeople)))).toBe('TOO_MANY')
    expect(codeOf(decodePayload('mail', mailTo([])))).toBe('BAD_REQUEST')
    expect(codeOf(decodePayload('mail', mailTo([bob.account, carol.account, bob.account])))).toBe('BAD_REQUEST')
    expect(codeOf(decodePayload('mail', mailTo([alice.account])))).toBe('ok')
  })

  test('a mail has one wrapped key for each of its people', () => {
    expect(codeOf(decodePayload('mail', mailTo([bob.account], { wraps: [wrap] })))).toBe('BAD_REQUEST')
    expect(codeOf(decodePayload('mail', mailTo([bob.account], { wraps: [wrap, wrap, wrap] })))).toBe('BAD_REQUEST')
    const [short, long] = [wrap.enc.subarray(1), new Uint8Array(49)]
    for (const wrong of [
      { ...wrap, enc: short },
      { ...wrap, wrappedKey: long },
    ])
      expect(codeOf(decodePayload('mail', mailTo([bob.account], { wraps: [wrap, wrong] })))).toBe('BAD_REQUEST')
  })

  test('sealed parts have their limits', () => {
    const header = new Uint8Array(limits.sealedHeaderBytes + 1)
    expect(codeOf(decodePayload('mail', mailTo([bob.account], { sealedHeader: header })))).toBe('TOO_LARGE')
    expect(codeOf(decodePayload('account', account('Ada', new Uint8Array(limits.sealedKeysBytes + 1))))).toBe(
      'TOO_LARGE',
    )
    expect(codeOf(decodePayload('mail', new Uint8Array(limits.payloadBytes + 1)))).toBe('TOO_LARGE')
  })

  test('a submission is refused when it was signed for another group, kind or by another person', () => {
    const payload = mailTo([bob.account])
    const sign = (group: Uint8Array, kind: PersonKind, signer = alice) =>
      verifySubmission(groupId, 'mail', payload, signPayload(group, kind, payload, signer.privateKey))
    expect(codeOf(sign(groupId, 'mail'))).toBe('ok')
    expect(codeOf(sign(new Uint8Array(16), 'mail'))).toBe('BAD_SIGNATURE')
    expect(codeOf(sign(groupId, 'read'))).toBe('BAD_SIGNATURE')
    expect(codeOf(sign(groupId, 'mail', bob))).toBe('BAD_SIGNATURE')
    expect(codeOf(verifySubmission(groupId, 'mail', payload, new Uint8Array(5)))).toBe('BAD_SIGNATURE')
  })

  test('there is one encoding of a value', () => {
    const accountDeletion = Buffer.from(encode([new Uint8Array(32), new Uint8Array(12)]))
    expect(codeOf(decodePayload('accountDeletion', accountDeletion))).toBe('ok')
    const tooWide = Buffer.concat([Buffer.from([0x98, 2]), accountDeletion.subarray(1)])
    expect(codeOf(decodePayload('accountDeletion', tooWide))).toBe('BAD_REQUEST')
    const withoutEnd = Buffer.concat([Buffer.from([0x9f]), accountDeletion.subarray(1), Buffer.from([0xff])])
    expect(codeOf(decodePayload('accountDeletion', withoutEnd))).toBe('BAD_REQUEST')
    expect(codeOf(decodePayload('accountDeletion', Buffer.concat([accountDeletion, Buffer.from([0])])))).toBe(
      'BAD_REQUEST',
    )
  })
})

describe('messages', () => {
  const mailUpdate = (sequence: number, signer = alice, clock = 4) => {
    const payload = mailTo([bob.account])
    const change = { kind: 'mail', account: alice.account, command, to: [bob.account], conversation: null } as const
    const signature = signPayload(groupId, 'mail', payload, signer.privateKey)
    const bytes = encodeUpdate({ clock, change: { change, payload, signature } })
    return { origin: ours.origin, sequence, clock, change, bytes }
  }
  const mails = (updates: readonly ReturnType<typeof mailUpdate>[]) =>
    wire.decodeMessage(encodeMessage({ kind: 'mails', id: 1, origin: ours.origin, covered: 9, updates }))

  test('mails out of their batches are taken only when their senders signed them', () => {
    expect(codeOf(mails([mailUpdate(3), mailUpdate(5)]))).toBe('ok')
    expect(codeOf(mails([mailUpdate(3), mailUpdate(5, bob)]))).toBe('BAD_SIGNATURE')
    const group = encodeUpdate({ clock: 4, change: { kind: 'group', name: 'Ship' } })
    expect(codeOf(mails([{ ...mailUpdate(3), bytes: group }]))).toBe('BAD_SIGNATURE')
    expect(codeOf(mails([mailUpdate(5), mailUpdate(5)]))).toBe('BAD_REQUEST')
  })

  test('an update that is dated beyond the last clock is refused', () => {
    expect(codeOf(mails([mailUpdate(3, alice, limits.lastClock)]))).toBe('ok')
    expect(codeOf(mails([mailUpdate(3, alice, limits.lastClock + 1)]))).toBe('BAD_REQUEST')
  })

  test('a batch that is held is left out without being verified', () => {
    const batch = ours.make(1, wire.firstHash(ours.origin), [{ clock: 1, change: { kind: 'group', name: 'Ship' } }])
    const broken = { ...batch, bytes: batch.bytes.with(-1, 7) }
    const frame = encodeMessage({ kind: 'batches', id: 2, batches: [broken] })
    const asked: unknown[] = []
    const decoded = wire.decodeMessage(frame, (origin, last) => asked.push([origin, last]) > 0)
    expect(decoded).toEqual({ ok: true, value: { kind: 'batches', id: 2, batches: [] } })
    expect(asked).toEqual([[ours.origin, 1]])
    expect(codeOf(wire.decodeMessage(frame, () => false))).toBe('BAD_SIGNATURE')
  })

  test('what a later version says besides is passed over, and so is a message of a kind that only it knows', () => {
    const failure = [10, 'RETIRED', 'Sorry.', null] as const
    const news = ['news', [[new Uint8Array(3)], null, 7]]
    const told = wire.decodeMessage(encode(failure))
    expect(codeOf(told)).toBe('ok')
    expect(wire.decodeMessage(encode([...failure, ...news]))).toEqual(told)
    expect(wire.decodeMessage(encode([77, ...news]))).toEqual({ ok: true, value: null })
    const deep = Array.from({ length: 9 }).reduce<unknown[]>((inner) => [inner], [])
    for (const refused of [
      failure.slice(0, 3),
      [...failure, 1.5],
      [...failure, deep],
      [77, deep],
      [77, ...Array.from({ length: 16 }, () => 1)],
    ])
      expect(codeOf(wire.decodeMessage(encode(refused)))).not.toBe('ok')
  })

  test('a refusal with a code of a newer version keeps its sentence', () => {
    expect(wire.decodeMessage(encode([10, 'QUITE_NEW', 'Sorry.', null]))).toEqual({
      ok: true,
      value: { kind: 'refusal', failure: { code: 'INTERNAL', message: 'Sorry.' }, retirement: null },
    })
  })

  test('a knowledge matrix within its limits, of many origins, fits and comes back', () => {
    const vector = new Map([ours, theirs].map(({ origin }, index) => [origin, index + 7]))
    const rows = new Map([
      [ours.origin, vector],
      [theirs.origin, new Map<typeof ours.origin, number>()],
    ])
    const session = sessionId('A'.repeat(16))
    const one = { account: alice.account, session, clock: 7, machine: 'bridge' }
    const sessions = Array.from({ length: 1_000 }, () => one)
    const message = {
      kind: 'knowledge',
      clock: 1,
      rows,
      hashes: new Map([[ours.origin, wire.firstHash(ours.origin)]]),
      sessions,
    } as const
    expect(wire.decodeMessage(encodeMessage(message))).toEqual({ ok: true, value: message })
  })

  test('a machine with very many addresses still says hello, with as many as the limit', () => {
    const many = Array.from({ length: 40 }, (_, index) => `/ip4/127.0.0.1/tcp/${index}`)
    const addresses = new Map([[ours.peer, ['x'.repeat(1_000), ...many]]])
    const fields = {
      origin: ours.origin,
      server: ours.server,
      clock: 1,
      rows: new Map(),
      admission: null,
      vouchers: [],
      keyMadeAt: 0,
      end: null,
    }
    const decoded = wire.decodeMessage(encodeMessage({ kind: 'hello', ...fields, addresses }))
    const kept = new Map([[ours.peer, many.slice(0, limits.addressesPerPeer)]])
    expect(decoded).toEqual({ ok: true, value: { kind: 'hello', ...fields, addresses: kept } })
  })

  test('only those vouchers arrive that lead from one member to the next', () => {
    const admissionBy = (member: (typeof installs)[number], newcomer: (typeof installs)[number]): Batch => {
      const { peer, server } = newcomer
      const change = { kind: 'admission', invite: inviteId('A'.repeat(43)), peer, server } as const
      return member.make(1, wire.firstHash(member.origin), [{ clock: 1, change }])
    }
    const arriving = (vouchers: readonly Batch[]): number => {
      const { origin, server } = ours
      const known = { clock: 1, rows: new Map(), addresses: new Map(), keyMadeAt: 0, end: null }
      const admission = admissionBy(theirs, ours)
      const message = wire.decodeMessage(
        encodeMessage({ kind: 'hello', origin, server, ...known, admission, vouchers }),
      )
      return message.ok && message.value?.kind === 'hello' ? message.value.vouchers.length : -1
    }
    const third = installs[2]!
    expect(arriving([admissionBy(third, theirs)])).toBe(1)
    expect(arriving([admissionBy(third, ours)])).toBe(0)
  })

  test('however much a peer asks for, an answer stays within a chunk', () => {
    const asked = { kind: 'request', id: 1, origin: ours.origin, after: 0, maxBytes: 1_000_000_000 } as const
    expect(wire.decodeMessage(encodeMessage(asked))).toMatchObject({ value: { maxBytes: limits.chunkBytes } })
  })

  test("a member's refusal to let an install in arrives as that failure", () => {
    const failure = { code: 'INVITE_USED', message: 'This invite has been used.' } as const
    expect(wire.decodeJoinReply(encodeJoinReply({ ok: false, failure }))).toEqual({ ok: false, failure })
  })
})

describe('invites', () => {
  const invite: Invite = {
    groupId,
    groupName: 'Ship',
    groupKey: new Uint8Array(32).fill(1),
    token: new Uint8Array(16).fill(2),
    expiresAtMs: 1_800_000_000_000,
    addresses: ['/ip4/127.0.0.1/tcp/4001'],
  }

  test.each([
    ['another text', 'hello', 'begins with quintet://join/'],
    ['half of it', encodeInvite(invite).slice(0, 60), 'incomplete'],
    [
      'a mistyped letter',
      encodeInvite({ ...invite, groupName: 'Shop' }).slice(0, 60) + encodeInvite(invite).slice(60),
      'mistyped',
    ],
    ['a stray character', `${encodeInvite(invite)}!`, 'characters'],
    ['nothing', 'quintet://join/', 'incomplete'],
    ['far too much', 'a'.repeat(100_000), 'too long'],
  ])('%s is refused with a helpful sentence', (_what, text, sentence) => {
    expect(codeOf(decodeInvite(text))).toBe('BAD_INVITE')
    expect(messageOf(decodeInvite(text))).toContain(sentence)
  })

  test('the group knows an invite by the hash of its token', () => {
    expect(inviteIdOf(invite.token)).toHaveLength(43)
    expect(inviteIdOf(invite.token)).not.toBe(inviteIdOf(new Uint8Array(16)))
  })
})

/** As a chunk was written in format 3. */
const withoutTags = (chunk: string): string => {
  const value = JSON.parse(chunk) as unknown
  if (!Array.isArray(value)) return JSON.stringify({ ...(value as object), format: 3 })
  const [section, items] = value as [string, (number | string)[]]
  const place = { pending: 2, posts: 4, postDeletions: 2 }[section]
  if (place !== undefined) return JSON.stringify([section, items.toSpliced(place, 1)])
  if (section !== 'mails') return chunk
  const [origin, first, mails, copies, text] = items as [number, number, number, number, string]
  const bytes = Buffer.from(text, 'base64')
  const untagged = Buffer.concat([bytes.subarray(0, mails * 12), bytes.subarray(mails * 16)])
  return JSON.stringify([section, [origin, first, mails, copies, untagged.toString('base64')]])
}

describe('state images', () => {
  const mailsPerOrigin = 2_500
  const records = installs
    .map(({ origin }) => origin)
    .sort()
    .flatMap((origin) =>
      Array.from({ length: mailsPerOrigin }, (_, index) => ({
        origin,
        sequence: index + 1,
        clock: 1_700_000_000_000_000 + index * 77_777_777,
        tag: tag(index + 1),
        from: people[index % 3]!.account,
        to: [people[(index + 1) % 3]!.account],
        marks: [1, index % 4],
      })),
    )
  const image: StateImage = {
    ...emptyImage,
    vector: new Map(installs.map(({ origin }) => [origin, mailsPerOrigin])),
    hashes: new Map(installs.map(({ origin }) => [origin, hash('A'.repeat(43))])),
    mails: mailColumns(records),
  }
  const chunks = encodeImage(image)

  test('many mails take few bytes and come in chunks of bounded size', () => {
    const decoded = decodeImage(chunks)
    expect(decoded).toMatchObject({ ok: true, value: { ...image, mails: {} } })
    expect(decoded.ok && [...mailRecords(decoded.value.mails)]).toEqual(records)
    expect(chunks.join('').length / records.length).toBeLessThan(40)
    expect(Math.max(...chunks.map(({ length }) => length))).toBeLessThan(limits.chunkBytes)
  })

  test('a chunk that is missing, doubled or out of order is found', () => {
    expect(codeOf(decodeImage([]))).toBe('DAMAGED')
    expect(codeOf(decodeImage(chunks.toSpliced(4, 1)))).toBe('DAMAGED')
    expect(codeOf(decodeImage(chunks.toSpliced(4, 0, chunks[4]!)))).toBe('DAMAGED')
    expect(codeOf(decodeImage(chunks.with(4, chunks[5]!).with(5, chunks[4]!)))).toBe('DAMAGED')
    const [beginning = ''] = encodeImage(emptyImage)
    const nothing = '["people",[]]'
    expect(codeOf(decodeImage([beginning, nothing, nothing]))).toBe('ok')
    expect(codeOf(decodeImage([beginning, ...Array.from({ length: limits.imageChunks }, () => nothing)]))).toBe(
      'TOO_MANY',
    )
  })

  test('an image of before there were tags is read: any mark is for its mails, posts and what waits', () => {
    const [at, post] = [{ origin: ours.origin, sequence: 7, clock: 5 }, updateId(ours.origin, 9)]
    const registers = { read: 1, star: 2, trash: 3 }
    const whole: StateImage = {
      ...image,
      pending: [{ mail: post, tag: tag(4), account: alice.account, bits: 1, registers }],
      posts: [{ account: alice.account, ...at, tag: tag(5) }],
      postDeletions: [{ post, tag: tag(6), account: bob.account }],
    }
    const decoded = decodeImage(encodeImage(whole).map(withoutTags))
    const value = decoded.ok ? decoded.value : null
    expect(value?.pending).toEqual([{ ...whole.pending[0], tag: anyTag }])
    expect(value?.posts).toEqual([{ ...whole.posts[0], tag: anyTag }])
    expect(value?.postDeletions).toEqual([{ ...whole.postDeletions[0], tag: anyTag }])
    expect(value && [...mailRecords(value.mails)]).toEqual(records.map((mail) => ({ ...mail, tag: anyTag })))
  })

  test('an image of a newer format is refused as such', () => {
    expect(codeOf(decodeImage([`{"format":${partedFormat + 1}}`]))).toBe('NEWER_FORMAT')
  })

  test("an account that its person did not sign is refused in another's image, and trusted in our own", () => {
    const change = {
      kind: 'account',
      account: alice.account,
      command,
      name: 'Ada',
      sealKey: new Uint8Array(32),
      sealedKeys: new Uint8Array(9),
    } as const
    const payload = account('Ada')
    const signature = signPayload(groupId, 'account', payload, bob.privateKey)
    const bytes = encodeUpdate({ clock: 4, change: { change, payload, signature } })
    const { name, sealKey, sealedKeys } = change
    const record = { account: alice.account, name, sealKey, sealedKeys, clock: 4, origin: ours.origin, bytes }
    const forged = encodeImage({ ...image, mails: mailColumns([]), accounts: [record] })
    expect(decodeImage(forged)).toMatchObject({ ok: true, value: { accounts: [record] } })
    expect(codeOf(inOneGo(wire.decodeReceivedImageInParts(forged)))).toBe('BAD_SIGNATURE')
  })
})

import fc from 'fast-check'
import type { ErrorCode } from '../../replica/core/model/errors.ts'
import { errorCodes } from '../../replica/core/model/errors.ts'
import type { AccountId, OriginId, PeerId } from '../../replica/core/model/ids.ts'
import {
  allServerIds,
  anyTag,
  commandId,
  documentId,
  hash,
  inviteId,
  sessionId,
  tag,
  updateId,
} from '../../replica/core/model/ids.ts'
import { aimedAt, meantBy } from '../../replica/core/model/meant.ts'
import { bulkMarks } from '../../replica/core/model/mailbox-changes.ts'
import { limits } from '../../replica/core/model/limits.ts'
import type { Message, RetirementNews, VersionVector } from '../../replica/core/model/messages.ts'
import { type SignedEnd, signatureOf } from '../../replica/core/model/proofs.ts'
import type { Word } from '../../replica/core/model/signed.ts'
import type { Batch, Draft, PersonChange, SignedChange, SystemChange } from '../../replica/core/model/updates.ts'
import { accountIdOf, originOf, peerIdOf, publicKeyOf, toPrivateKey } from '../../replica/wire/keys.ts'
import {
  encodeDocumentPayload,
  encodeForgettingPayload,
  encodeMarksPayload,
  inOrder,
  type DocumentPayload,
} from '../../replica/wire/mailbox-payloads.ts'
import { checkName } from '../../replica/wire/names.ts'
import type { MailPayload } from '../../replica/wire/payload-codec.ts'
import {
  encodeAccountDeletionPayload,
  encodeAccountPayload,
  encodeDeletionPayload,
  encodeMailPayload,
  encodeReadPayload,
} from '../../replica/wire/payload-codec.ts'
import {
  encodeFollowPayload,
  encodePostDeletionPayload,
  encodePostPayload,
} from '../../replica/wire/social-payloads.ts'
import { encodeUpdate, signPayload, signPayloads } from '../../replica/wire/update-codec.ts'
import { createWire } from '../../replica/wire/wire.ts'

/** The group that everything here belongs to. */
export const groupId = new Uint8Array(16).fill(3)
export const wire = createWire({ groupId })

const keyOf = (seedByte: number) => {
  const privateKey = toPrivateKey(new Uint8Array(32).fill(seedByte))
  return { privateKey, publicKey: publicKeyOf(privateKey) }
}

/** Five installs, one on each seat. */
export const installs = allServerIds.map((server) => {
  const key = keyOf(server)
  const peer = peerIdOf(key.publicKey)
  const origin = originOf(server, peer)
  return { ...key, server, peer, origin, make: wire.makeBatchWith({ origin, ...key }) }
})
export type Install = (typeof installs)[number]

/** Three people. */
export const people = [101, 102, 103].map((seedByte) => {
  const key = keyOf(seedByte)
  return { ...key, account: accountIdOf(key.publicKey) }
})
export type Person = (typeof people)[number]

export const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length })
export const bytesUpTo = (most: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ maxLength: most })
const base64Url = (length: number) => bytes(length).map((value) => Buffer.from(value).toString('base64url'))

export const install: fc.Arbitrary<Install> = fc.constantFrom(...installs)
export const person: fc.Arbitrary<Person> = fc.constantFrom(...people)
export const origin: fc.Arbitrary<OriginId> = install.map((one) => one.origin)
export const peer: fc.Arbitrary<PeerId> = install.map((one) => one.peer)
export const server = fc.constantFrom(...allServerIds)
export const account: fc.Arbitrary<AccountId> = bytes(32).map(accountIdOf)
export const clock = fc.integer({ min: 0, max: 4_000_000_000_000_000 })
export const sequence = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER - 1_000 })
export const anyUpdateId = fc.tuple(origin, sequence).map(([of, at]) => updateId(of, at))
export const command = base64Url(12).map(commandId)
/** Of a mail; 0 where it is not known. */
export const anyTagOfMail = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 0xffff_ffff })).map(tag)
export const anyDocumentId = base64Url(16).map(documentId)
export const anyDocuments = fc.uniqueArray(anyDocumentId, { maxLength: 5 }).map(inOrder)
export const anyHash = base64Url(32).map(hash)
export const anyInviteId = base64Url(32).map(inviteId)
export const label = fc.stringMatching(/^[\p{L}\p{N} '._-]{1,16}$/u)
export const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
  .map((text) => text.normalize('NFC'))
  .filter((text) => checkName(text).ok)
const address = fc.nat(65_535).map((port) => `/ip4/127.0.0.1/tcp/${port}`)
export const addresses = fc.array(address, { maxLength: 4 })

export const systemChangeOf = (from: Install): fc.Arbitrary<SystemChange> =>
  fc.oneof(
    fc.record({ kind: fc.constant('group' as const), name: label }),
    fc.record({
      kind: fc.constant('seat' as const),
      server: fc.constant(from.server),
      peer: fc.constant(from.peer),
      machine: label,
      replaces: fc.option(origin),
    }),
    fc.record({ kind: fc.constant('invite' as const), invite: anyInviteId, expiresAtMs: fc.maxSafeNat() }),
    fc.record({ kind: fc.constant('admission' as const), invite: anyInviteId, peer, server }),
    fc.record({ kind: fc.constant('retirement' as const), retired: origin }),
    fc.record({ kind: fc.constant('revocation' as const), invite: anyInviteId }),
    fc.record({ kind: fc.constant('machineName' as const), name: label }),
    fc.record({ kind: fc.constant('clientAdmission' as const), invite: anyInviteId, peer, machine: label }),
  )

export const mailPayloadOf = (from: Person): fc.Arbitrary<MailPayload> =>
  fc.uniqueArray(account, { minLength: 1, maxLength: 5 }).chain((to) =>
    fc.record({
      account: fc.constant(from.account),
      command,
      to: fc.constant(to),
      conversation: fc.option(anyUpdateId),
      wraps: fc.array(fc.record({ enc: bytes(32), wrappedKey: bytes(48) }), {
        minLength: to.length + 1,
        maxLength: to.length + 1,
      }),
      sealedHeader: bytesUpTo(80),
      sealedBody: bytesUpTo(300),
    }),
  )

const mailChange = ({ account, command, to, conversation }: MailPayload) => ({
  kind: 'mail' as const,
  account,
  command,
  to,
  conversation,
})

const postText = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 })

interface UnsignedChange {
  readonly change: PersonChange
  readonly payload: Uint8Array
}

/** Mails of one origin after the other, as they are encoded. */
const marksOf = (from: Person) =>
  fc
    .uniqueArray(fc.tuple(origin, fc.array(fc.tuple(sequence, anyTagOfMail), { minLength: 1, maxLength: 4 })), {
      selector: ([of]) => of,
      minLength: 1,
      maxLength: 3,
    })
    .chain((groups) =>
      fc.record({
        kind: fc.constant('marks' as const),
        account: fc.constant(from.account),
        command,
        mark: fc.constantFrom(...bulkMarks),
        mails: fc.constant(groups.flatMap(([of, mails]) => mails.map(([at]) => updateId(of, at)))),
        tags: fc.constant(groups.flatMap(([, mails]) => mails.map(([, known]) => known))),
      }),
    )

/** A word as it is signed now, or as it was before it told when it was said. */
const said = <Fields extends object>(word: fc.Arbitrary<Fields>): fc.Arbitrary<Fields & Pick<Word, 'saidAt'>> =>
  fc.tuple(word, fc.option(clock)).map(([fields, saidAt]) => (saidAt === null ? fields : { ...fields, saidAt }))

const documentChange = ({ sealed, ...fields }: DocumentPayload) => ({
  kind: 'document' as const,
  ...fields,
  state: sealed === null ? ('deleted' as const) : ('written' as const),
})

const payloadOf = (from: Person): fc.Arbitrary<UnsignedChange> => {
  const signer = { account: fc.constant(from.account), command }
  return fc.oneof(
    fc
      .record({
        ...signer,
        kind: fc.constant('account' as const),
        name,
        sealKey: bytes(32),
        sealedKeys: bytesUpTo(200),
      })
      .map((change) => ({ change, payload: encodeAccountPayload(change) })),
    fc
      .record({ ...signer, kind: fc.constant('accountDeletion' as const) })
      .map((change) => ({ change, payload: encodeAccountDeletionPayload(change) })),
    mailPayloadOf(from).map((mail) => ({
      change: mailChange(mail),
      payload: encodeMailPayload(mail),
    })),
    fc
      .record({ ...signer, kind: fc.constant('read' as const), mail: anyUpdateId, tag: anyTagOfMail })
      .map((change) => ({ change, payload: encodeReadPayload(change) })),
    fc
      .record({ ...signer, kind: fc.constant('deletion' as const), mail: anyUpdateId, tag: anyTagOfMail })
      .map((change) => ({ change, payload: encodeDeletionPayload(change) })),
    said(marksOf(from)).map((change) => ({ change, payload: encodeMarksPayload(change) })),
    said(fc.record({ ...signer, document: anyDocumentId, shelf: fc.nat(255), sealed: fc.option(bytesUpTo(300)) })).map(
      (written) => ({ change: documentChange(written), payload: encodeDocumentPayload(written) }),
    ),
    fc
      .record({ ...signer, kind: fc.constant('forgetting' as const), saidUpTo: clock, documents: anyDocuments })
      .map((change) => ({ change, payload: encodeForgettingPayload(change) })),
    fc.record({ ...signer, text: postText }).map((post) => ({
      change: { kind: 'post' as const, account: post.account, command: post.command },
      payload: encodePostPayload(post),
    })),
    fc
      .record({ ...signer, kind: fc.constant('postDeletion' as const), post: anyUpdateId, tag: anyTagOfMail })
      .map((change) => ({ change, payload: encodePostDeletionPayload(change) })),
    said(
      fc.record({
        ...signer,
        kind: fc.constant('follow' as const),
        whom: account,
        state: fc.constantFrom('follows' as const, 'not' as const),
      }),
    ).map((change) => ({ change, payload: encodeFollowPayload(change) })),
  )
}

/** A change that a person really signed. */
export const signedChange: fc.Arbitrary<SignedChange> = person.chain((from) =>
  payloadOf(from).map(({ change, payload }) => ({
    change,
    payload,
    signature: signPayloads(groupId, [{ ...change, payload }], from.privateKey)[0] ?? new Uint8Array(),
  })),
)

/** As `signedChange`; a mark may be aimed at what its mails are called now. */
const writtenChange: fc.Arbitrary<SignedChange> = fc
  .tuple(signedChange, fc.array(fc.option(anyUpdateId), { minLength: 12, maxLength: 12 }), fc.boolean())
  .map(([signed, names, isAimed]) => {
    const tagged = meantBy(signed.change).filter((meant) => meant.tag !== anyTag)
    const aims = new Map(tagged.map(({ id }, place) => [id, names[place] ?? null]))
    const change = isAimed ? aimedAt(signed.change, aims) : null
    return change === null ? signed : { ...signed, change, aims }
  })

export const draftOf = (from: Install): fc.Arbitrary<Draft> =>
  fc.record({ clock, change: fc.oneof<fc.Arbitrary<Draft['change']>[]>(systemChangeOf(from), writtenChange) })

/** A signed batch somewhere in an install's log. */
export const batchOf = (from: Install): fc.Arbitrary<Batch> =>
  fc
    .record({
      first: fc.oneof(fc.constant(1), sequence),
      previousHash: anyHash,
      drafts: fc.array(draftOf(from), { minLength: 1, maxLength: 4 }),
    })
    .map(({ first, previousHash, drafts }) =>
      from.make(first, first === 1 ? wire.firstHash(from.origin) : previousHash, drafts),
    )
export const batch: fc.Arbitrary<Batch> = install.chain(batchOf)

/** Where a log ends, truly signed. */
const signedEnd: fc.Arbitrary<SignedEnd> = install.chain((from) =>
  batchOf(from).map((made) => ({
    origin: from.origin,
    peer: from.peer,
    sequence: made.last,
    hash: made.lastHash,
    signature: signatureOf(made),
  })),
)

const retirementNews: fc.Arbitrary<RetirementNews> = fc
  .tuple(install, origin, sequence, anyHash, clock, anyInviteId, fc.array(install, { maxLength: 3 }))
  .map(([by, retired, at, before, clockOf, invite, letInBy]) => {
    const { bytes } = by.make(at + 1, before, [{ clock: clockOf, change: { kind: 'retirement', retired } }])
    const vouchers = letInBy.map((member, index) => {
      const { peer: newcomer, server: seat } = letInBy[index - 1] ?? by
      const change = { kind: 'admission', invite, peer: newcomer, server: seat } as const
      return { by: member.origin, bytes: member.make(at + 1, before, [{ clock: clockOf, change }]).bytes }
    })
    return { retired, proof: { by: by.origin, bytes }, vouchers }
  })

const vector: fc.Arbitrary<VersionVector> = fc
  .uniqueArray(fc.tuple(origin, sequence), { selector: ([of]) => of })
  .map((entries) => new Map(entries))
const rows = fc.uniqueArray(fc.tuple(origin, vector), { selector: ([of]) => of }).map((entries) => new Map(entries))
const addressBook = fc
  .uniqueArray(fc.tuple(peer, addresses), { selector: ([of]) => of })
  .map((entries) => new Map(entries))
const failure = fc.record({ code: fc.constantFrom<ErrorCode[]>(...errorCodes), message: label })
const id = fc.maxSafeNat()
const ascending = fc.uniqueArray(sequence, { maxLength: 5 }).map((list) => list.sort((left, right) => left - right))

const mailUpdates = fc.tuple(install, ascending, person).chain(([from, sequences, sender]) =>
  fc.tuple(...sequences.map((at) => fc.tuple(fc.constant(at), mailPayloadOf(sender), clock))).map((mails) => ({
    origin: from.origin,
    updates: mails.map(([at, mail, sentAt]) => mailUpdate(from.origin, at, sentAt, mail, sender)),
  })),
)

function mailUpdate(of: OriginId, at: number, sentAt: number, mail: MailPayload, sender: Person) {
  const payload = encodeMailPayload(mail)
  const change = mailChange(mail)
  const signature = signPayload(groupId, 'mail', payload, sender.privateKey)
  return {
    origin: of,
    sequence: at,
    clock: sentAt,
    change,
    bytes: encodeUpdate({ clock: sentAt, change: { change, payload, signature } }),
  }
}

export const hashes = fc
  .uniqueArray(fc.tuple(origin, anyHash), { selector: ([of]) => of })
  .map((entries) => new Map(entries))
const sessionClaim = fc.record({ account, session: base64Url(12).map(sessionId), clock, machine: label })

/** Every kind of message between replicas. */
export const message: fc.Arbitrary<Message> = fc.oneof<fc.Arbitrary<Message>[]>(
  fc.record({
    kind: fc.constant('hello' as const),
    origin,
    server,
    clock,
    rows,
    admission: fc.option<Batch>(batch),
    vouchers: fc.constant([]),
    addresses: addressBook,
    keyMadeAt: clock,
    end: fc.option<SignedEnd>(signedEnd),
  }),
  fc
    .record({
      kind: fc.constant('knowledge' as const),
      clock,
      rows,
      hashes,
      sessions: fc.array(sessionClaim, { maxLength: 4 }),
    })
    .chain((message) =>
      fc.oneof(
        fc.constant(message),
        fc.integer({ min: 1 }).map((aside) => ({ ...message, aside })),
        fc.constant({ ...message, sessions: 'as before' as const, mayShorten: true as const }),
      ),
    ),
  fc.record({
    kind: fc.constant('request' as const),
    id,
    origin,
    after: fc.maxSafeNat(),
    maxBytes: fc.nat(limits.chunkBytes),
  }),
  fc.record({ kind: fc.constant('batches' as const), id, batches: fc.array(batch, { maxLength: 3 }) }),
  fc.record({ kind: fc.constant('discarded' as const), id, origin }),
  fc.record({ kind: fc.constant('stateRequest' as const), image: id, index: fc.nat(1_000) }),
  fc.record({
    kind: fc.constant('stateChunk' as const),
    image: id,
    index: fc.nat(1_000),
    count: fc.nat(1_000),
    chunk: fc.string({ unit: 'grapheme' }),
  }),
  fc.record({ kind: fc.constant('mailRequest' as const), id, origin, sequences: ascending }),
  fc
    .tuple(mailUpdates, id, fc.maxSafeNat())
    .map(([mails, request, covered]) => ({ kind: 'mails' as const, id: request, covered, ...mails })),
  fc.record({ kind: fc.constant('refusal' as const), failure, retirement: fc.option<RetirementNews>(retirementNews) }),
  fc.record(
    { kind: fc.constant('fork' as const), origin, end: fc.option<SignedEnd>(signedEnd), unfitting: batch },
    { requiredKeys: ['kind', 'origin', 'end'] },
  ),
  fc.record({ kind: fc.constant('groupKey' as const), key: base64Url(32), madeAt: clock }),
)

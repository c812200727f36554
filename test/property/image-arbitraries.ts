import fc from 'fast-check'
import { hashPrefix, seatOf, splitUpdateId, updateId } from '../../replica/core/model/ids.ts'
import type {
  AccountKeysRecord,
  AccountRecord,
  CommandRecord,
  ExecutionRecord,
  ForgettingRecord,
  StateImage,
} from '../../replica/core/model/image.ts'
import type { MailRecord } from '../../replica/core/model/mail-columns.ts'
import { mailColumns } from '../../replica/core/model/mail-columns.ts'
import { encodeForgettingPayload } from '../../replica/wire/mailbox-payloads.ts'
import { encodeAccountKeysPayload, encodeAccountPayload } from '../../replica/wire/payload-codec.ts'
import { encodeUpdate, signPayload } from '../../replica/wire/update-codec.ts'
import {
  account,
  anyDocumentId,
  anyDocuments,
  anyHash,
  anyInviteId,
  anyTagOfMail,
  anyUpdateId,
  bytes,
  bytesUpTo,
  clock,
  command,
  groupId,
  install,
  installs,
  label,
  name,
  origin,
  peer,
  person,
  sequence,
  server,
} from './arbitraries.ts'

const accountRecord: fc.Arbitrary<AccountRecord> = fc
  .tuple(person, command, name, bytes(32), bytesUpTo(100), clock, origin)
  .map(([who, commandName, accountName, sealKey, sealedKeys, madeAt, madeBy]) => {
    const fields = { account: who.account, name: accountName, sealKey, sealedKeys }
    const change = { kind: 'account' as const, command: commandName, ...fields }
    const payload = encodeAccountPayload(change)
    const signature = signPayload(groupId, 'account', payload, who.privateKey)
    const encoded = encodeUpdate({ clock: madeAt, change: { change, payload, signature } })
    return { ...fields, clock: madeAt, origin: madeBy, bytes: encoded }
  })

const accountKeysRecord: fc.Arbitrary<AccountKeysRecord> = fc
  .tuple(person, command, fc.maxSafeNat(), bytesUpTo(100), clock, origin)
  .map(([who, commandName, generation, sealedKeys, madeAt, madeBy]) => {
    const fields = { account: who.account, generation, sealedKeys }
    const change = { kind: 'accountKeys' as const, command: commandName, ...fields }
    const payload = encodeAccountKeysPayload(change)
    const signature = signPayload(groupId, 'accountKeys', payload, who.privateKey)
    const encoded = encodeUpdate({ clock: madeAt, change: { change, payload, signature } })
    return { ...fields, clock: madeAt, origin: madeBy, bytes: encoded }
  })

const forgettingRecord: fc.Arbitrary<ForgettingRecord> = fc
  .tuple(person, command, clock, anyDocuments, clock, origin, fc.integer({ min: 1, max: 1_000 }))
  .map(([who, commandName, saidUpTo, documents, writtenAt, writtenBy, place]) => {
    const change = { kind: 'forgetting' as const, account: who.account, command: commandName, saidUpTo, documents }
    const payload = encodeForgettingPayload(change)
    const signature = signPayload(groupId, 'forgetting', payload, who.privateKey)
    const encoded = encodeUpdate({ clock: writtenAt, change: { change, payload, signature } })
    const update = { origin: writtenBy, sequence: place, clock: writtenAt, bytes: encoded }
    return { account: who.account, ...update, saidUpTo, documents }
  })
const idOf = ({ origin: of, sequence: at }: Pick<ForgettingRecord, 'origin' | 'sequence'>): string => updateId(of, at)

const highestMail = 1_000_000
const tag = anyTagOfMail
const placeInLog = { origin, sequence: fc.integer({ min: 1, max: highestMail }), clock }
const updateHeld = fc.record(placeInLog).map(({ origin: of, sequence: at }) => updateId(of, at))
const bits = fc.nat(3)
const registers = fc.record({ read: fc.maxSafeNat(), star: fc.maxSafeNat(), trash: fc.maxSafeNat() })
const mailRecord: fc.Arbitrary<MailRecord> = fc.uniqueArray(account, { minLength: 1, maxLength: 3 }).chain((to) =>
  fc.record({
    origin,
    sequence: fc.integer({ min: 1, max: highestMail }),
    clock,
    tag,
    from: account,
    to: fc.constant(to),
    marks: fc.array(bits, { minLength: to.length + 1, maxLength: to.length + 1 }),
  }),
)
const mailRecords = fc
  .uniqueArray(mailRecord, { selector: (mail) => updateId(mail.origin, mail.sequence), maxLength: 20 })
  .map((mails) =>
    mails.sort((left, right) =>
      left.origin === right.origin ? left.sequence - right.sequence : left.origin < right.origin ? -1 : 1,
    ),
  )

/** One update may answer several commands. */
const answeredTwice = installs.slice(0, 2).map((one) => updateId(one.origin, 1))

const imageWithoutCheckpoints: fc.Arbitrary<Omit<StateImage, 'checkpoints'>> = fc.record({
  vector: fc.constant(new Map(installs.map((one) => [one.origin, highestMail]))),
  hashes: fc
    .tuple(...installs.map(({ origin: of }) => anyHash.map((end) => [of, end] as const)))
    .map((ends) => new Map(ends)),
  signatures: fc
    .uniqueArray(fc.tuple(origin, bytes(64)), { selector: ([of]) => of })
    .map((entries) => new Map(entries)),
  clocks: fc
    .uniqueArray(
      fc.tuple(
        origin,
        clock.filter((value) => value > 0),
      ),
      { selector: ([of]) => of },
    )
    .map((entries) => new Map(entries)),
  newestClock: clock,
  group: fc.option(fc.record({ name: label, clock, origin })),
  claims: fc.array(
    install.chain((one) =>
      fc.record({
        origin: fc.constant(one.origin),
        server: fc.constant(seatOf(one.origin)),
        peer: fc.constant(one.peer),
        machine: label,
        replaces: fc.option(origin),
        clock,
      }),
    ),
  ),
  invites: fc.array(
    fc.record({
      invite: anyInviteId,
      expiresAtMs: fc.maxSafeNat(),
      admitted: fc.array(fc.record({ peer, server }), { maxLength: 2 }),
      revoked: fc.boolean(),
    }),
  ),
  inviters: fc.array(fc.record({ invite: anyInviteId, by: origin }), { maxLength: 2 }),
  machineNames: fc.array(fc.record({ origin, name: label, clock })),
  retired: fc.uniqueArray(fc.record({ origin, proof: fc.option(fc.record({ by: origin, bytes: bytesUpTo(60) })) }), {
    selector: (retirement) => retirement.origin,
  }),
  vouchers: fc.array(fc.record({ peer, server, by: origin, bytes: bytesUpTo(60) }), { maxLength: 2 }),
  clients: fc.array(fc.record({ invite: anyInviteId, peer, machine: label }), { maxLength: 2 }),
  accounts: fc.array(accountRecord, { maxLength: 3 }),
  accountKeys: fc.array(accountKeysRecord, { maxLength: 3 }),
  deletedAccounts: fc.array(account, { maxLength: 3 }),
  mails: mailRecords.map(mailColumns),
  answers: fc.array(fc.record({ origin, sequence, conversation: anyUpdateId })),
  marks: fc.array(fc.record({ origin, sequence, account, registers })),
  pending: fc.array(fc.record({ mail: anyUpdateId, tag, account, bits, registers })),
  documents: fc.array(
    fc.record({
      account,
      document: anyDocumentId,
      origin,
      sequence: fc.integer({ min: 1, max: highestMail }),
      clock,
      shelf: fc.nat(255),
      state: fc.constantFrom('written' as const, 'deleted' as const),
    }),
  ),
  forgettings: fc.uniqueArray(forgettingRecord, { selector: idOf, maxLength: 5 }),
  posts: fc.array(fc.record({ account, ...placeInLog, tag })),
  postDeletions: fc.array(fc.record({ post: anyUpdateId, tag, account })),
  follows: fc.array(
    fc.record({
      account,
      whom: account,
      ...placeInLog,
      state: fc.constantFrom('follows' as const, 'not' as const),
    }),
  ),
  commands: fc.array(fc.record({ command, update: fc.oneof(updateHeld, fc.constantFrom(...answeredTwice)), clock })),
  executions: fc.array(
    fc.record({
      account,
      command,
      recipients: fc.stringMatching(/^[0-9a-f]{16}$/),
      names: fc.array(fc.record({ origin, sequence: fc.integer({ min: 1, max: highestMail }), clock }), {
        minLength: 1,
        maxLength: 3,
      }),
    }),
  ),
  later: fc.array(fc.record({ ...placeInLog, type: fc.integer({ min: 43, max: 65_535 }) })),
})

/** As most are: each names a command that is remembered, too. Some that differ from it in one thing are among them. */
const executionsOf = (commands: readonly CommandRecord[]): fc.Arbitrary<readonly ExecutionRecord[]> =>
  fc
    .array(
      fc.record({
        account,
        recipients: fc.stringMatching(/^[0-9a-f]{16}$/),
        place: fc.nat({ max: Math.max(0, commands.length - 1) }),
        other: fc.option(command, { freq: 4 }),
        later: fc.constantFrom(0, 0, 0, 1),
      }),
    )
    .map((rows) =>
      rows.flatMap(({ place, other, later, ...row }) => {
        const known = commands[place]
        if (known === undefined) return []
        const name = { ...splitUpdateId(known.update), clock: known.clock + later }
        return [{ ...row, command: other ?? known.command, names: [name] }]
      }),
    )

const imageWithExecutions = imageWithoutCheckpoints.chain((image) =>
  executionsOf(image.commands).map((more) => ({ ...image, executions: [...image.executions, ...more] })),
)

/** Of each log some places before its end, and the end; or nothing, as before there were such. */
export const stateImage: fc.Arbitrary<StateImage> = imageWithExecutions.chain((image) =>
  fc
    .tuple(
      ...[...image.vector].map(([of, end]) => {
        const hash = image.hashes.get(of)
        if (hash === undefined) return fc.constant([])
        const known = fc
          .uniqueArray(fc.tuple(fc.integer({ min: 1, max: end - 1 }), fc.stringMatching(/^[\w-]{11}$/)), {
            selector: ([place]) => place,
            maxLength: 5,
          })
          .map((places) => [
            ...places
              .sort(([left], [right]) => left - right)
              .map(([place, prefix]) => ({ origin: of, sequence: place, prefix })),
            { origin: of, sequence: end, prefix: hashPrefix(hash) },
          ])
        return fc.oneof(fc.constant([]), known)
      }),
    )
    .map((logs) => {
      const taken = new Set(image.forgettings.map(idOf))
      const later = image.later.filter((record) => !taken.has(idOf(record)))
      return { ...image, later, checkpoints: logs.flat() }
    }),
)

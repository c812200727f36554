import fc from 'fast-check'
import type { AccountId, Clock, CommandId, OriginId, Tag, UpdateId } from '../../replica/core/model/ids.ts'
import { accountId, anyTag, commandId, documentId, originId, tagOf, updateId } from '../../replica/core/model/ids.ts'
import { bulkMarks } from '../../replica/core/model/mailbox-changes.ts'
import type { Batch, PersonChange, Update } from '../../replica/core/model/updates.ts'
import { GroupState } from '../../replica/core/state/group-state.ts'
import { firstHash, makeBatchOf, sign } from '../simulation/sim-codec.ts'

/** A few origins and people, so that what is named is often there, and often not yet. */
export const origins: readonly OriginId[] = ['1.aaaaaaaa', '2.bbbbbbbb', '3.cccccccc'].map(originId)
const textOf = (byte: number, length: number): string =>
  Buffer.from(new Uint8Array(length).fill(byte)).toString('base64url')
export const people: readonly AccountId[] = [1, 2, 3, 4].map((byte) => accountId(textOf(byte, 32)))
const updatesAtMost = 12
const clockSpan = 30

/** Each origin's whole log, as batches. */
export type Logs = ReadonlyMap<OriginId, readonly Batch[]>

const person = fc.constantFrom(...people)
const anyUpdate: fc.Arbitrary<UpdateId> = fc
  .tuple(fc.constantFrom(...origins), fc.integer({ min: 1, max: updatesAtMost }))
  .map(([origin, sequence]) => updateId(origin, sequence))

/** The same mail or post is wished for again and again, as by a client that goes from one server to the next. */
const mailWishes = 14
const wishes = 18
const commandOf = (wish: number): CommandId => commandId(textOf(wish >> 1, 12))
/** Of a mail or post that may be there, by this name or another: as where a log has forked. */
const anyMailTag: fc.Arbitrary<Tag> = fc.oneof(
  fc.constant(anyTag),
  fc.integer({ min: 0, max: wishes - 1 }).map((wish) => tagOf(commandOf(wish))),
)

const anyChange: fc.Arbitrary<PersonChange> = fc.integer({ min: 0, max: 255 }).chain((byte) => {
  const signer = { account: person, command: fc.constant(commandId(textOf(byte, 12))) }
  const mail = fc.integer({ min: 0, max: wishes - 1 }).map(wishOf)
  const marks = fc
    .record({
      ...signer,
      kind: fc.constant('marks' as const),
      mark: fc.constantFrom(...bulkMarks),
      meant: fc.array(fc.tuple(anyUpdate, anyMailTag), { minLength: 1, maxLength: 4 }),
    })
    .map(({ meant, ...rest }) => ({ ...rest, mails: meant.map(([id]) => id), tags: meant.map(([, tag]) => tag) }))
  const document = fc.record({
    ...signer,
    kind: fc.constant('document' as const),
    document: fc.constantFrom(1, 2).map((which) => documentId(textOf(which, 16))),
    shelf: fc.constantFrom(1, 2),
    state: fc.constantFrom('written' as const, 'deleted' as const),
  })
  const forgetting = fc.record({
    ...signer,
    kind: fc.constant('forgetting' as const),
    saidUpTo: fc.integer({ min: 0, max: clockSpan * updatesAtMost }),
    documents: fc.subarray([1, 2].map((which) => documentId(textOf(which, 16)))),
  })
  const follow = fc.record({
    ...signer,
    kind: fc.constant('follow' as const),
    whom: person,
    state: fc.constantFrom('follows' as const, 'not' as const),
  })
  const account = fc.record({
    ...signer,
    kind: fc.constant('account' as const),
    name: fc.constantFrom('ada', 'Ada', 'bob'),
    sealKey: fc.constant(new Uint8Array(32)),
    sealedKeys: fc.constant(new Uint8Array(1)),
  })
  const keys = fc.record({
    ...signer,
    kind: fc.constant('accountKeys' as const),
    generation: fc.integer({ min: 1, max: 3 }),
    sealedKeys: fc.constant(new Uint8Array(1)),
  })
  return fc.oneof(
    { weight: 5, arbitrary: mail },
    {
      weight: 4,
      arbitrary: fc.record({ ...signer, kind: fc.constant('read' as const), mail: anyUpdate, tag: anyMailTag }),
    },
    {
      weight: 8,
      arbitrary: fc.record({ ...signer, kind: fc.constant('deletion' as const), mail: anyUpdate, tag: anyMailTag }),
    },
    { weight: 6, arbitrary: marks },
    { weight: 5, arbitrary: document },
    { weight: 3, arbitrary: forgetting },
    { weight: 4, arbitrary: fc.record({ ...signer, kind: fc.constant('post' as const) }) },
    {
      weight: 5,
      arbitrary: fc.record({ ...signer, kind: fc.constant('postDeletion' as const), post: anyUpdate, tag: anyMailTag }),
    },
    { weight: 4, arbitrary: follow },
    { weight: 2, arbitrary: account },
    { weight: 2, arbitrary: keys },
    { weight: 1, arbitrary: fc.record({ ...signer, kind: fc.constant('accountDeletion' as const) }) },
  )
})

const timesOfDocuments = 6
const changeOfDocuments: fc.Arbitrary<PersonChange> = fc.integer({ min: 0, max: 255 }).chain((byte) => {
  const documents = [1, 2].map((which) => documentId(textOf(which, 16)))
  const signer = { account: fc.constant(people[0] ?? accountId('')), command: fc.constant(commandId(textOf(byte, 12))) }
  const document = fc.record({
    ...signer,
    kind: fc.constant('document' as const),
    document: fc.constantFrom(...documents),
    shelf: fc.constant(1),
    state: fc.constantFrom('written' as const, 'deleted' as const),
  })
  const forgetting = fc.record({
    ...signer,
    kind: fc.constant('forgetting' as const),
    saidUpTo: fc.integer({ min: 0, max: timesOfDocuments }),
    documents: fc.subarray(documents),
  })
  return fc.oneof(document, forgetting)
})

const wishOf = (wish: number): PersonChange => {
  const account = people[wish % people.length] ?? accountId('')
  const command = commandOf(wish)
  if (wish >= mailWishes) return { kind: 'post', account, command }
  return {
    kind: 'mail',
    account,
    command,
    to: people.filter((_, index) => (((wish >> 1) % 15) + 1) & (1 << index)),
    conversation: wish % 3 === 0 ? updateId(origins[0] ?? originId(''), (wish % 4) + 1) : null,
  }
}

/** Now and then an update is of a kind that only a later version understands. */
const isLater = fc.integer({ min: 0, max: 9 }).map((throws) => throws === 0)
const laterType = 999

/** `at`: null of a word that does not tell when it was said. */
const said = (what: PersonChange, at: Clock | null): PersonChange =>
  at !== null && (what.kind === 'marks' || what.kind === 'document' || what.kind === 'follow')
    ? { ...what, saidAt: at }
    : what

const logOf = (
  origin: OriginId,
  change: fc.Arbitrary<PersonChange>,
  saidAt: fc.Arbitrary<Clock | null>,
): fc.Arbitrary<readonly Batch[]> =>
  fc
    .array(
      fc.array(fc.tuple(change, fc.integer({ min: 1, max: clockSpan }), isLater, saidAt), {
        minLength: 1,
        maxLength: 3,
      }),
      {
        maxLength: updatesAtMost / 3,
      },
    )
    .map((groups) => {
      const make = makeBatchOf(origin)
      const batches: Batch[] = []
      let clock = 0
      for (const group of groups) {
        const before = batches.at(-1)
        const drafts = group.map(([what, gap, , at]) => {
          clock += gap
          return { clock, change: sign(said(what, at), `${origin} ${clock}`) }
        })
        const batch = make((before?.last ?? 0) + 1, before?.lastHash ?? firstHash(origin), drafts)
        const updates = batch.updates.map((update, index): Update => {
          const isUnknown = group[index]?.[2] === true
          return isUnknown ? { ...update, change: { kind: 'unknown', type: laterType } } : update
        })
        batches.push({ ...batch, updates })
      }
      return batches
    })

/** Of such changes; words are said at these times. */
const logsOf = (change: fc.Arbitrary<PersonChange>, saidAt: fc.Arbitrary<Clock | null>): fc.Arbitrary<Logs> =>
  fc
    .tuple(...origins.map((origin) => logOf(origin, change, saidAt)))
    .map((all) => new Map(origins.map((origin, index) => [origin, all[index] ?? []])))

export const logs = logsOf(anyChange, fc.option(fc.integer({ min: 1, max: clockSpan * updatesAtMost })))

/** What one person says of few documents, at few times. */
export const documentLogs = logsOf(changeOfDocuments, fc.integer({ min: 1, max: timesOfDocuments }))

/** Whose next batch comes next; what is left comes in the end. */
export const order: fc.Arbitrary<readonly OriginId[]> = fc.array(fc.constantFrom(...origins), { maxLength: 12 })

/** How many batches of each origin. */
export const cut: fc.Arbitrary<ReadonlyMap<OriginId, number>> = fc
  .tuple(...origins.map(() => fc.integer({ min: 0, max: updatesAtMost / 3 })))
  .map((counts) => new Map(origins.map((origin, index) => [origin, counts[index] ?? 0])))

/** The batches up to `upTo` (all when null), in an order that keeps each origin's. */
export const interleave = (
  all: Logs,
  turns: readonly OriginId[],
  upTo: ReadonlyMap<OriginId, number> | null,
): Batch[] => {
  const left = new Map(
    [...all].map(([origin, batches]) => [origin, batches.slice(0, upTo?.get(origin) ?? batches.length)]),
  )
  const taken: Batch[] = []
  for (const origin of [...turns, ...origins.flatMap((origin) => (left.get(origin) ?? []).map(() => origin))]) {
    const next = left.get(origin)?.shift()
    if (next !== undefined) taken.push(next)
  }
  return taken
}

export const stateOf = (batches: readonly Batch[]): GroupState => {
  const state = new GroupState()
  for (const batch of batches) state.applyBatch(batch)
  return state
}

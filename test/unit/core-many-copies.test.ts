import { describe, expect, test } from 'vitest'
import type { Effects } from '../../replica/core/effects.ts'
import type { Identity } from '../../replica/core/membership.ts'
import type { StateImage } from '../../replica/core/model/image.ts'
import type { KnowledgeMessage, Message, VersionVector } from '../../replica/core/model/messages.ts'
import type { Batch } from '../../replica/core/model/updates.ts'
import type { ReplicaCore } from '../../replica/core/replica-core.ts'
import { allOf } from '../../replica/core/state-transfer.ts'
import { firstHash, makeBatchOf } from '../simulation/sim-codec.ts'
import {
  foundedCore,
  give,
  greet,
  helloOf,
  identity,
  mailTo,
  noonMs,
  signUp,
  startCore,
} from '../support/core-fixture.ts'
import {
  afterTheFounder,
  another,
  author,
  authorsLog,
  claimOf,
  endOf,
  meeting,
  member,
  otherLog,
  says,
} from '../support/fork-fixture.ts'

const { origin } = author
const forked = { kind: 'forked', origin }

/** The log with which a group began. */
const foundersLog = ({ origin: own, server, peer }: Identity): Batch =>
  makeBatchOf(own)(1, firstHash(own), [
    { clock: noonMs, change: { kind: 'group', name: 'the group' } },
    { clock: noonMs, change: { kind: 'seat', server, peer, machine: 'the first', replaces: null } },
  ])

describe('an old copy, which starts over itself,', () => {
  test('is not yielded to by who holds the log of a third differently, until it has its own log back', () => {
    const { core, tells } = meeting(1, 'has a state')
    const claim = claimOf(member, 1)
    const next = makeBatchOf(member.origin)(2, claim.lastHash, [{ clock: afterTheFounder, change: signUp('dora') }])
    core.step(noonMs, [{ kind: 'handedIn', batches: [next] }])
    tells(2, otherLog)
    const shown: Message = { kind: 'fork', origin, end: endOf(author, 2, otherLog) }
    expect(says(core, shown).notify).not.toContainEqual(forked)
    const rows = new Map([[member.origin, new Map([...core.matrix.row(member.origin), [member.origin, 2]])]])
    says(core, { kind: 'knowledge', clock: 1, rows, hashes: new Map(), sessions: [] })
    expect(says(core, shown).notify).toContainEqual(forked)
  })
})

describe('what a newcomer holds', () => {
  const founder = identity(1, 'a')
  const told = ({ send }: Effects): readonly KnowledgeMessage[] =>
    send.flatMap(({ message }) => (message.kind === 'knowledge' ? [message] : []))
  const claimed = (): ReplicaCore => {
    const core = startCore(identity(5, 'e'))
    give(core, { kind: 'claim', server: core.identity.server, machine: 'mine', replaces: null })
    return core
  }
  const toldRow = (core: ReplicaCore, row: VersionVector): VersionVector | undefined => {
    greet(core, another, new Map([[another.origin, row]]))
    const messages = [1_000, 2_100].flatMap((afterMs) => told(core.step(noonMs + afterMs, [{ kind: 'tick' }])))
    return messages.at(-1)?.rows.get(core.identity.origin)
  }

  test('of the logs of others is not told before it has had all that somebody else has, even with a part of the first log', () => {
    const core = claimed()
    core.step(noonMs, [
      { kind: 'handedIn', batches: [foundersLog(founder), claimOf(another, afterTheFounder), ...authorsLog()] },
    ])
    expect(toldRow(core, new Map([[founder.origin, 7]]))).toEqual(new Map([[core.identity.origin, 1]]))
  })

  test('is told when it has', () => {
    const core = claimed()
    core.step(noonMs, [
      { kind: 'handedIn', batches: [foundersLog(founder), claimOf(another, afterTheFounder), ...authorsLog()] },
    ])
    expect(toldRow(core, new Map([[founder.origin, 2]]))).toEqual(core.state.vector)
  })

  /** Lacks what a member holds. */
  const lacking = (own: Identity): { readonly core: ReplicaCore; readonly effects: Effects } => {
    const core = startCore(own)
    core.step(noonMs, [{ kind: 'handedIn', batches: [foundersLog(founder), claimOf(another, afterTheFounder)] }])
    const row = new Map([[another.origin, new Map([[founder.origin, 2] as const, [another.origin, 5] as const])]])
    return { core, effects: greet(core, another, row) }
  }
  /** Asks anew, after a while in which nothing has come. */
  const asksAt = (core: ReplicaCore, atMs: number): Effects => {
    core.step(atMs - 300, [{ kind: 'tick' }])
    return core.step(atMs, [{ kind: 'tick' }])
  }
  /** The member has discarded what is asked for. */
  const discards = (core: ReplicaCore, { send }: Effects, atMs = noonMs): void => {
    const [request] = send.flatMap(({ message }) => (message.kind === 'request' ? [message] : []))
    if (request === undefined) throw new Error('it asks for the log of the member')
    const answer: Message = { kind: 'discarded', id: request.id, origin: request.origin }
    core.step(atMs, [{ kind: 'message', peer: another.peer, message: answer }])
  }

  test('is not kept from growing by who is not here, was that one at its own seat before or not', () => {
    const copies = (own: Identity): boolean => {
      const { core, effects } = lacking(own)
      discards(core, effects)
      return core.transferringFrom === another.peer
    }
    expect(copies(identity(founder.server, 'z'))).toBe(true)
    expect(copies(identity(5, 'z'))).toBe(true)
  })

  test('is not all that there is while a member has discarded what it lacks, though nobody confirms that one’s state', () => {
    const { core: elsewhere } = lacking(identity(5, 'z'))
    const image = elsewhere.state.image()
    const core = startCore(identity(5, 'z'), { image, suffix: [], highest: image.vector })
    const row = new Map([[another.origin, new Map([[founder.origin, 2] as const, [another.origin, 5] as const])]])
    const effects = greet(core, another, row)
    discards(core, effects)
    discards(core, asksAt(core, noonMs + 6_000), noonMs + 6_000)
    expect(core.transferringFrom).toBe(null)
    expect(core.isCaughtUp).toBe(false)
  })

  test('is all that there is when what a member has discarded does not come with its state either', () => {
    const { core, effects } = lacking(identity(founder.server, 'z'))
    discards(core, effects)
    discards(core, asksAt(core, noonMs + 16_000), noonMs + 16_000)
    expect(core.transferringFrom).toBe(another.peer)
    expect(core.isCaughtUp).toBe(false)
    core.step(noonMs + 32_000, [{ kind: 'tick' }])
    expect(core.isCaughtUp).toBe(true)
  })
})

describe('where only a state could show that a log went another way', () => {
  /** The same name, and more of it, on top of something else. */
  const longer = (): StateImage => {
    const sender = foundedCore(['ada'])
    sender.step(noonMs, [{ kind: 'handedIn', batches: [claimOf(member, 1), ...authorsLog()] }])
    const image = sender.state.image()
    const checkpoints = image.checkpoints.map((one) =>
      one.origin === origin ? { ...one, prefix: 'A'.repeat(11) } : one,
    )
    return { ...image, checkpoints }
  }
  const inDoubt = (): ReplicaCore => {
    const core = foundedCore(['ada'])
    core.step(noonMs, [{ kind: 'handedIn', batches: [claimOf(member, 1), ...authorsLog().slice(0, 2)] }])
    greet(core, member, core.matrix.rows())
    core.step(noonMs, [{ kind: 'imageDecoded', peer: member.peer, image: longer() }])
    return core
  }

  test('the time decides, whether the state is shown again or not', () => {
    const core = inDoubt()
    core.step(noonMs + 19_000, [{ kind: 'tick' }])
    expect(core.hindrance).toBe(null)
    expect(core.step(noonMs + 20_000, [{ kind: 'tick' }]).notify).toContainEqual(forked)
  })

  test('not when who has shown it is gone', () => {
    const core = inDoubt()
    core.step(noonMs + 1_000, [{ kind: 'disconnected', peer: member.peer }])
    core.step(noonMs + 30_000, [{ kind: 'tick' }])
    expect(core.hindrance).toBe(null)
  })

  test('what would have to be given up is handed to nobody meanwhile', () => {
    const core = inDoubt()
    const { send } = core.step(noonMs + 1_100, [{ kind: 'connected', peer: another.peer }])
    const [hello] = send.flatMap(({ message }) => (message.kind === 'hello' ? [message] : []))
    const own = core.identity.origin
    expect(hello?.rows.get(own)).toEqual(new Map([[own, core.state.held(own)]]))
  })
})

test('contents that a state transfer brings are not stored when another log by their name has come meanwhile', () => {
  const core = startCore(identity(5, 'e'))
  const sender = foundedCore(['ada'])
  sender.step(noonMs, [{ kind: 'handedIn', batches: authorsLog() }])
  const tell = (message: Message): Effects => core.step(noonMs, [{ kind: 'message', peer: another.peer, message }])
  const { send } = greet(core, another, new Map([[another.origin, new Map([[origin, 3]])]]))
  const [request] = send.flatMap(({ message }) => (message.kind === 'request' ? [message] : []))
  if (request === undefined) throw new Error('it asks for the log of the author')
  tell({ kind: 'discarded', id: request.id, origin })
  tell({ kind: 'stateChunk', image: 1, index: 0, count: 1, chunk: '' })
  const { findMissing } = core.step(noonMs, [{ kind: 'imageDecoded', peer: another.peer, image: sender.state.image() }])
  if (findMissing === null) throw new Error('it looks for the mails of the image')
  const asked = core
    .step(noonMs, [{ kind: 'mailsMissing', ...allOf(findMissing) }])
    .send.flatMap(({ message }) => (message.kind === 'mailRequest' && message.origin === origin ? [message] : []))
  const [first] = asked
  if (first === undefined) throw new Error('it asks for the mail of the author')
  const [claim] = authorsLog()
  const make = makeBatchOf(origin)
  const other = make(2, claim.lastHash, [{ clock: afterTheFounder + 1, change: signUp('cleo') }])
  const longer = make(3, other.lastHash, [{ clock: afterTheFounder + 2, change: mailTo('cleo', ['cleo'], 'other') }])
  const updates = authorsLog().flatMap((batch) => batch.updates.filter(({ change }) => change.kind === 'mail'))
  // Both in one step: what is appended is written before what is stored.
  const { persist, store } = core.step(noonMs, [
    { kind: 'message', peer: another.peer, message: { kind: 'mails', id: first.id, origin, covered: 3, updates } },
    { kind: 'handedIn', batches: [claim, other, longer] },
  ])
  expect(persist).toHaveLength(3)
  expect(store).toEqual([])
})

test('what a member has shown of a copy that it has no more leaves no doubt behind', () => {
  const { core, tells } = meeting(afterTheFounder, 'has a state')
  const [, second] = authorsLog()
  tells(2, second.lastHash)
  expect(core.stable.get(origin)).toBe(2)
  const rows = new Map([[member.origin, core.matrix.row(member.origin)]])
  says(core, { kind: 'fork', origin, end: endOf(author, 9, otherLog) })
  expect(core.stable).toEqual(new Map())
  // It holds less by now.
  says(core, { kind: 'knowledge', clock: 1, rows, hashes: new Map(), sessions: [] })
  expect(core.stable.get(origin)).toBe(2)
  says(core, { kind: 'fork', origin, end: endOf(author, 2, otherLog) })
  core.step(noonMs, [{ kind: 'disconnected', peer: member.peer }])
  greet(core, member, rows)
  expect(core.stable).toEqual(new Map())
  // It holds the same by now.
  tells(2, second.lastHash)
  expect(core.stable.get(origin)).toBe(2)
})

describe('of those who have set copies aside and have no state', () => {
  const own = identity(2, 'b')
  const tellsOf = (core: ReplicaCore, aside: number | null): void => {
    const rows = new Map([[another.origin, new Map([[another.origin, 1]])]])
    const knowledge: KnowledgeMessage = { kind: 'knowledge', clock: 1, rows, hashes: new Map(), sessions: [] }
    const message = aside === null ? knowledge : { ...knowledge, aside }
    core.step(noonMs, [{ kind: 'message', peer: another.peer, message }])
  }

  test('the one whose copy covers most is the first to take it up', () => {
    const core = startCore(own)
    core.step(noonMs, [
      { kind: 'connected', peer: another.peer },
      { kind: 'message', peer: another.peer, message: helloOf(another) },
      { kind: 'aside', updates: 7 },
    ])
    expect(core.isFirstToTakeUp).toBe(true)
    tellsOf(core, 8)
    expect(core.isFirstToTakeUp).toBe(false)
    tellsOf(core, 6)
    expect(core.isFirstToTakeUp).toBe(true)
    tellsOf(core, 7)
    expect(core.isFirstToTakeUp).toBe(own.origin < another.origin)
    tellsOf(core, null)
    expect(core.isFirstToTakeUp).toBe(true)
  })

  test('each tells the others how many updates it covers', () => {
    const core = startCore(own)
    greet(core, another)
    core.step(noonMs, [{ kind: 'aside', updates: 7 }])
    const { send } = core.step(noonMs + 1_100, [{ kind: 'tick' }])
    expect(send.flatMap(({ message }) => (message.kind === 'knowledge' ? [message.aside] : []))).toEqual([7])
  })
})

import { describe, expect, test } from 'vitest'
import type { Identity } from '../../replica/core/membership.ts'
import { anyTag, hash, updateId } from '../../replica/core/model/ids.ts'
import { Repairs } from '../../replica/core/repairs.ts'
import { allOf, StateTransfer } from '../../replica/core/state-transfer.ts'
import type { HelloMessage, Message } from '../../replica/core/model/messages.ts'
import type { ReplicaCore } from '../../replica/core/replica-core.ts'
import type { Batch } from '../../replica/core/model/updates.ts'
import { retiredFailure } from '../../replica/core/retired-peers.ts'
import { GroupState } from '../../replica/core/state/group-state.ts'
import { mailColumns } from '../../replica/core/model/mail-columns.ts'
import {
  deletionOf,
  foundedCore,
  give,
  identity,
  logOf,
  mailTo,
  noonMs,
  person,
  signUp,
  startCore,
} from '../support/core-fixture.ts'
import { runHistory } from './history.ts'
import { firstHash, makeBatchOf } from './sim-codec.ts'

/** Seeds at which the simulator found something, whatever they run into now. */
const onceFailed = [
  3, 4, 12, 14, 25, 56, 275, 1100, 1212, 30388, 82688, 83150, 120181, 121787, 123501, 128461, 128680, 129708, 132065,
  142210, 162182, 162886, 172850, 120318, 500254, 501115, 600072, 700240, 710033, 801483, 802065, 802560, 821020,
  821123, 5058,
]

/** The same, of histories in which old copies are restored all the time (`--copies`). */
const onceFailedWithCopies = [24, 403, 468, 523, 628, 779, 1492, 1709, 1940, 3069, 3979, 5315, 5515, 5712, 7011, 7280]

/** The same, of histories with machines of two versions (`--versions`). */
const onceFailedWithVersions = [5, 26, 51, 84, 104, 125, 172, 1219, 1275, 1343]

const hourMs = 3_600_000

describe('a history', () => {
  test('is the same, event for event, whenever its seed is run', () => {
    const one = runHistory(7, 'all')
    const two = runHistory(7, 'all')
    expect(one.lines.length).toBeGreaterThan(300)
    expect(two.lines).toEqual(one.lines)
    expect(two.fingerprint).toBe(one.fingerprint)
    expect(runHistory(8).fingerprint).not.toBe(one.fingerprint)
  })

  test.each(onceFailed)('of seed %i, which once found a bug, holds', (seed) => {
    expect(runHistory(seed).failed).toBe(null)
  })

  test.each(onceFailedWithCopies)('of seed %i, which once found a bug with many old copies, holds', (seed) => {
    expect(runHistory(seed, 'last', 'copies').failed).toBe(null)
  })

  test.each(onceFailedWithVersions)('of seed %i, which once found a bug with two versions, holds', (seed) => {
    expect(runHistory(seed, 'last', 'versions').failed).toBe(null)
  })
})

describe('what the simulator found stays fixed', () => {
  const other = identity(2, 'b')
  const hello: HelloMessage = {
    kind: 'hello',
    origin: other.origin,
    server: other.server,
    clock: noonMs * 1_000,
    rows: new Map(),
    admission: null,
    vouchers: [],
    addresses: new Map(),
    keyMadeAt: 0,
    end: null,
  }
  const claimOf = ({ origin, server, peer }: Identity): Batch =>
    makeBatchOf(origin)(1, firstHash(origin), [
      { clock: noonMs * 2_000, change: { kind: 'seat', server, peer, machine: 'b', replaces: null } },
    ])
  const claim = claimOf(other)

  test('an account that signed up at two replicas is the same everywhere', () => {
    const logs = [3, 4].map((server) => logOf(identity(server, 'c').origin, [signUp('ada')], server))
    const digestOf = (order: typeof logs): string => {
      const state = new GroupState()
      for (const batch of order.flat()) state.applyBatch(batch)
      return state.digest()
    }
    expect(digestOf(logs)).toBe(digestOf([...logs].reverse()))
  })

  test('what is written after a restart sorts after all that was held, though the clock was set back', () => {
    const core = foundedCore(['ada'])
    give(core, { kind: 'submit', signed: mailTo('ada', ['ada'], 'mail') })
    const mail = core.state.mails.records()[0]
    if (mail === undefined) throw new Error('the mail is there')
    const id = core.state.commands.get(mailTo('ada', ['ada'], 'mail').change.command)?.update
    if (id === undefined) throw new Error('the mail was sent')
    give(core, { kind: 'submit', signed: deletionOf('ada', id, 'delete') })
    const image = core.state.image()
    const newest = core.state.newestClock
    const restarted = startCore(core.identity, { image, suffix: [], highest: image.vector })
    const effects = restarted.step(noonMs - hourMs, [
      { kind: 'command', ticket: 0, command: { kind: 'submit', signed: mailTo('ada', ['ada'], 'next') } },
    ])
    expect(effects.persist[0]?.updates[0]?.clock).toBeGreaterThan(newest)
  })

  test('heartbeats go on when the clock is set back', () => {
    const core = foundedCore()
    core.step(noonMs, [{ kind: 'handedIn', batches: [claim] }])
    core.step(noonMs, [{ kind: 'connected', peer: other.peer }])
    core.step(noonMs, [{ kind: 'message', peer: other.peer, message: hello }])
    core.step(noonMs - hourMs, [{ kind: 'tick' }])
    const { send } = core.step(noonMs - hourMs + 1_100, [{ kind: 'tick' }])
    expect(send.map(({ message }) => message.kind)).toContain('knowledge')
  })

  test('a machine that is retired before it has met anybody believes the first that shows it', () => {
    const newcomer = startCore(other)
    const member = identity(1, 'a')
    give(newcomer, { kind: 'claim', server: other.server, machine: 'b', replaces: null })
    const tell = (message: Message) => newcomer.step(noonMs, [{ kind: 'message', peer: member.peer, message }])
    const proof = { by: identity(4, 'd').origin, bytes: new Uint8Array(1) }
    const refusal: Message = {
      kind: 'refusal',
      failure: retiredFailure,
      retirement: { retired: other.origin, proof, vouchers: [] },
    }
    newcomer.step(noonMs, [{ kind: 'connected', peer: member.peer }])
    tell(refusal)
    expect(newcomer.isRetired).toBe(false)
    tell({ ...hello, origin: member.origin, server: member.server })
    const { notify } = tell(refusal)
    expect(newcomer.isRetired).toBe(true)
    expect(notify.map(({ kind }) => kind)).toContain('retired')
  })

  test('retiring a machine again does not retire the one that has its seat by now', () => {
    const core = foundedCore()
    const next = identity(2, 'c')
    core.step(noonMs, [{ kind: 'handedIn', batches: [claim] }])
    give(core, { kind: 'retire', machine: other.origin })
    core.step(noonMs, [{ kind: 'handedIn', batches: [claimOf(next)] }])
    const { answer, persist } = give(core, { kind: 'retire', machine: other.origin })
    expect(answer[0]?.result).toMatchObject({ ok: false, failure: { code: 'NO_SUCH_SERVER' } })
    expect(persist).toEqual([])
    expect(core.state.seats.holder(other.server)?.origin).toBe(next.origin)
  })

  /** Meets `other`, which holds this of the log of `core`, and shows it. Returns what is asked of it. */
  const meets = (core: ReplicaCore, sequence: number) => {
    const { origin: own, peer } = core.identity
    const row = new Map([[own, sequence]])
    const end = { origin: own, peer, sequence, hash: hash(`${own}@${sequence}`), signature: new Uint8Array(64) }
    core.step(noonMs, [
      { kind: 'handedIn', batches: [claim] },
      { kind: 'connected', peer: other.peer },
    ])
    const { send } = core.step(noonMs, [
      { kind: 'message', peer: other.peer, message: { ...hello, rows: new Map([[other.origin, row]]), end } },
    ])
    const asked = send.flatMap(({ message }) => (message.kind === 'request' ? [message] : []))
    return asked.find(({ origin }) => origin === own)
  }

  test('an old copy that only a state transfer could bring up to date starts over: a state does not show a fork', () => {
    const core = foundedCore(['ada'])
    const asked = meets(core, 129)
    if (asked === undefined) throw new Error('it takes its own log back')
    const discarded: Message = { kind: 'discarded', id: asked.id, origin: asked.origin }
    const { send, notify } = core.step(noonMs, [{ kind: 'message', peer: other.peer, message: discarded }])
    expect(notify).toContainEqual({ kind: 'forked', origin: core.identity.origin })
    expect(send.map(({ message }) => message.kind)).not.toContain('stateRequest')
  })

  test('who lost the end of its log to a damaged disk takes a state all the same', () => {
    const founded = foundedCore(['ada'])
    const { origin } = founded.identity
    const highest = new Map([[origin, 129]])
    const core = startCore(founded.identity, { image: founded.state.image(), suffix: [], highest })
    const asked = meets(core, 129)
    if (asked === undefined) throw new Error('it takes its own log back')
    const discarded: Message = { kind: 'discarded', id: asked.id, origin: asked.origin }
    const { send } = core.step(noonMs, [{ kind: 'message', peer: other.peer, message: discarded }])
    expect(send.map(({ message }) => message.kind)).toContain('stateRequest')
  })

  test('whoever holds some of a log asks all that have more of it before it takes a state, which would hide a fork', () => {
    const core = foundedCore()
    const [third, author] = [identity(3, 'c'), identity(4, 'd')]
    const row = new Map([[author.origin, 9]])
    core.step(noonMs, [{ kind: 'handedIn', batches: [claim, claimOf(third), claimOf(author)] }])
    const answers: Message[] = []
    let from = other
    for (const who of [other, third]) {
      const { send } = core.step(noonMs, [
        { kind: 'connected', peer: who.peer },
        {
          kind: 'message',
          peer: who.peer,
          message: { ...hello, origin: who.origin, server: who.server, rows: new Map([[who.origin, row]]) },
        },
      ])
      for (const { message } of send) {
        if (message.kind !== 'request' || message.origin !== author.origin) continue
        from = who
        answers.push({ kind: 'discarded', id: message.id, origin: message.origin })
      }
    }
    const [answer] = answers
    if (answer === undefined) throw new Error('one of them is asked')
    const { send } = core.step(noonMs, [{ kind: 'message', peer: from.peer, message: answer }])
    const next = from === other ? third : other
    expect(send.map(({ to, message }) => [to, message.kind])).toContainEqual([next.peer, 'request'])
    expect(send.map(({ message }) => message.kind)).not.toContain('stateRequest')
  })

  test('what an install says of itself stands against what others had heard before its old copy was restored', () => {
    const core = foundedCore()
    const third = identity(3, 'c')
    const heard = new Map([[third.origin, new Map([[third.origin, 20]])]])
    meets(core, 1)
    const tell = (who: Identity, rows: HelloMessage['rows']) =>
      core.step(noonMs, [
        { kind: 'handedIn', batches: [claimOf(third)] },
        { kind: 'connected', peer: who.peer },
        { kind: 'message', peer: who.peer, message: { ...hello, origin: who.origin, server: who.server, rows } },
      ])
    tell(other, heard)
    expect(core.matrix.row(third.origin).get(third.origin)).toBe(20)
    tell(third, new Map([[third.origin, new Map([[third.origin, 17]])]]))
    tell(other, heard)
    expect(core.matrix.row(third.origin).get(third.origin)).toBe(17)
  })

  test('a mark for an update that is no mail leaves nothing behind, whichever comes first', () => {
    const [account] = logOf(identity(3, 'c').origin, [signUp('ada')], 1)
    const id = updateId(identity(3, 'c').origin, 1)
    const [mark] = logOf(identity(4, 'd').origin, [deletionOf('ada', id, 'odd')], 1)
    if (account === undefined || mark === undefined) throw new Error('logs have batches')
    for (const order of [
      [account, mark],
      [mark, account],
    ]) {
      const state = new GroupState()
      for (const batch of order) state.applyBatch(batch)
      expect(state.mails.pendingMarks()).toEqual([])
    }
  })

  test('a state transfer is not joined while the peer lacks a mail of its own image', () => {
    const transfer = new StateTransfer()
    const { origin } = identity(3, 'c')
    const image = new GroupState().image()
    const mails = mailColumns([{ origin, sequence: 4, clock: 1, tag: anyTag, from: person('ada'), to: [], marks: [0] }])
    const peer = other.peer
    const untilMails = (nowMs: number) => {
      transfer.chunk(nowMs, peer, { kind: 'stateChunk', image: 1, index: 0, count: 1, chunk: '' })
      const found = transfer.decoded(nowMs, peer, { ...image, mails }, new Map()).findMissing
      return found === null ? null : transfer.missing(nowMs, allOf(found)).ask[0]
    }
    transfer.begin(0, peer)
    const asked = untilMails(0)
    if (asked?.kind !== 'mailRequest') throw new Error('the mail is asked for')
    const step = transfer.mails(0, { kind: 'mails', id: asked.id, origin, covered: 4, updates: [] })
    expect(step.complete).toBe(null)
    expect(transfer.resume(500).ask).toEqual([])
    expect(transfer.resume(1_000).ask).toEqual([{ kind: 'stateRequest', image: 0, index: 0 }])
  })

  test('the chunks of an image are asked for several at once, and anew, once, when the peer has another image', () => {
    const transfer = new StateTransfer()
    const { peer } = other
    const count = 20
    const came = (image: number, index: number): readonly number[] =>
      transfer
        .chunk(0, peer, { kind: 'stateChunk', image, index, count: image === 0 ? 0 : count, chunk: '' })
        .ask.map((message) => (message.kind === 'stateRequest' ? message.index : -1))
    transfer.begin(0, peer)
    const asked = [0, ...came(1, 0)]
    expect(asked).toHaveLength(9)
    for (let index = 1; index < count - 1; index += 1) asked.push(...came(1, index))
    expect(asked).toEqual(Array.from({ length: count }, (_, index) => index))
    expect(
      transfer.chunk(0, peer, { kind: 'stateChunk', image: 1, index: count - 1, count, chunk: '' }).decode,
    ).toHaveLength(count)

    transfer.begin(0, peer)
    came(1, 0)
    // The peer was started anew: what was asked for is answered one by one.
    expect([came(0, 1), came(0, 2), came(0, 3)]).toEqual([[0], [], []])
  })

  test('a repair asks the next holder at once when one has nothing', () => {
    const repairs = new Repairs()
    const origins = ['c', 'd'].map((letter) => identity(3, letter).origin)
    const peers = ['p', 'q'].map((letter) => identity(4, letter).peer)
    const everLive = (): boolean => true
    for (const origin of origins) repairs.want(origin, [1])
    const asked = repairs.plan(0, peers, everLive)
    expect(asked.map(({ to }) => to)).toEqual([peers[0], peers[0]])
    for (const { message } of asked) {
      const { id, origin } = message
      repairs.mails({ kind: 'mails', id, origin, covered: 1, updates: [] })
    }
    expect(repairs.plan(1, peers, everLive).map(({ to }) => to)).toEqual([peers[1], peers[1]])
  })

  test("the answer to an abandoned transfer's search is not taken for the next one's", () => {
    const transfer = new StateTransfer()
    const { origin } = identity(3, 'c')
    const image = new GroupState().image()
    const search = (sequence: number) => {
      const mails = mailColumns([{ origin, sequence, clock: 1, tag: anyTag, from: person('ada'), to: [], marks: [0] }])
      transfer.begin(0, other.peer)
      transfer.chunk(0, other.peer, { kind: 'stateChunk', image: 1, index: 0, count: 1, chunk: '' })
      return transfer.decoded(0, other.peer, { ...image, mails }, new Map()).findMissing
    }
    const first = search(4)
    transfer.abandon()
    const second = search(5)
    if (first === null || second === null) throw new Error('both search')
    expect(transfer.missing(0, { ...first, mails: new Map() })).toMatchObject({ complete: null, ask: [] })
    expect(transfer.missing(0, allOf(second)).ask).toMatchObject([{ origin, sequences: [5] }])
  })
})

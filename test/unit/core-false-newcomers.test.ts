import { describe, expect, test } from 'vitest'
import type { OriginId, Hash } from '../../replica/core/model/ids.ts'
import type { Message } from '../../replica/core/model/messages.ts'
import type { ReplicaCore } from '../../replica/core/replica-core.ts'
import { makeBatchOf } from '../simulation/sim-codec.ts'
import { foundedCore, greet, helloOf, identity, noonMs, startCore, warningsOf } from '../support/core-fixture.ts'
import { afterTheFounder, another, author, authorsLog, claimOf, endOf, otherLog } from '../support/fork-fixture.ts'

const [newcomer, liar] = [identity(5, 'e'), identity(2, 'b')]
const log = authorsLog()
const end = log[2].lastHash

const knowledge = (of: typeof liar, origin: OriginId, held: number, hash: Hash): Message => ({
  kind: 'knowledge',
  clock: 1,
  rows: new Map([[of.origin, new Map([[origin, held]])]]),
  hashes: new Map([[origin, hash]]),
  sessions: [],
})

/** One that has come in and has some of the logs: what people see of it when these have told what they know, again and again. */
const hears = (core: ReplicaCore, told: readonly (readonly [typeof liar, Message])[]): readonly string[] => {
  const seen: string[] = []
  for (let atMs = noonMs; atMs <= noonMs + 10_000; atMs += 1_000) {
    const events = told.map(([{ peer }, message]) => ({ kind: 'message', peer, message }) as const)
    seen.push(...core.step(atMs, events).notify.map(({ kind }) => kind))
  }
  return seen
}

const begun = (...members: readonly (typeof liar)[]): ReplicaCore => {
  const core = startCore(newcomer)
  core.step(noonMs, [{ kind: 'handedIn', batches: [claimOf(newcomer, noonMs), ...log] }])
  for (const member of members) greet(core, member)
  return core
}

const lie = [liar, knowledge(liar, author.origin, log.length, otherLog)] as const
const truth = [another, knowledge(another, author.origin, log.length, end)] as const

describe('a newcomer that is told that it holds another log than somebody', () => {
  test('starts over, if nobody else holds the same', () => {
    expect(hears(begun(liar), [lie])).toContain('forked')
    expect(hears(begun(liar, another), [lie])).toContain('forked')
  })

  test('goes on, if somebody else who is here holds the same', () => {
    expect(hears(begun(liar, another), [truth, lie])).not.toContain('forked')
  })

  test('starts over all the same when it is shown, signed by whose log it is', () => {
    const shown: Message = { kind: 'fork', origin: author.origin, end: endOf(author, log.length, otherLog) }
    expect(hears(begun(liar, another), [truth, lie, [liar, shown]])).toContain('forked')
  })

  test('goes on, if it is its own log and nobody shows that it signed another one', () => {
    const word = [liar, knowledge(liar, newcomer.origin, 1, otherLog)] as const
    expect(hears(begun(liar), [word])).not.toContain('forked')
    const shown: Message = { kind: 'fork', origin: newcomer.origin, end: endOf(newcomer, 1, otherLog) }
    expect(hears(begun(liar), [word, [liar, shown]])).toContain('forked')
  })
})

describe('a newcomer beside a member that shows another log of its own than the others hold', () => {
  const [claim, second, third] = log
  const other = makeBatchOf(author.origin)(2, claim.lastHash, [
    { clock: afterTheFounder + 1, change: { kind: 'machineName', name: 'for newcomers' } },
  ])
  const accusation = 'Server 3 shows another log of its own'
  const rowOf = (of: typeof liar, sequence: number) => new Map([[of.origin, new Map([[author.origin, sequence]])]])
  const says = (core: ReplicaCore, { peer }: typeof liar, message: Message, atMs = noonMs) =>
    core.step(atMs, [{ kind: 'message', peer, message }])

  test('asks the others for that log, however much more of it there is by its own word', () => {
    const core = startCore(newcomer)
    const hello = (of: typeof liar, sequence: number) =>
      [
        { kind: 'connected', peer: of.peer },
        { kind: 'message', peer: of.peer, message: helloOf(of, rowOf(of, sequence)) },
      ] as const
    const { send } = core.step(noonMs, [...hello(author, 50), ...hello(another, 3)])
    const asked = send.flatMap(({ to, message }) => (message.kind === 'request' ? [to] : []))
    expect(asked).toEqual([another.peer])
  })

  test('does not take the beginning of that log, unasked, from whose it is', () => {
    const core = startCore(newcomer)
    core.step(noonMs, [{ kind: 'tick' }])
    greet(core, another, rowOf(another, 3))
    greet(core, author, rowOf(author, 2))
    says(core, author, { kind: 'batches', id: 0, batches: [claim, other] })
    expect(core.state.held(author.origin)).toBe(0)
    says(core, another, { kind: 'batches', id: 0, batches: [claim, second, third] })
    expect(core.state.held(author.origin)).toBe(3)
  })

  test('goes on with the log that another one holds, too, though the member has signed both', () => {
    const core = begun(author, another)
    const shown: Message = { kind: 'fork', origin: author.origin, end: endOf(author, 2, other.lastHash) }
    const own = [author, knowledge(author, author.origin, 2, other.lastHash)] as const
    expect(hears(core, [truth, own, [author, shown]])).not.toContain('forked')
    expect(warningsOf(core)).toContain(accusation)
    core.step(noonMs + 11_000, [{ kind: 'disconnected', peer: author.peer }])
    expect(warningsOf(core)).not.toContain(accusation)
  })

  test('as a member that has long been there, tells people who it is', () => {
    const core = foundedCore(['ada'])
    core.step(noonMs, [{ kind: 'handedIn', batches: log }])
    greet(core, author)
    says(core, author, knowledge(author, author.origin, 2, other.lastHash))
    expect(warningsOf(core)).not.toContain(accusation)
    says(core, author, { kind: 'fork', origin: author.origin, end: endOf(author, 2, other.lastHash) })
    expect(warningsOf(core)).toContain(accusation)
  })

  test('starts over if it alone holds that log, and another one shows that it was told a false one', () => {
    const core = startCore(newcomer)
    core.step(noonMs, [{ kind: 'handedIn', batches: [claimOf(newcomer, noonMs), claim, other] }])
    for (const member of [author, another]) greet(core, member)
    const shown: Message = { kind: 'fork', origin: author.origin, end: endOf(author, 2, second.lastHash) }
    const elsewhere = [another, knowledge(another, author.origin, 2, second.lastHash)] as const
    const own = [author, knowledge(author, author.origin, 2, other.lastHash)] as const
    expect(hears(core, [elsewhere, own, [another, shown]])).toContain('forked')
  })
})

describe('a newcomer that meets a member first each time which shows it another log of its own', () => {
  const [claim, second, third] = log
  const other = makeBatchOf(author.origin)(2, claim.lastHash, [
    { clock: afterTheFounder + 1, change: { kind: 'machineName', name: 'for newcomers' } },
  ])
  const logs = new Map([
    [author.peer, [claim, other]],
    [another.peer, [claim, second, third]],
  ])

  /** What people see of a life in which the author is met at once, and another one after so long. */
  const life = (forked: readonly OriginId[], laterMs: number) => {
    const core = startCore(newcomer)
    const seen: string[] = []
    const note = (atMs: number, ...events: Parameters<ReplicaCore['step']>[1]): void => {
      const { notify, send } = core.step(atMs, events)
      seen.push(...notify.map(({ kind }) => kind))
      for (const { to, message } of send) {
        if (message.kind !== 'request' || message.origin !== author.origin) continue
        const batches = (logs.get(to) ?? []).filter(({ last }) => last > message.after)
        note(atMs, { kind: 'message', peer: to, message: { kind: 'batches', id: message.id, batches } })
      }
    }
    const meets = (atMs: number, who: typeof author): void => {
      const batches = logs.get(who.peer) ?? []
      const held = batches.at(-1)?.last ?? 0
      note(atMs, { kind: 'connected', peer: who.peer })
      const rows = new Map([[who.origin, new Map([[author.origin, held]])]])
      note(atMs, { kind: 'message', peer: who.peer, message: helloOf(who, rows) })
      note(atMs, { kind: 'message', peer: who.peer, message: { kind: 'batches', id: 0, batches } })
    }
    note(noonMs, { kind: 'copies', are: 'waiting', forked })
    meets(noonMs, author)
    note(noonMs, { kind: 'gossip', batches: logs.get(author.peer) ?? [] })
    for (let passedMs = 0; passedMs <= 25_000; passedMs += 250) {
      if (passedMs === laterMs) meets(noonMs + passedMs, another)
      note(noonMs + passedMs, { kind: 'tick' })
    }
    return { core, isForked: seen.includes('forked') }
  }

  test('starts over once, and then waits for what others have of that log', () => {
    expect(life([], 1_000).isForked).toBe(true)
    const { core, isForked } = life([author.origin], 1_000)
    expect(isForked).toBe(false)
    expect(core.state.lastHash(author.origin)).toBe(third.lastHash)
  })

  test('waits for ten seconds: there may be nobody else', () => {
    expect(life([author.origin], Infinity).core.state.lastHash(author.origin)).toBe(other.lastHash)
    expect(life([author.origin], 9_000).isForked).toBe(false)
    expect(life([author.origin], 12_000).isForked).toBe(true)
  })
})

describe('a member that offers a state and does not go on with it', () => {
  const rows = (of: typeof liar) => new Map([[of.origin, new Map([[author.origin, 9]])]])
  const [lies, tells] = [liar, another].map((of) => helloOf(of, rows(of)))

  /** Both have discarded what is asked for; the liar says so first. Returns of whom the state is asked, one time after the other. */
  const asked = (answer: (index: number) => Message | null): readonly string[] => {
    const core = startCore(newcomer)
    const found: string[] = []
    const note = (atMs: number, events: Parameters<ReplicaCore['step']>[1]): void => {
      const { send, decodeImage } = core.step(atMs, events)
      for (const { to, message } of send) {
        if (message.kind === 'request')
          note(atMs, [
            { kind: 'message', peer: to, message: { kind: 'discarded', id: message.id, origin: message.origin } },
          ])
        if (message.kind !== 'stateRequest') continue
        if (message.index === 0) found.push(to)
        const reply = found.length > 50 ? null : answer(message.index)
        if (to === liar.peer && reply !== null) note(atMs, [{ kind: 'message', peer: to, message: reply }])
      }
      if (decodeImage !== null) note(atMs, [{ kind: 'imageDecoded', peer: decodeImage.peer, image: null }])
    }
    for (const hello of [lies, tells]) {
      const { peer } = hello === lies ? liar : another
      if (hello !== undefined)
        note(noonMs, [
          { kind: 'connected', peer },
          { kind: 'message', peer, message: hello },
        ])
    }
    for (let atMs = noonMs; atMs <= noonMs + 25_000; atMs += 500) note(atMs, [{ kind: 'tick' }])
    return found
  }

  test('is asked again after others only', () => {
    expect(asked(() => null).slice(0, 2)).toEqual([liar.peer, another.peer])
  })

  test('or shows none that can be read, is waited for by nobody', () => {
    const core = foundedCore()
    core.step(noonMs, [{ kind: 'handedIn', batches: [claimOf(liar, noonMs * 2_000)] }])
    greet(core, liar, new Map([[liar.origin, new Map([[liar.origin, 9]])]]))
    const { peer } = liar
    for (const atMs of [noonMs + 1_000, noonMs + 7_000]) {
      expect(core.isCaughtUp).toBe(false)
      const says = (message: Message) => core.step(atMs, [{ kind: 'message', peer, message }])
      const [request] = core
        .step(atMs, [{ kind: 'tick' }])
        .send.flatMap(({ message }) => ('after' in message ? [message] : []))
      says({ kind: 'discarded', id: request?.id ?? 1, origin: liar.origin })
      expect(says(chunkOf(1, 0)).decodeImage).not.toBe(null)
      core.step(atMs, [{ kind: 'imageDecoded', peer, image: null }])
    }
    expect(core.isCaughtUp).toBe(true)
  })

  test('and says again and again that it is gone, is not asked without end', () => {
    const found = asked((index) => chunkOf(0, index))
    expect(found).toContain(another.peer)
    expect(found.length).toBeLessThan(20)
  })

  const chunkOf = (image: number, index: number): Message => ({ kind: 'stateChunk', image, index, count: 1, chunk: '' })
})

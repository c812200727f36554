import { describe, expect, test } from 'vitest'
import type { Clock } from '../../replica/core/model/ids.ts'
import { anyTag, documentId, updateId } from '../../replica/core/model/ids.ts'
import type { DocumentChange, MarksChange } from '../../replica/core/model/mailbox-changes.ts'
import type { FollowChange } from '../../replica/core/model/social-changes.ts'
import type { SignedChange } from '../../replica/core/model/updates.ts'
import { overtaken } from '../../replica/core/words.ts'
import { HybridClock, maxDriftMs } from '../../replica/core/hybrid-clock.ts'
import { limits } from '../../replica/core/model/limits.ts'
import type { ReplicaCore } from '../../replica/core/replica-core.ts'
import { firstHash, makeBatchOf, sign } from '../simulation/sim-codec.ts'
import { commandNamed, foundedCore, give, identity, mailTo, noonMs, person } from '../support/core-fixture.ts'

/** Seven minutes ahead of the replica here: more than the hybrid clock lets itself be pulled along. */
const ahead: Clock = (noonMs + 420_000) * 1_000
const other = identity(2, 'b')
const draft = documentId(Buffer.alloc(16, 1).toString('base64url'))

const document = (state: DocumentChange['state'], command: string): SignedChange => {
  const change: DocumentChange = {
    kind: 'document',
    account: person('ada'),
    command: commandNamed(command),
    document: draft,
    shelf: 1,
    state,
  }
  return sign(change, command)
}

const marks = (mark: MarksChange['mark'], mail: MarksChange['mails'][number], command: string): SignedChange =>
  sign(
    { kind: 'marks', account: person('ada'), command: commandNamed(command), mark, mails: [mail], tags: [anyTag] },
    command,
  )

const follow = (state: FollowChange['state'], command: string): SignedChange =>
  sign({ kind: 'follow', account: person('ada'), command: commandNamed(command), whom: person('bob'), state }, command)

/** A replica that has got these words from one whose clock is ahead. */
const withWords = (core: ReplicaCore, changes: readonly SignedChange[]): void => {
  const make = makeBatchOf(other.origin)
  const claim = { kind: 'seat', server: other.server, peer: other.peer, machine: 'b', replaces: null } as const
  const drafts = [
    { clock: ahead, change: claim },
    ...changes.map((change, index) => ({ clock: ahead + index + 1, change })),
  ]
  core.step(noonMs, [{ kind: 'handedIn', batches: [make(1, firstHash(other.origin), drafts)] }])
}

describe('who changes what a replica with a clock far ahead has written', () => {
  test('has the last word on a document', () => {
    const core = foundedCore(['ada'])
    withWords(core, [document('written', 'save')])
    expect(core.state.documents.get(person('ada'), draft)).toBeDefined()
    give(core, { kind: 'submit', signed: document('deleted', 'discard') })
    expect(core.state.documents.get(person('ada'), draft)).toBeUndefined()
  })

  test('has the last word on a mark, also with several words at once', () => {
    const core = foundedCore(['ada'])
    give(core, { kind: 'submit', signed: mailTo('ada', ['ada'], 'a mail') })
    const { origin } = core.identity
    const mail = updateId(origin, core.state.held(origin))
    withWords(core, [marks('star', mail, 'star')])
    const isStarred = (): boolean => {
      const entry = core.state.mails.find(mail)
      if (entry === undefined) throw new Error('the mail is there')
      return core.state.mails.registersOf(entry, person('ada')).star % 2 === 1
    }
    expect(isStarred()).toBe(true)
    give(core, { kind: 'submit', signed: marks('unstar', mail, 'unstar') })
    expect(isStarred()).toBe(false)
    give(
      core,
      { kind: 'submit', signed: marks('star', mail, 'star again') },
      { kind: 'submit', signed: marks('unstar', mail, 'not after all') },
    )
    expect(isStarred()).toBe(false)
  })

  test('has the last word on whom somebody follows', () => {
    const core = foundedCore(['ada', 'bob'])
    withWords(core, [follow('follows', 'follow')])
    give(core, { kind: 'submit', signed: follow('not', 'unfollow') })
    expect(core.state.follows.lastClock(person('ada'), person('bob'))).toBeGreaterThan(ahead)
    expect([...core.state.follows.records()].map(({ state }) => state)).toEqual(['not'])
  })

  test('does not set the clock of this replica ahead, and a restart does not either', () => {
    const core = foundedCore(['ada'])
    withWords(core, [document('written', 'save')])
    give(core, { kind: 'submit', signed: document('deleted', 'discard') })
    expect(core.state.newestClockOf(core.identity.origin)).toBeLessThan(ahead)
    give(core, { kind: 'submit', signed: mailTo('ada', ['ada'], 'a mail') })
    expect(core.state.mails.records()[0]?.clock).toBeLessThan(ahead)
  })
})

describe('a word that tells when it was said', () => {
  const at = (clock: Clock, signed: SignedChange): SignedChange =>
    sign({ ...signed.change, saidAt: clock } as MarksChange, signed.change.command)
  const now = noonMs * 1_000

  /** Another member, which may lie about the time, writes what a person once signed into its own log. */
  const sayOnceMore = (core: ReplicaCore, ...changes: readonly SignedChange[]): void => {
    const drafts = changes.map((change, index) => ({ clock: ahead + index, change }))
    core.step(noonMs, [{ kind: 'handedIn', batches: [makeBatchOf(other.origin)(1, firstHash(other.origin), drafts)] }])
    expect(core.state.held(other.origin)).toBe(changes.length)
  }

  test('does not become the last one by being said once more, however much later', () => {
    const core = foundedCore(['ada', 'bob'])
    give(core, { kind: 'submit', signed: mailTo('ada', ['ada'], 'a mail') })
    const { origin } = core.identity
    const mail = updateId(origin, core.state.held(origin))
    const former = [
      at(now - 2, marks('trash', mail, 'trash')),
      at(now - 2, document('written', 'save')),
      at(now - 2, follow('follows', 'follow')),
    ]
    const after = [
      at(now - 1, marks('restore', mail, 'restore')),
      at(now - 1, document('deleted', 'discard')),
      at(now - 1, follow('not', 'unfollow')),
    ]
    for (const signed of [...former, ...after]) give(core, { kind: 'submit', signed })
    const digest = core.state.digest()
    sayOnceMore(core, ...former)
    expect(core.state.mails.mailbox(person('ada')).index('trash').size).toBe(0)
    expect(core.state.documents.get(person('ada'), draft)).toBeUndefined()
    expect(core.state.follows.follows(person('ada'), person('bob'))).toBe(false)
    expect(core.state.digest()).toBe(digest)
  })

  test('leaves the clock of its update where all others are', () => {
    const core = foundedCore(['ada'])
    withWords(core, [document('written', 'save')])
    const { persist } = give(core, { kind: 'submit', signed: at(ahead + 60_000_000, document('deleted', 'discard')) })
    expect(persist[0]?.updates[0]?.clock).toBeLessThan(ahead)
    expect(core.state.documents.lastClock(person('ada'), draft)).toBe(ahead + 60_000_000)
  })

  test('is to be said anew where a later one is known, or when it was said long ago', () => {
    const core = foundedCore(['ada'])
    const late = now - maxDriftMs * 1_000
    const { change } = document('written', 'save')
    const saidAt = (clock: Clock) => overtaken(core.state, { ...change, saidAt: clock } as DocumentChange, noonMs)
    expect(saidAt(late)).toEqual({ by: late, clock: now })
    expect(saidAt(late + 1)).toBeNull()
    expect(overtaken(core.state, change, noonMs)).toBeNull()
    withWords(core, [document('written', 'save')])
    expect(saidAt(ahead + 1)).toEqual({ by: ahead + 1, clock: now })
    expect(saidAt(ahead + 2)).toBeNull()
  })

  test('of the last moment that there is can be followed by another one', () => {
    const core = foundedCore(['ada'])
    give(core, { kind: 'submit', signed: at(limits.lastClock, document('written', 'save')) })
    const again = { ...document('deleted', 'discard').change, saidAt: limits.lastClock } as DocumentChange
    expect(overtaken(core.state, again, noonMs)).toBeNull()
    expect(overtaken(core.state, { ...again, saidAt: limits.lastClock - 1 }, noonMs)).toEqual({
      by: limits.lastClock - 1,
      clock: now,
    })
  })
})

describe('a word at the last clock that there is', () => {
  const last = limits.lastClock
  const handIn = (
    core: ReplicaCore,
    change: SignedChange | { readonly kind: 'group'; readonly name: string },
  ): void => {
    const batch = makeBatchOf(other.origin)(1, firstHash(other.origin), [{ clock: last, change }])
    core.step(noonMs, [{ kind: 'handedIn', batches: [batch] }])
    expect(core.state.held(other.origin)).toBe(1)
  }
  const clockIn = ({ persist }: ReturnType<typeof give>) => persist[0]?.updates[0]?.clock

  test('is followed by others at the same one, which every replica can read, and pulls no clock along', () => {
    const core = foundedCore(['ada'])
    handIn(core, document('written', 'save'))
    expect(clockIn(give(core, { kind: 'submit', signed: document('written', 'save again') }))).toBe(last)
    expect(clockIn(give(core, { kind: 'submit', signed: mailTo('ada', ['ada'], 'a mail') }))).toBeLessThan(ahead)
  })

  test('so does a name of the group', () => {
    const core = foundedCore(['ada'])
    handIn(core, { kind: 'group', name: 'for ever' })
    expect(clockIn(give(core, { kind: 'renameGroup', name: 'another' }))).toBe(last)
  })
})

describe('a hybrid clock', () => {
  const beyondMs = 2 ** 43

  test('has room for what is written where the wall clock is beyond the last one', () => {
    const clock = new HybridClock()
    const first = clock.next(beyondMs)
    expect(first).toBeLessThan(limits.lastClock - 1_000_000)
    clock.observe(limits.lastClock, beyondMs)
    expect(clock.next(beyondMs)).toBe(first + 1)
  })

  test('gives nothing beyond the last one, whatever a state says of it', () => {
    const clock = new HybridClock()
    clock.restore(Number.MAX_SAFE_INTEGER)
    expect(clock.next(noonMs)).toBe(limits.lastClock)
    expect(clock.next(noonMs)).toBe(limits.lastClock)
  })
})

import { describe, expect, test } from 'vitest'
import type { Clock, UpdateId } from '../../replica/core/model/ids.ts'
import { documentId, updateId } from '../../replica/core/model/ids.ts'
import type { SignedChange, Update } from '../../replica/core/model/updates.ts'
import type { ReplicaCore } from '../../replica/core/replica-core.ts'
import { Divergence, reissued } from '../../replica/host/reissue.ts'
import {
  commandNamed,
  deletionOf,
  foundedCore,
  give,
  identity,
  logOf,
  mailTo,
  noonMs,
  person,
  signUp,
} from '../support/core-fixture.ts'
import { sign } from '../simulation/sim-codec.ts'

const { origin } = identity(3, 'c')
const idOf = (sequence: number): UpdateId => updateId(origin, sequence)

const updatesOf = (changes: readonly SignedChange[]): readonly Update[] =>
  logOf(origin, changes, 1).flatMap(({ updates }) => updates)

const mails = (count: number, name: string): readonly SignedChange[] =>
  Array.from({ length: count }, (_, index) => mailTo('ada', ['bob'], `${name} ${index}`))

/** Walks down `copy` as `present` has it; ids that `present` lacks are those it has not got any more. */
const compare = (
  log: ConstructorParameters<typeof Divergence>[0],
  copy: readonly Update[],
  present: ReadonlyMap<number, Update>,
): readonly number[] => {
  const held = Math.max(0, ...present.keys())
  const divergence = new Divergence(log, held)
  for (const update of copy.toReversed())
    if (divergence.meet(update, present.get(update.sequence)?.bytes) === 'end') break
  return divergence.updates().map(({ sequence }) => sequence)
}

const present = (updates: readonly Update[], ...without: readonly number[]): ReadonlyMap<number, Update> =>
  new Map(updates.flatMap((update) => (without.includes(update.sequence) ? [] : [[update.sequence, update]])))

describe('what an older copy has of a log', () => {
  const shared = mails(100, 'shared')
  const copy = updatesOf([...shared, ...mails(3, 'of the copy')])
  const theirs = updatesOf([...shared, ...mails(5, 'of the others')])

  test('is its own beyond the last update that both have alike', () => {
    expect(compare('forked', copy, present(theirs))).toEqual([101, 102, 103])
    expect(compare('not known to be forked', copy, present(theirs))).toEqual([101, 102, 103])
  })

  test('is its own where the others have discarded theirs, if the log is known to be forked', () => {
    expect(compare('forked', copy, present(theirs, 101, 102, 103))).toEqual([101, 102, 103])
    expect(compare('not known to be forked', copy, present(theirs, 101, 102, 103))).toEqual([])
  })

  test('is its own beyond what the others hold at all, though no fork is known', () => {
    expect(compare('not known to be forked', copy, present(theirs.slice(0, 98), 96))).toEqual([99, 100, 101, 102, 103])
  })

  test('is its own below an update that both have alike by chance', () => {
    const [, , again] = mails(3, 'of the copy')
    const alike = updatesOf([...shared, ...mails(2, 'of the others'), ...(again === undefined ? [] : [again])])
    expect(compare('forked', copy, present(alike))).toEqual([101, 102])
    expect(compare('forked', copy, present(alike, 102))).toEqual([101, 102])
  })

  test('is not what was deleted since from what both shared', () => {
    expect(compare('forked', copy, present(theirs, 96, 98))).toEqual([101, 102, 103])
  })
})

describe('what is written anew of a fork', () => {
  const kinds = (changes: readonly SignedChange[]): readonly string[] =>
    reissued(updatesOf(changes)).map(({ change }) => ('change' in change ? change.change.kind : change.kind))

  test('is what persons wrote, with the time at which they did', () => {
    const found = reissued(updatesOf([signUp('ada'), mailTo('ada', ['bob'], 'mail')]))
    expect(found.map(({ clock }) => clock)).toEqual([1, 2])
  })

  test('is not a mark on a mail of the fork, whose name is another mail by now', () => {
    expect(kinds([mailTo('ada', ['bob'], 'mail'), deletionOf('bob', idOf(1), 'deletion')])).toEqual(['mail'])
  })

  test('is not what its people deleted in it: mails of everybody, posts of their author', () => {
    const all = ['ada', 'bob'].map((name) => deletionOf(name, idOf(1), `deletion ${name}`))
    expect(kinds([mailTo('ada', ['bob'], 'mail'), ...all])).toEqual([])
    const post = sign({ kind: 'post', account: person('ada'), command: commandNamed('post') }, 'post')
    const taken = {
      kind: 'postDeletion',
      account: person('ada'),
      command: commandNamed('back'),
      post: idOf(1),
    } as const
    expect(kinds([post, sign(taken, 'back')])).toEqual([])
  })
})

describe('a replica that is given back what only an old copy had', () => {
  const earlier = noonMs * 1_000 - 1
  const draft = (command: string): SignedChange =>
    sign(
      {
        kind: 'document',
        account: person('ada'),
        command: commandNamed(command),
        document: documentId(Buffer.alloc(16, 1).toString('base64url')),
        shelf: 1,
        state: 'written',
      },
      command,
    )
  const giveBack = (core: ReplicaCore, change: SignedChange, clock: Clock): string => {
    const [answer] = give(core, { kind: 'reissue', change, clock }).answer
    return answer?.result.ok === true ? answer.result.value.update : (answer?.result.failure.code ?? 'none')
  }
  const deleteAccount = (name: string): SignedChange =>
    sign({ kind: 'accountDeletion', account: person(name), command: commandNamed(`${name} leaves`) }, name)

  test('carries nothing out twice', () => {
    const core = foundedCore(['ada', 'bob'])
    give(core, { kind: 'submit', signed: mailTo('ada', ['bob'], 'mail') })
    expect(giveBack(core, mailTo('ada', ['bob'], 'mail'), earlier)).toBe('1.aaaaaaaa:5')
    expect(core.state.mails.size).toBe(1)
  })

  test('writes for its readers what somebody had sent whose account is deleted by now', () => {
    const core = foundedCore(['ada', 'bob'])
    give(core, { kind: 'submit', signed: deleteAccount('ada') })
    expect(giveBack(core, mailTo('ada', ['bob'], 'to one who is there'), earlier)).toBe('1.aaaaaaaa:6')
    expect(giveBack(core, mailTo('ada', ['ada'], 'to nobody else'), earlier)).toBe('BAD_REQUEST')
    expect(core.state.mails.mailbox(person('bob')).inbox.size).toBe(1)
  })

  test('keeps the later version of a draft', () => {
    const core = foundedCore(['ada'])
    give(core, { kind: 'submit', signed: draft('later') })
    expect(giveBack(core, draft('earlier'), earlier)).toBe('BAD_REQUEST')
    expect(giveBack(core, draft('latest'), core.state.newestClock + 1)).toBe('1.aaaaaaaa:5')
  })
})

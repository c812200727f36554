import { describe, expect, test } from 'vitest'
import type { Clock, UpdateId } from '../../replica/core/model/ids.ts'
import { documentId, updateId } from '../../replica/core/model/ids.ts'
import type { SignedChange, Update } from '../../replica/core/model/updates.ts'
import { meantBy } from '../../replica/core/model/meant.ts'
import type { ReplicaCore } from '../../replica/core/replica-core.ts'
import { Divergence, relationOf, stateOf } from '../../replica/host/divergence.ts'
import { onceMore, Reissuing, type Reissued } from '../../replica/host/reissue.ts'
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
  tagNamed,
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

describe('what is done for good in a log that an older copy was set aside for', () => {
  const mail = mailTo('ada', ['bob'], 'mail')
  const leaves = sign({ kind: 'accountDeletion', account: person('bob'), command: commandNamed('leaves') }, 'leaves')
  const batches = logOf(origin, [mail, deletionOf('ada', idOf(1), 'deletion', 'mail'), leaves], 1)
  const copy = stateOf({ snapshot: null, suffix: batches })
  const walk = (present: typeof copy, told: 'forked' | 'not known to be forked'): Divergence => {
    const divergence = new Divergence(relationOf(copy, present, origin, told), present.held(origin))
    const updates = batches.flatMap((batch) => batch.updates)
    for (const update of updates.toReversed()) if (divergence.meet(update, update.bytes) === 'end') break
    return divergence
  }

  test('is written anew where this log is held: it may have to be given up once more, and a state shows nobody’s word', () => {
    const same = walk(copy, 'forked')
    expect(same.updates()).toEqual([])
    expect(same.again().map(({ change }) => change.kind)).toEqual(['deletion', 'accountDeletion'])
    const core = foundedCore(['ada', 'bob'])
    core.step(noonMs, [{ kind: 'handedIn', batches }])
    const { persist } = give(core, ...onceMore(same.again()))
    const written = persist.flatMap(({ updates }) => updates.map(({ change }) => change))
    expect(written).toEqual(same.again().map(({ change }) => change))
  })

  test('is not where nobody is known to hold another one, or another one is held here', () => {
    expect(walk(copy, 'not known to be forked').again()).toEqual([])
    const other = stateOf({ snapshot: null, suffix: logOf(origin, [mail, mailTo('ada', ['bob'], 'other')], 1) })
    expect(walk(other, 'forked').again()).toEqual([])
    expect(walk(other, 'forked').updates()).toHaveLength(2)
  })
})

describe('what is written anew of a fork', () => {
  const next = identity(3, 'd').origin
  const now = (sequence: number): UpdateId => updateId(next, sequence)
  const elsewhere = identity(4, 'e').origin

  /** All that is asked for, where what is written anew gets names from 1 up; `elsewhere` are the updates of a log that has not forked. */
  const asked = (
    changes: readonly SignedChange[],
    { isHeld = () => false, others = [] }: { isHeld?: () => boolean; others?: readonly SignedChange[] } = {},
  ): readonly Reissued[] => {
    const reissuing = new Reissuing(updatesOf(changes), isHeld)
    const wishes = reissuing.wishes().filter(({ wish }) => wish.reason === 'to have it')
    for (const [index, { id }] of wishes.entries()) reissuing.became(id, now(index + 1))
    const updates = logOf(elsewhere, others, 1).flatMap((batch) => batch.updates)
    const concerned = updates.filter((update) => reissuing.concerns(update))
    return [...wishes.map(({ wish }) => wish), ...reissuing.marks(concerned)]
  }
  const changesOf = (all: readonly Reissued[]): readonly unknown[] =>
    all.map(({ change }) => ('change' in change ? change.change : change))
  const kinds = (changes: readonly SignedChange[], isHeld?: () => boolean): readonly string[] =>
    asked(changes, isHeld && { isHeld }).map(({ change }) => ('change' in change ? change.change.kind : change.kind))

  const marked = (names: readonly (readonly [UpdateId, string | undefined])[], command: string): SignedChange => {
    const [mails, tags] = [names.map(([id]) => id), names.map(([, mail]) => tagNamed(mail))]
    return sign(
      { kind: 'marks', account: person('bob'), command: commandNamed(command), mark: 'star', mails, tags },
      command,
    )
  }
  const mail = mailTo('ada', ['bob'], 'mail')

  test('is what persons wrote, with the time at which they did', () => {
    const found = asked([signUp('ada'), mailTo('ada', ['bob'], 'mail')])
    expect(found.map(({ clock }) => clock)).toEqual([1, 2])
  })

  test('is a mark on a mail of the fork, aimed at what the mail is called by then', () => {
    const found = asked([mail, deletionOf('bob', idOf(1), 'deletion', 'mail')])
    expect(changesOf(found)).toEqual([mail.change, expect.objectContaining({ kind: 'deletion', mail: now(1) })])
    expect(found[1]?.change).toMatchObject({ aims: new Map([[idOf(1), now(1)]]) })
  })

  test('is not a mark of before there were tags on a mail of the fork: it would hit whatever has this name now', () => {
    expect(kinds([mail, deletionOf('bob', idOf(1), 'deletion')])).toEqual(['mail'])
    const shared = updateId(identity(4, 'e').origin, 1)
    expect(
      kinds([
        mail,
        marked(
          [
            [idOf(1), undefined],
            [shared, 'shared'],
          ],
          'star',
        ),
      ]),
    ).toEqual(['mail'])
  })

  test('is what was marked in one request, each mail by its name of now, without those that nobody has', () => {
    const shared = updateId(elsewhere, 1)
    const star = marked(
      [
        [idOf(1), 'mail'],
        [shared, 'shared'],
        [idOf(9), 'gone'],
      ],
      'star',
    )
    const [, found] = asked([mail, star])
    expect(found?.change).toMatchObject({
      change: { mails: [now(1), shared], tags: [tagNamed('mail'), tagNamed('shared')] },
    })
    const [, held] = asked([mail, star], { isHeld: () => true })
    expect(held?.change).toMatchObject({ change: { mails: [now(1), shared, idOf(9)] } })
  })

  test('is a mark on a mail of the fork that the others have by the same name, as it was signed', () => {
    const updates = updatesOf([mail, deletionOf('bob', idOf(1), 'deletion', 'mail')])
    const reissuing = new Reissuing(updates, () => true)
    for (const { id } of reissuing.wishes()) reissuing.became(id, id)
    const [found] = reissuing.marks([])
    expect(found?.change).not.toHaveProperty('aims')
    expect(found?.change).toMatchObject({ change: { kind: 'deletion', mail: idOf(1) } })
  })

  test('is a mark of a log that has not forked on a mail of the fork, and of its mails only that one', () => {
    const shared = updateId(elsewhere, 7)
    const others = [
      marked(
        [
          [shared, 'shared'],
          [idOf(1), 'mail'],
        ],
        'both',
      ),
      deletionOf('bob', idOf(1), 'of another mail', 'another'),
      deletionOf('bob', shared, 'not of the fork', 'shared'),
    ]
    const [, ...found] = asked([mail], { others })
    expect(changesOf(found)).toEqual([expect.objectContaining({ kind: 'marks', mails: [now(1)] })])
  })

  test('is aimed anew as often as the mail gets another name', () => {
    const star = marked([[idOf(1), 'mail']], 'star')
    const [, first] = asked([mail, star])
    if (first === undefined || !('payload' in first.change)) throw new Error('the mark is written anew')
    const reissuing = new Reissuing(
      logOf(next, [mail, first.change], 1).flatMap(({ updates }) => updates),
      () => false,
    )
    for (const { id } of reissuing.wishes()) reissuing.became(id, updateId(elsewhere, 5))
    const [second] = reissuing.marks([])
    expect(second?.change).toMatchObject({
      change: { mails: [updateId(elsewhere, 5)] },
      aims: new Map([[idOf(1), updateId(elsewhere, 5)]]),
    })
  })

  const namesOf = (deletions: readonly SignedChange[] | undefined): readonly unknown[] =>
    deletions?.map(({ change }) => [change.account, ...meantBy(change)]) ?? []
  const byBoth = ['ada', 'bob'].map((name) => deletionOf(name, idOf(1), `deletion ${name}`, 'mail'))

  test('is what everybody deleted in it, too, together with their deletions of it', () => {
    const [wish, ...more] = new Reissuing(updatesOf([mail, ...byBoth]), () => false).wishes()
    expect([wish?.wish.reason, more]).toEqual(['to have it', []])
    const meant = { id: now(7), tag: tagNamed('mail') }
    expect(namesOf(wish?.wish.deletions?.(now(7)))).toEqual([
      [person('ada'), meant],
      [person('bob'), meant],
    ])
  })

  test('of deletions of several mails only what is about this one is written beside it', () => {
    const [mails, tags] = [
      [idOf(1), idOf(2)],
      [tagNamed('mail'), tagNamed('other')],
    ]
    const both = {
      kind: 'marks',
      account: person('bob'),
      command: commandNamed('both'),
      mark: 'delete',
      mails,
      tags,
    } as const
    const changes = [
      mail,
      mailTo('ada', ['bob'], 'other'),
      deletionOf('ada', idOf(1), 'deletion', 'mail'),
      sign(both, 'both'),
    ]
    const [first, second] = new Reissuing(updatesOf(changes), () => false).wishes()
    const meant = { id: now(7), tag: tagNamed('mail') }
    expect(namesOf(first?.wish.deletions?.(now(7)))).toEqual([
      [person('ada'), meant],
      [person('bob'), meant],
    ])
    expect(second?.wish.deletions).toBeUndefined()
  })

  test('is what its author took back in it, together with that', () => {
    const post = sign({ kind: 'post', account: person('ada'), command: commandNamed('post') }, 'post')
    const taken = { account: person('ada'), command: commandNamed('back'), post: idOf(1), tag: tagNamed('post') }
    const [wish] = new Reissuing(
      updatesOf([post, sign({ kind: 'postDeletion', ...taken }, 'back')]),
      () => false,
    ).wishes()
    expect(namesOf(wish?.wish.deletions?.(now(7)))).toEqual([[person('ada'), { id: now(7), tag: tagNamed('post') }]])
  })

  test('is not deleted for what somebody said of another mail of its name', () => {
    const others = ['ada', 'bob'].map((name) => deletionOf(name, idOf(1), `deletion ${name}`, 'another'))
    const [wish] = new Reissuing(updatesOf([mail, ...others]), () => false).wishes()
    expect([wish?.wish.reason, wish?.wish.deletions]).toEqual(['to have it', undefined])
  })

  test('is only asked for by its name where somebody deleted it by a word that fits any mail', () => {
    const untagged = ['ada', 'bob'].map((name) => deletionOf(name, idOf(1), `deletion ${name}`))
    const [wish] = new Reissuing(updatesOf([mail, ...untagged]), () => false).wishes()
    expect([wish?.wish.reason, wish?.wish.deletions]).toEqual(['to know its name', undefined])
  })

  test('is what its people deleted in it, as they signed it, where nobody is to get it: it may come from who is not here', () => {
    const reissuing = new Reissuing(updatesOf([mail, ...byBoth]), () => false)
    const found = reissuing.marks([])
    expect(changesOf(found)).toEqual(byBoth.map(({ change }) => change))
    expect(found.every(({ change }) => !('aims' in change))).toBe(true)
  })

  test('is a deletion of what nobody is to have any more where the others know it by another name', () => {
    const reissuing = new Reissuing(updatesOf([mail, ...byBoth]), () => false)
    reissuing.became(idOf(1), now(7))
    const aimed = ['ada', 'bob'].map(
      (name) => expect.objectContaining({ account: person(name), mail: now(7) }) as unknown,
    )
    expect(changesOf(reissuing.marks([]))).toEqual(aimed)
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
    const [answer] = give(core, { kind: 'reissue', change, clock, reason: 'to have it' }).answer
    return answer?.result.ok === true ? answer.result.value.update : (answer?.result.failure.code ?? 'none')
  }
  const deleteAccount = (name: string): SignedChange =>
    sign({ kind: 'accountDeletion', account: person(name), command: commandNamed(`${name} leaves`) }, name)

  test('tells by what name a mail is known, and writes none that is only to be known by name', () => {
    const core = foundedCore(['ada', 'bob'])
    const ask = (command: string) =>
      give(core, {
        kind: 'reissue',
        change: mailTo('ada', ['bob'], command),
        clock: earlier,
        reason: 'to know its name',
      })
    expect(ask('mail').answer[0]?.result).toMatchObject({ ok: false, failure: { code: 'BAD_REQUEST' } })
    give(core, { kind: 'submit', signed: mailTo('ada', ['bob'], 'mail') })
    expect(ask('mail').answer[0]?.result).toMatchObject({ ok: true, value: { update: '1.aaaaaaaa:5' } })
    expect(core.state.mails.size).toBe(1)
  })

  test('writes what everybody has deleted so that nobody sees it, and its command is not carried out again', () => {
    const core = foundedCore(['ada', 'bob'])
    const mail = mailTo('ada', ['bob'], 'mail')
    const deletions = (name: UpdateId): readonly SignedChange[] =>
      ['ada', 'bob'].map((person) => deletionOf(person, name, `deletion ${person}`, 'mail'))
    const { persist, notify } = give(
      core,
      { kind: 'reissue', change: mailTo('ada', ['bob'], 'other'), clock: earlier, reason: 'to have it' },
      { kind: 'reissue', change: mail, clock: earlier, reason: 'to have it', deletions },
    )
    const kinds = persist.map(({ updates }) => updates.map(({ change }) => change.kind))
    expect(kinds).toEqual([['mail', 'mail', 'deletion', 'deletion']])
    expect(notify.filter(({ kind }) => kind === 'mail')).toHaveLength(1)
    expect([core.state.mails.size, core.state.mails.mailbox(person('bob')).inbox.size]).toEqual([1, 1])
    const again = give(core, { kind: 'submit', signed: mail })
    expect(again.answer[0]?.result).toMatchObject({ ok: true, value: { update: '1.aaaaaaaa:6', batch: null } })
    expect([again.persist, core.state.mails.size]).toEqual([[], 1])
  })

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

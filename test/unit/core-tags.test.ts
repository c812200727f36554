import { describe, expect, test } from 'vitest'
import type { UpdateId } from '../../replica/core/model/ids.ts'
import { anyTag, commandId, tag, tagOf, tagsAgree, updateId } from '../../replica/core/model/ids.ts'
import { aimedAt } from '../../replica/core/model/meant.ts'
import type { MarkRegisters } from '../../replica/core/model/image.ts'
import type { SettableMark } from '../../replica/core/model/mailbox-changes.ts'
import type { Batch, SignedChange } from '../../replica/core/model/updates.ts'
import { GroupState } from '../../replica/core/state/group-state.ts'
import { isOn, noRegisters } from '../../replica/core/state/mark-registers.ts'
import { sign } from '../simulation/sim-codec.ts'
import {
  commandNamed,
  deletionOf,
  foundedCore,
  give,
  identity,
  logOf,
  mailTo,
  person,
  signUp,
  startCore,
  tagNamed,
} from '../support/core-fixture.ts'

const name = (sequence: number): UpdateId => updateId(identity(1, 'a').origin, sequence)

const star = (
  mails: readonly (readonly [UpdateId, string])[],
  command: string,
  mark: SettableMark = 'star',
): SignedChange =>
  sign(
    {
      kind: 'marks',
      account: person('bob'),
      command: commandNamed(command),
      mark,
      mails: mails.map(([id]) => id),
      tags: mails.map(([, mail]) => tagNamed(mail)),
    },
    command,
  )

describe('a tag', () => {
  test('is the first four bytes of the command', () => {
    const command = Buffer.from([0xde, 0xad, 0xbe, 0xef, 1, 2, 3, 4, 5, 6, 7, 8])
    expect(tagOf(commandId(command.toString('base64url')))).toBe(0xdeadbeef)
  })

  test('is never that which stands for any', () => {
    expect(tagOf(commandId(Buffer.alloc(12).toString('base64url')))).toBe(1)
    expect(tagsAgree(anyTag, tag(7)) && tagsAgree(tag(7), anyTag)).toBe(true)
    expect(tagsAgree(tag(7), tag(8))).toBe(false)
  })
})

describe('a replica', () => {
  const withMail = () => {
    const core = foundedCore(['ada', 'bob'])
    give(core, { kind: 'submit', signed: mailTo('ada', ['bob'], 'mail') })
    return core
  }
  const submit = (core: ReturnType<typeof withMail>, signed: SignedChange) =>
    give(core, { kind: 'submit', signed }).answer[0]?.result

  test('refuses a mark on another mail of this name, and marks nothing', () => {
    const core = withMail()
    const digest = core.state.digest()
    const another = submit(core, deletionOf('bob', name(5), 'deletion', 'another'))
    expect(another).toMatchObject({ ok: false, failure: { code: 'NO_SUCH_MAIL' } })
    expect(
      submit(
        core,
        star(
          [
            [name(5), 'mail'],
            [name(5), 'another'],
          ],
          'star',
        ),
      ),
    ).toMatchObject({ ok: false })
    expect(core.state.digest()).toBe(digest)
    expect(submit(core, deletionOf('bob', name(5), 'deletion', 'mail'))).toMatchObject({ ok: true })
  })

  test('refuses to take back another post of this name', () => {
    const core = foundedCore(['ada'])
    give(core, {
      kind: 'submit',
      signed: sign({ kind: 'post', account: person('ada'), command: commandNamed('post') }, 'post'),
    })
    const back = (of: string): SignedChange => {
      const account = person('ada')
      return sign(
        { kind: 'postDeletion', account, command: commandNamed(`${of} back`), post: name(4), tag: tagNamed(of) },
        `back ${of}`,
      )
    }
    expect(submit(core, back('another'))).toMatchObject({ ok: false, failure: { code: 'NO_SUCH_POST' } })
    expect(core.state.posts.countOf(person('ada'))).toBe(1)
    expect(submit(core, back('post'))).toMatchObject({ ok: true })
    expect(core.state.posts.countOf(person('ada'))).toBe(0)
  })

  test('that does not know the group yet discards nothing: it does not know who may still ask', () => {
    const who = identity(2, 'b')
    const newcomer = startCore(who)
    give(newcomer, { kind: 'claim', server: who.server, machine: 'b', replaces: null })
    expect(newcomer.state.held(who.origin)).toBe(1)
    expect(newcomer.stable).toEqual(new Map())
  })
})

describe('a mark that came before its mail', () => {
  const { origin } = identity(3, 'c')
  const mail = updateId(origin, 1)
  const [batch] = logOf(origin, [mailTo('ada', ['bob'], 'mail')], 1)
  const stateAfter = (...changes: readonly SignedChange[]): GroupState => {
    const state = new GroupState()
    for (const marks of logOf(identity(4, 'd').origin, changes, 1)) state.applyBatch(marks)
    return state
  }

  test('is for the mail that it means and for no other of this name, and those of before there were tags are for any', () => {
    const state = stateAfter(
      star([[mail, 'another']], 'of another'),
      deletionOf('ada', mail, 'of any'),
      deletionOf('bob', mail, 'of another too', 'another'),
    )
    expect(state.mails.pendingMarks()).toHaveLength(2)
    state.applyBatch(batch as Batch)
    expect(state.mails.pendingMarks()).toEqual([])
    const found = state.mails.find(mail)
    expect(found && state.mails.isOwnedBy(found, person('bob'))).toBe(true)
    expect(found && state.mails.isOwnedBy(found, person('ada'))).toBe(false)
    expect(state.mails.markRecords()).toEqual([])
  })
})

describe('a mark that is aimed anew', () => {
  const marks = star(
    [
      [name(5), 'one'],
      [name(6), 'two'],
    ],
    'star',
  ).change

  test('means its mails by their names of now, without those that are gone', () => {
    const aimed = aimedAt(marks, new Map([[name(5), name(15)]]))
    expect(aimed).toMatchObject({ mails: [name(15), name(6)], tags: [tagNamed('one'), tagNamed('two')] })
    expect(aimedAt(marks, new Map([[name(5), null]]))).toMatchObject({ mails: [name(6)] })
  })

  test('is none when nothing is left, it does not mean what is aimed at, or it means any mail by that name', () => {
    expect(
      aimedAt(
        marks,
        new Map([
          [name(5), null],
          [name(6), null],
        ]),
      ),
    ).toBe(null)
    expect(aimedAt(marks, new Map([[name(7), name(8)]]))).toBe(null)
    expect(aimedAt(marks, new Map())).toBe(null)
    expect(aimedAt(deletionOf('bob', name(5), 'old').change, new Map([[name(5), name(6)]]))).toBe(null)
    expect(aimedAt(signUp('ada').change, new Map([[name(5), name(6)]]))).toBe(null)
  })

  test('reaches nothing but the mail that the person looked at, whatever a replica says', () => {
    const core = foundedCore(['ada', 'bob'])
    give(core, { kind: 'submit', signed: mailTo('ada', ['bob'], 'mail') })
    const { change, ...signed } = deletionOf('bob', name(50), 'deletion', 'another')
    const aims = new Map([[name(50), name(5)]])
    const aimed = aimedAt(change, aims)
    if (aimed === null) throw new Error('it can be aimed')
    const [batch] = logOf(identity(3, 'c').origin, [{ ...signed, change: aimed, aims }], 1)
    core.step(0, [{ kind: 'handedIn', batches: [batch as Batch] }])
    expect(core.state.mails.mailbox(person('bob')).inbox.size).toBe(1)
  })

  const reissue = (mailCommand: string, mark: 'delete' | 'star' = 'delete') => {
    const core = foundedCore(['ada', 'bob'])
    give(core, { kind: 'submit', signed: mailTo('ada', ['bob'], 'mail') })
    const signed =
      mark === 'delete' ? deletionOf('bob', name(50), mark, mailCommand) : star([[name(50), mailCommand]], mark)
    const aims = new Map([[name(50), name(5)]])
    const change = aimedAt(signed.change, aims)
    if (change === null) throw new Error('it can be aimed')
    const again = (clock: number) =>
      give(core, { kind: 'reissue', change: { ...signed, change, aims }, clock, reason: 'to have it' }).answer[0]
        ?.result.ok
    return { core, again }
  }

  test('is written once: not when it says nothing new, nor when it does not mean what is there', () => {
    const { core, again } = reissue('mail')
    expect(again(1)).toBe(true)
    expect(core.state.mails.mailbox(person('bob')).inbox.size).toBe(0)
    expect(again(1)).toBe(false)
    expect(reissue('another').again(1)).toBe(false)
  })

  test('is left out where the person has said otherwise since', () => {
    const { core, again } = reissue('mail', 'star')
    give(core, { kind: 'submit', signed: star([[name(5), 'mail']], 'later') })
    const { newestClock } = core.state
    expect(again(newestClock - 1)).toBe(false)
    expect(again(newestClock + 1)).toBe(true)
  })
})

describe('a mark on several mails that is written anew', () => {
  const two = [
    [name(5), 'one'],
    [name(6), 'two'],
  ] as const

  /** Mails `one` and `two`, and later a word of bob's on those of `since`. */
  const coreAfter = (since: readonly (readonly [UpdateId, string])[]) => {
    const core = foundedCore(['ada', 'bob'])
    for (const command of ['one', 'two']) give(core, { kind: 'submit', signed: mailTo('ada', ['bob'], command) })
    const { newestClock: clock } = core.state
    const mark = (signed: SignedChange) => give(core, { kind: 'submit', signed })
    for (const mail of since) mark(star([mail], `later ${mail[1]}`))
    const again = (change: SignedChange) =>
      give(core, { kind: 'reissue', change, clock, reason: 'to have it' }).answer[0]?.result.ok
    const registersOf = (id: UpdateId): MarkRegisters => {
      const mail = core.state.mails.find(id)
      return mail === undefined ? noRegisters : core.state.mails.registersOf(mail, person('bob'))
    }
    return { again, mark, registersOf, starClock: (id: UpdateId): number => registersOf(id).star }
  }

  test('reaches those that the person has not marked otherwise since, and those alone', () => {
    const { again, starClock } = coreAfter([[name(5), 'one']])
    const before = starClock(name(5))
    expect(again(star(two, 'of the fork'))).toBe(true)
    expect(starClock(name(6))).toBeGreaterThan(before)
    expect(starClock(name(5))).toBe(before)
  })

  test('does so where some of them are called otherwise by now, too', () => {
    const { again, starClock } = coreAfter([[name(5), 'one']])
    const before = starClock(name(5))
    const signed = star(
      [
        [name(50), 'one'],
        [name(6), 'two'],
      ],
      'of the fork',
    )
    const aims = new Map([[name(50), name(5)]])
    const change = aimedAt(signed.change, aims)
    if (change === null) throw new Error('it can be aimed')
    expect(again({ ...signed, change, aims })).toBe(true)
    expect(starClock(name(6))).toBeGreaterThan(before)
    expect(starClock(name(5))).toBe(before)
  })

  test.each(['read', 'star', 'trash'] as const)('as %s says nothing of other marks that were set since', (mark) => {
    const { again, mark: says, registersOf } = coreAfter([])
    for (const other of ['read', 'star', 'trash'] as const) if (other !== mark) says(star([two[0]], other, other))
    expect(isOn(registersOf(name(5))[mark])).toBe(false)
    expect(again(star(two, 'of the fork', mark))).toBe(true)
    expect([name(5), name(6)].map((id) => isOn(registersOf(id)[mark]))).toEqual([true, true])
  })

  test('is needless when all of them were marked since', () => {
    expect(coreAfter(two).again(star(two, 'of the fork'))).toBe(false)
  })
})

describe('a wish that is written anew, of which somebody else has used the name', () => {
  const reissued = (core: ReturnType<typeof foundedCore>, change: SignedChange): boolean | undefined => {
    give(core, { kind: 'submit', signed: mailTo('mallory', ['mallory'], 'same') })
    const clock = core.state.newestClock
    return give(core, { kind: 'reissue', change, clock, reason: 'to have it' }).answer[0]?.result.ok
  }

  test('is there, when it is a mail', () => {
    const core = foundedCore(['ada', 'bob', 'mallory'])
    expect(reissued(core, mailTo('ada', ['bob'], 'same'))).toBe(true)
    expect(core.state.mails.records().map(({ from }) => from)).toEqual([person('mallory'), person('ada')])
  })

  test('has its effect, when it is a deletion', () => {
    const core = foundedCore(['ada', 'bob', 'mallory'])
    const sent = give(core, { kind: 'submit', signed: mailTo('ada', ['ada'], 'mail') }).answer[0]?.result
    if (sent?.ok !== true) throw new Error('the mail was not sent')
    expect(reissued(core, deletionOf('ada', sent.value.update, 'same', 'mail'))).toBe(true)
    expect(core.state.mails.find(sent.value.update)).toBeUndefined()
  })

  test('is not written a second time', () => {
    const core = foundedCore(['ada', 'bob', 'mallory'])
    const mail = mailTo('ada', ['bob'], 'same')
    expect([reissued(core, mail), reissued(core, mail)]).toEqual([true, true])
    expect(core.state.executions.records().map(({ names }) => names.length)).toEqual([1, 1])
  })
})

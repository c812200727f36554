import { describe, expect, test } from 'vitest'
import type { UpdateId } from '../../replica/core/model/ids.ts'
import { documentId, updateId } from '../../replica/core/model/ids.ts'
import { shelves } from '../../replica/core/model/mailbox-changes.ts'
import type { SignedChange } from '../../replica/core/model/updates.ts'
import { SecondOpinion } from '../../replica/core/second-opinion.ts'
import { GroupState } from '../../replica/core/state/group-state.ts'
import { countOf, keptBackOf, leftOutOf } from '../../replica/core/state/left-out.ts'
import { liveUpdatesOf } from '../../replica/core/state/live-updates.ts'
import { sign } from '../simulation/sim-codec.ts'
import { readBatch, type Version } from '../simulation/versions.ts'
import { commandNamed, helloOf, identity, logOf, mailTo, person, signUp, tagNamed } from '../support/core-fixture.ts'
import { foundedCore, give, noonMs, startCore } from '../support/core-fixture.ts'

const { origin } = identity(1, 'a')
const said = { account: person('ada'), saidAt: 1_010 }
const mail = updateId(origin, 2)
const deletion = sign(
  { ...said, kind: 'marks', command: commandNamed('d'), mark: 'delete', mails: [mail], tags: [tagNamed('a mail')] },
  '',
)
const draft = sign(
  {
    ...said,
    kind: 'document',
    command: commandNamed('e'),
    document: documentId(Buffer.alloc(16, 1).toString('base64url')),
    shelf: shelves.drafts,
    state: 'written',
  },
  '',
)

const stateOf = (version: Version, changes: readonly SignedChange[]): GroupState => {
  const state = new GroupState()
  for (const batch of logOf(origin, [signUp('ada'), mailTo('ada', ['ada'], 'a mail'), ...changes], 1_000))
    state.applyBatch(readBatch(version, batch))
  return state
}

const canJudge = (witness: GroupState, of: GroupState): boolean =>
  new SecondOpinion(identity(5, 'e'), new GroupState()).canJudge(witness.image(), of.image())

describe('in a group of two versions', () => {
  test('a member that does not understand what deletes a mail cannot tell whether it was left out', () => {
    const [former, present] = [stateOf('former', [deletion]), stateOf('present', [deletion])]
    expect([former, present].map(({ mails }) => mails.size)).toEqual([1, 0])
    expect(countOf(leftOutOf(present.image(), former.image(), new GroupState()))).toBe(1)
    expect(canJudge(former, present)).toBe(false)
    expect(canJudge(present, former)).toBe(true)
    expect(canJudge(former, former)).toBe(true)
    expect(canJudge(former, stateOf('present', []))).toBe(true)
  })

  test('what a member holds without understanding it, it has not left out', () => {
    const [former, present] = [stateOf('former', [draft]).image(), stateOf('present', [draft]).image()]
    const leftOut = leftOutOf(former, present, new GroupState())
    expect([countOf(leftOut), keptBackOf(former, leftOut)]).toEqual([1, 0])
    expect(keptBackOf({ later: [] }, leftOut)).toBe(1)
  })

  test('what somebody holds without understanding it, and has from a state as well, is asked for once', () => {
    const former = stateOf('former', [draft])
    former.join(stateOf('present', [draft]).image())
    const names = [...liveUpdatesOf(former.image())].map((update): UpdateId => updateId(update.origin, update.sequence))
    expect(names).toEqual([mail, updateId(origin, 3)])
  })
})

test('a newcomer that has met nobody names no group: by that name it would let no member in', () => {
  const newcomer = startCore(identity(2, 'b'))
  give(newcomer, { kind: 'claim', server: newcomer.identity.server, machine: 'b', replaces: null })
  const { answer, persist } = give(newcomer, { kind: 'renameGroup', name: 'a new name' })
  const member = identity(1, 'a')
  newcomer.step(noonMs, [
    { kind: 'connected', peer: member.peer },
    { kind: 'message', peer: member.peer, message: helloOf(member) },
  ])
  expect(newcomer.view.servers).toEqual([1, 2])
  expect([answer, persist]).toMatchObject([[{ result: { ok: false, failure: { code: 'BUSY' } } }], []])
  expect(give(foundedCore(), { kind: 'renameGroup', name: 'a new name' }).persist).toHaveLength(1)
})

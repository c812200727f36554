import { beforeEach, describe, expect, test } from 'vitest'
import { type Sequence, updateId } from '../../replica/core/model/ids.ts'
import type { Message } from '../../replica/core/model/messages.ts'
import type { Update } from '../../replica/core/model/updates.ts'
import type { ReplicaCore } from '../../replica/core/replica-core.ts'
import { firstHash, makeBatchOf } from '../simulation/sim-codec.ts'
import { deletionOf, foundedCore, give, greet, identity, mailTo, noonMs } from '../support/core-fixture.ts'
import { person, startCore } from '../support/core-fixture.ts'

const member = identity(2, 'b')
const others = [1, 2]

/** After this who had nothing is asked again. */
const nextRoundMs = 6_000

describe('who holds a mail whose content is damaged here', () => {
  let core: ReplicaCore
  let mail: Update
  let nowMs: number

  const holders = () => core.holdersOf(mail.origin, mail.sequence)
  const step = (...events: Parameters<ReplicaCore['step']>[1]) => core.step(nowMs, events)
  const says = (message: Message) => step({ kind: 'message', peer: member.peer, message })
  const damage = () => step({ kind: 'damaged', origin: mail.origin, first: mail.sequence, last: mail.sequence })
  const requestIn = ({ send }: ReturnType<ReplicaCore['step']>) =>
    send.flatMap(({ message }) => (message.kind === 'mailRequest' ? [message] : []))[0]
  const answer = (id: number, updates: readonly Update[], covered: Sequence = mail.sequence) =>
    says({ kind: 'mails', id, origin: mail.origin, covered, updates })
  /** What is asked for when it is time. */
  const nextRequest = () => {
    for (let tries = 0; tries < 3; tries += 1) {
      const request = requestIn(step({ kind: 'tick' }))
      if (request !== undefined) return request
      nowMs += nextRoundMs
    }
    throw new Error('nothing is asked for')
  }

  beforeEach(() => {
    nowMs = noonMs
    core = foundedCore(['ada', 'bob'])
    const claim = { kind: 'seat', server: member.server, peer: member.peer, machine: 'b', replaces: null } as const
    const batch = makeBatchOf(member.origin)(1, firstHash(member.origin), [{ clock: noonMs * 1_000, change: claim }])
    step({ kind: 'handedIn', batches: [batch] })
    mail = give(core, { kind: 'submit', signed: mailTo('ada', ['bob'], 'a mail') }).persist[0]!.updates[0]!
    greet(core, member, new Map([[member.origin, new Map([[mail.origin, mail.sequence]])]]))
    expect(holders()).toEqual(others)
  })

  test('this machine does not, until it has it again', () => {
    const request = requestIn(damage())
    expect(holders()).toEqual([2])
    expect(request).toMatchObject({ origin: mail.origin, sequences: [mail.sequence] })
    answer(request!.id, [mail])
    expect(holders()).toEqual(others)
  })

  test('nor does a member that was asked for it in vain, until it gives it after all', () => {
    answer(requestIn(damage())!.id, [])
    expect(holders()).toEqual([])
    answer(nextRequest().id, [])
    expect(holders()).toEqual([])
    answer(nextRequest().id, [mail])
    expect(holders()).toEqual(others)
  })

  test('what was asked for in vain, and is damaged once more later, is anew to be found out', () => {
    answer(requestIn(damage())!.id, [])
    answer(nextRequest().id, [mail])
    damage()
    expect(holders()).toEqual([2])
  })

  test('what somebody has signed as well is neither taken for it nor takes the place of what is whole', () => {
    const whole = give(core, { kind: 'submit', signed: mailTo('ada', ['bob'], 'another mail') }).persist[0]!.updates[0]!
    const { id } = requestIn(damage())!
    const swapped = { ...whole, sequence: mail.sequence }
    const { store } = answer(id, [swapped, { ...mail, sequence: whole.sequence }])
    expect(store).toEqual([])
    expect(holders()).toEqual([])
    expect(answer(nextRequest().id, [mail]).store).toEqual([{ origin: mail.origin, updates: [mail] }])
    expect(holders()).toEqual(others)
  })

  test('who has not answered yet is taken at its word, and whoever answers what it was not asked for, too', () => {
    const { id } = requestIn(damage())!
    answer(id + 1, [])
    expect(holders()).toEqual([2])
  })

  test('who answers for longer than usual, because its line is slow, is waited for', () => {
    const { id } = requestIn(damage())!
    for (let second = 0; second < 20; second += 1) {
      nowMs += 1_000
      expect(requestIn(step({ kind: 'arriving', peer: member.peer }))).toBeUndefined()
    }
    answer(id, [mail])
    expect(core.repairing).toBe(0)
  })

  test('what is deleted meanwhile is not looked for any more', () => {
    answer(requestIn(damage())!.id, [])
    for (const who of ['ada', 'bob'])
      give(core, { kind: 'submit', signed: deletionOf(who, updateId(mail.origin, mail.sequence), `${who} deletes`) })
    nowMs += nextRoundMs
    step({ kind: 'tick' })
    expect(core.repairing).toBe(0)
  })
})

test('what was not understood, and whose content was damaged when it was to be, is understood when it is whole again', () => {
  const former = foundedCore(['ada', 'bob'])
  const mail = give(former, { kind: 'submit', signed: mailTo('ada', ['bob'], 'a mail') }).persist[0]!.updates[0]!
  const claim = { kind: 'seat', server: member.server, peer: member.peer, machine: 'b', replaces: null } as const
  const says = deletionOf('bob', updateId(mail.origin, mail.sequence), 'bob deletes', 'a mail')
  const log = makeBatchOf(member.origin)(1, firstHash(member.origin), [
    { clock: noonMs * 1_000, change: claim },
    { clock: noonMs * 1_000 + 1, change: says },
  ])
  const [first, deletion] = log.updates as [Update, Update]
  const unknown = { ...deletion, change: { kind: 'unknown', type: 20 } } as const
  former.step(noonMs, [{ kind: 'handedIn', batches: [{ ...log, updates: [first, unknown] }] }])
  const core = startCore(identity(1, 'a'), { image: former.state.image(), suffix: [], highest: former.state.vector })
  greet(core, member, new Map([[member.origin, core.state.vector]]))
  const isOwned = () =>
    core.state.mails.isOwnedBy(core.state.mails.find(updateId(mail.origin, mail.sequence))!, person('bob'))
  const { send } = core.step(noonMs, [{ kind: 'damaged', origin: member.origin, first: 2, last: 2 }])
  const request = send.flatMap(({ message }) => (message.kind === 'mailRequest' ? [message] : []))[0]!
  expect(isOwned()).toBe(true)
  const answer = { kind: 'mails', id: request.id, origin: member.origin, covered: 2, updates: [deletion] } as const
  const { store, notify } = core.step(noonMs, [{ kind: 'message', peer: member.peer, message: answer }])
  expect(store).toEqual([{ origin: member.origin, updates: [deletion] }])
  expect(isOwned()).toBe(false)
  expect(notify).toContainEqual({ kind: 'mailbox', account: person('bob') })
  expect(core.state.later.records()).toEqual([])
})

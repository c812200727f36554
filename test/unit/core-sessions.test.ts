import { describe, expect, test } from 'vitest'
import { accountId, serverId, sessionId } from '../../replica/core/model/ids.ts'
import type { SessionClaim } from '../../replica/core/model/messages.ts'
import { Sessions } from '../../replica/core/sessions.ts'

const [one, two] = [serverId(1), serverId(2)]
const ada = accountId('ada')

const claim = (session: string, clock: number, machine = 'a machine'): SessionClaim => ({
  account: ada,
  session: sessionId(session),
  clock,
  machine,
})

describe('sessions', () => {
  test('a later log-in at another server takes the open one over, and that is told once', () => {
    const sessions = new Sessions(one)
    sessions.setOwn([claim('first', 5)])
    sessions.heard(two, [claim('second', 9, 'the laptop')])
    expect(sessions.takenOver()).toEqual([{ session: 'first', by: { server: two, machine: 'the laptop' } }])
    expect(sessions.takenOver()).toEqual([])
  })

  test('an earlier log-in that is heard of later takes over nothing', () => {
    const sessions = new Sessions(one)
    sessions.setOwn([claim('first', 5)])
    sessions.heard(two, [claim('old', 4)])
    expect(sessions.takenOver()).toEqual([])
  })

  test('of two log-ins at one time the same one stands everywhere', () => {
    const [left, right] = [new Sessions(one), new Sessions(two)]
    left.setOwn([claim('aa', 5)])
    right.setOwn([claim('bb', 5)])
    left.heard(two, [claim('bb', 5)])
    right.heard(one, [claim('aa', 5)])
    expect(left.takenOver()).toHaveLength(1)
    expect(right.takenOver()).toEqual([])
  })

  test('a client that goes on at another server takes nothing over, and keeps its time', () => {
    const sessions = new Sessions(one)
    sessions.heard(two, [claim('mine', 5)])
    expect(sessions.judge(ada, sessionId('mine'), 5, 100)).toEqual({ kind: 'taken', clock: 5 })
    sessions.setOwn([claim('mine', 5)])
    expect(sessions.takenOver()).toEqual([])
  })

  test('a client that comes back with a later log-in than any that was seen keeps its time', () => {
    const sessions = new Sessions(one)
    sessions.heard(two, [claim('theirs', 5)])
    expect(sessions.judge(ada, sessionId('later'), 9, 100)).toEqual({ kind: 'taken', clock: 9 })
    sessions.setOwn([claim('later', 9)])
    expect(sessions.takenOver()).toEqual([])
  })

  test('a new log-in comes after all that were seen, whatever the clock says; one that was taken over does not come back', () => {
    const sessions = new Sessions(one)
    sessions.heard(two, [claim('theirs', 1_000, 'the laptop')])
    expect(sessions.judge(ada, sessionId('new'), null, 10)).toEqual({ kind: 'taken', clock: 1_001 })
    const by = { server: two, machine: 'the laptop' }
    expect(sessions.judge(ada, sessionId('older'), 999, 2_000)).toEqual({ kind: 'superseded', by })
  })

  test('one that was opened where the clock was far ahead shuts nobody out once it is over', () => {
    const sessions = new Sessions(one)
    const now = 1_000
    const ahead = now + 600_000_000
    sessions.heard(two, [claim('ahead', ahead)])
    expect(sessions.judge(ada, sessionId('carried on'), now - 1, now)).toMatchObject({ kind: 'superseded' })
    sessions.heard(two, [])
    expect(sessions.judge(ada, sessionId('carried on'), now - 1, now)).toEqual({ kind: 'taken', clock: ahead + 1 })
  })

  test('one that is over shuts nobody out whom it has not taken over, though its clock is no longer ahead by much', () => {
    const sessions = new Sessions(one)
    const minute = 60_000_000
    // Opened ten minutes ago, where the clock was ten minutes ahead.
    sessions.heard(two, [claim('ahead', 10 * minute)])
    sessions.heard(two, [])
    const carriedOn = sessions.judge(ada, sessionId('opened elsewhere'), 10 * minute - 1, 10 * minute)
    expect(carriedOn).toEqual({ kind: 'taken', clock: 10 * minute + 1 })
  })

  test('one that was taken over does not come back when the other is over', () => {
    const sessions = new Sessions(one)
    sessions.setOwn([claim('first', 5)])
    sessions.setOwn([])
    sessions.heard(two, [claim('second', 9, 'the laptop')])
    sessions.heard(two, [])
    const by = { server: two, machine: 'the laptop' }
    expect(sessions.judge(ada, sessionId('first'), 5, 100)).toEqual({ kind: 'superseded', by })
  })
})

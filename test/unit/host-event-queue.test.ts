import { expect, test } from 'vitest'
import type { CoreEvent } from '../../replica/core/effects.ts'
import { originId, peerId } from '../../replica/core/model/ids.ts'
import type { Message } from '../../replica/core/model/messages.ts'
import { EventQueue } from '../../replica/host/event-queue.ts'

const peer = peerId('ada')
const most = 1_000

const batches = (id: number): CoreEvent => ({ kind: 'message', peer, message: { kind: 'batches', id, batches: [] } })
const message = (kind: 'knowledge' | 'fork'): CoreEvent => {
  const known: Message =
    kind === 'fork'
      ? { kind, origin: originId('1.aaaaaaaa'), end: null }
      : { kind, clock: 0, rows: new Map(), hashes: new Map(), sessions: [] }
  return { kind: 'message', peer, message: known }
}
const command = { kind: 'command', ticket: 1, command: { kind: 'revoke' } } as CoreEvent
const tick: CoreEvent = { kind: 'tick' }

const queueIn = (state: { isRush: boolean }) => {
  const timers: (() => void)[] = []
  let pulse = (): void => undefined
  let woken = 0
  const queue = new EventQueue({
    clock: {
      nowMs: () => 0,
      every: (_, task) => {
        pulse = task
        return () => undefined
      },
      after: (_, task) => {
        timers.push(task)
        return () => undefined
      },
    },
    isRush: () => state.isRush,
    wake: () => {
      woken += 1
    },
  })
  const push = (...events: readonly CoreEvent[]): void => {
    for (const event of events) queue.push({ event, done: null })
  }
  const take = (): readonly CoreEvent[] => queue.take(most).map(({ event }) => event)
  return { queue, push, take, timers, wakes: () => woken, pulse: () => pulse() }
}

test('what comes is looked at in its order, at once', () => {
  const { push, take, timers } = queueIn({ isRush: false })
  const events = [batches(0), command, message('knowledge'), tick, message('fork')]
  push(...events)
  expect(take()).toEqual(events)
  expect(timers).toEqual([])
})

test('in a rush the news of others wait for each other, and commands and ticks go before them', () => {
  const { push, take, timers, wakes } = queueIn({ isRush: true })
  push(batches(0))
  expect(take()).toEqual([batches(0)])
  push(batches(0), message('knowledge'), { kind: 'gossip', batches: [] })
  expect(take()).toEqual([])
  push(command, tick)
  expect(take()).toEqual([command, tick])
  const before = wakes()
  timers.shift()?.()
  expect(wakes()).toBe(before + 1)
  expect(take()).toEqual([batches(0), message('knowledge'), { kind: 'gossip', batches: [] }])
  // The time for the next has begun.
  push(batches(0))
  expect(take()).toEqual([])
  timers.shift()?.()
  expect(take()).toEqual([batches(0)])
})

test('what somebody waits for, and the end of a connection, take along what came before them', () => {
  for (const event of [batches(7), message('fork'), { kind: 'disconnected', peer } as const]) {
    const { push, take } = queueIn({ isRush: true })
    push(batches(0))
    take()
    push(message('knowledge'), event)
    expect(take()).toEqual([message('knowledge'), event])
  }
})

test('not too many are gathered', () => {
  const { push, take } = queueIn({ isRush: true })
  push(...Array.from({ length: 300 }, () => batches(0)))
  expect(take().length).toBeGreaterThan(200)
})

test('nothing waits when the rush is over', () => {
  const state = { isRush: true }
  const { push, take, timers } = queueIn(state)
  push(batches(0), batches(0))
  take()
  state.isRush = false
  timers.shift()?.()
  expect(take()).toEqual([batches(0)])
  push(batches(0))
  expect(take()).toEqual([batches(0)])
  expect(timers).toEqual([])
})

test('what waits is let through or dropped when it has to be', () => {
  const { queue, push, take } = queueIn({ isRush: true })
  push(batches(0), batches(0))
  take()
  queue.release()
  expect(take()).toEqual([batches(0)])
  push(batches(0))
  queue.clear()
  queue.release()
  expect(take()).toEqual([])
})

test('a tick that is asked for comes once', () => {
  const { queue, take, timers } = queueIn({ isRush: false })
  queue.tickAfter(5)
  queue.tickAfter(10)
  expect(timers).toHaveLength(1)
  timers.shift()?.()
  expect(take()).toEqual([tick])
  queue.tickAfter(5)
  expect(timers).toHaveLength(1)
})

test('a tick goes along with what is taken, once in a while, and comes by itself only when nothing is', () => {
  const { queue, push, take, pulse, wakes } = queueIn({ isRush: false })
  queue.keepTicking()
  pulse()
  push(batches(7))
  expect(take()).toEqual([batches(7), tick])
  push(batches(7))
  expect(take()).toEqual([batches(7)])
  const before = wakes()
  pulse()
  expect(wakes()).toBe(before)
  pulse()
  expect(wakes()).toBe(before + 1)
  expect(take()).toEqual([tick])
  pulse()
  expect(take()).toEqual([tick])
})

test('ticks do not pile up behind a step that takes long, and come with the next one', () => {
  const { queue, push, take, pulse } = queueIn({ isRush: false })
  queue.keepTicking()
  for (let pulses = 0; pulses < 9; pulses += 1) pulse()
  push(command)
  expect(take()).toEqual([tick, command])
})

import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { historyLines } from '../../renderer/network/history.ts'
import { placesOf } from '../../renderer/network/map-layout.ts'
import NetworkMapSeat from '../../renderer/network/NetworkMapSeat.vue'
import { behindWords, clockWords, seenWords, stateWords } from '../../renderer/network/seat-words.ts'
import type { NetworkSeat, SeatState, ViewChange } from '../../replica/client/contract/group.ts'
import { inviteId, serverId } from '../../replica/core/model/ids.ts'
import { fakeNetwork, machines } from './fake-group.ts'
import './setup.ts'

const whole = fakeNetwork(['here', 'connected', 'connected', 'connected', 'connected'])
const split = fakeNetwork(['here', 'connected', 'unreachable', 'paused', 'unreachable'])
const seatOf = (state: SeatState): NetworkSeat => {
  const [seat] = fakeNetwork([state]).seats
  if (seat === undefined) throw new Error('there is a seat')
  return seat
}
const promised: NetworkSeat = { ...seatOf('free'), promised: inviteId('i'.repeat(43)) }
const nameOf = (server: number): string => machines[server - 1] ?? ''

describe('the map', () => {
  it.each(['beside', 'above'] as const)('keeps the two sides of a split apart (%s)', (direction) => {
    const places = placesOf(split.seats, direction)
    const along = places.map(({ x, y }) => (direction === 'beside' ? x : y))
    expect(Math.max(...along.slice(0, 2))).toBeLessThan(Math.min(...along.slice(2)) - 5)
  })

  it.each(['beside', 'above'] as const)('puts no two seats on one place (%s)', (direction) => {
    for (const network of [whole, split]) {
      const places = placesOf(network.seats, direction)
      for (const [index, one] of places.entries())
        for (const other of places.slice(index + 1))
          expect(Math.hypot(one.x - other.x, one.y - other.y)).toBeGreaterThan(8)
    }
  })

  it('says of each seat how it is', () => {
    const [here, connected, unreachable, paused] = split.seats
    if (!here || !connected || !unreachable || !paused) throw new Error('five seats')
    const nowMs = Date.now()
    expect(stateWords(here, nowMs)).toBe('used by this window')
    expect(stateWords(connected, nowMs)).toBe('4 ms')
    expect(stateWords(unreachable, nowMs)).toMatch(/^last seen \d/)
    expect(stateWords({ ...unreachable, lastSeenAt: null }, nowMs)).toBe('not seen yet')
    expect(stateWords(paused, nowMs)).toBe('paused')
    expect(seenWords({ ...here, lastSeenAt: null }, nowMs)).toBe('')
    expect(seenWords({ ...unreachable, lastSeenAt: null }, nowMs)).toBe('not seen yet')
    expect(behindWords(connected)).toBe('everything')
    expect(behindWords(unreachable)).toBe('all but 4 updates, as far as known')
    expect(clockWords({ ...here, clockOffMs: -245_000 })).toBe('Its clock is 4 min behind')
    expect(clockWords(here)).toBeNull()
  })

  it('does not call a seat free that is promised to a machine', () => {
    const seat = seatOf('free')
    expect(stateWords(seat, Date.now())).toBe('free')
    expect(stateWords(promised, Date.now())).toBe('promised')
    const picture = mount(NetworkMapSeat, {
      props: { seat: promised, nowMs: Date.now(), selected: false, captionSide: 'below' },
    })
    expect(picture.text()).toBe('Seat 1promised')
  })
})

describe('the history of views', () => {
  const noon = new Date(2026, 4, 20, 12).getTime()
  const change = (minute: number, changed: Partial<ViewChange>): ViewChange => ({
    at: noon + minute * 60_000,
    number: minute,
    servers: [serverId(1), serverId(2)],
    joined: [],
    left: [],
    mailsIn: 0,
    ...changed,
  })

  it('tells a split, and the merge with how long it took and what came in', () => {
    const history = [
      change(22, { joined: [serverId(3), serverId(4)], mailsIn: 27 }),
      change(5, { left: [serverId(3), serverId(4)], mailsIn: 1 }),
    ]
    const lines = historyLines(history, nameOf, noon).map(({ title, words }) => `${title}: ${words}`)
    expect(lines[0]).toMatch(/^Merged 12:22.*: engine room and sick bay came back after 17 min\. 27 mails came in\.$/)
    expect(lines[1]).toMatch(/^Split 12:05.*: engine room and sick bay went away\. 1 mail came in\.$/)
  })

  it('tells in one line what came machine by machine within seconds, and in two what did not', () => {
    const second = 1 / 60
    const history = [
      change(22 + 2 * second, { joined: [serverId(3)], mailsIn: 5 }),
      change(22 + second, { joined: [serverId(4)] }),
      change(22, { joined: [serverId(4)], mailsIn: 2 }),
      change(5 + second, { left: [serverId(4)] }),
      change(5, { left: [serverId(3)] }),
      change(2, { left: [serverId(5)] }),
    ]
    const lines = historyLines(history, nameOf, noon)
    expect(lines.map(({ words }) => words)).toEqual([
      'engine room and sick bay came back after 17 min. 7 mails came in.',
      'engine room and sick bay went away.',
      'lab went away.',
    ])
    expect(lines[0]?.title).toMatch(/^Merged 12:22/)
  })

  it('does not claim that somebody came back who was not there before', () => {
    const [line] = historyLines([change(3, { joined: [serverId(5)] })], nameOf, noon)
    expect(line).toMatchObject({ kind: 'merge', words: 'lab joined.' })
  })

  it('names the day of what is older than today', () => {
    const [line] = historyLines([change(0, { left: [serverId(2)] })], nameOf, noon + 30 * 86_400_000)
    expect(line?.title).toMatch(/^Split .*May.*12:00/)
  })
})

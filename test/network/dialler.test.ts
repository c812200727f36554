import { describe, expect, test } from 'vitest'
import { peerId, type PeerId } from '../../replica/core/model/ids.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { Dialler } from '../../replica/drivers/libp2p-dialler.ts'
import type { ClockPort } from '../../replica/host/ports.ts'

/** A clock that only moves when told to. */
class HandClock implements ClockPort {
  #now = 0
  #timers: { readonly atMs: number; readonly task: () => void }[] = []

  nowMs(): number {
    return this.#now
  }

  every(): () => void {
    throw new Error('not used here')
  }

  after(delayMs: number, task: () => void): () => void {
    const timer = { atMs: this.#now + delayMs, task }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer)
    }
  }

  /** Lets `ms` go by, and what is due happen. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve))
      const next = this.#timers.filter(({ atMs }) => atMs <= end).sort((left, right) => left.atMs - right.atMs)[0]
      if (next === undefined) break
      this.#now = next.atMs
      this.#timers = this.#timers.filter((other) => other !== next)
      next.task()
    }
    this.#now = end
  }
}

const member = peerId('12D3KooWA')
const address = '/ip4/127.0.0.1/tcp/1'

const startDialler = () => {
  const clock = new HandClock()
  const dials: number[] = []
  const tried: (readonly string[])[] = []
  const dialler = new Dialler({
    clock,
    random: () => 0.999,
    connect: (_peer, addresses) => {
      tried.push(addresses)
      dials.push(clock.nowMs())
      return Promise.reject(new Error('nobody there'))
    },
  })
  dialler.start()
  return { clock, dials, tried, dialler }
}

describe('an absent member', () => {
  test('is dialled for ever, never more than 5 s apart, also after ten hours', async () => {
    const { clock, dials, dialler } = startDialler()
    dialler.remember(new Map([[member, [address]]]))
    await clock.pass(10 * 3_600_000)
    const gaps = dials.slice(1).map((at, index) => at - (dials[index] ?? 0))
    expect(dials[0]).toBe(0)
    expect(gaps[0]).toBeLessThanOrEqual(200)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(5_000)
    expect(clock.nowMs() - (dials.at(-1) ?? 0)).toBeLessThanOrEqual(5_000)
  })

  test('is dialled at once on redial, on a new address, when heard, and when it is denied no longer', async () => {
    const { clock, dials, dialler } = startDialler()
    dialler.remember(new Map([[member, [address]]]))
    const reasons = [
      () => {
        dialler.redial()
      },
      () => {
        dialler.remember(new Map([[member, [address, '/ip4/127.0.0.1/tcp/2']]]))
      },
      () => {
        dialler.heard(member, ['/ip4/127.0.0.1/tcp/3'])
      },
      () => {
        dialler.heard(member, ['/ip4/127.0.0.1/tcp/3'])
      },
      () => {
        dialler.deny(new Set([member]))
        dialler.deny(new Set())
      },
    ]
    for (const give of reasons) {
      await clock.pass(60_001)
      const before = dials.length
      give()
      await clock.pass(0)
      expect(dials.length).toBe(before + 1)
    }
  })

  test('that was retired is dialled at once, and then no more often than every five minutes, until it is left out', async () => {
    const { clock, dials, dialler } = startDialler()
    dialler.remember(new Map([[member, [address]]]))
    await clock.pass(60_000)
    const before = dials.length
    const retired = clock.nowMs()
    dialler.remember(new Map(), new Map([[member, [address]]]))
    await clock.pass(3_600_000)
    expect(dials[before]).toBe(retired)
    const gaps = dials.slice(before).flatMap((at, index, all) => (index === 0 ? [] : [at - (all[index - 1] ?? 0)]))
    expect(Math.min(...gaps)).toBeGreaterThan(300_000)
    expect(Math.max(...gaps)).toBeLessThanOrEqual(600_000)
    dialler.remember(new Map(), new Map())
    const tries = dials.length
    await clock.pass(3_600_000)
    expect(dials).toHaveLength(tries)
  })

  test('is tried where others say besides, with the latest of that, and no more often', async () => {
    const { clock, dials, tried, dialler } = startDialler()
    dialler.remember(new Map([[member, [address]]]))
    await clock.pass(60_000)
    const before = dials.length
    for (let port = 2; port < 100; port += 1) dialler.hinted(member, [`/ip4/127.0.0.1/tcp/${port}`])
    expect(dials.length).toBe(before)
    await clock.pass(5_000)
    expect(dials.length).toBe(before + 1)
    expect(tried.at(-1)).toEqual([address, '/ip4/127.0.0.1/tcp/99'])
    dialler.connected(member)
    dialler.disconnected(member, 'lost')
    await clock.pass(100)
    expect(tried.at(-1)).toEqual([address])
  })

  test('with many networks is tried where it was heard last among the first', async () => {
    const { clock, tried, dialler } = startDialler()
    const many = Array.from({ length: limits.addressesPerPeer }, (_, index) => `/ip4/172.17.0.${index + 1}/tcp/1`)
    dialler.remember(new Map([[member, many]]))
    await clock.pass(60_000)
    dialler.heard(member, ['/ip4/192.168.1.9/tcp/1'])
    expect(tried.at(-1)?.slice(0, 2)).toEqual([many[0], '/ip4/192.168.1.9/tcp/1'])
  })

  test('of which no address is known is tried at once where others say; who is no member never is', async () => {
    const { clock, tried, dialler } = startDialler()
    dialler.remember(new Map([[member, []]]))
    dialler.hinted(member, [address])
    dialler.hinted(peerId('12D3KooWB'), [address])
    await clock.pass(0)
    expect(tried).toEqual([[address]])
  })

  test('is not dialled while it is denied, nor when it is a member no longer', async () => {
    const { clock, dials, dialler } = startDialler()
    dialler.deny(new Set([member]))
    dialler.remember(new Map([[member, [address]]]))
    dialler.heard(member, ['/ip4/127.0.0.1/tcp/3'])
    dialler.redial()
    await clock.pass(60_000)
    expect(dials).toEqual([])
    dialler.remember(new Map())
    dialler.deny(new Set())
    await clock.pass(60_000)
    expect(dials).toEqual([])
  })
})

describe('a member that sends this machine away each time', () => {
  test('is dialled less and less often, and as before when there is a reason or it has kept a connection', async () => {
    const { clock, dials, dialler } = startDialler()
    dialler.remember(new Map([[member, [address]]]))
    dialler.heard(member, [address])
    const sendAway = async (livedMs: number): Promise<void> => {
      dialler.connected(member)
      await clock.pass(livedMs)
      dialler.disconnected(member, 'lost')
      dialler.dismissed(member)
    }
    const nextDial = async (): Promise<number> => {
      const [lostAt, before] = [clock.nowMs(), dials.length]
      while (dials.length === before) await clock.pass(100)
      return (dials.at(-1) ?? 0) - lostAt
    }
    const waits: number[] = []
    for (let round = 0; round < 8; round += 1) {
      // As where there is a long way to it.
      await sendAway(1_500)
      dialler.heard(member, [address])
      waits.push(await nextDial())
    }
    expect(waits[0]).toBeGreaterThan(5_000)
    expect(waits.at(-1)).toBeGreaterThan(500_000)
    expect(Math.max(...waits)).toBeLessThanOrEqual(600_000)
    await sendAway(1_500)
    const before = dials.length
    dialler.redial()
    expect(dials.length).toBe(before + 1)
    await sendAway(10)
    dialler.connected(member)
    await clock.pass(60_000)
    dialler.disconnected(member, 'lost')
    expect(await nextDial()).toBeLessThanOrEqual(100)
  })
})

describe('of those who are heard in the local network, where anybody can tell anything,', () => {
  /** Nobody answers, and every try hangs. */
  const startHanging = () => {
    const clock = new HandClock()
    const begun: PeerId[] = []
    let givenUp = 0
    const dialler = new Dialler({
      clock,
      random: () => 0.999,
      connect: (peer, _addresses, signal) => {
        begun.push(peer)
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            givenUp += 1
            reject(new Error('given up'))
          })
        })
      },
    })
    dialler.start()
    return { clock, begun, dialler, givenUp: () => givenUp }
  }

  test('only some are dialled at once, and a member all the same', async () => {
    const { clock, begun, dialler } = startHanging()
    for (let count = 0; count < 1_000; count += 1) dialler.heard(peerId(`12D3KooWStranger${count}`), [address])
    expect(begun).toHaveLength(limits.dialledStrangers)
    dialler.remember(new Map([[member, [address]]]))
    await clock.pass(0)
    expect(begun.at(-1)).toBe(member)
  })

  test('a member whose places are told falsely again and again is still given time to answer', async () => {
    const { clock, dialler, givenUp } = startHanging()
    dialler.remember(new Map([[member, [address]]]))
    for (let count = 0; count < 100; count += 1) {
      dialler.heard(member, [`/ip4/192.0.2.1/tcp/${1_000 + count}`])
      await clock.pass(50)
    }
    expect(givenUp()).toBe(5)
  })
})

describe('a member that was lost', () => {
  test('is dialled within 100 ms, but ever more slowly when its connections keep breaking at once', async () => {
    const { clock, dials, dialler } = startDialler()
    dialler.remember(new Map([[member, [address]]]))
    const waits: number[] = []
    for (let round = 0; round < 9; round += 1) {
      dialler.connected(member)
      await clock.pass(10)
      const lostAt = clock.nowMs()
      const before = dials.length
      dialler.disconnected(member, 'lost')
      while (dials.length === before) await clock.pass(10)
      waits.push((dials.at(-1) ?? 0) - lostAt)
    }
    expect(Math.max(...waits.slice(0, 3))).toBeLessThanOrEqual(100)
    expect(waits.at(-1)).toBeGreaterThan(1_000)
    dialler.connected(member)
    await clock.pass(5_000)
    const before = dials.length
    dialler.disconnected(member, 'lost')
    await clock.pass(100)
    expect(dials.length).toBe(before + 1)
  })
})

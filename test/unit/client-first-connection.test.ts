import { describe, expect, test } from 'vitest'

import type { ConnectReplica, KnownServers } from '../../replica/client/link-connection.ts'
import { createMailClient } from '../../replica/client/mail-client.ts'
import { QuintetError } from '../../replica/core/model/errors.ts'
import { serverId } from '../../replica/core/model/ids.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { testRandom } from '../support/client-ports.ts'
import { steppedClock } from '../support/stepped-clock.ts'

/** As a dial has it. */
const tryMs = 2_500

type Way = Pick<KnownServers, 'home' | 'start' | 'homePulse'>

/** A client starts, and no server ever says a word; after how long it gives up, and by which failure. */
const giveUp = async (way: Way, roundTripMs: number | null = null) => {
  const { clock, runTo } = steppedClock()
  const connect: ConnectReplica = async (_server, onReached) => {
    if (roundTripMs !== null) onReached(roundTripMs)
    await new Promise<void>((over) => void clock.after(tryMs, over))
    throw new QuintetError('TIMEOUT', 'The server could not be reached.')
  }
  const opening = createMailClient({
    connect,
    servers: { ...way, list: () => Promise.resolve([serverId(1), serverId(2)]) },
    machine: 'test machine',
    random: testRandom,
    clock,
  })
  const failed = opening.then(
    () => ({ message: 'none', afterMs: 0 }),
    (error: unknown) => ({ message: error instanceof QuintetError ? error.message : '', afterMs: clock.nowMs() }),
  )
  await runTo(60_000)
  return failed
}

describe('a client that starts, where a server takes connections and says nothing', () => {
  const asked = { home: serverId(2), start: 'at home' } as const

  test('tells within seconds that the one that was asked for does not answer', async () => {
    const { message, afterMs } = await giveUp(asked, 1)
    expect(afterMs).toBeLessThanOrEqual(2 * tryMs + 200)
    expect(message).toMatch(/^Server 2 has not answered for 5 s: /)
  })

  test('is patient when the way there is long, or the server is seen to work', async () => {
    for (const { afterMs } of [
      await giveUp(asked, 600),
      await giveUp({ ...asked, homePulse: () => Promise.resolve('works') }, 1),
      await giveUp({ home: 'none' }),
    ])
      expect(afterMs).toBeGreaterThanOrEqual(limits.firstConnectMs)
  })

  test('is not patient with the own one when that does nothing', async () => {
    const { message, afterMs } = await giveUp({ home: serverId(1), homePulse: () => Promise.resolve('rests') })
    expect(afterMs).toBeLessThanOrEqual(4 * tryMs)
    expect(message).toMatch(/^No server has answered for /)
  })
})

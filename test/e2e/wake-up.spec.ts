import type { AppWindow } from './harness.ts'
import { expect, test } from './harness.ts'
import { OtherNetwork } from './other-network.ts'

/** Once a member has been away for long, this is the least that passes between two tries to reach it; at most it is twice as much. */
const leastBackOffMs = 2_500
/** So that a gap cannot be one of an earlier, shorter back-off. */
const grownGapMs = leastBackOffMs + 200
const grownWithinMs = 60_000
/** From the wake-up to the try: much less than the back-off. */
const atOnceMs = 500

/** From now on the program notes when it tries to reach something over TCP. */
const noteTries = (window: AppWindow): Promise<void> =>
  window.app.evaluate(() => {
    const tries: number[] = []
    Object.assign(globalThis, { tries })
    const channels = process.getBuiltinModule('node:diagnostics_channel')
    channels.subscribe('net.client.socket', () => tries.push(Date.now()))
  })

const triesOf = (window: AppWindow): Promise<readonly number[]> =>
  window.app.evaluate(() => (globalThis as unknown as { tries: number[] }).tries)

/**
 * Waits until the back-off has grown to its longest and a try has just failed: the next one is not due before `leastBackOffMs` after it.
 * When that one was, by `Date.now()`.
 */
const tryThatJustFailed = async (window: AppWindow): Promise<number> => {
  const gap = async (): Promise<number> => {
    const tries = await triesOf(window)
    const [former = 0, last = 0] = tries.slice(-2)
    return Date.now() - last < leastBackOffMs / 10 ? last - former : 0
  }
  await expect.poll(gap, { timeout: grownWithinMs, intervals: [50] }).toBeGreaterThan(grownGapMs)
  return (await triesOf(window)).at(-1) ?? 0
}

const wakeUp = (window: AppWindow): Promise<void> =>
  window.app.evaluate(({ powerMonitor }) => {
    powerMonitor.emit('suspend')
    powerMonitor.emit('resume')
  })

/** Null while the mailbox is not open yet. */
const viewOf = async (window: AppWindow): Promise<unknown> => {
  const answer = await window.ask('client', 'view')
  return answer.ok ? (answer.value as { readonly servers: unknown }).servers : null
}

/** When the window was told that `servers` see each other, by `Date.now()`; it listens from the call on. */
const toldView = ({ page }: AppWindow, servers: readonly number[]): Promise<number> =>
  page.evaluate(
    (wanted) =>
      new Promise<number>((told) => {
        window.quintet.onClientEvents((events) => {
          for (const event of events)
            if (event.event === 'view' && event.view.servers.join() === wanted.join()) told(Date.now())
        })
      }),
    servers,
  )

test('a member that is away is tried at once when the machine wakes up, however long the back-off has become', async ({
  quintet,
}) => {
  const { group, window } = await quintet.groupWithApp([1, 2])
  await noteTries(window)
  await group.kill(2)
  await tryThatJustFailed(window)
  const wokenAt = Date.now()
  const before = (await triesOf(window)).length
  await wakeUp(window)
  await expect.poll(async () => (await triesOf(window)).length).toBeGreaterThan(before)
  const [next = Infinity] = (await triesOf(window)).slice(before)
  expect(next - wokenAt).toBeLessThan(atOnceMs)
})

test.describe('on another network', () => {
  let network: OtherNetwork | null = null

  test.beforeEach(async () => {
    network = await OtherNetwork.create()
    test.skip(network === null, 'needs root on Linux and network namespaces')
  })
  test.afterEach(() => network?.end())

  test('after a wake-up the member there is connected before the next try would have been due', async ({ quintet }) => {
    if (network === null) return
    const group = await quintet.group([1, 2], network)
    const window = await quintet.openOn(group, 1)
    await expect.poll(() => viewOf(window)).toEqual([1, 2])
    await noteTries(window)
    await network.block()
    const failedAt = await tryThatJustFailed(window)
    expect(await viewOf(window)).toEqual([1])
    const together = toldView(window, [1, 2])
    await network.unblock()
    await wakeUp(window)
    expect((await together) - failedAt).toBeLessThan(leastBackOffMs)
  })

  test('when the cable is in again the member there is connected before the next try would have been due', async ({
    quintet,
  }) => {
    if (network === null) return
    const group = await quintet.group([1, 2], network)
    const window = await quintet.openOn(group, 1)
    await expect.poll(() => viewOf(window)).toEqual([1, 2])
    await noteTries(window)
    await network.unplug()
    const failedAt = await tryThatJustFailed(window)
    expect(await viewOf(window)).toEqual([1])
    const together = toldView(window, [1, 2])
    await network.plugIn()
    expect((await together) - failedAt).toBeLessThan(leastBackOffMs)
  })
})

import { expect, test } from 'vitest'
import { FullDisk } from '../../replica/host/full-disk.ts'
import type { ClockPort, Storage } from '../../replica/host/ports.ts'
import { silentLogger } from '../conformance/storage-files.ts'

/** A full disk that is looked at every second; `second` lets one pass. */
const watched = () => {
  let tick: () => void = () => undefined
  let probes = 0
  const clock: ClockPort = {
    nowMs: () => 0,
    after: () => () => undefined,
    every: (_, task) => {
      tick = task
      return () => undefined
    },
  }
  const writeSetting = (_: string, value: unknown): Promise<void> => {
    if (value !== '') probes += 1
    return Promise.resolve()
  }
  const disk = new FullDisk({
    storage: { writeSetting } as unknown as Storage,
    clock,
    logger: silentLogger,
    onChange: () => undefined,
  })
  disk.watch(() => undefined)
  const second = async (): Promise<void> => {
    tick()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { disk, second, probes: () => probes }
}

test('a disk that has room for the probe and for nothing more is tried more and more seldom', async () => {
  const { disk, second, probes } = watched()
  const fills: number[] = []
  for (let now = 0; now < 300; now += 1) {
    if (!disk.isFull) {
      fills.push(now)
      disk.fill()
    }
    await second()
  }
  expect(fills.slice(0, 6)).toEqual([0, 1, 3, 7, 15, 31])
  expect(probes()).toBeLessThan(15)
})

test('one that is full again after it went well for long is tried at once', async () => {
  const { disk, second } = watched()
  for (let round = 0; round < 3; round += 1) {
    disk.fill()
    await second()
    expect(disk.isFull).toBe(false)
    for (let now = 0; now < 100; now += 1) await second()
  }
})

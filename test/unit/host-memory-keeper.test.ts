import { expect, test } from 'vitest'
import { processMemory } from '../../replica/drivers/process-memory.ts'
import { MemoryKeeper } from '../../replica/host/memory-keeper.ts'

const mb = 1_048_576
const unheard = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

/** `look(taken)`: what the process takes after that, where a collection leaves `inUse`. */
const keeperOf = (inUse: number) => {
  let [taken, isStopped, minutes] = [0, false, 0]
  const looks: (() => void)[] = []
  const keeper = new MemoryKeeper({
    memory: {
      residentBytes: () => taken * mb,
      collect: () => {
        taken = inUse
      },
    },
    clock: {
      nowMs: () => minutes * 60_000,
      every: (_, task) => {
        looks.push(task)
        return () => (isStopped = true)
      },
      after: () => () => undefined,
    },
    logger: unheard,
  })
  keeper.start()
  const look = (now: number): number => {
    taken = now
    minutes += 1
    for (const task of looks) task()
    return taken
  }
  return { keeper, look, isStopped: () => isStopped }
}

test('memory that a rush has left is given back; a small process is left alone', () => {
  const { look } = keeperOf(150)
  expect([120, 200, 250].map(look)).toEqual([120, 200, 250])
  expect(look(260)).toBe(150)
  expect(look(250)).toBe(250)
  expect(look(340)).toBe(150)
})

test('what a large mailbox takes by itself is not looked through again and again', () => {
  const { look } = keeperOf(380)
  expect(look(400)).toBe(380)
  expect([400, 450, 560].map(look)).toEqual([400, 450, 560])
  expect(look(570)).toBe(380)
})

test('what has been in use may not be any more after some minutes', () => {
  const { look } = keeperOf(300)
  expect(look(340)).toBe(300)
  expect([380, 380, 380, 380].map(look)).toEqual([380, 380, 380, 380])
  expect(look(380)).toBe(300)
  expect([370, 370, 370, 370, 370, 370].map(look)).toEqual([370, 370, 370, 370, 370, 370])
})

test('it ends with the replica', () => {
  const { keeper, isStopped } = keeperOf(1)
  keeper.stop()
  expect(isStopped()).toBe(true)
})

test('a collection gives memory back to the system', () => {
  const fill = (): void => {
    const kept = Array.from({ length: 100 }, () => Array.from({ length: 50_000 }, (_, index) => ({ index })))
    expect(kept).toHaveLength(100)
  }
  const before = processMemory.residentBytes()
  fill()
  const full = processMemory.residentBytes()
  processMemory.collect()
  const after = processMemory.residentBytes()
  expect(full - before).toBeGreaterThan(64 * mb)
  expect(full - after).toBeGreaterThan((full - before) / 2)
})

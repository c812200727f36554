import { expect, test } from 'vitest'
import { hashPrefix } from '../../replica/core/model/ids.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { LogChains } from '../../replica/core/state/log-chains.ts'
import { foundedCore, noonMs } from '../support/core-fixture.ts'
import { author, authorsLog, otherLog } from '../support/fork-fixture.ts'

const [, , third] = authorsLog()

test('the ends of the newest batches of a log are remembered, so many of them', () => {
  const chains = new LogChains()
  const { origin } = author
  const last = limits.checkpointsPerOrigin + 10
  for (let sequence = 1; sequence <= last; sequence += 1) chains.add(origin, sequence, otherLog)
  expect(chains.records()).toHaveLength(limits.checkpointsPerOrigin)
  expect(chains.fit(origin, 10, otherLog)).toBe('unknown')
  expect(chains.fit(origin, 11, otherLog)).toBe('same')
})

test('no more are remembered of a log by who was brought up to date by a state', () => {
  const core = foundedCore()
  core.step(noonMs, [{ kind: 'handedIn', batches: authorsLog() }])
  const image = core.state.image()
  const { origin } = author
  const checkpoints = Array.from({ length: limits.checkpointsPerOrigin + 10 }, (_, index) => index + 3).map(
    (sequence) => ({ origin, sequence, prefix: hashPrefix(third.lastHash) }),
  )
  const end = checkpoints.at(-1)!.sequence
  const chains = new LogChains()
  for (const { last, lastHash } of authorsLog()) chains.add(origin, last, lastHash)
  const vector = new Map([[origin, end]])
  chains.join({ ...image, vector, checkpoints }, new Map([[origin, 3]]), new Map([[origin, third.lastHash]]))
  expect(chains.records()).toHaveLength(limits.checkpointsPerOrigin)
  expect(chains.records().at(-1)?.sequence).toBe(end)
})

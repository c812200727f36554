import { expect, test } from 'vitest'
import { Fuzzing } from '../fuzz/fuzzing.ts'
import { fuzzTargets } from '../fuzz/targets.ts'

/** `npm run fuzz` goes on from here. */
const inputs = 1_500
const slowInputs = 200
const slow: ReadonlySet<string> = new Set(['terminal-json', 'image', 'draft', 'outbox-entry', 'body'])

test.each(fuzzTargets.map((target) => [target.name, target] as const))(
  'the door "%s" answers whatever comes, what once surprised it first',
  async (name, target) => {
    const { fuzzing, findings } = await Fuzzing.begin(target, 1)
    expect(findings).toEqual([])
    for (let count = slow.has(name) ? slowInputs : inputs; count > 0; count -= 1) {
      expect(await fuzzing.step()).toBe(null)
    }
    // A door that treats all alike was not reached.
    expect(fuzzing.outcomes).toBeGreaterThan(1)
  },
)

import { describe, expect, test } from 'vitest'
import type { Effects } from '../../replica/core/effects.ts'
import { limits } from '../../replica/core/model/limits.ts'
import type { BatchesMessage } from '../../replica/core/model/messages.ts'
import type { Batch, Draft } from '../../replica/core/model/updates.ts'
import { ReplicaCore } from '../../replica/core/replica-core.ts'
import { usualGathering } from '../../replica/core/spreading.ts'
import {
  foundedCore,
  give,
  greet,
  identity,
  mailTo,
  noonMs,
  originOf,
  signUp,
  startCore,
} from '../support/core-fixture.ts'
import { firstHash, makeBatchOf } from '../simulation/sim-codec.ts'

const { burst, gatherMs, calmMs } = usualGathering
const second = identity(2, 'b')

const pushedIn = ({ send }: Effects): readonly BatchesMessage[] =>
  send.flatMap(({ message }) => (message.kind === 'batches' ? [message] : []))
const batchesIn = (effects: Effects): readonly Batch[] => pushedIn(effects).flatMap(({ batches }) => batches)

const make = makeBatchOf(second.origin)
const claim = make(1, firstHash(second.origin), [
  {
    clock: noonMs * 1_000,
    change: { kind: 'seat', server: second.server, peer: second.peer, machine: 'b', replaces: null },
  },
])

/** The other one comes into view. */
const withSecond = (core: ReplicaCore): ReplicaCore => {
  core.step(noonMs, [{ kind: 'handedIn', batches: [claim] }])
  greet(core, second)
  return core
}
const coreOfTwo = (): ReplicaCore => withSecond(foundedCore(['ada']))

let written = 0
const writeAt = (core: ReplicaCore, afterMs: number): Effects => {
  written += 1
  const signed = mailTo('ada', ['ada'], `mail ${written}`)
  return core.step(noonMs + afterMs, [{ kind: 'command', ticket: written, command: { kind: 'submit', signed } }])
}

/** So many come from the other one that they should be dealt with together. */
const rushAt = (core: ReplicaCore, afterMs: number): Effects => {
  const drafts = Array.from({ length: burst * 2 }, (_, index) => ({
    clock: noonMs * 1_000 + index + 1,
    change: mailTo('ada', ['ada'], `rush ${index}`),
  }))
  const message = { kind: 'batches', id: 0, batches: [make(2, claim.lastHash, drafts)] } as const
  return core.step(noonMs + afterMs, [{ kind: 'message', peer: second.peer, message }])
}

describe('what is written here', () => {
  test('goes out at once, mail for mail, while not much comes', () => {
    const core = coreOfTwo()
    for (let mail = 1; mail <= 3 * burst; mail += 1) {
      const effects = writeAt(core, mail * 5)
      expect(batchesIn(effects)).toEqual(effects.persist)
      expect(effects.wakeAfterMs).toBeNull()
    }
    expect(core.isRush).toBe(false)
  })

  test('is gathered for a moment while much comes, though it is answered at once, and goes out in one message', () => {
    const core = coreOfTwo()
    rushAt(core, 100)
    expect(core.isRush).toBe(true)
    expect(batchesIn(writeAt(core, 110))).toHaveLength(1)
    const waiting = [writeAt(core, 112), writeAt(core, 120)]
    for (const effects of waiting) {
      expect(effects.answer).toHaveLength(1)
      expect(effects.persist).toHaveLength(1)
      expect(pushedIn(effects)).toEqual([])
    }
    expect(waiting.map(({ wakeAfterMs }) => wakeAfterMs)).toEqual([gatherMs - 2, gatherMs - 10])
    const [message, ...more] = pushedIn(core.step(noonMs + 110 + gatherMs, [{ kind: 'tick' }]))
    expect(message?.batches).toEqual(waiting.flatMap(({ persist }) => persist))
    expect(more).toEqual([])
  })

  test('goes out mail for mail again when the rush is over', () => {
    const core = coreOfTwo()
    rushAt(core, 10)
    core.step(noonMs + 11 + calmMs, [{ kind: 'tick' }])
    expect(core.isRush).toBe(false)
    expect(batchesIn(writeAt(core, 12 + calmMs))).toHaveLength(1)
    expect(batchesIn(writeAt(core, 13 + calmMs))).toHaveLength(1)
  })

  test('is sent before the others are told that it is held here', () => {
    const core = coreOfTwo()
    rushAt(core, 400)
    writeAt(core, 470)
    const waiting = writeAt(core, 490)
    expect(pushedIn(waiting)).toEqual([])
    // Half a second after what was told last.
    const { send } = core.step(noonMs + 501, [{ kind: 'tick' }])
    expect(send.map(({ message }) => message.kind)).toEqual(['batches', 'knowledge'])
  })

  test('fits into frames, however much is written at once', () => {
    const who = identity(1, 'a')
    const own = makeBatchOf(who.origin)
    const large = (first: number, previous: Batch['previousHash'], drafts: readonly Draft[]): Batch => {
      const batch = own(first, previous, drafts)
      return { ...batch, bytes: new Uint8Array(limits.batchBytes) }
    }
    const core = new ReplicaCore(
      who,
      { makeBatch: large, firstHash, originOf },
      { image: null, suffix: [], highest: new Map() },
    )
    give(core, { kind: 'found', groupName: 'the group', server: who.server, machine: 'machine a' })
    give(core, { kind: 'submit', signed: signUp('ada') })
    withSecond(core)
    const commands = Array.from({ length: 5_000 }, (_, index) => ({
      kind: 'submit' as const,
      signed: mailTo('ada', ['ada'], `large ${index}`),
    }))
    const effects = give(core, ...commands)
    expect(effects.persist.length).toBeGreaterThan(limits.frameBytes / limits.batchBytes)
    expect(batchesIn(effects)).toEqual(effects.persist)
    for (const { batches } of pushedIn(effects))
      expect(batches.reduce((sum, { bytes }) => sum + bytes.length, 0)).toBeLessThan(limits.frameBytes)
  })
})

test('a replica that has just started is in no rush', () => {
  expect(startCore(identity(1, 'a')).isRush).toBe(false)
})

import { randomBytes } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { publicKeyOf, signBytes, useQuickVerification, verifyBytes } from '../../replica/wire/keys.ts'
import { type Claim, DeferringVerifier, sharedClaim } from '../../replica/wire/signatures.ts'

const seed = new Uint8Array(randomBytes(32))
const publicKey = publicKeyOf(seed)

const claimOf = (index: number): Claim => {
  const bytes = new Uint8Array([...randomBytes(8), index % 256])
  return { publicKey, bytes, signature: signBytes(seed, bytes) }
}
const forged = (claim: Claim): Claim => ({
  ...claim,
  signature: claim.signature.with(9, (claim.signature[9] ?? 0) ^ 1),
})

const verifierOf = (claims: readonly Claim[], forMany: readonly Claim[] = []): DeferringVerifier => {
  const verifier = new DeferringVerifier()
  for (const claim of claims) verifier.holds(claim)
  for (const claim of forMany) verifier.holdsForMany(sharedClaim(claim))
  return verifier
}

describe.each([
  ['by node alone', null],
  ['with one core beside', 1],
  ['with four', 4],
  ['with none', 0],
])('a large message is verified %s', (_how, coresBeside) => {
  const asked: Uint8Array[] = []
  const use = (): void => {
    const verify = (...claim: Parameters<typeof verifyBytes>): boolean => {
      asked.push(claim[1])
      useQuickVerification(null)
      const holds = verifyBytes(...claim)
      use()
      return holds
    }
    useQuickVerification(coresBeside === null ? null : { verify, coresBeside, nextTurn: setImmediate })
  }
  afterEach(() => {
    useQuickVerification(null)
    asked.length = 0
  })

  const claims = Array.from({ length: 200 }, (_, index) => claimOf(index))

  it('holds when all claims do', async () => {
    use()
    expect(await verifierOf(claims, [claimOf(0), claimOf(1)]).judgeAside()).toBe(true)
    const own = { null: 0, 0: 96, 1: 96, 4: 60 }[String(coresBeside)]
    expect(asked).toHaveLength(own ?? -1)
  })

  it.each([0, 59, 60, 95, 96, 199])('does not when claim %i is forged', async (place) => {
    use()
    const some = claims.map((claim, index) => (index === place ? forged(claim) : claim))
    expect(await verifierOf(some).judgeAside()).toBe(false)
  })

  it('does not when one of those is forged that stand in many updates, and remembers that', async () => {
    use()
    const bad = forged(claimOf(0))
    expect(await verifierOf(claims.slice(0, 30), [claimOf(1), bad]).judgeAside()).toBe(false)
    expect(new DeferringVerifier().holdsForMany(sharedClaim(bad))).toBe(false)
  })
})

it('of a large message this thread verifies some in a turn of the event loop, and none in that which brought it', async () => {
  const turns = new Map<number, number>()
  let turn = 0
  let isOver = false
  const count = async (): Promise<void> => {
    while (!isOver) {
      await setImmediate()
      turn += 1
    }
  }
  const verify = (): boolean => {
    turns.set(turn, (turns.get(turn) ?? 0) + 1)
    return true
  }
  useQuickVerification({ verify, coresBeside: 1, nextTurn: setImmediate })
  const counting = count()
  expect(await verifierOf(Array.from({ length: 200 }, (_, index) => claimOf(index))).judgeAside()).toBe(true)
  isOver = true
  await counting
  useQuickVerification(null)
  expect([...turns.values()]).toEqual([32, 32, 32])
  expect(turns.has(0)).toBe(false)
})

it('few signatures are verified at once: more where that is quick', () => {
  expect(verifierOf([1, 2, 3, 4].map(claimOf)).isShort).toBe(true)
  expect(verifierOf([1, 2, 3, 4].map(claimOf), [claimOf(5)]).isShort).toBe(false)
  useQuickVerification({ verify: () => false, coresBeside: 1, nextTurn: setImmediate })
  expect(verifierOf(Array.from({ length: 24 }, (_, index) => claimOf(index))).isShort).toBe(true)
  expect(verifierOf(Array.from({ length: 25 }, (_, index) => claimOf(index))).isShort).toBe(false)
  useQuickVerification(null)
})

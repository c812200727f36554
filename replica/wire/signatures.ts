import { verify } from 'node:crypto'
import { limits } from '../core/model/limits.ts'
import { toBase64Url } from './bytes.ts'
import { type QuickVerification, quickVerification, toPublicKey, verifyBytes } from './keys.ts'
import { RecentValues } from './recent-values.ts'

/** Says of `bytes` that the holder of the raw Ed25519 `publicKey` signed them. */
export interface Claim {
  readonly publicKey: Uint8Array
  readonly bytes: Uint8Array
  readonly signature: Uint8Array
}

/** A claim that stands in many updates, by its name. */
export interface SharedClaim extends Claim {
  readonly name: string
}

/** Judges the signatures that a decoding meets. */
export interface Verifier {
  holds(claim: Claim): boolean
  /** As `holds`, but the verdict is remembered. */
  holdsForMany(claim: SharedClaim): boolean
}

export const sharedClaim = ({ publicKey, bytes, signature }: Claim): SharedClaim => ({
  publicKey,
  bytes,
  signature,
  name: `${toBase64Url(publicKey)} ${toBase64Url(bytes)} ${toBase64Url(signature)}`,
})

const knownVerdicts = new RecentValues<boolean>(limits.cachedRoots)

/** Verifies each signature where it is met. */
export const verifyAtOnce: Verifier = {
  holds: isTrue,
  holdsForMany: (claim) => {
    const known = knownVerdicts.get(claim.name)
    if (known !== undefined) return known
    const holds = isTrue(claim)
    knownVerdicts.set(claim.name, holds)
    return holds
  },
}

/** Claims up to which verifying is not worth a way through another thread, which has node's slower verification only. */
const fewClaims = { quick: 24, slow: 4 }
/** How many times as long node's verification takes. */
const slowness = 1.7
/** More of a message are for the other threads, so that its way does not become longer than theirs. */
const mostOwn = 96
/** In one turn of the event loop: some 2 ms. */
const claimsATurn = 32

/**
 * Takes each signature as good, and keeps the claims: what was decoded with it counts only when all of them hold. So a decoding
 * need not wait, and the signatures of a large message are verified by threads beside it, on whatever cores there are.
 */
export class DeferringVerifier implements Verifier {
  readonly #claims: Claim[] = []
  readonly #forMany = new Map<string, SharedClaim>()

  /** Whether there are so few that they are best verified here and now. */
  get isShort(): boolean {
    const few = quickVerification() === null ? fewClaims.slow : fewClaims.quick
    return this.#claims.length + this.#forMany.size <= few
  }

  holds(claim: Claim): boolean {
    this.#claims.push(claim)
    return true
  }

  holdsForMany(claim: SharedClaim): boolean {
    const known = knownVerdicts.get(claim.name)
    if (known === undefined) this.#forMany.set(claim.name, claim)
    return known ?? true
  }

  /** Whether all claims hold. */
  judge(): boolean {
    return this.#claims.every(isTrue) && [...this.#forMany.values()].every((claim) => verifyAtOnce.holdsForMany(claim))
  }

  /** As `judge`, with other threads, which have node's verification: this one takes as many as it can while they are at the rest. */
  async judgeAside(): Promise<boolean> {
    const quick = quickVerification()
    const own = quick === null ? [] : this.#claims.slice(0, ownShareOf(this.#claims.length, quick))
    const single = this.#claims.slice(own.length).map(isTrueAside)
    const forMany = [...this.#forMany].map(async ([name, claim]) => {
      const holds = await isTrueAside(claim)
      knownVerdicts.set(name, holds)
      return holds
    })
    const ownHold = quick === null || (await areTrueInTurns(own, quick))
    return (await Promise.all([...single, ...forMany])).every((holds) => holds) && ownHold
  }
}

/** Of so many claims, how many are for this thread. */
const ownShareOf = (claims: number, { coresBeside }: QuickVerification): number =>
  Math.min(mostOwn, Math.round((claims * slowness) / (slowness + coresBeside)))

function isTrue({ publicKey, bytes, signature }: Claim): boolean {
  return verifyBytes(publicKey, bytes, signature)
}

/** In later turns of the event loop: the present one has brought the message, and decoded it. */
async function areTrueInTurns(claims: readonly Claim[], { nextTurn }: QuickVerification): Promise<boolean> {
  for (let start = 0; start < claims.length; start += claimsATurn) {
    await nextTurn()
    if (!claims.slice(start, start + claimsATurn).every(isTrue)) return false
  }
  return true
}

const isTrueAside = ({ publicKey, bytes, signature }: Claim): Promise<boolean> =>
  new Promise((resolve) => {
    try {
      verify(null, bytes, toPublicKey(publicKey), signature, (error, holds) => {
        resolve(error === null && holds)
      })
    } catch {
      resolve(false)
    }
  })

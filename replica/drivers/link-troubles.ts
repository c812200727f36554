import type { PeerId } from '../core/model/ids.ts'
import type { LinkTrouble } from '../host/ports.ts'

/** Two of one name are told of while they were seen to take turns within this time: each ends the other's connections every few seconds. */
const twiceMs = 300_000
/** What a machine that crashed has left under way can look like one turn, not like two. */
const turnsTold = 2
const formerBoots = 8
/** A connection that lived for less than the first has not had the time to be silent, and one for more than the second has not broken off at once. */
const stuckLeastMs = 2_000
const stuckMostMs = 30_000
/** So often in a row. */
const stuckTold = 3

/** So often in a row at least, and not before all keys have been tried. */
const refusedTold = 8

/** How the last connection with a peer ended. */
export interface LinkEnd {
  readonly livedMs: number
  /** Whether packets as large as the way should take went through; `unknown`: none was sent. */
  readonly largePackets: 'lost' | 'through' | 'unknown'
}

interface Boots {
  readonly present: string
  readonly former: readonly string[]
}

/** What is wrong with connections as such, and nobody would see but from how they come and go. */
export class LinkTroubles {
  readonly #boots = new Map<PeerId, Boots>()
  /** By whose it is and who says so: when it was seen. */
  readonly #turns = new Map<string, { readonly peer: PeerId; readonly seenMs: readonly number[] }>()
  /** How often in a row the connection broke off when something large was sent. */
  readonly #stuck = new Map<PeerId, number>()
  /** How often since it was connected last something answered in its place, and did not know the group's present key. */
  readonly #refused = new Map<PeerId, number>()
  #keys = 0

  /**
   * A peer is connected; `boot`: which run of its process that is. A run that has ended never comes back, so one that does has run all the
   * while beside another. A machine that has only changed its address goes on with the same run, or with a new one.
   */
  connected(peer: PeerId, boot: string): void {
    this.#refused.delete(peer)
    const known = this.#boots.get(peer)
    if (known?.present === boot) return
    if (known?.former.includes(boot) === true) this.takesTurns(peer, peer)
    const former = known === undefined ? [] : [known.present, ...known.former.filter((other) => other !== boot)]
    this.#boots.set(peer, { present: boot, former: former.slice(0, formerBoots) })
  }

  /** Another run of `peer` took its place, as `teller` saw. */
  takesTurns(peer: PeerId, teller: PeerId): void {
    const key = `${peer} ${teller}`
    const seenMs = [...(this.#turns.get(key)?.seenMs ?? []), performance.now()]
    this.#turns.set(key, { peer, seenMs: seenMs.slice(-turnsTold) })
  }

  /** Whether it has broken off like that often enough to be told. */
  ended(peer: PeerId, { livedMs, largePackets }: LinkEnd): boolean {
    const isStuck = largePackets === 'lost' && livedMs >= stuckLeastMs && livedMs <= stuckMostMs
    if (isStuck) this.#stuck.set(peer, (this.#stuck.get(peer) ?? 0) + 1)
    else if (largePackets === 'through' || livedMs > stuckMostMs) this.#stuck.delete(peer)
    return this.#isStuck(peer)
  }

  /** Connected, and something large went through. */
  flows(peer: PeerId): void {
    this.#stuck.delete(peer)
  }

  /** `keys`: so many are known here. Between two tries by the present one a former one is tried. */
  refused(peer: PeerId, keys: number): void {
    this.#keys = keys
    this.#refused.set(peer, (this.#refused.get(peer) ?? 0) + 1)
  }

  keysChanged(): void {
    this.#refused.clear()
  }

  list(): readonly LinkTrouble[] {
    const nowMs = performance.now()
    const twice = [...this.#turns.values()]
      .filter(({ seenMs }) => seenMs.length >= turnsTold && seenMs.every((ms) => nowMs - ms < twiceMs))
      .map(({ peer }) => peer)
    const stuck = [...this.#stuck.keys()].filter((peer) => this.#isStuck(peer))
    const lockedOut = [...this.#refused].filter(([, times]) => times >= Math.max(refusedTold, this.#keys + 1))
    return [
      ...[...new Set(twice)].map((peer) => ({ kind: 'runsTwice', peer }) as const),
      ...stuck.map((peer) => ({ kind: 'largeLost', peer }) as const),
      ...lockedOut.map(([peer]) => ({ kind: 'otherKey', peer }) as const),
    ]
  }

  #isStuck(peer: PeerId): boolean {
    return (this.#stuck.get(peer) ?? 0) >= stuckTold
  }
}

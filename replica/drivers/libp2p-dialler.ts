import { limits } from '../core/model/limits.ts'
import type { PeerId } from '../core/model/ids.ts'
import type { ClockPort } from '../host/ports.ts'

const firstDelayMs = 100
/** Also the cap after hours of absence: a member that comes back is found within this time. */
const longestDelayMs = 5_000
/** A connection that was shorter counts as a sign that something is wrong, also one that falls silent at once: it is not simply redialled. */
const shortLifeMs = 5_000
const shortLivesForgiven = 3
const failuresWhenAsked = 3
/** The cap for a peer that sends this machine away each time: it will hardly think otherwise, and each time is a change of the view. */
const longestDismissedMs = 600_000
/** One that keeps the connection for so long has not sent this machine away. */
const keptMs = 60_000
/** The cap for a peer with whom the connection breaks off whenever something large is sent: each time is a change of the view, and helps nobody. */
const longestStuckMs = 30_000
/** How long, at most, a retired machine is not tried again: nobody waits for it. */
const longestFormerMs = 600_000
/** So often what is heard of a peer begins a try anew: anybody in the local network can tell anything, and a try needs some time. */
const anewMs = 1_000

export interface DiallerOptions {
  readonly clock: ClockPort
  /** A number from 0 up to 1. */
  readonly random: () => number
  /** Fulfilled when the peer is connected, rejected when none of the addresses led to it. */
  readonly connect: (peer: PeerId, addresses: readonly string[], signal: AbortSignal) => Promise<void>
}

interface Target {
  readonly peer: PeerId
  /** `heard`: only dialled when that is so. */
  standing: 'member' | 'former' | 'heard'
  remembered: readonly string[]
  /** Newest first. */
  learnt: readonly string[]
  /** By hearsay, the latest, until the peer is connected. */
  hinted: readonly string[]
  heardMs: number
  failures: number
  shortLives: number
  /** How often it has sent this machine away. */
  dismissals: number
  state: 'ordinary' | 'stuck'
  connectedAtMs: number | null
  cancelTimer: (() => void) | null
  attempt: AbortController | null
}

/** Keeps members connected: redials with capped back-off, for ever, and at once when there is a reason to. */
export class Dialler {
  readonly #options: DiallerOptions
  readonly #targets = new Map<PeerId, Target>()
  #denied: ReadonlySet<PeerId> = new Set()
  #running = false

  constructor(options: DiallerOptions) {
    this.#options = options
  }

  start(): void {
    this.#running = true
    for (const target of this.#targets.values()) this.#dial(target)
  }

  stop(): void {
    this.#running = false
    for (const target of this.#targets.values()) this.#cease(target)
    this.#targets.clear()
  }

  /** Sets the members, and those who were; new ones, and absent ones with new addresses, are dialled at once. */
  remember(
    members: ReadonlyMap<PeerId, readonly string[]>,
    former: ReadonlyMap<PeerId, readonly string[]> = new Map(),
  ): void {
    for (const target of [...this.#targets.values()]) {
      const isLeftOut = !members.has(target.peer) && !former.has(target.peer)
      if (target.standing !== 'heard' && isLeftOut) this.#forget(target)
    }
    const places = [
      ...Array.from(members, ([peer, addresses]) => ({ peer, addresses, standing: 'member' as const })),
      ...Array.from(former, ([peer, addresses]) => ({ peer, addresses, standing: 'former' as const })),
    ]
    for (const { peer, addresses, standing } of places.slice(0, limits.dialledPeers)) {
      const target = this.#targets.get(peer) ?? this.#add(peer)
      const hasNews = target.standing !== standing || addresses.some((address) => !target.remembered.includes(address))
      target.standing = standing
      target.remembered = addresses.slice(0, limits.addressesPerPeer)
      if (hasNews) this.#dialAnew(target)
    }
  }

  /** A peer was heard, or said, to be at these addresses: dialled at once unless it is connected. */
  heard(peer: PeerId, addresses: readonly string[]): void {
    const known = this.#targets.get(peer)
    if (known === undefined && (this.#targets.size >= limits.dialledPeers || this.#areManyStrangers())) return
    const target = known ?? this.#add(peer)
    const hasNews = addresses.some((address) => !target.learnt.includes(address))
    target.learnt = [...new Set([...addresses, ...target.learnt])].slice(0, limits.addressesPerPeer)
    const nowMs = this.#options.clock.nowMs()
    // On the local network a peer is heard again and again.
    const isWorthATry = hasNews || (target.attempt === null && target.dismissals === 0)
    if (!isWorthATry || nowMs - target.heardMs < anewMs) return
    target.heardMs = nowMs
    this.#dialAnew(target)
  }

  /** Others say that a member is at these addresses: the next try has them too. It is not made sooner, because anything can be said. */
  hinted(peer: PeerId, addresses: readonly string[]): void {
    const target = this.#targets.get(peer)
    if (target?.standing !== 'member' || target.connectedAtMs !== null) return
    target.hinted = addresses.slice(0, limits.addressesPerPeer)
    if (target.cancelTimer === null) this.#dial(target)
  }

  connected(peer: PeerId): void {
    const target = this.#targets.get(peer) ?? this.#add(peer)
    target.connectedAtMs = this.#options.clock.nowMs()
    target.failures = 0
    target.hinted = []
    target.cancelTimer?.()
    target.cancelTimer = null
  }

  /** Addresses at which a connected peer can be reached again. */
  learn(peer: PeerId, addresses: readonly string[]): void {
    const target = this.#targets.get(peer)
    if (target === undefined) return
    target.learnt = [...new Set([...addresses, ...target.learnt])].slice(0, limits.addressesPerPeer)
  }

  disconnected(peer: PeerId, cause: 'asked' | 'lost' | 'stuck'): void {
    const target = this.#targets.get(peer)
    if (target?.connectedAtMs === undefined || target.connectedAtMs === null) return
    const livedMs = this.#options.clock.nowMs() - target.connectedAtMs
    target.connectedAtMs = null
    target.shortLives = livedMs < shortLifeMs ? target.shortLives + 1 : 0
    if (livedMs >= keptMs) target.dismissals = 0
    target.state = cause === 'stuck' ? 'stuck' : 'ordinary'
    target.failures = cause === 'asked' ? failuresWhenAsked : Math.max(0, target.shortLives - shortLivesForgiven)
    if (target.standing === 'heard') this.#forget(target)
    else this.#dialLater(target)
  }

  /** A peer has sent this machine away for good. It may have closed the connection before that is known here. */
  dismissed(peer: PeerId): void {
    const target = this.#targets.get(peer)
    if (target === undefined) return
    target.dismissals += 1
    if (target.cancelTimer !== null) this.#dialLater(target)
  }

  /** Those that are denied no longer are dialled at once. */
  deny(peers: ReadonlySet<PeerId>): void {
    const before = this.#denied
    this.#denied = peers
    for (const target of this.#targets.values()) {
      if (peers.has(target.peer)) this.#cease(target)
      else if (before.has(target.peer)) this.#dialAnew(target)
    }
  }

  /** Forgets all back-off and dials now. */
  redial(): void {
    for (const target of this.#targets.values()) this.#dialAnew(target)
  }

  #areManyStrangers(): boolean {
    const dialled = [...this.#targets.values()].filter(
      ({ standing, attempt }) => standing === 'heard' && attempt !== null,
    )
    return dialled.length >= limits.dialledStrangers
  }

  #add(peer: PeerId): Target {
    const target: Target = {
      peer,
      standing: 'heard',
      remembered: [],
      learnt: [],
      hinted: [],
      heardMs: -Infinity,
      failures: 0,
      shortLives: 0,
      dismissals: 0,
      state: 'ordinary',
      connectedAtMs: null,
      cancelTimer: null,
      attempt: null,
    }
    this.#targets.set(peer, target)
    return target
  }

  #forget(target: Target): void {
    target.standing = 'heard'
    if (target.connectedAtMs !== null) return
    this.#cease(target)
    this.#targets.delete(target.peer)
  }

  #cease(target: Target): void {
    target.cancelTimer?.()
    target.cancelTimer = null
    target.attempt?.abort()
    target.attempt = null
  }

  /** A try that is under way may hang on an address that is of no use any more, so it is given up. */
  #dialAnew(target: Target): void {
    if (target.connectedAtMs !== null) return
    this.#cease(target)
    target.failures = 0
    target.shortLives = 0
    target.dismissals = 0
    target.state = 'ordinary'
    this.#dial(target)
  }

  #dialLater(target: Target): void {
    if (!this.#running || this.#denied.has(target.peer)) return
    const longest = longestDelayOf(target)
    target.cancelTimer?.()
    target.cancelTimer = this.#options.clock.after(longest * (0.5 + this.#options.random() / 2), () => {
      target.cancelTimer = null
      this.#dial(target)
    })
  }

  #dial(target: Target): void {
    if (!this.#running || this.#denied.has(target.peer) || target.connectedAtMs !== null || target.attempt !== null)
      return
    const addresses = inTurn([target.remembered, target.learnt, target.hinted])
    if (addresses.length === 0) return
    const attempt = new AbortController()
    target.attempt = attempt
    this.#options.connect(target.peer, addresses, attempt.signal).then(
      () => {
        this.#finish(target, attempt)
      },
      () => {
        this.#finish(target, attempt)
      },
    )
  }

  #finish(target: Target, attempt: AbortController): void {
    if (target.attempt !== attempt) return
    target.attempt = null
    if (target.connectedAtMs !== null || target.cancelTimer !== null) return
    if (target.standing === 'heard') {
      this.#forget(target)
      return
    }
    target.failures = Math.min(target.failures + 1, 16)
    this.#dialLater(target)
  }
}

/** Of each list some: only so many are dialled, and a machine with many networks would leave no room for where it was heard last. */
const inTurn = (lists: readonly (readonly string[])[]): readonly string[] => {
  const longest = Math.max(...lists.map(({ length }) => length))
  const turns = Array.from({ length: longest }, (_, index) => lists.flatMap((list) => list.slice(index, index + 1)))
  return [...new Set(turns.flat())]
}

const longestDelayOf = ({ standing, dismissals, state, failures }: Target): number => {
  if (standing === 'former') return longestFormerMs
  if (dismissals > 0) return Math.min(longestDismissedMs, longestDelayMs * 2 ** dismissals)
  return state === 'stuck' ? longestStuckMs : Math.min(longestDelayMs, firstDelayMs * 2 ** failures)
}

import type { Connection, Stream } from '@libp2p/interface'
import { Buffer } from 'node:buffer'
import { limits } from '../core/model/limits.ts'
import { peerId, type PeerId } from '../core/model/ids.ts'
import type { ClockPort, LinkTrouble } from '../host/ports.ts'
import { abortConnection } from './libp2p-abort.ts'
import type { EarlyBytes } from './early-bytes.ts'
import { handshakeMs, protocols } from './libp2p-base.ts'
import { frameTags, type FrameTag } from './frames.ts'
import { FrameLink } from './frame-link.ts'
import { LinkTroubles } from './link-troubles.ts'
import { Libp2pByteStream } from './libp2p-byte-stream.ts'
import { staying, type Contender } from './libp2p-tie-break.ts'

/** How long an orderly end may take. */
const closeTimeoutMs = 500
/** Nothing but the driver's own frames comes before a stream is kept: whoever has the group's key can have many begun. */
const offeredFrameBytes = 0

export interface ReplicaLinksListener {
  kept(peer: PeerId, connection: Connection): void
  /** `asked` is for one that was let go here, `stuck` for one that breaks off whenever something large is sent. */
  lost(peer: PeerId, reason: string, cause: 'asked' | 'lost' | 'stuck'): void
  /** As `TransportListener` has it. */
  arriving(peer: PeerId): void
  frame(peer: PeerId, frame: Uint8Array): void
}

export interface ReplicaLinksOptions {
  readonly self: PeerId
  readonly clock: ClockPort
  /** Eight bytes that no other run of this install has. */
  readonly boot: Uint8Array
  readonly listener: ReplicaLinksListener
  /** Where what is half sent counts of peers that were never let in. */
  readonly early: EarlyBytes
  readonly knows: (connection: Connection) => boolean
}

/** A stream that is, or may become, the one with its peer. */
interface Candidate {
  readonly peer: PeerId
  readonly opener: PeerId
  readonly connection: Connection
  readonly link: FrameLink
  readonly openedAtMs: number
  boot: string | null
  state: 'offered' | 'kept' | 'over'
  /** Settles the `open` that waits for the answer to an offer. */
  settle: (failure: Error | null) => void
}

export interface KeptLink {
  readonly peer: PeerId
  readonly connection: Connection
  readonly link: FrameLink
  readonly ageMs: number
}

/** The direct streams to other replicas: exactly one per pair, even if both sides open one at once. */
export class ReplicaLinks {
  readonly #options: ReplicaLinksOptions
  readonly #held = new Map<PeerId, Candidate>()
  readonly #troubles = new LinkTroubles()

  constructor(options: ReplicaLinksOptions) {
    this.#options = options
  }

  get(peer: PeerId): FrameLink | null {
    const candidate = this.#held.get(peer)
    return candidate?.state === 'kept' ? candidate.link : null
  }

  all(): readonly KeptLink[] {
    const now = this.#options.clock.nowMs()
    return [...this.#held.values()]
      .filter(({ state }) => state === 'kept')
      .map(({ peer, connection, link, openedAtMs }) => ({ peer, connection, link, ageMs: now - openedAtMs }))
  }

  /** Something answers where the peer is, and does not know the group's present key. */
  refused(peer: PeerId, keys: number): void {
    this.#troubles.refused(peer, keys)
  }

  keysChanged(): void {
    this.#troubles.keysChanged()
  }

  troubles(): readonly LinkTrouble[] {
    for (const { peer, state, link } of this.#held.values())
      if (state === 'kept' && link.largePackets === 'through') this.#troubles.flows(peer)
    return this.#troubles.list()
  }

  /** Offers a stream on a connection. Fulfilled when the pair has one, this or another; throws when it came to nothing. */
  async open(connection: Connection, signal: AbortSignal): Promise<void> {
    const peer = peerId(connection.remotePeer.toString())
    const stream = await connection.newStream(protocols.replica, { signal })
    if (this.get(peer) !== null) {
      stream.abort(new Error('another stream is kept already'))
      this.#endSpare(connection, peer)
      return
    }
    await new Promise<void>((resolve, reject) => {
      const cancel = this.#options.clock.after(handshakeMs, () => {
        candidate.link.abort('the offer of a stream was not answered')
      })
      const candidate = this.#candidate(stream, connection, this.#options.self, (failure) => {
        cancel()
        if (failure === null || this.get(peer) !== null) resolve()
        else reject(failure)
      })
      const older = this.#held.get(peer)
      this.#held.set(peer, candidate)
      if (older !== undefined) this.#discard(older, 'a newer stream was offered')
      candidate.link.pushControl(frameTags.offer, this.#options.boot)
    })
  }

  /** Takes a stream that the other side opened; what comes first on it must be its offer. */
  admit(stream: Stream, connection: Connection): void {
    const cancel = this.#options.clock.after(handshakeMs, () => {
      if (candidate.state === 'offered') candidate.link.abort('no offer came')
    })
    const opener = peerId(connection.remotePeer.toString())
    const candidate = this.#candidate(stream, connection, opener, cancel)
  }

  /** Lets a peer's stream go when what is queued on it has been sent, and the connection with it. */
  release(peer: PeerId): void {
    const candidate = this.#held.get(peer)
    if (candidate === undefined) return
    this.#held.delete(peer)
    this.#end(candidate, 'let go here', 'asked')
    void this.#letGo(candidate)
  }

  /** An aborted connection takes along what the other side has not read yet, so it is closed; aborted when that takes long. */
  async #letGo({ link, connection }: Candidate): Promise<void> {
    await link.close()
    await connection.close({ signal: AbortSignal.timeout(closeTimeoutMs) }).catch(() => undefined)
    abortConnection(connection, 'let go here')
  }

  #candidate(
    stream: Stream,
    connection: Connection,
    opener: PeerId,
    settle: (failure: Error | null) => void,
  ): Candidate {
    const peer = peerId(connection.remotePeer.toString())
    const { clock, listener, early, knows } = this.#options
    const link = new FrameLink(new Libp2pByteStream(stream, connection), clock, offeredFrameBytes, {
      data: (frame) => {
        if (candidate.state === 'kept') listener.frame(peer, frame)
      },
      control: (tag, payload) => {
        this.#negotiate(candidate, tag, payload)
      },
      arriving: () => {
        if (candidate.state === 'kept') listener.arriving(peer)
      },
      over: (_end, reason) => {
        early.note(link, 0)
        this.#over(candidate, reason)
      },
      read: () => {
        if (!link.isOver) early.note(link, knows(connection) ? 0 : link.keptBytes)
      },
    })
    const candidate: Candidate = {
      peer,
      opener,
      connection,
      link,
      openedAtMs: clock.nowMs(),
      boot: null,
      state: 'offered',
      settle,
    }
    return candidate
  }

  #negotiate(candidate: Candidate, tag: FrameTag, payload: Uint8Array): void {
    if (tag === frameTags.replaced) {
      const isOther = Buffer.compare(payload, this.#options.boot) !== 0
      if (candidate.state === 'kept' && isOther) this.#troubles.takesTurns(this.#options.self, candidate.peer)
      return
    }
    if (candidate.state !== 'offered') return
    const isOwn = candidate.opener === this.#options.self
    candidate.boot = Buffer.from(payload).toString('hex')
    if (isOwn && tag === frameTags.accept) {
      if (this.#held.get(candidate.peer) === candidate) this.#keep(candidate)
      else candidate.link.abort('another stream is kept')
    } else if (isOwn && tag === frameTags.refuse) {
      this.#discard(candidate, 'the other side keeps another stream')
    } else if (!isOwn && tag === frameTags.offer) {
      this.#judge(candidate)
    } else {
      candidate.link.abort('a frame came out of turn')
    }
  }

  #judge(newer: Candidate): void {
    const older = this.#held.get(newer.peer)
    if (older !== undefined && staying(this.#contender(older), this.#contender(newer)) === 'older') {
      newer.link.pushControl(frameTags.refuse, this.#options.boot)
      newer.state = 'over'
      newer.settle(null)
      void newer.link.close().then(() => {
        this.#endSpare(newer.connection, newer.peer)
      })
      return
    }
    this.#held.set(newer.peer, newer)
    if (older !== undefined) this.#giveWay(older, newer)
    newer.link.pushControl(frameTags.accept, this.#options.boot)
    this.#keep(newer)
  }

  #contender({ opener, boot, openedAtMs }: Candidate): Contender {
    return { opener, boot, ageMs: this.#options.clock.nowMs() - openedAtMs }
  }

  #keep(candidate: Candidate): void {
    candidate.state = 'kept'
    candidate.link.allow(limits.frameBytes)
    if (candidate.boot !== null) this.#troubles.connected(candidate.peer, candidate.boot)
    this.#options.listener.kept(candidate.peer, candidate.connection)
    candidate.settle(null)
  }

  /** If it is another run of the same install, the older one hears of it before it is ended: it may be running, too. */
  #giveWay(older: Candidate, newer: Candidate): void {
    const reason = 'a newer stream took its place'
    if (older.state !== 'kept' || newer.boot === null || older.boot === newer.boot) {
      this.#discard(older, reason)
      return
    }
    this.#end(older, reason, 'lost')
    older.link.pushControl(frameTags.replaced, Buffer.from(newer.boot, 'hex'))
    void older.link.close().then(() => {
      this.#endSpare(older.connection, older.peer)
    })
  }

  /** Ends one that is not held any more, and its connection unless the one that is held uses it. */
  #discard(candidate: Candidate, reason: string): void {
    if (this.#held.get(candidate.peer) === candidate) this.#held.delete(candidate.peer)
    this.#end(candidate, reason, 'lost')
    candidate.link.abort(reason)
    this.#endSpare(candidate.connection, candidate.peer)
  }

  #endSpare(connection: Connection, peer: PeerId): void {
    const held = this.#held.get(peer)
    if (held !== undefined && held.connection.id !== connection.id)
      abortConnection(connection, 'another connection is kept')
  }

  #over(candidate: Candidate, reason: string): void {
    const wasHeld = this.#held.get(candidate.peer) === candidate
    if (wasHeld) this.#held.delete(candidate.peer)
    const wasKept = candidate.state === 'kept'
    this.#end(candidate, reason, 'lost')
    // Without its stream a connection between replicas is of no use, and may well be dead.
    if (wasHeld && wasKept) abortConnection(candidate.connection, reason)
  }

  #end(candidate: Candidate, reason: string, cause: 'asked' | 'lost'): void {
    const { state } = candidate
    candidate.state = 'over'
    if (state === 'kept') this.#options.listener.lost(candidate.peer, reason, this.#causeOf(candidate, cause))
    if (state === 'offered') candidate.settle(new Error(reason))
  }

  #causeOf({ peer, link, openedAtMs }: Candidate, cause: 'asked' | 'lost'): 'asked' | 'lost' | 'stuck' {
    if (cause === 'asked') return cause
    const livedMs = this.#options.clock.nowMs() - openedAtMs
    return this.#troubles.ended(peer, { livedMs, largePackets: link.largePackets }) ? 'stuck' : cause
  }
}

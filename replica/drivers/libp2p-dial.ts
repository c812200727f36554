import type { Connection, Libp2p } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import { reasonOf } from '../core/model/errors.ts'
import { type PeerId, peerId } from '../core/model/ids.ts'
import type { ClockPort } from '../host/ports.ts'
import { abortConnection } from './libp2p-abort.ts'
import { dialable } from './libp2p-addresses.ts'
import { DialPatience, type DialProgress, isRefusal } from './libp2p-dial-patience.ts'

/** How long one address has for itself before the next is tried beside it (RFC 8305). */
const staggerMs = 150

export interface DialOptions {
  readonly node: Libp2p
  readonly clock: ClockPort
  readonly peer: PeerId
  readonly addresses: readonly string[]
  readonly signal: AbortSignal
  /** Another peer answered at one of the addresses. */
  readonly onOther?: (other: PeerId, address: string) => void
  /** Something answers at one of the addresses, and what the way there and back took: the handshakes follow. */
  readonly onReached?: (roundTripMs: number) => void
  /** Something answers at one of the addresses that does not know the group's present key. */
  readonly onRefused?: () => void
}

/**
 * Reaches a peer at any of its addresses, which are tried beside each other in order. Always a new connection: an open one may
 * be half open. Libp2p itself would try them one after the other, and let a dead first one use up the time.
 */
export const dialAny = ({
  node,
  clock,
  peer,
  addresses,
  signal,
  onOther,
  onReached,
  onRefused,
}: DialOptions): Promise<Connection> =>
  new Promise((resolve, reject) => {
    const targets = dialable(peer, addresses)
    const losers = new AbortController()
    let pending = targets.length
    let isSettled = false
    let lastFailure = 'no usable address is known'
    const cancels: (() => void)[] = []
    const settle = (outcome: () => void): void => {
      if (isSettled) return
      isSettled = true
      for (const cancel of cancels) cancel()
      signal.removeEventListener('abort', giveUp)
      losers.abort()
      outcome()
    }
    const giveUp = (): void => {
      settle(() => {
        reject(new Error('the try was given up'))
      })
    }
    const failed = (reason: string): void => {
      lastFailure = reason
      pending -= 1
      if (pending > 0) return
      settle(() => {
        reject(new Error(lastFailure))
      })
    }
    const reached = (connection: Connection, address: string): void => {
      const answers = peerId(connection.remotePeer.toString())
      // One that another peer answered on may be shared with a try to reach that one: it closes when it stays idle.
      if (answers !== peer) {
        onOther?.(answers, address)
        failed('somebody else answers there')
      } else if (isSettled) abortConnection(connection, 'another address answered first')
      else {
        settle(() => {
          resolve(connection)
        })
      }
    }
    signal.addEventListener('abort', giveUp)
    if (signal.aborted || targets.length === 0) {
      settle(() => {
        reject(new Error(lastFailure))
      })
      return
    }
    targets.forEach((address, index) => {
      const tryIt = (): void => {
        dialOne({ node, clock, address, signal: losers.signal, onReached, onRefused }).then(
          (connection) => {
            reached(connection, address)
          },
          (error: unknown) => {
            failed(reasonOf(error))
          },
        )
      }
      if (index === 0) tryIt()
      else cancels.push(clock.after(index * staggerMs, tryIt))
    })
  })

interface DialOneOptions extends Pick<DialOptions, 'node' | 'clock' | 'signal'> {
  readonly address: string
  readonly onReached: DialOptions['onReached']
  readonly onRefused: DialOptions['onRefused']
}

const dialOne = async ({ node, clock, address, signal, onReached, onRefused }: DialOneOptions): Promise<Connection> => {
  const slow = new AbortController()
  const patience = new DialPatience({
    clock,
    onReached: (roundTripMs) => onReached?.(roundTripMs),
    onOver: () => {
      slow.abort()
    },
  })
  try {
    return await node.dial(multiaddr(address), {
      signal: AbortSignal.any([signal, slow.signal]),
      force: true,
      onProgress: (event: DialProgress) => {
        patience.heard(event)
        if (isRefusal(event)) onRefused?.()
      },
    })
  } finally {
    patience.end()
  }
}

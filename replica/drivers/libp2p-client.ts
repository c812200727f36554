import { generateKeyPair } from '@libp2p/crypto/keys'
import type { Connection, Libp2p } from '@libp2p/interface'
import { createLibp2p } from 'libp2p'
import { fail, QuintetError, reasonOf, type Result } from '../core/model/errors.ts'
import type { PeerId } from '../core/model/ids.ts'
import type { JoinAnswer, JoinRequest } from '../core/model/messages.ts'
import type { ClockPort, FrameStream } from '../host/ports.ts'
import { groupContext } from '../wire/group-context.ts'
import { decodeJoinReply, encodeJoinRequest } from '../wire/join-codec.ts'
import { decodeVisitReply, encodeVisitRequest, type VisitAnswer, type VisitRequest } from '../wire/visit-codec.ts'
import { abortConnection, stopNode } from './libp2p-abort.ts'
import { baseOptions, keyFromSeed, protocols } from './libp2p-base.ts'
import { dialAny } from './libp2p-dial.ts'
import { handshakesMs } from './libp2p-dial-patience.ts'
import { LinkFrameStream } from './frame-stream.ts'
import { Libp2pByteStream } from './libp2p-byte-stream.ts'
import { exchange } from './libp2p-join.ts'
import type { NearbyMembers } from './nearby-members.ts'
import { byPeer } from './peer-in-address.ts'

export interface ClientDialer {
  /**
   * Opens a client's stream to a member, which answers for its peer id. Closing the stream closes the connection.
   * Throws UNREACHABLE when no address led there, TIMEOUT when none did in time: `timeoutMs`, and longer where something answers and
   * the way there is long, which `onReached` is told.
   */
  dial(
    peer: PeerId,
    addresses: readonly string[],
    timeoutMs: number,
    onReached?: (roundTripMs: number) => void,
  ): Promise<FrameStream>
  stop(): Promise<void>
}

/** A node that only dials: it listens nowhere, gossips not, and is found by nobody. */
export const createClientDialer = async (options: {
  readonly groupKey: Uint8Array
  /** Raw Ed25519 seed of a client that was let in; left out, an identity for this run only. */
  readonly privateKey?: Uint8Array
  readonly clock: ClockPort
}): Promise<ClientDialer> => {
  const { groupKey, privateKey } = options
  const key = privateKey === undefined ? await generateKeyPair('Ed25519') : keyFromSeed(privateKey)
  const node = await createLibp2p(baseOptions(groupKey, key))
  await node.start()
  return {
    dial: (peer, addresses, timeoutMs, onReached) =>
      withDeadline(options.clock, timeoutMs, async (deadline) => {
        const { signal } = deadline
        const connection = await reach(node, options.clock, { peer, addresses }, deadline, onReached)
        const stream = await openStream(connection, protocols.client, signal)
        return new LinkFrameStream(new Libp2pByteStream(stream, connection), peer, options.clock, () => {
          connection.close().catch((error: unknown) => {
            abortConnection(connection, error instanceof Error ? error.message : 'could not be closed')
          })
        })
      }),
    stop: () => stopNode(node, options.clock),
  }
}

export interface VisitOptions {
  readonly groupKey: Uint8Array
  /** Raw Ed25519 seed of who asks. */
  readonly privateKey: Uint8Array
  /** Of members, with their peer ids. */
  readonly addresses: readonly string[]
  readonly request: VisitRequest
  readonly timeoutMs: number
  readonly clock: ClockPort
  readonly nearby?: NearbyMembers
}

/** Asks members, one after the other, as `requestJoin` does. */
export const requestVisit = (options: VisitOptions): Promise<Result<VisitAnswer>> =>
  askMembers(options, options.privateKey, protocols.visit, encodeVisitRequest(options.request), decodeVisitReply)

export interface JoinOptions {
  readonly groupKey: Uint8Array
  readonly groupId: Uint8Array
  /** Raw Ed25519 seed of the install that wants to join. */
  readonly privateKey: Uint8Array
  /** Of members, with their peer ids. */
  readonly addresses: readonly string[]
  readonly request: JoinRequest
  readonly timeoutMs: number
  readonly clock: ClockPort
  /** Where they are, if they are at none of their addresses; ended by who has given it. */
  readonly nearby?: NearbyMembers
}

/**
 * Asks members, one after the other, to be let in. NO_MEMBER_REACHED when none of them answered in time; else the answer, or the
 * refusal, of the first that did. One is asked at a time, because an invite is used up by being asked with.
 */
export const requestJoin = (options: JoinOptions): Promise<Result<JoinAnswer>> => {
  const { privateKey, request, groupId } = options
  const decode = (reply: Uint8Array): Result<JoinAnswer> => decodeJoinReply(groupContext(groupId), reply)
  return askMembers(options, privateKey, protocols.join, encodeJoinRequest(request), decode)
}

type AskOptions = Pick<JoinOptions, 'groupKey' | 'addresses' | 'timeoutMs' | 'clock' | 'nearby'>

const askMembers = async <Answer>(
  options: AskOptions,
  privateKey: Uint8Array,
  protocol: string,
  request: Uint8Array,
  decode: (reply: Uint8Array) => Result<Answer>,
): Promise<Result<Answer>> => {
  const node = await createLibp2p(baseOptions(options.groupKey, keyFromSeed(privateKey)))
  await node.start()
  const deadline = new Deadline(options.clock, options.timeoutMs)
  let answer: Result<Answer> = fail(
    'NO_MEMBER_REACHED',
    'No member of the group could be reached at the addresses of the invite. Is one of them running, on the same network?',
  )
  try {
    for await (const [peer, addresses] of placesOf(options)) {
      if (deadline.signal.aborted) break
      const reply = await ask(node, options.clock, { peer, addresses, protocol, request }, deadline)
      if (reply === null) continue
      answer = decode(reply)
      if (answer.ok || !passing.has(answer.failure.code)) break
    }
    return answer
  } finally {
    deadline.end()
    await stopNode(node, options.clock)
  }
}

/** Members with their addresses; and those that were heard elsewhere, for whom it is not over by then. None that is not invited by. */
async function* placesOf({ addresses, nearby }: AskOptions): AsyncGenerator<readonly [PeerId, readonly string[]]> {
  const invited = byPeer(addresses)
  yield* invited
  if (nearby === undefined) return
  await nearby.hears(invited.keys())
  for (const peer of invited.keys()) if (nearby.of(peer).length > 0) yield [peer, nearby.of(peer)]
}

/** Failures of the member that was asked, not of the request: another one may do better. */
const passing: ReadonlySet<string> = new Set(['BUSY', 'DISK_FULL', 'DISK_FAILED', 'STOPPED', 'INTERNAL'])

interface Question {
  readonly peer: PeerId
  readonly addresses: readonly string[]
  readonly protocol: string
  readonly request: Uint8Array
}

/** The member's answer, or null when it gave none. */
const ask = async (
  node: Libp2p,
  clock: ClockPort,
  question: Question,
  deadline: Deadline,
): Promise<Uint8Array | null> => {
  const { protocol, request } = question
  const { signal } = deadline
  try {
    const connection = await reach(node, clock, question, deadline)
    const stream = await openStream(connection, protocol, signal)
    return await exchange(stream, connection, clock, request, signal)
  } catch {
    return null
  }
}

const reach = async (
  node: Libp2p,
  clock: ClockPort,
  { peer, addresses }: Pick<Question, 'peer' | 'addresses'>,
  deadline: Deadline,
  told?: (roundTripMs: number) => void,
): Promise<Connection> => {
  const { signal } = deadline
  const onReached = (roundTripMs: number): void => {
    deadline.reached(roundTripMs)
    told?.(roundTripMs)
  }
  try {
    return await dialAny({ node, clock, peer, addresses, signal, onReached })
  } catch (error) {
    throw new QuintetError('UNREACHABLE', `The server could not be reached: ${reasonOf(error)}.`)
  }
}

const openStream = async (connection: Connection, protocol: string, signal: AbortSignal) => {
  try {
    return await connection.newStream(protocol, { signal })
  } catch (error) {
    abortConnection(connection, 'the stream could not be opened')
    throw new QuintetError('UNREACHABLE', `The server does not take the connection: ${reasonOf(error)}.`)
  }
}

/** Until when something has to be done; put off where something answers, by how long the way there is. */
class Deadline {
  readonly #clock: ClockPort
  readonly #over = new AbortController()
  #endMs: number
  #cancel: () => void

  constructor(clock: ClockPort, timeoutMs: number) {
    this.#clock = clock
    this.#endMs = performance.now() + timeoutMs
    this.#cancel = this.#after(timeoutMs)
  }

  get signal(): AbortSignal {
    return this.#over.signal
  }

  reached(roundTripMs: number): void {
    if (this.signal.aborted) return
    const nowMs = performance.now()
    this.#endMs = Math.max(this.#endMs, nowMs + handshakesMs(roundTripMs))
    this.#cancel()
    this.#cancel = this.#after(this.#endMs - nowMs)
  }

  end(): void {
    this.#cancel()
  }

  #after(ms: number): () => void {
    return this.#clock.after(ms, () => {
      this.#over.abort()
    })
  }
}

const withDeadline = async <Value>(
  clock: ClockPort,
  timeoutMs: number,
  work: (deadline: Deadline) => Promise<Value>,
): Promise<Value> => {
  const deadline = new Deadline(clock, timeoutMs)
  const begunMs = performance.now()
  try {
    return await work(deadline)
  } catch (error) {
    if (!deadline.signal.aborted) throw error
    const waitedMs = Math.round(performance.now() - begunMs)
    throw new QuintetError('TIMEOUT', `The server could not be reached within ${waitedMs} ms.`)
  } finally {
    deadline.end()
  }
}

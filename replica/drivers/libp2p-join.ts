import type { Connection, Stream } from '@libp2p/interface'
import { fail, type Result } from '../core/model/errors.ts'
import { limits } from '../core/model/limits.ts'
import type { JoinAnswer, JoinRequest } from '../core/model/messages.ts'
import type { ClockPort, LoggerPort } from '../host/ports.ts'
import { decodeJoinRequest, encodeJoinReply } from '../wire/join-codec.ts'
import { decodeVisitRequest, encodeVisitReply, type VisitAnswer, type VisitRequest } from '../wire/visit-codec.ts'
import { FrameLink } from './frame-link.ts'
import { Libp2pByteStream } from './libp2p-byte-stream.ts'

/** From the opened stream to the closed one. */
const joinTimeoutMs = 10_000

interface ServePorts {
  readonly clock: ClockPort
  readonly logger: LoggerPort
}

/** Serves one request to join: one frame in, one frame out, closed. */
export const serveJoin = (
  stream: Stream,
  connection: Connection,
  ports: ServePorts,
  join: (request: JoinRequest) => Promise<Result<JoinAnswer>>,
): void => {
  serveOnce(stream, connection, ports, async (frame) =>
    encodeJoinReply(await answerTo(frame, connection.remotePeer.toString(), ports.logger, join)),
  )
}

/** The same for a visit. */
export const serveVisit = (
  stream: Stream,
  connection: Connection,
  ports: ServePorts,
  visit: (request: VisitRequest) => Promise<Result<VisitAnswer>>,
): void => {
  serveOnce(stream, connection, ports, async (frame) => {
    const request = decodeVisitRequest(frame)
    if (!request.ok) return encodeVisitReply(request)
    const isOther = request.value.kind === 'client' && request.value.peer !== connection.remotePeer.toString()
    if (isOther) return encodeVisitReply(fail('BAD_REQUEST', 'A visit names another install than the one that asks.'))
    try {
      return encodeVisitReply(await visit(request.value))
    } catch (error) {
      ports.logger.error('a visit failed', { reason: String(error) })
      return encodeVisitReply(fail('INTERNAL', 'The request could not be carried out.'))
    }
  })
}

const serveOnce = (
  stream: Stream,
  connection: Connection,
  ports: ServePorts,
  answer: (frame: Uint8Array) => Promise<Uint8Array>,
): void => {
  let isAsked = false
  const cancel = ports.clock.after(joinTimeoutMs, () => {
    link.abort('joining took too long')
  })
  const link = new FrameLink(new Libp2pByteStream(stream, connection), ports.clock, limits.joinRequestBytes, {
    data: (frame) => {
      if (isAsked) return
      isAsked = true
      void answer(frame)
        .then((reply) => link.send(reply))
        .then(() => link.close())
        .catch((error: unknown) => {
          ports.logger.info('an answer to a request to join was not delivered', { reason: String(error) })
        })
    },
    control: () => undefined,
    over: cancel,
  })
}

const answerTo = async (
  frame: Uint8Array,
  remote: string,
  logger: LoggerPort,
  join: (request: JoinRequest) => Promise<Result<JoinAnswer>>,
): Promise<Result<JoinAnswer>> => {
  const request = decodeJoinRequest(frame)
  if (!request.ok) return request
  if (request.value.peer !== remote)
    return fail('BAD_REQUEST', 'A request to join names another install than the one that asks.')
  try {
    return await join(request.value)
  } catch (error) {
    logger.error('a request to join failed', { reason: String(error) })
    return fail('INTERNAL', 'The request to join could not be carried out.')
  }
}

/** Sends one frame and waits for the one that answers it. Throws when the stream ends before, or `signal` aborts. */
export const exchange = (
  stream: Stream,
  connection: Connection,
  clock: ClockPort,
  request: Uint8Array,
  signal: AbortSignal,
): Promise<Uint8Array> =>
  new Promise((resolve, reject) => {
    const giveUp = (): void => {
      link.abort('no answer came in time')
    }
    const link = new FrameLink(new Libp2pByteStream(stream, connection), clock, limits.joinFrameBytes, {
      data: (frame) => {
        resolve(frame)
        void link.close()
      },
      control: () => undefined,
      over: (_end, reason) => {
        signal.removeEventListener('abort', giveUp)
        reject(new Error(reason))
      },
    })
    signal.addEventListener('abort', giveUp)
    link.push(request)
  })

import type { Stream, StreamMuxer, StreamMuxerFactory } from '@libp2p/interface'
import { fewProposals } from './libp2p-proposals.ts'
import { yamux, type YamuxMuxerInit } from '@libp2p/yamux'

/** What a stream of `@libp2p/yamux` 8 has beside its interface. */
interface WindowedStream extends Stream {
  readonly state: unknown
  readonly recvWindow: number
  readonly recvWindowCapacity: number
  sendWindowUpdate(): void
}

/** yamux's `StreamState.Established`. */
const established = 3

/**
 * yamux whose streams tell the sender of room when half of the window is used, as other implementations do. `@libp2p/yamux`
 * answers every single data frame with a window update, which doubles the packets of small messages: one more encryption
 * and one more write here, and as much reading at the other end.
 */
export const thriftyYamux = (init: YamuxMuxerInit): (() => StreamMuxerFactory) => {
  const createFactory = yamux(init)
  return () => {
    const factory: StreamMuxerFactory = createFactory()
    const createMuxer = factory.createStreamMuxer.bind(factory)
    factory.createStreamMuxer = (connection) => tame(createMuxer(connection))
    return factory
  }
}

/** As of `AbstractStreamMuxer`: every stream passes through one of these. A listener instead would make early streams get lost. */
interface OpeningMuxer extends StreamMuxer {
  onCreateStream(options: object): Stream
  onRemoteStream(stream: Stream): void
}

const tame = (muxer: StreamMuxer): StreamMuxer => {
  if (!isOpening(muxer)) return muxer
  const onCreateStream = muxer.onCreateStream.bind(muxer)
  const onRemoteStream = muxer.onRemoteStream.bind(muxer)
  muxer.onCreateStream = (options) => spareUpdates(onCreateStream(options))
  muxer.onRemoteStream = (stream) => {
    onRemoteStream(spareUpdates(stream))
  }
  return muxer
}

const isOpening = (muxer: StreamMuxer): muxer is OpeningMuxer => 'onCreateStream' in muxer && 'onRemoteStream' in muxer

const spareUpdates = (stream: Stream): Stream => {
  fewProposals(stream, () => stream.protocol !== '')
  if (!isWindowed(stream)) return stream
  const sendWindowUpdate = stream.sendWindowUpdate.bind(stream)
  stream.sendWindowUpdate = () => {
    // Before it is established, and after a pause, the update carries more than room.
    const isDue = stream.state !== established || stream.recvWindowCapacity * 2 <= stream.recvWindow
    if (!isDue) return
    try {
      sendWindowUpdate()
    } catch (error) {
      // yamux opens a stream in a microtask, where nobody would catch that the connection has ended meanwhile.
      stream.abort(error instanceof Error ? error : new Error(String(error)))
    }
  }
  return stream
}

const isWindowed = (stream: Stream): stream is WindowedStream =>
  'sendWindowUpdate' in stream && 'recvWindow' in stream && 'recvWindowCapacity' in stream && 'state' in stream

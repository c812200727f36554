export interface ByteStreamListener {
  read(chunks: Iterable<Uint8Array>): void
  /** `canSend` holds again. */
  drained(): void
  /** The other side has closed the stream, and all that it sent has been read. */
  ended(): void
  /** Nothing more comes or goes. */
  closed(reason: string): void
}

/** What a `FrameLink` needs of a stream of bytes, whatever carries it. */
export interface ByteStream {
  readonly isOpen: boolean
  /** What has come on what carries the stream, with what of it cannot be read yet because more belongs to it. */
  readonly arrivedBytes: number
  /** What the way there and back took when the connection was made, in milliseconds; left out: next to nothing. */
  readonly roundTripMs?: number | null
  /** Less than a bounded amount waits to be sent. */
  readonly canSend: boolean
  /** Called once, before anything else. */
  listen(listener: ByteStreamListener): void
  send(chunk: Uint8Array): void
  pause(): void
  resume(): void
  /** Ends the stream when all that was given has been sent. Throws when that takes longer. */
  close(timeoutMs: number): Promise<void>
  /** Ends the stream at once; what waits is lost. */
  abort(reason: string): void
}

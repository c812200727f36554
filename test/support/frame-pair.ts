import { createMemoryStreams, type MemoryStreams } from '../../replica/drivers/memory-streams.ts'

export interface FramePair extends MemoryStreams {
  /** Every frame that the client sent, in order. */
  readonly sentByClient: readonly Uint8Array[]
}

export const makeFramePair = (): FramePair => {
  const { client, replica, cut } = createMemoryStreams()
  const sentByClient: Uint8Array[] = []
  const send = (frame: Uint8Array): Promise<void> => {
    sentByClient.push(frame)
    return client.send(frame)
  }
  return { client: { ...client, send }, replica, cut, sentByClient }
}

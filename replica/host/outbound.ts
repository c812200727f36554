import type { Effects } from '../core/effects.ts'
import { encodeGossip, encodeMessage } from '../wire/message-codec.ts'
import type { Transport } from './ports.ts'

/** Sends what a step has to say. A message that goes to several peers is encoded once. */
export const sendOut = (transport: Transport, { gossip, send }: Pick<Effects, 'gossip' | 'send'>): void => {
  if (gossip.length > 0) transport.gossip(encodeGossip(gossip))
  const frames = new Map<unknown, Uint8Array>()
  for (const { to, message, urgency } of send) {
    const key = message.kind === 'batches' ? message.batches : message
    const frame = frames.get(key) ?? encodeMessage(message)
    frames.set(key, frame)
    transport.send(to, frame, urgency)
  }
}

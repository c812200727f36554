import type { PeerId } from '../../replica/core/model/ids.ts'
import type { Message } from '../../replica/core/model/messages.ts'
import type { Machine } from './machine.ts'

/** Who is told of each moment at which something can go wrong, and makes it go wrong. */
export interface Moments {
  /** Before an effect is carried out. */
  act(machine: Machine, what: string): void
  /** A write is under way. */
  write(machine: Machine, what: string): void
  /** A message is sent on a stream. Returns by how much later it arrives, in milliseconds; what follows it does so, too. */
  frame(from: PeerId, to: PeerId, message: Message): number
}

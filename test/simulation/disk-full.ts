import type { CoreEvent } from '../../replica/core/effects.ts'
import type { Message } from '../../replica/core/model/messages.ts'

const toStore: ReadonlySet<Message['kind']> = new Set(['batches', 'mails', 'stateChunk', 'groupKey'])

/** What the program takes in while the disk is full: nothing that would have to be stored. */
export const isTakenWhileFull = (event: CoreEvent): boolean => {
  switch (event.kind) {
    case 'message':
      return !toStore.has(event.message.kind)
    case 'gossip':
    case 'handedIn':
    case 'mend':
    case 'command':
    case 'rotateKey':
      return false
    default:
      return true
  }
}

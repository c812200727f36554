import type { KnowledgeRows, Message } from '../../replica/core/model/messages.ts'

/** One line for a trace. */
export const kindOf = (message: Message): string => {
  switch (message.kind) {
    case 'hello':
      return `hello of ${message.origin}`
    case 'knowledge':
      return `knowledge ${rowsText(message.rows)}`
    case 'request':
      return `request #${message.id} ${message.origin} after ${message.after}`
    case 'batches':
      return `batches #${message.id} ${message.batches.map(({ origin, first, last }) => `${origin}:${first}-${last}`).join(' ')}`
    case 'discarded':
      return `discarded #${message.id} ${message.origin}`
    case 'stateRequest':
      return `state request ${message.image}/${message.index}`
    case 'stateChunk':
      return `state chunk ${message.image}/${message.index} of ${message.count}`
    case 'mailRequest':
      return `mail request #${message.id} ${message.origin}:${message.sequences.join()}`
    case 'mails':
      return `mails #${message.id} ${message.origin}:${message.updates.map(({ sequence }) => sequence).join()} covering ${message.covered}`
    case 'refusal':
      return `refusal: ${message.failure.message}`
    case 'fork':
      return `fork of ${message.origin}`
    case 'groupKey':
      return `group key of ${message.madeAt}`
  }
}

const rowsText = (rows: KnowledgeRows): string =>
  [...rows]
    .map(([holder, row]) => `${holder}=[${[...row].map(([origin, sequence]) => `${origin}:${sequence}`).join(' ')}]`)
    .join(' ')

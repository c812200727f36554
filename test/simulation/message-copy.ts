import type { KnowledgeRows, Message } from '../../replica/core/model/messages.ts'

/** What a message is after the wire: nothing in it is shared with its sender but frozen batches and strings. */
export const copyMessage = (message: Message): Message => {
  switch (message.kind) {
    case 'hello':
      return { ...message, rows: copyRows(message.rows), addresses: new Map(message.addresses) }
    case 'knowledge':
      return {
        ...message,
        rows: copyRows(message.rows),
        hashes: new Map(message.hashes),
        sessions: [...message.sessions],
      }
    case 'batches':
      return { ...message, batches: [...message.batches] }
    case 'mailRequest':
      return { ...message, sequences: [...message.sequences] }
    case 'mails':
      return { ...message, updates: [...message.updates] }
    case 'request':
    case 'discarded':
    case 'stateRequest':
    case 'stateChunk':
    case 'refusal':
    case 'fork':
    case 'groupKey':
      return { ...message }
  }
}

const copyRows = (rows: KnowledgeRows): KnowledgeRows =>
  new Map([...rows].map(([holder, row]) => [holder, new Map(row)]))

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

import type { MessageStream } from '@libp2p/interface'

/** A frame of yamux that carries nothing: an answer to a ping, a refusal of a stream, room that is told. */
const frameBytes = 12
/** So many wait at most twice. On a busy line room is told a few hundred times before it is sent. */
const mostWaiting = 4_096

/**
 * Ends a connection whose other side asks and asks, and does not read: what yamux answers waits in memory, each frame of 12 bytes in half
 * a kilobyte, so that whoever has the group's key could take all there is.
 */
export const fewWaitingAnswers = <Line extends MessageStream>(line: Line): Line => {
  const send = line.send.bind(line)
  let given = 0
  let answers = 0
  /** How much had been given when the answers were last counted from the beginning. */
  let givenBefore = 0
  line.send = (data) => {
    if (data.byteLength === frameBytes) answers += 1
    if (answers > mostWaiting) {
      if (given - line.writeBufferLength < givenBefore) {
        line.abort(new Error('the other side asks and does not read'))
        return false
      }
      answers = 0
      givenBefore = given
    }
    given += data.byteLength
    return send(data)
  }
  return line
}

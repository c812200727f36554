import type { MessageStream } from '@libp2p/interface'

/** Members propose one protocol, and a greeting before that. */
const mostAnswers = 8

type Bytes = Parameters<MessageStream['send']>[0]

/**
 * Ends a connection, or a stream, on which one protocol after the other is proposed (multistream-select). libp2p answers for as long as there are
 * proposals, and nothing else gets its turn: a quarter of a megabyte of them holds the process up for seconds.
 * `isAgreed`: what is sent now is no such answer.
 */
export const fewProposals = <Line extends MessageStream>(line: Line, isAgreed: () => boolean = () => false): Line => {
  const send = line.send.bind(line)
  let answers = 0
  line.send = (data) => {
    if (!isAgreed() && isAnswer(data)) answers += 1
    if (answers <= mostAnswers) return send(data)
    const error = new Error('too many protocols were proposed')
    line.abort(error)
    throw error
  }
  return line
}

/** One message of multistream-select by itself: its length, in one or two bytes, before it. Those of noise and yamux begin otherwise. */
const isAnswer = (data: Bytes): boolean => {
  if (data.byteLength < 2) return false
  const [first = 0, second = 0] = data.subarray(0, 2)
  const length = first < 128 ? first : first - 128 + second * 128
  return data.byteLength === length + (first < 128 ? 1 : 2)
}

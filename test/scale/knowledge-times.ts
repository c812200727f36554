import type { KnowledgeMessage } from '../../replica/core/model/messages.ts'
import { encodeMessage } from '../../replica/wire/message-codec.ts'
import type { Wire } from '../../replica/wire/wire.ts'
import type { Seat } from './seat.ts'

const rounds = 400
const warmUpRounds = 100

/** What the whole matrix of one seat is as a message: its size, and processor time of wire. */
export interface KnowledgeTimes {
  readonly bytes: number
  readonly encodeMicros: number
  readonly decodeMicros: number
}

export const timeKnowledge = (wire: Wire, seats: readonly Seat[]): KnowledgeTimes => {
  const [seat] = seats
  if (seat === undefined) return { bytes: 0, encodeMicros: 0, decodeMicros: 0 }
  const { core } = seat
  const hashes = new Map(core.state.hashes)
  const message: KnowledgeMessage = { kind: 'knowledge', clock: 1, rows: core.rows(), hashes, sessions: [] }
  const frame = encodeMessage(message)
  return {
    bytes: frame.length,
    encodeMicros: microsOf(() => encodeMessage(message)),
    decodeMicros: microsOf(() => wire.decodeMessage(frame)),
  }
}

const microsOf = (run: () => unknown): number => {
  for (let round = 0; round < warmUpRounds; round += 1) run()
  const before = process.threadCpuUsage()
  for (let round = 0; round < rounds; round += 1) run()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / rounds
}

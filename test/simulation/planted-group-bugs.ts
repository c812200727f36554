import { AgreedLogs } from '../../replica/core/agreed-logs.ts'
import { Forks } from '../../replica/core/forks.ts'
import { KeyKeeper } from '../../replica/core/key-keeper.ts'
import { LogDoubts } from '../../replica/core/log-doubts.ts'
import { Membership } from '../../replica/core/membership.ts'
import type { Update } from '../../replica/core/model/updates.ts'
import { Reclaiming } from '../../replica/core/reclaiming.ts'
import { RetiredPeers, retiredFailure } from '../../replica/core/retired-peers.ts'
import { Sessions } from '../../replica/core/sessions.ts'
import { ExecutionTable } from '../../replica/core/state/execution-table.ts'
import { GroupState } from '../../replica/core/state/group-state.ts'
import { SeatTable } from '../../replica/core/state/seat-table.ts'
import { replaceMethod as replace } from './replace-method.ts'

const withoutSaidAt = (update: Update): Update => {
  if (!('saidAt' in update.change)) return update
  const { saidAt: _, ...change } = update.change
  return { ...update, change }
}

/** Bugs in what concerns the group and its machines: keys, seats, log-ins, retirements, old copies. */
export const groupBugs = {
  'a key is handed on before what was written before it': () => {
    replace(
      KeyKeeper.prototype,
      'handOn',
      (right) =>
        function (this: KeyKeeper, nowMs, members, holdings, effects) {
          right.call(this, nowMs, members, { ...holdings, row: () => new Map() }, effects)
        },
    )
  },
  'of two group keys the first stays': () => {
    replace(
      KeyKeeper.prototype,
      'adopt',
      (right) =>
        function (this: KeyKeeper, nowMs, giver, groupKey, effects) {
          if (this.toldMadeAt === 0) right.call(this, nowMs, giver, groupKey, effects)
        },
    )
  },
  'who comes back is not told of the new key': () => {
    replace(
      Membership.prototype,
      'hello',
      (right) =>
        function (this: Membership, clock, rows, addresses) {
          return right.call(this, clock, rows, addresses, Number.MAX_SAFE_INTEGER)
        },
    )
  },
  'a machine that was shut out is known all the same': () => {
    SeatTable.prototype.isShutOut = () => false
  },
  'a promised seat is given once more': () => {
    SeatTable.prototype.promised = () => new Map()
  },
  'a retired machine is not shown why': () => {
    RetiredPeers.prototype.sendAway = (peer, _origin, effects) => {
      const refusal = { kind: 'refusal', failure: retiredFailure, retirement: null } as const
      effects.send.push({ to: peer, message: refusal, urgency: 'ordinary' })
      effects.disconnect.push(peer)
    }
  },
  'a retired machine is sent away with what it has': () => {
    RetiredPeers.prototype.isNeedless = function (this: RetiredPeers, peer, { origin }) {
      return this.has({ peer, origin })
    }
  },
  'a word counts from when it was written': () => {
    replace(
      GroupState.prototype,
      'applyBatch',
      (right) =>
        function (this: GroupState, batch) {
          right.call(this, { ...batch, updates: batch.updates.map(withoutSaidAt) })
        },
    )
  },
  'what the others know is written anew all the same': () => {
    ExecutionTable.prototype.outcomeOf = () => null
  },
  'nobody is told that a later log-in took over': () => {
    Sessions.prototype.takenOver = () => []
  },
  'a session that is carried on is a new log-in': () => {
    replace(
      Sessions.prototype,
      'judge',
      (right) =>
        function (this: Sessions, account, session, _offered, now) {
          return right.call(this, account, session, null, now)
        },
    )
  },
  'stability goes by numbers alone': () => {
    Object.defineProperty(Forks.prototype, 'isInDoubt', { get: () => false })
    AgreedLogs.prototype.greeted = () => undefined
  },
  'who holds another log than a state shows never starts over': () => {
    LogDoubts.prototype.inVain = () => []
  },
  'an old copy writes before it has its log back': () => {
    Object.defineProperty(Reclaiming.prototype, 'isUnderWay', { get: () => false })
  },
} as const satisfies Readonly<Record<string, () => void>>

import type { EffectsDraft } from './effects.ts'
import type { Clock } from './model/ids.ts'
import type { GroupKey } from './model/messages.ts'
import type { GreetedPeer } from './peers.ts'

/**
 * Hands the newest group key from member to member over their connections, which prove who they are. Members that were
 * away when it was made get it when they come back; who is retired never does.
 */
export class KeyKeeper {
  #current: GroupKey | null = null
  /** Since when a key waits to be handed on. */
  #waitsSinceMs: number | null = null

  /** When the present key was made; 0 when it came with an invite. */
  get madeAt(): number {
    return this.#current?.madeAt ?? 0
  }

  /**
   * At start: the key that is in use. One from too far in the future (it was made while the clock was wrong) is used as well, but counts
   * as the oldest: nobody else would ever take it over, nor could any that others make take its place.
   */
  begin(groupKey: GroupKey, clock: Clock): void {
    const madeAt = isCredible(groupKey, clock) ? groupKey.madeAt : 0
    if (isNewer({ ...groupKey, madeAt }, this.#current)) this.#current = { ...groupKey, madeAt }
  }

  /**
   * Takes this key over, which is a new one, and later than the present one whatever the clock says that made that. It is handed on when
   * the step ends: not to whom what the step writes shuts out.
   */
  rotate(key: string, clock: Clock, effects: EffectsDraft): void {
    this.#use({ key, madeAt: Math.max(clock, this.madeAt + 1) }, effects)
    this.#waitsSinceMs = -Infinity
  }

  /** Takes a newer key over that another member has made. */
  adopt(nowMs: number, groupKey: GroupKey, effects: EffectsDraft): void {
    if (!isNewer(groupKey, this.#current)) return
    this.#use(groupKey, effects)
    this.#waitsSinceMs = nowMs
  }

  /** Tells everyone who has not got it, when it is time. Last in a step. */
  handOn(nowMs: number, members: readonly GreetedPeer[], effects: EffectsDraft): void {
    if (this.#waitsSinceMs === null || nowMs - this.#waitsSinceMs < handOnAfterMs) return
    this.#waitsSinceMs = null
    for (const member of members) this.greeted(member, effects)
  }

  /** A member tells which key it has. */
  greeted(member: GreetedPeer, effects: EffectsDraft): void {
    const groupKey = this.#current
    if (this.#waitsSinceMs !== null) return
    if (groupKey === null || groupKey.madeAt === 0 || member.keyMadeAt >= groupKey.madeAt) return
    member.keyMadeAt = groupKey.madeAt
    effects.send.push({ to: member.peer, message: { kind: 'groupKey', ...groupKey }, urgency: 'ordinary' })
  }

  #use(groupKey: GroupKey, effects: EffectsDraft): void {
    this.#current = groupKey
    effects.groupKey = groupKey
  }

  /** `peer` has handed this key over, so it has it. */
  heard(peer: GreetedPeer, groupKey: GroupKey): void {
    peer.keyMadeAt = Math.max(peer.keyMadeAt, groupKey.madeAt)
  }
}

/**
 * A key may be here before what was written before it: that a machine was shut out, to which it must not go. Who made it has handed it to
 * everybody who was there.
 */
const handOnAfterMs = 3_000

/** One from further ahead than clocks are wrong could be made so late that none could ever follow it. */
const mostAheadMicros = 86_400_000_000

/** Whether a key can have been made when it says, by this clock. */
export const isCredible = ({ madeAt }: Pick<GroupKey, 'madeAt'>, clock: Clock): boolean =>
  madeAt <= clock + mostAheadMicros

/** The later one; of two that were made at once, one that is the same everywhere. */
const isNewer = (groupKey: GroupKey, than: GroupKey | null): boolean =>
  than === null || groupKey.madeAt > than.madeAt || (groupKey.madeAt === than.madeAt && groupKey.key > than.key)

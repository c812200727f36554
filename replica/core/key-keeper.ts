import type { EffectsDraft } from './effects.ts'
import type { Clock, OriginId } from './model/ids.ts'
import type { FormerKeys, GroupKey, KeptGroupKey, VersionVector } from './model/messages.ts'
import { limits } from './model/limits.ts'
import type { GreetedPeer } from './peers.ts'
import { covers } from './version-vector.ts'

/** What is held here, and what each is known to hold. */
export interface Holdings {
  /** `coming`: who starts over, or joins, does not know yet whom the key was made to keep out, and a copy that was set aside may know it. */
  readonly state: 'here' | 'coming'
  readonly own: VersionVector
  /** Null: it is shut out, and nothing is taken from it, so that nothing of it is to be waited for. */
  readonly row: (holder: OriginId) => VersionVector | null
}

/** A key that is not handed on yet. */
interface Waiting {
  readonly sinceMs: number
  /** Who gave it in this life of the program, and hands it on itself; null after a start, before anybody has. */
  readonly giver: OriginId | null
  /** What the giver held when it was time; null before. */
  row: VersionVector | null
}

/**
 * Hands the newest group key from member to member over their connections, which prove who they are. Members that were
 * away when it was made get it when they come back; who is retired never does.
 */
export class KeyKeeper {
  #current: GroupKey | null = null
  #former: readonly string[] = []
  /** Why the key is not handed on yet; null when it is. */
  #waiting: Waiting | null = null
  /** It was made here, and nobody has been told. */
  #isFresh = false
  #state: Holdings['state'] = 'coming'

  /** When the present key was made; 0 when it came with an invite. */
  get #madeAt(): number {
    return this.#current?.madeAt ?? 0
  }

  /**
   * What the others are told of it. Who was started anew with a key that it must not hand on yet asks for it once more by that: whoever gives it
   * does not have to wait any longer, and so holds what is to be waited for.
   */
  get toldMadeAt(): number {
    return this.#waiting?.giver === null ? 0 : this.#madeAt
  }

  /**
   * At start: the key that is in use. One from too far in the future (it was made while the clock was wrong) is used as well, but counts
   * as the oldest: nobody else would ever take it over, nor could any that others make take its place.
   */
  begin(nowMs: number, { key, madeAt: keptMadeAt, isHeldBack, former = [] }: KeptGroupKey, clock: Clock): void {
    const madeAt = isCredible({ madeAt: keptMadeAt }, clock) ? keptMadeAt : 0
    if (!isNewer({ key, madeAt }, this.#current)) return
    this.#current = { key, madeAt }
    this.#former = former
    this.#waiting = isHeldBack ? { sinceMs: nowMs, giver: null, row: null } : null
  }

  /**
   * Takes this key over, which is a new one, and later than the present one whatever the clock says that made that. It is handed on when
   * the step ends: not to whom what the step writes shuts out.
   */
  rotate(key: string, clock: Clock, effects: EffectsDraft): void {
    this.#use({ key, madeAt: Math.max(clock, this.#madeAt + 1) + apart(key) }, 'handed on', effects)
    this.#waiting = null
    this.#isFresh = true
  }

  /**
   * Takes a newer key over that another member has made, with the former ones that are not known here, or learns who gives the present one,
   * which it must not hand on yet.
   */
  adopt(nowMs: number, giver: OriginId, given: GroupKey & FormerKeys, effects: EffectsDraft): void {
    const { key, madeAt, former } = given
    const isAsked = this.#waiting?.giver === null && key === this.#current?.key
    if (!isAsked && !isNewer({ key, madeAt }, this.#current)) return
    if (!isAsked) this.#use({ key, madeAt }, 'held back', effects, former)
    this.#waiting = { sinceMs: nowMs, giver, row: null }
    this.#isFresh = false
  }

  /** Tells everyone who has not got it, when it is time. Last in a step. */
  handOn(nowMs: number, members: readonly GreetedPeer[], holdings: Holdings, effects: EffectsDraft): void {
    const hasCome = this.#state !== holdings.state
    this.#state = holdings.state
    const isDue = this.#waiting === null ? this.#isFresh || hasCome : isOver(this.#waiting, nowMs, holdings)
    if (!isDue || this.#state === 'coming') return
    if (this.#waiting !== null && this.#current !== null) this.#use(this.#current, 'handed on', effects)
    this.#waiting = null
    this.#isFresh = false
    for (const member of members) this.greeted(member, effects)
  }

  /** A member tells which key it has. */
  greeted(member: GreetedPeer, effects: EffectsDraft): void {
    const groupKey = this.#current
    if (this.#state === 'coming' || this.#waiting !== null || this.#isFresh) return
    if (groupKey === null || groupKey.madeAt === 0 || member.keyMadeAt >= groupKey.madeAt) return
    member.keyMadeAt = groupKey.madeAt
    effects.send.push({
      to: member.peer,
      message: { kind: 'groupKey', ...groupKey, ...this.#formers },
      urgency: 'ordinary',
    })
  }

  /** Of former keys one's own stand first: a member could tell of as many as there is room for. */
  #use(groupKey: GroupKey, is: 'handed on' | 'held back', effects: EffectsDraft, given: readonly string[] = []): void {
    const known = new Set([this.#current?.key ?? [], this.#former, given].flat())
    known.delete(groupKey.key)
    this.#former = [...known].slice(0, limits.formerKeys)
    this.#current = groupKey
    effects.groupKey = { ...groupKey, isHeldBack: is === 'held back', ...this.#formers }
  }

  get #formers(): FormerKeys {
    return this.#former.length === 0 ? {} : { former: this.#former }
  }

  /** `peer` has handed this key over, so it has it. */
  heard(peer: GreetedPeer, groupKey: GroupKey): void {
    peer.keyMadeAt = Math.max(peer.keyMadeAt, groupKey.madeAt)
  }
}

/**
 * A key may be here before what was written before it: that a machine was shut out, to which it must not go. Who made it has handed it to
 * everybody who was there. So whoever gave it has this long to tell what it holds, and longer as long as it tells of its own log alone,
 * because it is a newcomer itself, or about to give up what it has;
 */
const handOnAfterMs = 3_000
/** and what it held is fetched first: by who has been away for long that takes its time. What it only claims to hold is not waited for without end. */
const longestWaitMs = 600_000

const nothing: VersionVector = new Map()

const isOver = (waiting: Waiting, nowMs: number, { own, row }: Holdings): boolean => {
  const waitedMs = nowMs - waiting.sinceMs
  if (waitedMs < handOnAfterMs) return false
  const told = waiting.giver === null ? nothing : row(waiting.giver)
  if (told === null) return true
  if ([...told.keys()].some((origin) => origin !== waiting.giver)) waiting.row ??= new Map(told)
  return (waiting.row !== null && covers(own, waiting.row)) || waitedMs >= longestWaitMs
}

/** One from further ahead than clocks are wrong could be made so late that none could ever follow it. */
const mostAheadMicros = 86_400_000_000

const apartMicros = 1_000_000

/**
 * Two that are made on two sides of a partition have different times, also where both only follow a key that a clock made which was ahead: members
 * tell each other of the time alone, and of two that have the same one neither side would ever be handed the other's.
 */
const apart = (key: string): number => {
  let rest = 0
  for (let index = 0; index < key.length; index += 1) rest = (rest * 31 + key.charCodeAt(index)) % apartMicros
  return rest
}

/** Whether a key can have been made when it says, by this clock. */
export const isCredible = ({ madeAt }: Pick<GroupKey, 'madeAt'>, clock: Clock): boolean =>
  madeAt <= clock + mostAheadMicros

/** The later one; of two that were made at once, one that is the same everywhere. */
const isNewer = (groupKey: GroupKey, than: GroupKey | null): boolean =>
  than === null || groupKey.madeAt > than.madeAt || (groupKey.madeAt === than.madeAt && groupKey.key > than.key)

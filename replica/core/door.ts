import type { HelloMessage } from './model/messages.ts'
import type { Batch, SeatChange } from './model/updates.ts'
import type { OriginId, PeerId } from './model/ids.ts'
import type { PeerSession } from './peers.ts'
import type { SeatTable } from './state/seat-table.ts'

/** Judges by its hello whether who is connected is a member: null if so; otherwise why it is not let in. */
export const refusalOf = (seats: SeatTable, session: PeerSession, hello: HelloMessage): string | null => {
  const claim = seats.claimOf(hello.origin)
  if (claim !== undefined && claim.peer !== session.peer) return `Origin ${hello.origin} belongs to another machine.`
  if (seats.isAdmitted(session.peer)) return null
  if (retiredBefore(seats, session, hello) !== null) return 'What this machine was before it started over was retired.'
  const proof = hello.admission
  if (proof !== null && succeeds(seats, session, hello, proof)) return null
  const isProof = proof !== null && (admits(proof, session.peer) || mayGoOn(seats, session, hello, proof))
  const chain = proof === null ? [] : [proof, ...hello.vouchers]
  const knowsNobody = seats.group === null
  if ((isProof && leadsToMember(seats, chain, hello)) || knowsNobody) return null
  return 'This machine has not been admitted to the group. Join with an invite.'
}

/** The retired install for which whoever says hello goes on, having started over since, as its proofs show; null when there is none. */
export const retiredBefore = (seats: SeatTable, session: PeerSession, hello: HelloMessage): OriginId | null => {
  const proof = hello.admission
  if (proof === null || successionFor(session, hello, proof) === null) return null
  for (const former of formerInstalls([proof, ...hello.vouchers])) {
    if (seats.isRetired(former)) return former
    if (seats.claimOf(former) !== undefined) return null
  }
  return null
}

/** What a machine was before it started over, the last one first, as the proofs of how it was let in show. */
export const formerInstalls = (chain: readonly Batch[]): readonly OriginId[] => {
  const former: OriginId[] = []
  for (const { updates } of chain) {
    const change = updates[0]?.change
    if (change?.kind !== 'seat' || change.succession === undefined || change.replaces === null) break
    former.push(change.replaces)
  }
  return former
}

/**
 * Nobody is let in by the word of a machine that was shut out, nor by whom that one let in. A machine that was retired may not have heard of that, and
 * whom it let in has a state then and tells of it. Who does not is new, or of the other side of a split that has retired this side's
 * machines, too: it would carry each side's retirements to the other, and nobody would be left.
 */
const leadsToMember = (seats: SeatTable, chain: readonly Batch[], hello: HelloMessage): boolean => {
  for (const batch of chain) {
    if (seats.isShutOut(batch.origin)) return false
    if (isByMember(seats, batch)) return !seats.isRetired(batch.origin) || !tellsOfOwnLog(hello)
  }
  return false
}

/** Who says hello to somebody whom it does not know, or holds for retired, or has no state, tells of its own log only. */
export const tellsOfOwnLog = ({ origin, rows }: HelloMessage): boolean => {
  const row = rows.get(origin)
  return row?.size === 1 && row.has(origin)
}

/** Or by one that goes on for a member. */
const isByMember = (seats: SeatTable, { origin, updates }: Batch): boolean => {
  const change = updates[0]?.change
  return seats.claimOf(origin) !== undefined || (change?.kind === 'seat' && seats.isSuccession(change))
}

const admits = ({ updates }: Batch, peer: PeerId): boolean =>
  updates.some(({ change }) => change.kind === 'admission' && change.peer === peer)

/** An install that started over proves by its first update that the former holder of its seat goes on in it. */
const succeeds = (seats: SeatTable, session: PeerSession, hello: HelloMessage, proof: Batch): boolean => {
  const change = successionFor(session, hello, proof)
  return change !== null && seats.isSuccession(change)
}

/** As `succeeds`, for an install that was not known here before it started over: its vouchers show who let it in. */
const mayGoOn = (seats: SeatTable, session: PeerSession, hello: HelloMessage, proof: Batch): boolean => {
  const replaced = successionFor(session, hello, proof)?.replaces ?? null
  return replaced !== null && seats.claimOf(replaced) === undefined
}

/** The claim with which a peer goes on for an install that it was before; the former one's signature was verified at the door. */
const successionFor = ({ peer }: PeerSession, { origin }: HelloMessage, proof: Batch): SeatChange | null => {
  const change = proof.updates[0]?.change
  const isIt = proof.origin === origin && change?.kind === 'seat' && change.peer === peer
  return isIt && change.succession !== undefined ? change : null
}

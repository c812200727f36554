import { clockToMs } from '../core/model/clock.ts'
import type { OriginId, PeerId, ServerId } from '../core/model/ids.ts'
import type { SeatClaim, VoucherRecord } from '../core/model/image.ts'
import type { Change } from '../core/model/updates.ts'
import type { ReplicaCore } from '../core/replica-core.ts'
import { originOf } from '../wire/keys.ts'
import type { Wire } from '../wire/wire.ts'

/** A machine that was let in, by its key: whichever seats it has, had, or never took. */
export interface Machine {
  readonly peer: PeerId
  /** Its name: as the holder of its seat, else by its latest claim, else by its admission. */
  origin: OriginId
  claim: SeatClaim | null
  /** Who admitted it, and who made an invite by which it was admitted, wherever it used that. */
  readonly by: Set<OriginId>
  /** What it was called before it started over with a new key. */
  readonly formers: Set<OriginId>
  /** The earliest time at which it is known to have been let in. */
  atMs: number | null
}

/** The machines that are known to have been let in, by all names that are known of them. */
export type Machines = ReadonlyMap<OriginId, Machine>

/**
 * Whom the logs let in, and who was only shown to be let in when it said hello: a member may have kept its admission out of every log.
 */
export const machinesOf = (core: ReplicaCore, wire: Pick<Wire, 'decodeBatch'>): Machines => {
  const { seats } = core.state
  const machines = new MachineTable()
  for (const claim of [...seats.claims().toSorted(byClock), ...seats.holders()]) machines.claimed(claim)
  const inviters = new Map<string, OriginId[]>()
  for (const { invite, by } of seats.inviters()) inviters.set(invite, [...(inviters.get(invite) ?? []), by])
  for (const { invite, admitted } of seats.invites())
    for (const { peer, server } of admitted)
      for (const by of inviters.get(invite) ?? [null]) machines.at(originOf(server, peer), peer, by)
  for (const voucher of seats.vouchers()) machines.vouched(voucher, readingOf(wire, voucher))
  for (const { origin, peer } of core.peers.allGreeted()) machines.at(origin, peer, null)
  return machines.byName
}

/** These machines, and the keys that they had before. */
export const withFormers = (machines: Machines, those: Iterable<Machine>): ReadonlySet<Machine> => {
  const found = new Set(those)
  // What is added to a set is come to, too.
  for (const { formers } of found)
    for (const former of formers) {
      const machine = machines.get(former)
      if (machine !== undefined) found.add(machine)
    }
  return found
}

/** Whom these have let in, with the keys that they had before; whom those have let in, and so on. Not these themselves. */
export const letInBy = (machines: Machines, those: Iterable<Machine>): ReadonlySet<Machine> => {
  const beginning = withFormers(machines, those)
  const wards = new Map<Machine, Machine[]>()
  for (const machine of machines.values())
    for (const origin of [...machine.by, ...machine.formers]) {
      const by = machines.get(origin)
      if (by !== undefined) wards.set(by, [...(wards.get(by) ?? []), machine])
    }
  const found = new Set(beginning)
  for (const machine of found) for (const ward of wards.get(machine) ?? []) found.add(ward)
  return new Set([...found].filter((machine) => !beginning.has(machine)))
}

class MachineTable {
  readonly byName = new Map<OriginId, Machine>()
  readonly #byPeer = new Map<PeerId, Machine>()

  at(origin: OriginId, peer: PeerId, by: OriginId | null): Machine {
    const machine = this.#byPeer.get(peer) ?? newMachine(origin, peer)
    this.#byPeer.set(peer, machine)
    this.byName.set(origin, machine)
    if (by !== null) machine.by.add(by)
    return machine
  }

  /** What it claimed last is what it goes by. */
  claimed(claim: SeatClaim): void {
    const machine = this.at(claim.origin, claim.peer, null)
    machine.claim = claim
    machine.origin = claim.origin
    note(machine, clockToMs(claim.clock))
  }

  vouched({ peer, server, by }: VoucherRecord, { atMs, isSuccession }: Reading): void {
    const machine = this.at(originOf(server, peer), peer, isSuccession ? null : by)
    if (isSuccession) machine.formers.add(by)
    note(machine, atMs)
  }
}

const newMachine = (origin: OriginId, peer: PeerId): Machine => ({
  peer,
  origin,
  claim: null,
  by: new Set(),
  formers: new Set(),
  atMs: null,
})

const byClock = (left: SeatClaim, right: SeatClaim): number => left.clock - right.clock

const note = (machine: Machine, atMs: number | null): void => {
  if (atMs !== null) machine.atMs = Math.min(machine.atMs ?? Infinity, atMs)
}

/** What of a voucher does not stand in its record. */
interface Reading {
  readonly atMs: number | null
  /** It is by what this machine was called before it started over. */
  readonly isSuccession: boolean
}

/** By the voucher's bytes, which do not change, and are expensive to verify. */
const readings = new WeakMap<Uint8Array, Reading>()

const readingOf = (wire: Pick<Wire, 'decodeBatch'>, { bytes, peer, server }: VoucherRecord): Reading => {
  const known = readings.get(bytes)
  if (known !== undefined) return known
  const batch = wire.decodeBatch(bytes)
  const update = batch.ok ? batch.value.updates.find(({ change }) => isAbout(change, peer, server)) : undefined
  const isSuccession = update?.change.kind === 'seat' && update.change.succession !== undefined
  const reading = { atMs: update === undefined ? null : clockToMs(update.clock), isSuccession }
  readings.set(bytes, reading)
  return reading
}

const isAbout = (change: Change, peer: PeerId, server: ServerId): boolean =>
  (change.kind === 'admission' || change.kind === 'seat') && change.peer === peer && change.server === server

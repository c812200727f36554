import type { Clock, InviteId, OriginId, PeerId, ServerId } from '../model/ids.ts'
import { allServerIds, namesOf } from '../model/ids.ts'
import type {
  ClientRecord,
  InviteRecord,
  InviterRecord,
  MachineName,
  RetirementRecord,
  SeatClaim,
  VoucherRecord,
} from '../model/image.ts'
import { limits } from '../model/limits.ts'
import type { RetirementProof, Voucher } from '../model/proofs.ts'
import type { Batch, SeatChange } from '../model/updates.ts'
import type { SetDigest } from './digest.ts'

interface Invite {
  expiresAtMs: number
  isRevoked: boolean
  readonly admitted: Map<PeerId, ServerId>
}

/** What an install with this key is called on a seat; null where nothing tells. */
export type OriginOf = (server: ServerId, peer: PeerId) => OriginId | null

interface GroupName {
  readonly name: string
  readonly clock: Clock
  readonly origin: OriginId
}

/**
 * Who sits where, who was invited, let in, retired, and what all are called. Everything only grows, or its latest
 * counts; the answers are functions of the sets.
 */
export class SeatTable {
  readonly #claims = new Map<OriginId, SeatClaim>()
  readonly #machineNames = new Map<OriginId, MachineName>()
  readonly #retired = new Map<OriginId, RetirementProof | null>()
  /** The machines of those: by which of their claims each was retired. */
  readonly #retiredAs = new Map<PeerId, OriginId>()
  /** By peer and seat. */
  readonly #vouchers = new Map<string, VoucherRecord>()
  readonly #invites = new Map<InviteId, Invite>()
  readonly #inviters = new Map<InviteId, Set<OriginId>>()
  readonly #clients = new Map<string, ClientRecord>()
  #group: GroupName | null = null
  /** Null when it must be worked out anew: it is asked for many times in every step. */
  #holders: readonly SeatClaim[] | null = null
  readonly #originOf: OriginOf
  /** As `retiredAs`, of machines whose claims do not tell. Emptied by every retirement. */
  readonly #retiredByName = new Map<PeerId, OriginId | null>()
  /** As `#holders`. */
  #shutOut: ReadonlySet<PeerId> | null = null

  constructor(originOf: OriginOf = () => null) {
    this.#originOf = originOf
  }

  get group(): GroupName | null {
    return this.#group
  }

  /** The latest name counts. */
  setGroup(group: GroupName): void {
    if (this.#group !== null && !isLater(group, this.#group)) return
    this.#group = group
    this.#changed()
  }

  addClaim(claim: SeatClaim): void {
    if (this.#claims.has(claim.origin)) return
    this.#claims.set(claim.origin, claim)
    this.#noteRetired(claim.origin)
    this.#changed()
  }

  /** The latest name counts, for the claim of the same install. */
  nameMachine(named: MachineName): void {
    const present = this.#machineNames.get(named.origin)
    if (present === undefined || named.clock > present.clock) this.#machineNames.set(named.origin, named)
  }

  machineNames(): readonly MachineName[] {
    return [...this.#machineNames.values()]
  }

  /** One proof is as good as another: the first that is known is kept. */
  retire(origin: OriginId, proof: RetirementProof | null): void {
    this.#retired.set(origin, this.#retired.get(origin) ?? proof)
    this.#retiredByName.clear()
    this.#noteRetired(origin)
    this.#changed()
  }

  /** Keeps the batch as the proof of the retirements in it, unless it is large: a retirement is alone in its batch. */
  prove({ origin, updates, bytes }: Batch): void {
    if (bytes.length > limits.retirementProofBytes) return
    for (const { change } of updates)
      if (change.kind === 'retirement') this.retire(change.retired, { by: origin, bytes: new Uint8Array(bytes) })
  }

  /** Keeps the batch, which need not be held, for those that it lets in. */
  vouchBy({ origin, updates, bytes }: Batch): void {
    if (bytes.length > limits.voucherBytes) return
    for (const { change } of updates) {
      if (change.kind !== 'admission' && change.kind !== 'seat') continue
      const { peer, server } = change
      const by = change.kind === 'admission' ? origin : change.succession === undefined ? null : change.replaces
      if (by !== null) this.vouch({ peer, server, by, bytes: new Uint8Array(bytes) })
    }
  }

  /** One is as good as another: the first that is known is kept. */
  vouch(voucher: VoucherRecord): void {
    const key = seatKey(voucher)
    if (!this.#vouchers.has(key)) this.#vouchers.set(key, voucher)
  }

  vouchers(): readonly VoucherRecord[] {
    return [...this.#vouchers.values()]
  }

  /** By what this install was let in, who had let it in, and so on, as far as is kept; at most `limits.vouchers`. */
  vouchersOf(origin: OriginId): readonly Voucher[] {
    const chain: Voucher[] = []
    let claim = this.claimOf(origin)
    while (claim !== undefined && chain.length < limits.vouchers) {
      const voucher = this.#vouchers.get(seatKey(claim))
      if (voucher === undefined) break
      chain.push(voucher)
      claim = this.claimOf(voucher.by)
    }
    return chain
  }

  /** What proves that a machine was retired, as far as it is kept. */
  retirementOf(origin: OriginId): RetirementProof | null {
    return this.#retired.get(origin) ?? null
  }

  /** Whether its machine was retired, under this seat or under another one that it had or has. */
  isRetired(origin: OriginId): boolean {
    const claim = this.#claims.get(origin)
    return this.#retired.has(origin) || (claim !== undefined && this.#retiredAs.has(claim.peer))
  }

  /** Whether this machine was retired, by whatever name it says hello: it may go by another one for each seat. */
  isRetiredPeer({ peer, origin }: { readonly peer: PeerId; readonly origin: OriginId | null }): boolean {
    return this.#retired.size > 0 && (this.retiredAs(peer) !== undefined || (origin !== null && this.isRetired(origin)))
  }

  /** By which of its claims this machine was retired, or by which of its names, if it took no seat; undefined when it was not. */
  retiredAs(peer: PeerId): OriginId | undefined {
    const claimed = this.#retiredAs.get(peer)
    if (claimed !== undefined) return claimed
    let named = this.#retiredByName.get(peer)
    if (named === undefined) {
      const names = this.#retired.size === 0 ? [] : allServerIds.map((server) => this.#originOf(server, peer))
      named = names.find((name) => name !== null && this.#retired.has(name)) ?? null
      this.#retiredByName.set(peer, named)
    }
    return named ?? undefined
  }

  /** Whether this machine was retired by every name that it can go by: it has nothing to hand over that is wanted. */
  isShutOut(origin: OriginId): boolean {
    return this.#retired.has(origin) && namesOf(origin).every((name) => this.#retired.has(name))
  }

  /** Whether it was retired by just this name. */
  hasRetired(origin: OriginId): boolean {
    return this.#retired.has(origin)
  }

  retired(): readonly OriginId[] {
    return [...this.#retired.keys()]
  }

  retirements(): readonly RetirementRecord[] {
    return [...this.#retired].map(([origin, proof]) => ({ origin, proof }))
  }

  claimOf(origin: OriginId): SeatClaim | undefined {
    return this.#claims.get(origin)
  }

  claims(): readonly SeatClaim[] {
    return [...this.#claims.values()]
  }

  /** What the machine of a claim is called now. */
  machineOf(claim: SeatClaim): string {
    return this.#machineNames.get(claim.origin)?.name ?? claim.machine
  }

  /**
   * The install whose seat it is: of the claims that no later one replaces and that were not retired, the earliest by
   * clock, then peer id.
   */
  holder(server: ServerId): SeatClaim | undefined {
    const claims = this.claims().filter((claim) => claim.server === server)
    const replaced = new Set(claims.map((claim) => claim.replaces))
    const standing = claims.filter((claim) => !replaced.has(claim.origin) && !this.isRetired(claim.origin))
    return standing.reduce<SeatClaim | undefined>(
      (first, claim) => (first === undefined || isEarlier(claim, first) ? claim : first),
      undefined,
    )
  }

  /** The seats' present holders: whose knowledge decides what is stable. The same list until something comes that says who belongs to the group. */
  holders(): readonly SeatClaim[] {
    return (this.#holders ??= allServerIds.flatMap((server) => this.holder(server) ?? []))
  }

  /** The install that made the group, as far as it is known here. */
  founder(): OriginId | null {
    const first = this.claims().reduce<SeatClaim | null>(
      (earliest, claim) => (earliest === null || isEarlier(claim, earliest) ? claim : earliest),
      null,
    )
    return first?.origin ?? null
  }

  /** Whether it is not known who makes up the group: there is no state yet. */
  get isUnknown(): boolean {
    return this.group === null || this.founder() === null
  }

  /** Whether `origin` took its seat before `other` did, as far as both claims are known here: who has come later counts less. */
  isElder(origin: OriginId, other: OriginId): boolean {
    const [claim, against] = [this.#claims.get(origin), this.#claims.get(other)]
    if (claim === undefined || against === undefined) return claim !== undefined
    return isEarlier(claim, against)
  }

  addInvite(invite: InviteId, expiresAtMs: number): void {
    this.#invite(invite).expiresAtMs = Math.max(expiresAtMs, this.#invite(invite).expiresAtMs)
  }

  /** Bookkeeping: an image of before it was kept does not tell. */
  noteInviter(invite: InviteId, by: OriginId): void {
    this.#inviters.set(invite, (this.#inviters.get(invite) ?? new Set()).add(by))
  }

  inviters(): readonly InviterRecord[] {
    return [...this.#inviters].flatMap(([invite, makers]) => [...makers].map((by) => ({ invite, by })))
  }

  /** Whether it is revoked, or only machines made it that were shut out. */
  isBarred(invite: InviteId): boolean {
    const makers = [...(this.#inviters.get(invite) ?? [])]
    const isTheirs = makers.length > 0 && makers.every((maker) => this.isShutOut(maker))
    return isTheirs || this.#invites.get(invite)?.isRevoked === true
  }

  revoke(invite: InviteId): void {
    this.#invite(invite).isRevoked = true
    this.#changed()
  }

  admit(invite: InviteId, peer: PeerId, server: ServerId): void {
    const admitted = this.#invite(invite).admitted
    const before = admitted.get(peer)
    this.#changed()
    admitted.set(peer, before === undefined || server < before ? server : before)
  }

  invite(invite: InviteId): InviteRecord | undefined {
    const record = this.#invites.get(invite)
    return record === undefined ? undefined : toRecord(invite, record)
  }

  invites(): readonly InviteRecord[] {
    return [...this.#invites].map(([invite, record]) => toRecord(invite, record))
  }

  /** A client was let in that keeps no replica. */
  admitClient(invite: InviteId, peer: PeerId, machine: string): void {
    const key = `${invite} ${peer}`
    const before = this.#clients.get(key)
    if (before !== undefined && machine >= before.machine) return
    this.#clients.set(key, { invite, peer, machine })
    this.#changed()
  }

  clients(): readonly ClientRecord[] {
    return [...this.#clients.values()]
  }

  /** Whether a member let this peer in, or it holds (or held) a seat. */
  isAdmitted(peer: PeerId): boolean {
    for (const claim of this.#claims.values()) if (claim.peer === peer) return true
    for (const { admitted } of this.#invites.values()) if (admitted.has(peer)) return true
    return false
  }

  /** Whether this peer is a member as far as is known here: let in, and not retired since. */
  isMember(peer: PeerId): boolean {
    return this.retiredAs(peer) === undefined && this.isAdmitted(peer)
  }

  /** Whether the claim proves that it goes on for the install that it replaces; its signature was verified at the door. */
  isSuccession({ replaces, succession }: SeatChange): boolean {
    if (succession === undefined || replaces === null || this.isRetired(replaces)) return false
    return this.claimOf(replaces)?.peer === succession.former
  }

  /**
   * Peers that were let in at some time, those without a seat of their own included; not machines that were shut out, nor clients whose
   * invite has been revoked, which is how they are shut out when the group key is changed.
   */
  knownPeers(): ReadonlySet<PeerId> {
    const peers = new Set(this.claims().map(({ peer }) => peer))
    for (const { admitted } of this.#invites.values()) for (const peer of admitted.keys()) peers.add(peer)
    for (const { invite, peer } of this.#clients.values())
      if (this.#invites.get(invite)?.isRevoked !== true) peers.add(peer)
    return new Set([...peers].filter((peer) => !this.#isShutOutPeer(peer)))
  }

  /** Clients whose invite has been revoked, and that were not let in in any other way. */
  shutOut(): ReadonlySet<PeerId> {
    if (this.#shutOut !== null) return this.#shutOut
    const known = this.knownPeers()
    this.#shutOut = new Set(this.clients().flatMap(({ peer }) => (known.has(peer) ? [] : [peer])))
    return this.#shutOut
  }

  /**
   * Seats given by admissions whose claims have not come in yet, with the invites. A machine may be gone before it has come: a promise ends with
   * its invite. One that comes after all has the seat when it is the first to claim it.
   */
  promised(nowMs: number): ReadonlyMap<ServerId, InviteId> {
    const claimed = new Set(this.claims().map((claim) => claim.peer))
    const seats = new Map<ServerId, InviteId>()
    for (const [invite, { admitted, isRevoked, expiresAtMs }] of this.#invites) {
      // An admission can come before the invite itself, of which nothing is known then.
      if (isRevoked || (expiresAtMs > 0 && expiresAtMs <= nowMs)) continue
      for (const [peer, server] of admitted)
        if (!claimed.has(peer) && this.retiredAs(peer) === undefined) seats.set(server, invite)
    }
    return seats
  }

  digest(digest: SetDigest): void {
    if (this.#group !== null) digest.add(`group ${this.#group.clock} ${this.#group.name}`)
    for (const { invite, peer, machine } of this.#clients.values()) digest.add(`client ${invite} ${peer} ${machine}`)
    for (const claim of this.#claims.values())
      digest.add(`seat ${claim.origin} ${claim.peer} ${claim.clock} ${String(claim.replaces)}`)
    for (const { origin, name, clock } of this.#machineNames.values()) digest.add(`machine ${origin} ${clock} ${name}`)
    for (const origin of this.#retired.keys()) digest.add(`retired ${origin}`)
    for (const { invite, expiresAtMs, admitted, revoked } of this.invites()) {
      digest.add(`invite ${invite} ${expiresAtMs}`)
      if (revoked) digest.add(`revoked ${invite}`)
      for (const { peer, server } of admitted) digest.add(`admitted ${invite} ${peer} ${server}`)
    }
  }

  #isShutOutPeer(peer: PeerId): boolean {
    const name = this.retiredAs(peer)
    return name !== undefined && this.isShutOut(name)
  }

  #noteRetired(origin: OriginId): void {
    const claim = this.#claims.get(origin)
    if (claim === undefined || !this.#retired.has(origin)) return
    const before = this.#retiredAs.get(claim.peer)
    if (before === undefined || origin < before) this.#retiredAs.set(claim.peer, origin)
  }

  #changed(): void {
    this.#holders = null
    this.#shutOut = null
  }

  #invite(invite: InviteId): Invite {
    let record = this.#invites.get(invite)
    if (record === undefined) {
      record = { expiresAtMs: 0, isRevoked: false, admitted: new Map() }
      this.#invites.set(invite, record)
    }
    return record
  }
}

const seatKey = ({ peer, server }: Pick<SeatClaim, 'peer' | 'server'>): string => `${server} ${peer}`

const isEarlier = (left: SeatClaim, right: SeatClaim): boolean =>
  left.clock < right.clock || (left.clock === right.clock && left.peer < right.peer)

const isLater = (left: GroupName, right: GroupName): boolean =>
  left.clock > right.clock || (left.clock === right.clock && left.origin > right.origin)

const toRecord = (invite: InviteId, { expiresAtMs, isRevoked, admitted }: Invite): InviteRecord => ({
  invite,
  expiresAtMs,
  admitted: [...admitted].map(([peer, server]) => ({ peer, server })),
  revoked: isRevoked,
})

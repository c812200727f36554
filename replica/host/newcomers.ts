import type { Command, CommandAnswer } from '../core/effects.ts'
import type { Result } from '../core/model/errors.ts'
import { fail, QuintetError } from '../core/model/errors.ts'
import { allServerIds, type InviteId, type PeerId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { JoinAnswer, JoinRequest } from '../core/model/messages.ts'
import type { ReplicaCore } from '../core/replica-core.ts'
import { inviteIdOf } from '../wire/invite-codec.ts'
import type { VisitAnswer, VisitedSeat, VisitRequest } from '../wire/visit-codec.ts'

/** What newcomers need of the host. */
export interface Door {
  command(command: Command): Promise<CommandAnswer>
  read<Value>(query: (core: ReplicaCore) => Value): Promise<Value>
  listenAddresses(): readonly string[]
}

/** Admits a machine that has an invite to a seat. BAD_INVITE, INVITE_USED, INVITE_EXPIRED, SEAT_TAKEN, and what hinders writing. */
export const admit = async (host: Door, request: JoinRequest): Promise<Result<JoinAnswer>> => {
  try {
    const invite = inviteIdOf(request.token)
    const answer = await host.command({ kind: 'admit', invite, peer: request.peer, server: request.server })
    if (answer.batch === null || answer.server === null) throw new Error('an admission has a batch and a seat')
    const { batch, server } = answer
    return await host.read((core) => {
      const groupName = core.state.seats.group?.name ?? ''
      const { admission: own, vouchers: others } = core.identity
      const vouchers = own === null ? [] : [own, ...others].slice(0, limits.vouchers)
      return { ok: true, value: { server, groupName, invite, admission: batch, vouchers } }
    })
  } catch (error) {
    if (error instanceof QuintetError) return { ok: false, failure: error.failure }
    throw error
  }
}

/** Answers who has an invite and wants no seat. BAD_INVITE, INVITE_USED, INVITE_EXPIRED, INVITE_REVOKED, and what hinders writing. */
export const visit = async (host: Door, nowMs: number, request: VisitRequest): Promise<Result<VisitAnswer>> => {
  const invite = inviteIdOf(request.token)
  try {
    if (request.kind === 'look') return await host.read((core) => look(core, invite, nowMs))
    const { peer, machine } = request
    await host.command({ kind: 'admitClient', invite, peer, machine })
    const own = host.listenAddresses()
    return { ok: true, value: await host.read((core) => answerOf(core, (holder) => addressesOf(core, holder, own))) }
  } catch (error) {
    if (error instanceof QuintetError) return { ok: false, failure: error.failure }
    throw error
  }
}

/**
 * Who looks has not been let in, and may never be: it is shown which seats are taken, not where anybody is. By an invite that has let
 * somebody in that one may look again, as after a crash, and finds the seat that was promised to it free; any other has to be good still.
 */
const look = (core: ReplicaCore, invite: InviteId, nowMs: number): Result<VisitAnswer> => {
  const { seats } = core.state
  const known = seats.invite(invite)
  if (known === undefined || known.expiresAtMs === 0)
    return fail('BAD_INVITE', 'This member does not know that invite: ask for a new one.')
  const isUsed = known.admitted.length > 0 || seats.clients().some((client) => client.invite === invite)
  if (known.revoked || (!isUsed && seats.isBarred(invite)))
    return fail('INVITE_REVOKED', 'This invite has been revoked. Ask a member for a new one.')
  if (!isUsed && known.expiresAtMs <= nowMs)
    return fail('INVITE_EXPIRED', 'This invite has expired. Ask a member for a new one.')
  const promised = seats.promised(nowMs)
  const { groupName, seats: held } = answerOf(core, () => [])
  const shown = held.map((seat): VisitedSeat => {
    const promise = promised.get(seat.server)
    if (seat.holder !== null || promise === undefined || promise === invite) return seat
    const peer = seats.invite(promise)?.admitted.find(({ server }) => server === seat.server)?.peer
    return peer === undefined ? seat : { ...seat, holder: { peer, machine: '', addresses: [] } }
  })
  return { ok: true, value: { groupName, seats: shown } }
}

const addressesOf = ({ identity, addresses }: ReplicaCore, peer: PeerId, own: readonly string[]): readonly string[] =>
  peer === identity.peer ? own : (addresses.get(peer) ?? [])

const answerOf = (core: ReplicaCore, placesOf: (holder: PeerId) => readonly string[]): VisitAnswer => ({
  groupName: core.state.seats.group?.name ?? '',
  seats: allServerIds.map((server) => {
    const claim = core.state.seats.holder(server)
    if (claim === undefined) return { server, holder: null }
    const { peer } = claim
    const machine = core.state.seats.machineOf(claim)
    return { server, holder: { peer, machine, addresses: placesOf(peer) } }
  }),
})

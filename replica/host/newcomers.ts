import type { Command, CommandAnswer } from '../core/effects.ts'
import type { Result } from '../core/model/errors.ts'
import { fail, QuintetError } from '../core/model/errors.ts'
import { allServerIds } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { JoinAnswer, JoinRequest } from '../core/model/messages.ts'
import type { ReplicaCore } from '../core/replica-core.ts'
import { inviteIdOf } from '../wire/invite-codec.ts'
import type { VisitAnswer, VisitRequest } from '../wire/visit-codec.ts'

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

/** Answers who has an invite and wants no seat. BAD_INVITE, INVITE_USED, INVITE_EXPIRED, and what hinders writing. */
export const visit = async (host: Door, request: VisitRequest): Promise<Result<VisitAnswer>> => {
  const invite = inviteIdOf(request.token)
  try {
    if (request.kind === 'client') {
      const { peer, machine } = request
      await host.command({ kind: 'admitClient', invite, peer, machine })
    } else {
      const known = await host.read((core) => core.state.seats.invite(invite))
      if (known === undefined || known.expiresAtMs === 0)
        return fail('BAD_INVITE', 'This member does not know that invite: ask for a new one.')
    }
    const own = host.listenAddresses()
    return { ok: true, value: await host.read((core) => answerOf(core, own)) }
  } catch (error) {
    if (error instanceof QuintetError) return { ok: false, failure: error.failure }
    throw error
  }
}

const answerOf = (core: ReplicaCore, own: readonly string[]): VisitAnswer => ({
  groupName: core.state.seats.group?.name ?? '',
  seats: allServerIds.map((server) => {
    const claim = core.state.seats.holder(server)
    if (claim === undefined) return { server, holder: null }
    const { peer } = claim
    const machine = core.state.seats.machineOf(claim)
    const addresses = peer === core.identity.peer ? own : (core.addresses.get(peer) ?? [])
    return { server, holder: { peer, machine, addresses } }
  }),
})

import type { OriginId, ServerId } from '../core/model/ids.ts'
import type { ReplicaCore } from '../core/replica-core.ts'
import type { Wire } from '../wire/wire.ts'
import { letInBy, type Machine, type Machines, machinesOf, withFormers } from './machines.ts'

/** In this order they are listed: who has no seat is seen nowhere else. */
const states = ['without', 'client', 'seat', 'superseded', 'retired'] as const

/**
 * Everybody who is known here to have been let in, each machine once, the latest first. With `server`: whom the machine on that seat has
 * let in, and whom those have let in in turn, as far as they are still in.
 */
export const letIn = (core: ReplicaCore, wire: Pick<Wire, 'decodeBatch'>, server: ServerId | null) => {
  const machines = machinesOf(core, wire)
  const { seats } = core.state
  const all = new Set(machines.values())
  const isRetired = (machine: Machine): boolean => seats.isRetiredPeer(machine)
  const retired = [...all].filter(isRetired)
  const byRetired = letInBy(machines, retired)
  const holder = server === null ? undefined : seats.holder(server)
  const on = holder === undefined ? [] : [machines.get(holder.origin)].filter((machine) => machine !== undefined)
  const holders = new Set(seats.holders())
  const superseded = new Set([...all].flatMap(({ formers }) => [...formers]))
  const stateOf = (machine: Machine): (typeof states)[number] => {
    if (isRetired(machine)) return 'retired'
    const { claim } = machine
    if (claim !== null && holders.has(claim)) return 'seat'
    return superseded.has(machine.origin) ? 'superseded' : 'without'
  }
  const found = [...(server === null ? all : letInBy(machines, on))].map((machine) => ({
    ...namedOf(core, machines, machine.origin),
    invite: null,
    state: stateOf(machine),
    at: machine.atMs,
    by: answerable(core, machines, machine),
    byRetired: byRetired.has(machine),
    connected: core.peers.greeted(machine.peer) !== undefined,
    here: machine.peer === core.identity.peer,
  }))
  const guardians = new Set([...withFormers(machines, on), ...letInBy(machines, on)])
  const clients = clientsOf(core, machines, new Set([...retired, ...byRetired]))
  const chosen = clients.filter(({ by }) => by.some(({ machine }) => isOneOf(machines, guardians, machine)))
  const listed = server === null ? [...found, ...clients] : [...found, ...chosen].filter(isStillIn)
  return listed.sort(
    (left, right) => states.indexOf(left.state) - states.indexOf(right.state) || (right.at ?? 0) - (left.at ?? 0),
  )
}

/** What is retired together with this machine, because it is the same one: the keys that it had before it started over. */
export const formersOf = (core: ReplicaCore, wire: Pick<Wire, 'decodeBatch'>, of: OriginId): readonly OriginId[] => {
  const machines = machinesOf(core, wire)
  const machine = machines.get(of)
  if (machine === undefined) return []
  return [...withFormers(machines, [machine])].filter((one) => one !== machine).map(({ origin }) => origin)
}

/** Whether a machine of this name is known here to have been let in. */
export const isLetIn = (core: ReplicaCore, wire: Pick<Wire, 'decodeBatch'>, name: OriginId): boolean =>
  machinesOf(core, wire).has(name)

const isStillIn = ({ state }: { readonly state: (typeof states)[number] }): boolean =>
  state !== 'retired' && state !== 'superseded'

const isOneOf = (machines: Machines, those: ReadonlySet<Machine>, name: OriginId): boolean => {
  const machine = machines.get(name)
  return machine !== undefined && those.has(machine)
}

const namedOf = (core: ReplicaCore, machines: Machines, name: OriginId) => {
  const machine = machines.get(name)
  const claim = machine?.claim ?? null
  return {
    machine: machine?.origin ?? name,
    server: claim?.server ?? null,
    name: claim === null ? null : core.state.seats.machineOf(claim),
  }
}

/** Who let it in, or what it was before it started over. */
const answerable = (core: ReplicaCore, machines: Machines, machine: Machine) => {
  const names = [...withFormers(machines, [machine])].flatMap(({ by }) => [...by])
  return distinct(names.map((name) => namedOf(core, machines, name)))
}

const distinct = <Named extends { readonly machine: OriginId }>(named: readonly Named[]): readonly Named[] => [
  ...new Map(named.map((one) => [one.machine, one])).values(),
]

/** Clients without a replica. They are shut out by the invite that let them in. */
const clientsOf = (core: ReplicaCore, machines: Machines, doubtful: ReadonlySet<Machine>) => {
  const { seats } = core.state
  const inviters = seats.inviters()
  return seats.clients().map(({ invite, machine: name }) => {
    const makers = inviters.filter((one) => one.invite === invite).map(({ by }) => by)
    return {
      machine: null,
      server: null,
      name,
      invite,
      state: seats.invite(invite)?.revoked === true ? ('retired' as const) : ('client' as const),
      at: null,
      by: distinct(makers.map((maker) => namedOf(core, machines, maker))),
      byRetired: makers.some((maker) => isOneOf(machines, doubtful, maker)),
      connected: false,
      here: false,
    }
  })
}

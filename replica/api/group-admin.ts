import { QuintetError } from '../core/model/errors.ts'
import { namesOf, type OriginId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { formersOf, isLetIn, letIn } from '../host/let-in.ts'
import { inviteList, networkSeats, ownSeat } from '../host/network-queries.ts'
import type { ReplicaHost } from '../host/replica-host.ts'
import type { ViewHistory } from '../host/view-history.ts'
import { warnings } from '../host/warnings.ts'
import { toBase64Url } from '../wire/bytes.ts'
import { isLabel } from '../wire/names.ts'
import type { Wire } from '../wire/wire.ts'
import type { StatusInfo } from './contract.ts'
import type { GroupApi, InviteInfo, LetIn, NetworkReport } from './group-contract.ts'

export interface GroupAdminOptions {
  readonly host: ReplicaHost
  readonly history: Pick<ViewHistory, 'list'>
  readonly status: () => Promise<StatusInfo>
  readonly wire: Pick<Wire, 'decodeBatch'>
  readonly nowMs: () => number
  readonly randomBytes: (count: number) => Uint8Array
  /** Begins the replica anew under another server id. */
  readonly takeSeat: GroupApi['takeSeat']
}

const keyBytes = 32

/** What can be asked of a replica, and decided, about the group and its machines. Who may is looked at before. */
export class GroupAdmin implements GroupApi {
  readonly #options: GroupAdminOptions

  constructor(options: GroupAdminOptions) {
    this.#options = options
  }

  async network(): Promise<NetworkReport> {
    const { host, history, nowMs } = this.#options
    const { groupName, serverId, view, paused, diskBytes, mails, accounts } = await this.#options.status()
    const links = host.links()
    return host.read((core) => {
      const own = core.state.seats.claimOf(core.identity.origin)
      const found = warnings(core, host.surroundings, nowMs())
      return {
        groupName,
        server: serverId,
        machine: own === undefined ? '' : core.state.seats.machineOf(own),
        ownSeat: ownSeat(core),
        view,
        seats: networkSeats(core, links, nowMs()),
        history: history.list(),
        paused,
        warnings: found.map(({ sentence }) => sentence),
        codedWarnings: found,
        diskBytes,
        mails,
        accounts,
        syncIntervalMs: core.syncIntervalMs,
      }
    })
  }

  invites(): Promise<readonly InviteInfo[]> {
    const nowMs = this.#options.nowMs()
    return this.#options.host.read((core) => inviteList(core, nowMs).slice(0, limits.invitesShown))
  }

  async revokeInvite({ invite }: Parameters<GroupApi['revokeInvite']>[0]): Promise<void> {
    await this.#options.host.command({ kind: 'revoke', invite })
  }

  async retire({ server }: Parameters<GroupApi['retire']>[0]): Promise<void> {
    const { host, nowMs } = this.#options
    const isHere = await host.read((core) => core.identity.server === server && !core.hasLostSeat)
    if (isHere)
      throw new QuintetError('BAD_REQUEST', `Server ${server} is this machine: ask another member to retire it.`)
    const { machine, promise, isConnected } = await host.read((core) => ({
      machine: core.state.seats.holder(server)?.origin,
      promise: core.state.seats.promised(nowMs()).get(server),
      isConnected: core.view.servers.includes(server),
    }))
    if (isConnected) {
      throw new QuintetError(
        'BAD_REQUEST',
        `Server ${server} is connected, so it is not gone: only a machine that is gone for good is retired. To retire it all the same, pause it first.`,
      )
    }
    if (machine !== undefined) {
      await this.#shutOutFormersOf(machine)
      await host.command({ kind: 'retire', machine })
    } else if (promise !== undefined) await host.command({ kind: 'revoke', invite: promise })
    else throw new QuintetError('NO_SUCH_SERVER', `No machine has server id ${server}: the seat is free.`)
  }

  async letIn({ server }: Parameters<GroupApi['letIn']>[0]): Promise<readonly LetIn[]> {
    const { host, wire } = this.#options
    return (await host.read((core) => letIn(core, wire, server))).slice(0, limits.machinesShown)
  }

  async shutOut({ machine }: Parameters<GroupApi['shutOut']>[0]): Promise<void> {
    const { host, wire } = this.#options
    const { isHere, isKnown } = await host.read((core) => ({
      isHere: namesOf(core.identity.origin).includes(machine),
      isKnown: isLetIn(core, wire, machine),
    }))
    if (isHere)
      throw new QuintetError('BAD_REQUEST', 'This is the machine that was asked: ask another member to shut it out.')
    if (!isKnown) throw new QuintetError('NO_SUCH_SERVER', 'Nobody who goes by this name was let in.')
    await this.#shutOutFormersOf(machine)
    await host.command({ kind: 'shutOut', machine })
  }

  /** First, so that what breaks off in between can be asked for again: a machine that has started over would come back by the key that it had. */
  async #shutOutFormersOf(machine: OriginId): Promise<void> {
    const { host, wire } = this.#options
    const formers = await host.read((core) =>
      formersOf(core, wire, machine).filter((former) => !core.state.seats.isShutOut(former)),
    )
    for (const former of formers) await host.command({ kind: 'shutOut', machine: former })
  }

  async renameGroup({ name }: Parameters<GroupApi['renameGroup']>[0]): Promise<void> {
    await this.#options.host.command({ kind: 'renameGroup', name: checkedLabel(name, 'group', limits.groupNameChars) })
  }

  async renameMachine({ name }: Parameters<GroupApi['renameMachine']>[0]): Promise<void> {
    const label = checkedLabel(name, 'machine', limits.machineNameChars)
    await this.#options.host.command({ kind: 'renameMachine', name: label })
  }

  async rotateKey(): Promise<void> {
    const { host, randomBytes } = this.#options
    if (await host.read((core) => core.isRetired))
      throw new QuintetError('RETIRED', 'The others have retired this machine: it cannot make a key for them.')
    const open = (await this.invites()).filter(({ state }) => state === 'open')
    for (const { invite } of open) await host.command({ kind: 'revoke', invite })
    await host.rotateKey(toBase64Url(randomBytes(keyBytes)))
  }

  setSyncInterval({ intervalMs }: Parameters<GroupApi['setSyncInterval']>[0]): Promise<void> {
    return this.#options.host.setSyncInterval(intervalMs)
  }

  takeSeat(request: Parameters<GroupApi['takeSeat']>[0]): Promise<void> {
    return this.#options.takeSeat(request)
  }
}

/** BAD_NAME. */
const checkedLabel = (name: string, what: string, mostChars: number): string => {
  const label = name.normalize('NFC').trim()
  if (label !== '' && Array.from(label).length <= mostChars && isLabel(label)) return label
  throw new QuintetError('BAD_NAME', `A ${what}'s name has 1 to ${mostChars} characters, without control characters.`)
}

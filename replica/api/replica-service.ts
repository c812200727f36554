import type { Notice } from '../core/effects.ts'
import type { AccountId, OriginId, Sequence } from '../core/model/ids.ts'
import { updateId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { ReplicaCore } from '../core/replica-core.ts'
import { foldName } from '../core/state/account-table.ts'
import type { MailEntry } from '../core/state/mail-table.ts'
import { clockToMs } from '../core/hybrid-clock.ts'
import type { Install } from '../host/install.ts'
import type { ReplicaHost } from '../host/replica-host.ts'
import { encodeInvite, inviteIdOf, tokenBytes } from '../wire/invite-codec.ts'
import { withoutBody } from '../wire/payload-codec.ts'
import { signedPartsOf } from '../wire/signed-parts.ts'
import type { AccountInfo, PersonInfo, SealedMail, StatusInfo } from './contract.ts'
import { likePattern } from './like-pattern.ts'
import type { ApiRight } from './method-table.ts'
import { ServiceConnection } from './service-connection.ts'

export interface ServiceOptions {
  readonly install: Install
  readonly host: ReplicaHost
  readonly nowMs: () => number
  readonly randomBytes: (count: number) => Uint8Array
}

/** How much of a mail is shown: lists leave the body out. */
export type MailContent = 'header' | 'whole'

const msPerDay = 86_400_000
const nothing = new Uint8Array()

/** One replica's side of the api: what all connections share. */
export class ReplicaService {
  readonly install: Install
  readonly host: ReplicaHost
  readonly #options: ServiceOptions
  readonly #connections = new Set<ServiceConnection>()
  #digest: { readonly revision: number; readonly text: string } | null = null

  constructor(options: ServiceOptions) {
    this.#options = options
    this.install = options.install
    this.host = options.host
    this.host.onNotice((notice) => {
      this.#notice(notice)
    })
  }

  /** A client's connection. It ends with `close`. */
  connect(right: ApiRight): ServiceConnection {
    const connection = new ServiceConnection(this, right)
    this.#connections.add(connection)
    return connection
  }

  closed(connection: ServiceConnection): void {
    this.#connections.delete(connection)
    this.sessionsChanged()
  }

  /** Tells all connections that the replica is going down. */
  stop(): void {
    for (const connection of this.#connections) {
      connection.emit({ event: 'closed', failure: { code: 'STOPPED', message: 'The replica is going down.' } })
    }
  }

  /** Others are told who is logged in here. */
  sessionsChanged(): void {
    this.host.enqueue({ kind: 'online', accounts: [...this.#loggedIn()] })
  }

  randomBytes(count: number): Uint8Array {
    return this.#options.randomBytes(count)
  }

  async status(): Promise<StatusInfo> {
    const diskBytes = await this.host.diskBytes()
    return this.host.read((core) => this.#status(core, diskBytes))
  }

  lookUp(names: readonly string[], accounts: readonly AccountId[]): Promise<readonly AccountInfo[]> {
    return this.host.read((core) => {
      const table = core.state.accounts
      const found = new Set([
        ...names.map((name) => table.named(name)),
        ...accounts.map((account) => table.get(account)),
      ])
      return [...found].flatMap((record) => {
        if (record === undefined) return []
        const parts = signedPartsOf(record.bytes)
        if (!parts.ok) return []
        const { account, sealKey, sealedKeys } = record
        return [{ account, name: table.nameOf(account) ?? record.name, sealKey, sealedKeys, ...parts.value }]
      })
    })
  }

  people(like: string): Promise<readonly PersonInfo[]> {
    const matches = likePattern(like)
    return this.host.read((core) => {
      const table = core.state.accounts
      const online = new Set([...this.#loggedIn(), ...core.peers.online()])
      const people = table.records().flatMap(({ account, name }) => {
        const label = table.nameOf(account) ?? name
        return matches(foldName(label)) ? [{ account, name: label, online: online.has(account) }] : []
      })
      return people
        .sort((left, right) => (foldName(left.name) < foldName(right.name) ? -1 : 1))
        .slice(0, limits.pageAccounts)
    })
  }

  async invite(): Promise<string> {
    const token = this.#options.randomBytes(tokenBytes)
    const expiresAtMs = this.#options.nowMs() + limits.inviteDays * msPerDay
    await this.host.command({ kind: 'invite', invite: inviteIdOf(token), expiresAtMs })
    const others = this.host.links().flatMap((link) => link.addresses.slice(0, 2))
    const addresses = [...new Set([...this.host.listenAddresses(), ...others])].slice(0, limits.addressesPerPeer)
    const { groupId, groupKey, groupName } = this.install
    return encodeInvite({ groupId, groupName, groupKey, token, expiresAtMs, addresses })
  }

  /** Mails as a client may see them, in the order given; what storage has lost is shown without content and fetched again. */
  async seal(mails: readonly MailEntry[], account: AccountId, content: MailContent): Promise<readonly SealedMail[]> {
    const wanted = new Map<OriginId, Sequence[]>()
    for (const { origin, sequence } of mails) {
      const sequences = wanted.get(origin) ?? []
      sequences.push(sequence)
      wanted.set(origin, sequences)
    }
    const bytes = new Map<string, Uint8Array>()
    const reads = [...wanted].map(async ([origin, sequences]) => {
      for (const update of await this.host.readUpdates(origin, sequences))
        bytes.set(updateId(origin, update.sequence), update.bytes)
    })
    await Promise.all(reads)
    return this.host.read((core) =>
      mails.map((mail) => sealedMail(core, mail, account, bytes.get(updateId(mail.origin, mail.sequence)), content)),
    )
  }

  #notice(notice: Notice): void {
    if (notice.kind === 'view') {
      const { number, servers } = notice
      for (const connection of this.#connections) connection.emit({ event: 'view', view: { number, servers } })
    }
    if (notice.kind === 'mail') void this.#announce(notice.origin, notice.sequence)
  }

  async #announce(origin: OriginId, sequence: Sequence): Promise<void> {
    const concerned = await this.host.read((core) => {
      const mail = core.state.mails.get(origin, sequence)
      if (mail === undefined) return []
      return [...this.#connections].flatMap((connection) => {
        const account = connection.account
        return account !== null && mail.to.includes(account) ? [{ connection, account, mail }] : []
      })
    })
    for (const { connection, account, mail } of concerned) {
      const [sealed] = await this.seal([mail], account, 'header')
      if (sealed !== undefined && connection.account === account) connection.emit({ event: 'mail', mail: sealed })
    }
  }

  #status(core: ReplicaCore, diskBytes: number): StatusInfo {
    const { state, identity } = core
    if (this.#digest?.revision !== state.revision) this.#digest = { revision: state.revision, text: state.digest() }
    const rows = core.rows()
    const holders = state.seats.holders()
    return {
      serverId: identity.server,
      origin: identity.origin,
      groupName: state.seats.group?.name ?? this.install.groupName,
      view: core.view,
      vector: Object.fromEntries(state.vector),
      matrix: Object.fromEntries(
        holders.map(({ server, origin }) => [String(server), Object.fromEntries(rows.get(origin) ?? [])]),
      ),
      stable: Object.fromEntries(core.stable),
      accounts: state.accounts.size,
      mails: state.mails.size,
      digest: this.#digest.text,
      warnings: this.#warnings(core),
      diskBytes,
      paused: core.paused,
      seats: this.#seats(core),
    }
  }

  #seats(core: ReplicaCore): StatusInfo['seats'] {
    const links = new Map(this.host.links().map((link) => [link.peer, link.lagMs]))
    return core.state.seats.holders().map(({ server, origin, machine, peer }) => ({
      server,
      origin,
      machine,
      connected: server === core.identity.server || core.view.servers.includes(server),
      lagMs: links.get(peer) ?? null,
    }))
  }

  #warnings(core: ReplicaCore): readonly string[] {
    const warnings: string[] = []
    if (this.host.diskFull) warnings.push('The disk of this machine is full: mail can be read but not sent from here.')
    if (core.hindrance === 'reclaiming')
      warnings.push('This replica is taking its own log back from the others; sending waits for that.')
    if (core.hindrance === 'forked')
      warnings.push('This copy was restored from an old backup and its log has forked: join the group again.')
    if (core.repairing > 0)
      warnings.push(`${core.repairing} mails are damaged on this disk and are being fetched from the others.`)
    if (core.transferringFrom !== null) warnings.push('The mailbox is being copied from another replica.')
    for (const { server, clockOffsetMs } of core.peers.allGreeted()) {
      if (Math.abs(clockOffsetMs) > clockOffMs)
        warnings.push(`The clock of server ${server} is off by ${Math.round(clockOffsetMs / 1_000)} s.`)
    }
    return warnings
  }

  #loggedIn(): ReadonlySet<AccountId> {
    return new Set([...this.#connections].flatMap(({ account }) => account ?? []))
  }
}

const clockOffMs = 60_000

const sealedMail = (
  core: ReplicaCore,
  mail: MailEntry,
  account: AccountId,
  updateBytes: Uint8Array | undefined,
  content: MailContent,
): SealedMail => {
  const parts = updateBytes === undefined ? null : signedPartsOf(updateBytes)
  const whole = parts?.ok === true ? parts.value : { payload: nothing, signature: nothing }
  const header = content === 'header' && whole.payload.length > 0 ? withoutBody(whole.payload) : null
  const nameOf = (person: AccountId): string => core.state.accounts.nameOf(person) ?? ''
  return {
    mail: updateId(mail.origin, mail.sequence),
    from: mail.from,
    fromName: nameOf(mail.from),
    to: mail.to,
    toNames: mail.to.map(nameOf),
    sentAt: clockToMs(mail.clock),
    read: core.state.mails.isReadBy(mail, account),
    payload: header?.ok === true ? header.value : whole.payload,
    signature: whole.signature,
  }
}

import { type Attachment, saveAttachment } from './drivers/install-file.ts'
import type { Install } from './host/install.ts'
import type { ReplicaHost } from './host/replica-host.ts'

/** Keeps the file by which clients on this machine find the members. */
export class AttachmentKeeper {
  readonly #directory: string
  readonly #install: Install
  readonly #access: Pick<Attachment, 'adminToken' | 'socket'>
  /** Where this replica could be reached in its last run, until it listens again. */
  readonly #formerAddresses: readonly string[]
  #saving: Promise<void> = Promise.resolve()

  constructor(
    directory: string,
    install: Install,
    access: Pick<Attachment, 'adminToken' | 'socket'>,
    former: Attachment | null,
  ) {
    this.#directory = directory
    this.#install = install
    this.#access = access
    this.#formerAddresses = former?.members.get(install.server)?.addresses ?? []
    // Clients of this machine need not wait until this replica knows its members again.
    if (former === null) return
    const { server, peer } = install
    const members = new Map(former.members).set(server, { peer, addresses: this.#formerAddresses })
    void this.#queue(() => members)
  }

  /** Tells of the members that `host` knows, from now on. Fulfilled when it has done so once. */
  follow(host: ReplicaHost): Promise<void> {
    host.onNotice((notice) => {
      if (notice.kind === 'members') void this.#saveMembersOf(host)
    })
    return this.#saveMembersOf(host)
  }

  /** Fulfilled when nothing is being written: who comes after this replica writes the same file. */
  saved(): Promise<void> {
    return this.#saving
  }

  #saveMembersOf(host: ReplicaHost): Promise<void> {
    const { server, peer } = this.#install
    return this.#queue(async () => {
      const members = await host.read((core) => {
        const addresses = core.addresses
        return new Map(
          core.state.seats
            .holders()
            .map((claim) => [claim.server as number, { peer: claim.peer, addresses: addresses.get(claim.peer) ?? [] }]),
        )
      })
      const own = host.listenAddresses()
      return members.set(server, { peer, addresses: own.length > 0 ? own : this.#formerAddresses })
    })
  }

  #queue(membersNow: () => Attachment['members'] | Promise<Attachment['members']>): Promise<void> {
    const { server } = this.#install
    const write = async (): Promise<void> => {
      const members = await membersNow()
      await saveAttachment(this.#directory, { ...this.#access, server, members })
    }
    this.#saving = this.#saving.then(write).catch(() => undefined)
    return this.#saving
  }
}

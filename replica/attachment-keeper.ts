import { saveAttachment, type Attachment } from './drivers/install-file.ts'
import type { Install } from './host/install.ts'
import type { ReplicaHost } from './host/replica-host.ts'

/** Keeps the file by which clients on this machine find the members. */
export class AttachmentKeeper {
  readonly #directory: string
  readonly #install: Install
  readonly #host: ReplicaHost
  readonly #access: Pick<Attachment, 'adminToken' | 'socket'>
  #saving: Promise<void> = Promise.resolve()

  constructor(
    directory: string,
    install: Install,
    host: ReplicaHost,
    access: Pick<Attachment, 'adminToken' | 'socket'>,
  ) {
    this.#directory = directory
    this.#install = install
    this.#host = host
    this.#access = access
    host.onNotice((notice) => {
      if (notice.kind === 'members') void this.save()
    })
  }

  save(): Promise<void> {
    this.#saving = this.#saving.then(() => this.#write()).catch(() => undefined)
    return this.#saving
  }

  async #write(): Promise<void> {
    const { server, peer } = this.#install
    const members = await this.#host.read((core) => {
      const addresses = core.addresses
      return new Map(
        core.state.seats
          .holders()
          .map((claim) => [claim.server as number, { peer: claim.peer, addresses: addresses.get(claim.peer) ?? [] }]),
      )
    })
    members.set(server, { peer, addresses: this.#host.listenAddresses() })
    await saveAttachment(this.#directory, { ...this.#access, server, members })
  }
}

import type { PeerId } from '../core/model/ids.ts'
import { peerId } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import { readKept } from './kept-settings.ts'
import type { LoggerPort, Storage, Transport } from './ports.ts'

interface BookOptions {
  /** From the invite that was given last: for the first connection, or for members who have all moved since. */
  readonly invitedBy: ReadonlyMap<PeerId, readonly string[]>
  readonly storage: Storage
  readonly transport: Transport
  readonly logger: LoggerPort
}

const settingName = 'addresses'

/** Where members were last seen, kept over restarts and given to the transport to keep connected. */
export class MemberBook {
  readonly #options: BookOptions
  readonly #addresses = new Map<PeerId, readonly string[]>()
  #members: ReadonlyMap<PeerId, readonly string[]> = new Map()
  #former: ReadonlyMap<PeerId, readonly string[]> = new Map()
  #own = ''
  /** What is kept, or about to be. */
  #saved = ''
  #saving: Promise<void> = Promise.resolve()
  /** Until then nothing is saved: it would take the place of what was kept. */
  #isLoaded = false

  constructor(options: BookOptions) {
    this.#options = options
  }

  async load(): Promise<void> {
    for (const [peer, known] of this.#options.invitedBy) this.#addresses.set(peer, known)
    const value = await readKept(this.#options.storage, this.#options.logger, settingName)
    for (const [peer, known] of Object.entries(typeof value === 'object' && value !== null ? value : {})) {
      if (Array.isArray(known) && this.#addresses.size < limits.dialledPeers)
        this.#addresses.set(peerId(peer), this.#withInvited(peerId(peer), known.filter(isAddress)))
    }
    this.#isLoaded = true
    this.#changed()
  }

  /** Where it was last seen is tried first. */
  #withInvited(peer: PeerId, seen: readonly string[]): readonly string[] {
    const invited = (this.#options.invitedBy.get(peer) ?? []).slice(0, limits.addressesPerPeer)
    const others = seen.filter((address) => !invited.includes(address))
    return [...others.slice(0, limits.addressesPerPeer - invited.length), ...invited]
  }

  known(): ReadonlyMap<PeerId, readonly string[]> {
    return this.#addresses
  }

  /**
   * Takes the addresses of connected members over from the transport, and this install's own, which are others by now when it was
   * started without a network or has changed it; returns those that are new. Who has only connected is no member yet, and may never be.
   */
  noteLinks(): ReadonlyMap<PeerId, readonly string[]> {
    const news = new Map<PeerId, readonly string[]>()
    const { transport } = this.#options
    for (const { peer, addresses } of transport.links()) {
      if (!this.#members.has(peer) || addresses.length === 0 || this.#addresses.get(peer)?.join() === addresses.join())
        continue
      this.#addresses.set(peer, addresses)
      news.set(peer, addresses)
    }
    if (news.size > 0) this.#changed()
    // What could not be written before, as on a full disk.
    else this.#save()
    const own = transport.listenAddresses()
    if (own.join() !== this.#own) news.set(transport.self, own)
    this.#own = own.join()
    return news
  }

  /** The members, and those who were, as the core knows them now. */
  setMembers(members: ReadonlyMap<PeerId, readonly string[]>, former: ReadonlyMap<PeerId, readonly string[]>): void {
    this.#members = members
    this.#former = former
    for (const [peer, known] of members) if (known.length > 0) this.#addresses.set(peer, known)
    this.#changed()
  }

  #changed(): void {
    if (!this.#isLoaded) return
    const seen = (peers: ReadonlyMap<PeerId, readonly string[]>): ReadonlyMap<PeerId, readonly string[]> =>
      new Map([...peers].map(([peer, known]) => [peer, known.length > 0 ? known : (this.#addresses.get(peer) ?? [])]))
    this.#options.transport.remember(seen(this.#members), seen(this.#former))
    this.#save()
  }

  #save(): void {
    if (!this.#isLoaded) return
    const { storage, logger } = this.#options
    const value = Object.fromEntries(this.#addresses)
    const text = JSON.stringify(value)
    if (text === this.#saved) return
    this.#saved = text
    this.#saving = this.#saving
      .then(() => storage.writeSetting(settingName, value))
      .catch((error: unknown) => {
        if (this.#saved === text) this.#saved = ''
        logger.warn('addresses could not be saved', { error: String(error) })
      })
  }
}

const isAddress = (value: unknown): value is string => typeof value === 'string' && value.length <= limits.addressChars

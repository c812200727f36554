import { encode } from 'cborg'
import { decode } from 'cborg'
import { createHash, randomBytes } from 'node:crypto'
import type { ReplicaGroup } from '../../build/cluster/group.ts'
import type { OriginId, PeerId } from '../../replica/core/model/ids.ts'
import { inviteId, peerId, seatOf, serverId } from '../../replica/core/model/ids.ts'
import type { HelloMessage, Message } from '../../replica/core/model/messages.ts'
import type { Batch, Draft } from '../../replica/core/model/updates.ts'
import { requestJoin } from '../../replica/drivers/libp2p-client.ts'
import { multiaddr } from '@multiformats/multiaddr'
import { keyFromSeed } from '../../replica/drivers/libp2p-base.ts'
import { KeyRing } from '../../replica/drivers/libp2p-key-ring.ts'
import { createMemberNode, topicOf } from '../../replica/drivers/libp2p-member-node.ts'
import { createLibp2pTransport } from '../../replica/drivers/libp2p-transport.ts'
import { systemClock } from '../../replica/drivers/system-clock.ts'
import type { Transport } from '../../replica/host/ports.ts'
import { newKeys } from '../../replica/new-install.ts'
import { fromBase64Url, toBase64Url } from '../../replica/wire/bytes.ts'
import { decodeInvite, type Invite, inviteIdOf, tokenBytes } from '../../replica/wire/invite-codec.ts'
import { accountIdOf, originOf, peerIdOf, publicKeyOf, toPrivateKey } from '../../replica/wire/keys.ts'
import { encodeMessage } from '../../replica/wire/message-codec.ts'
import { createWire, type Wire } from '../../replica/wire/wire.ts'
import { Recorder, silentLogger, within } from '../network/harness.ts'

const joinTimeoutMs = 20_000
const waitMs = 60_000
const mostChunks = 1_000
const inviteMs = 3_600_000

/** A person's key that only the test has. */
export const personNamed = (name: string) => {
  const privateKey = toPrivateKey(createHash('sha256').update(name).digest())
  const publicKey = publicKeyOf(privateKey)
  return { name, privateKey, account: accountIdOf(publicKey) }
}
export type RoguePerson = ReturnType<typeof personNamed>

export const inviteOf = async (group: ReplicaGroup): Promise<Invite> => {
  const decoded = decodeInvite((await group.operator(1).ask('invite')).invite)
  if (!decoded.ok) throw new Error(decoded.failure.message)
  return decoded.value
}

interface RogueKey {
  readonly keys: ReturnType<typeof newKeys>
  readonly server: number
  readonly admission: Batch | null
}

/** An install of the group that speaks the protocol as the test wants: what it sends is up to the test, and it answers nothing. */
export class RogueMember {
  readonly wire: Wire
  readonly groupId: Uint8Array
  readonly origin: OriginId
  readonly peer: PeerId
  readonly seen = new Recorder()
  /** Which server each peer is. */
  readonly #servers = new Map<number, PeerId>()
  readonly #transport: Transport
  readonly #make: ReturnType<Wire['makeBatchWith']>
  readonly #log: Batch[] = []

  readonly #group: ReplicaGroup
  readonly #invite: Invite

  private constructor(
    group: ReplicaGroup,
    invite: Invite,
    transport: Transport,
    key: { readonly origin: OriginId } & ReturnType<typeof newKeys>,
  ) {
    this.#group = group
    this.#invite = invite
    this.groupId = invite.groupId
    this.wire = createWire(invite)
    this.#transport = transport
    this.origin = key.origin
    this.peer = transport.self
    this.#make = this.wire.makeBatchWith(key)
  }

  /** Joins on `server` by an invite, and is connected with all servers of the group when it is fulfilled. `guest`: it only has the key. */
  static async join(group: ReplicaGroup, server: number, role: 'member' | 'guest' = 'member'): Promise<RogueMember> {
    const invite = await inviteOf(group)
    const keys = newKeys()
    const admission = role === 'guest' ? null : await admissionBy(invite, keys.privateKey, server)
    const rogue = await RogueMember.#start(group, invite, { keys, server, admission })
    if (role === 'member') {
      await rogue.isConnected()
      await rogue.takeSeat()
    }
    return rogue
  }

  static async #start(
    group: ReplicaGroup,
    invite: Invite,
    { keys, server, admission }: RogueKey,
  ): Promise<RogueMember> {
    const peer = peerIdOf(keys.publicKey)
    const origin = originOf(serverId(server), peer)
    const transport = await createLibp2pTransport({
      privateKey: keys.privateKey,
      groupKeys: { present: invite.groupKey, former: [] },
      groupId: invite.groupId,
      listen: ['/ip4/127.0.0.1/tcp/0'],
      mdns: 'off',
      clock: systemClock,
      logger: silentLogger,
      random: Math.random,
    })
    const rogue = new RogueMember(group, invite, transport, { origin, ...keys })
    const hello: HelloMessage = {
      kind: 'hello',
      origin,
      server: serverId(server),
      clock: Date.now() * 1_000,
      rows: new Map(),
      admission,
      vouchers: [],
      addresses: new Map(),
      keyMadeAt: 0,
      end: null,
    }
    const { seen } = rogue
    const connected = seen.connected.bind(seen)
    seen.connected = (other) => {
      transport.send(other, encodeMessage(hello), 'ordinary')
      connected(other)
    }
    await transport.start(seen)
    const members = new Map<PeerId, readonly string[]>()
    for (const one of group.servers) {
      const ready = await group.replica(one).ready()
      rogue.#servers.set(one, peerId(ready.peerId))
      members.set(peerId(ready.peerId), ready.listen)
    }
    transport.remember(members)
    return rogue
  }

  /** A second key of the same people, which this member lets in: the admission is in no log, the key shows it when it connects, and takes no seat. */
  async letsIn(server: number): Promise<RogueMember> {
    const keys = newKeys()
    const change = {
      kind: 'admission',
      invite: inviteId(toBase64Url(randomBytes(32))),
      peer: peerIdOf(keys.publicKey),
      server: serverId(server),
    } as const
    return RogueMember.#start(this.#group, this.#invite, { keys, server, admission: this.sibling(change) })
  }

  /** As `letsIn`, by an invite that this member makes and that the key uses at a server of the group, which writes the admission. */
  async invites(server: number): Promise<RogueMember> {
    const keys = newKeys()
    const token = new Uint8Array(randomBytes(tokenBytes))
    const expiresAtMs = Date.now() + inviteMs
    await this.send(
      this.#group.servers,
      this.batches(this.next({ kind: 'invite', invite: inviteIdOf(token), expiresAtMs })),
    )
    await this.#group.until(this.#group.servers, 'the invite is known', (statuses) =>
      statuses.every(({ vector }) => vector[this.origin] === this.sequence),
    )
    const invite = { ...this.#invite, token }
    const admission = await admissionBy(invite, keys.privateKey, server)
    return RogueMember.#start(this.#group, invite, { keys, server, admission })
  }

  /** Goes on with the group key that this server hands it. */
  async takeKey(server: number): Promise<void> {
    const { key } = await this.message(server, 'groupKey')
    this.#transport.useKeys({ present: fromBase64Url(key), former: [this.#invite.groupKey] })
  }

  isConnected(): Promise<void> {
    return within(
      waitMs,
      'the rogue is connected',
      this.seen.until(() => this.seen.connectedNow.size === this.#servers.size),
    )
  }

  async takeSeat(): Promise<void> {
    const { peer, origin } = this
    const claim = { kind: 'seat', server: seatOf(origin), peer, machine: 'rogue', replaces: null } as const
    await this.send(this.#group.servers, this.batches(this.next(claim)))
  }

  /** The next batch of its log, of one update each. */
  next(...changes: readonly Draft['change'][]): Batch {
    const batch = this.sibling(...changes)
    this.#log.push(batch)
    return batch
  }

  /** As `next`, without going on with it: another one of the same name may follow. */
  sibling(...changes: readonly Draft['change'][]): Batch {
    const before = this.#log.at(-1)
    const first = (before?.last ?? 0) + 1
    const drafts = changes.map((change, index) => ({ clock: Date.now() * 1_000 + first + index, change }))
    return this.#make(first, before?.lastHash ?? this.wire.firstHash(this.origin), drafts)
  }

  /** As `next`, written at `clock`. */
  nextAt(clock: number, change: Draft['change']): Batch {
    const before = this.#log.at(-1)
    const batch = this.#make((before?.last ?? 0) + 1, before?.lastHash ?? this.wire.firstHash(this.origin), [
      { clock, change },
    ])
    this.#log.push(batch)
    return batch
  }

  get sequence(): number {
    return this.#log.at(-1)?.last ?? 0
  }

  batches(...batches: readonly Batch[]): Uint8Array {
    return encodeMessage({ kind: 'batches', id: 0, batches })
  }

  /** Sends frames to these servers, connecting again where they have hung up. */
  async send(servers: readonly number[], ...frames: readonly Uint8Array[]): Promise<void> {
    for (const server of servers) {
      const peer = this.#peer(server)
      await within(
        waitMs,
        `the rogue is connected with ${server}`,
        this.seen.until(() => this.seen.connectedNow.has(peer)),
      )
      for (const frame of frames) this.#transport.send(peer, frame, 'ordinary')
    }
  }

  /** Publishes to the group. */
  gossip(...frames: readonly Uint8Array[]): void {
    for (const frame of frames) this.#transport.gossip(frame)
  }

  /** Fulfilled when the server has hung up, since there were so many events. */
  cutOff(server: number, since: number): Promise<void> {
    const mark = `-${this.#peer(server).slice(-4)} `
    return within(
      waitMs,
      `server ${server} hangs up`,
      this.seen.until(() => this.seen.events.slice(since).some((event) => event.startsWith(mark))),
    )
  }

  /** The state that a server gives. */
  async stateOf(server: number): Promise<readonly string[]> {
    const chunks: string[] = []
    let image = 0
    do {
      const index = chunks.length
      await this.send([server], encodeMessage({ kind: 'stateRequest', image, index }))
      const next = await this.message(server, 'stateChunk', (chunk) => chunk.index === index)
      image = next.image
      chunks.push(next.chunk)
      if (chunks.length === next.count) return chunks
    } while (chunks.length < mostChunks)
    throw new Error('a state without end')
  }

  /** The first message of this server that is `meant`, those of the past included, but for the first `since` of all servers. */
  async message<Kind extends Message['kind']>(
    server: number,
    kind: Kind,
    isMeant: (message: Extract<Message, { readonly kind: Kind }>) => boolean = () => true,
    since = 0,
  ): Promise<Extract<Message, { readonly kind: Kind }>> {
    const peer = this.#peer(server)
    type Found = Extract<Message, { readonly kind: Kind }>
    let found: Found | undefined
    await within(
      waitMs,
      `a ${kind} message of server ${server}`,
      this.seen.until(() => {
        for (const { peer: from, frame } of this.seen.messages.slice(since)) {
          if (from !== peer || found !== undefined) continue
          const message = this.wire.decodeMessage(frame)
          if (message.ok && message.value?.kind === kind && isMeant(message.value as Found))
            found = message.value as Found
        }
        return found !== undefined
      }),
    )
    return found as unknown as Found
  }

  /** What kinds of messages it was told so far, each once, but for the first `since`. */
  messageKinds(since = 0): readonly string[] {
    const kinds = this.seen.messages.slice(since).map(({ frame }) => {
      const message = this.wire.decodeMessage(frame)
      return message.ok ? (message.value?.kind ?? 'of a later version') : 'invalid'
    })
    return [...new Set(kinds)].sort()
  }

  end(): Promise<void> {
    return this.#transport.stop()
  }

  #peer(server: number): PeerId {
    const peer = this.#servers.get(server)
    if (peer === undefined) throw new Error(`the group has no server ${server}`)
    return peer
  }
}

/** Somebody with the group's key alone who takes part in its gossip. */
export const gossiper = async (
  group: ReplicaGroup,
): Promise<{ readonly publish: (frame: Uint8Array) => void; readonly end: () => Promise<void> }> => {
  const { groupId, groupKey } = await inviteOf(group)
  const node = await createMemberNode({
    privateKey: keyFromSeed(newKeys().privateKey),
    keys: new KeyRing({ present: groupKey, former: [] }),
    groupId,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    gater: {},
  })
  await node.start()
  node.services.gossip.subscribe(topicOf(groupId))
  for (const server of group.servers) {
    const [address = ''] = (await group.replica(server).ready()).listen
    await node.dial(multiaddr(address))
  }
  return {
    publish: (frame) => void node.services.gossip.publish(topicOf(groupId), frame).catch(() => undefined),
    end: async () => node.stop(),
  }
}

/** The batch by which a member lets an install with this key in. */
const admissionBy = async (invite: Invite, privateKey: Uint8Array, server: number): Promise<Batch> => {
  const request = {
    token: invite.token,
    peer: peerIdOf(publicKeyOf(privateKey)),
    server: serverId(server),
    machine: 'rogue',
  }
  const answer = await requestJoin({ ...invite, privateKey, request, timeoutMs: joinTimeoutMs, clock: systemClock })
  if (!answer.ok) throw new Error(answer.failure.message)
  return answer.value.admission
}

type BatchFields = [number, string, Uint8Array, number, Uint8Array, Uint8Array[], Uint8Array]

/** The same batch with other fields, and the signature that it had. */
export const rewritten = (batch: Batch, change: (fields: BatchFields) => void): Uint8Array => {
  const fields = decode(batch.bytes) as BatchFields
  change(fields)
  return encode([4, 0, [encode(fields)]])
}

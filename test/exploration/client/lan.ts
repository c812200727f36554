import type { PeerId } from '../../../replica/core/model/ids.ts'
import type { Transport, TransportListener } from '../../../replica/host/ports.ts'
import type { VirtualTime } from './virtual-time.ts'

const delayMs = 5
const connectMs = 20
const againMs = 400

interface Station {
  readonly listener: TransportListener
  readonly linked: Set<PeerId>
}

/** The network between the servers: all are connected that are up, as soon as nothing keeps them apart. */
export class Lan {
  readonly #time: VirtualTime
  readonly #stations = new Map<PeerId, Station>()
  #isParted = false

  constructor(time: VirtualTime) {
    this.#time = time
  }

  get isParted(): boolean {
    return this.#isParted
  }

  /** Nothing passes between any two of them. */
  part(): void {
    this.#isParted = true
    for (const [peer, { linked }] of this.#stations) for (const other of [...linked]) this.#unlink(peer, other)
  }

  meet(): void {
    this.#isParted = false
    for (const peer of this.#stations.keys()) this.#linkAll(peer)
  }

  /** The machine has crashed. */
  leave(peer: PeerId): void {
    const station = this.#stations.get(peer)
    this.#stations.delete(peer)
    for (const other of station?.linked ?? []) {
      const left = this.#stations.get(other)
      if (left?.linked.delete(peer) === true) this.#time.after(delayMs, () => left.listener.disconnected(peer, 'lost'))
    }
  }

  transport(self: PeerId): Transport {
    const nothing = (): void => undefined
    return {
      self,
      start: (listener) => {
        this.#stations.set(self, { listener, linked: new Set() })
        this.#linkAll(self)
        return Promise.resolve()
      },
      stop: () => {
        this.leave(self)
        return Promise.resolve()
      },
      listenAddresses: () => [],
      links: () => [],
      send: (peer, frame) => this.#send(self, peer, frame),
      disconnect: (peer) => {
        this.#unlink(self, peer)
        this.#time.after(againMs, () => this.#link(self, peer))
      },
      ...{ gossip: nothing, deny: nothing, hint: nothing, remember: nothing, know: nothing },
      ...{ useKeys: nothing, dismissed: nothing, redial: nothing },
    }
  }

  #send(from: PeerId, to: PeerId, frame: Uint8Array): void {
    const [sender, receiver] = [this.#stations.get(from), this.#stations.get(to)]
    if (sender?.linked.has(to) !== true || receiver === undefined) return
    this.#time.after(delayMs, () => {
      if (this.#stations.get(to) === receiver && receiver.linked.has(from)) receiver.listener.message(from, frame)
    })
  }

  #linkAll(peer: PeerId): void {
    for (const other of this.#stations.keys())
      if (other !== peer) this.#time.after(connectMs, () => this.#link(peer, other))
  }

  #link(one: PeerId, other: PeerId): void {
    const [left, right] = [this.#stations.get(one), this.#stations.get(other)]
    if (this.#isParted || left === undefined || right === undefined || left.linked.has(other)) return
    left.linked.add(other)
    right.linked.add(one)
    left.listener.connected(other)
    right.listener.connected(one)
  }

  #unlink(one: PeerId, other: PeerId): void {
    const [left, right] = [this.#stations.get(one), this.#stations.get(other)]
    if (left?.linked.delete(other) === true) left.listener.disconnected(other, 'cut')
    if (right?.linked.delete(one) === true) right.listener.disconnected(one, 'cut')
  }
}

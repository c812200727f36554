import type { CoreEvent } from '../../replica/core/effects.ts'
import { Inbound } from '../../replica/host/inbound.ts'
import type { LoggerPort } from '../../replica/host/ports.ts'
import { peerId, type PeerId } from '../../replica/core/model/ids.ts'
import type { IsHeld } from '../../replica/wire/message-codec.ts'
import { decodeGossip, decodeMessage } from '../../replica/wire/message-codec.ts'
import type { Machine } from './machine.ts'
import { context } from './sim-wire.ts'
import { readBatch, readMessage } from './versions.ts'
import { Violation } from './violation.ts'

const somebody = peerId('somebody')
const nothing = (): void => undefined

/** What comes in, read as the program reads it: frames become messages, and who sends what is not valid is disconnected. */
export class MachineInbox {
  readonly #machine: Machine
  readonly #inbound: Inbound

  constructor(machine: Machine) {
    this.#machine = machine
    const logger: LoggerPort = {
      debug: nothing,
      info: nothing,
      error: nothing,
      warn: (_, fields) => this.#refused(fields),
    }
    this.#inbound = new Inbound({
      wire: {
        decodeMessageAside: (frame, isHeld) => decodeMessage(context, frame, isHeld),
        decodeGossip: (frame, isHeld) => decodeGossip(context, frame, isHeld),
      },
      transport: { disconnect: (peer: PeerId) => machine.world.network.disconnect(machine.peer, peer) },
      logger,
      clock: { nowMs: () => machine.world.timeline.nowMs },
      isHeld: this.#isHeld,
      // The core itself passes over what comes of somebody who was not let in.
      isGreeted: () => true,
      took: (event) => this.#took(event),
    })
  }

  message(peer: PeerId, frame: Uint8Array): void {
    if (this.#machine.isUp) this.#inbound.take(peer, frame)
  }

  gossip(frame: Uint8Array): void {
    if (this.#machine.isUp) this.#inbound.gossip(somebody, frame)
  }

  #took(event: Extract<CoreEvent, { kind: 'message' | 'gossip' }>): void {
    const { version, world } = this.#machine
    if (event.kind === 'gossip') {
      this.#machine.enqueue({ kind: 'gossip', batches: event.batches.map((batch) => readBatch(version, batch)) })
      return
    }
    const { peer, message } = event
    if (world.liar?.machine === this.#machine) world.liar.heard(message)
    this.#machine.enqueue({ kind: 'message', peer, message: readMessage(version, message) })
  }

  /** Nobody who is honest sends what is refused. */
  #refused(failure: Readonly<Record<string, unknown>> | undefined): void {
    const { liar, coverage } = this.#machine.world
    if (liar !== null && liar.machine.peer === failure?.peer) coverage.note('lie refused')
    else throw new Violation('malformed', `${this.#machine.name} refuses what it is sent: ${JSON.stringify(failure)}`)
  }

  readonly #isHeld: IsHeld = (origin, last) => this.#machine.core.state.held(origin) > last
}

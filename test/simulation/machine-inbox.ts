import { Inbound } from '../../replica/host/inbound.ts'
import type { LoggerPort } from '../../replica/host/ports.ts'
import type { PeerId } from '../../replica/core/model/ids.ts'
import type { IsHeld } from '../../replica/wire/message-codec.ts'
import { decodeGossip, decodeMessage } from '../../replica/wire/message-codec.ts'
import type { Machine } from './machine.ts'
import { context } from './sim-wire.ts'
import { readBatch, readMessage } from './versions.ts'
import { Violation } from './violation.ts'

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
    const wire = { decodeMessageAside: (frame: Uint8Array, isHeld?: IsHeld) => decodeMessage(context, frame, isHeld) }
    const transport = { disconnect: (peer: PeerId) => machine.world.network.disconnect(machine.peer, peer) }
    this.#inbound = new Inbound({ wire, transport, logger }, this.#isHeld, (peer, message) => {
      if (machine.world.liar?.machine === machine) machine.world.liar.heard(message)
      machine.enqueue({ kind: 'message', peer, message: readMessage(machine.version, message) })
    })
  }

  message(peer: PeerId, frame: Uint8Array): void {
    if (this.#machine.isUp) this.#inbound.take(peer, frame)
  }

  gossip(frame: Uint8Array): void {
    const { version, isUp } = this.#machine
    if (!isUp) return
    const batches = decodeGossip(context, frame, this.#isHeld)
    if (!batches.ok) this.#refused({ peer: 'somebody', ...batches.failure })
    else if (batches.value.length > 0)
      this.#machine.enqueue({ kind: 'gossip', batches: batches.value.map((batch) => readBatch(version, batch)) })
  }

  /** Nobody who is honest sends what is refused. */
  #refused(failure: Readonly<Record<string, unknown>> | undefined): void {
    const { liar, coverage } = this.#machine.world
    if (liar !== null && liar.machine.peer === failure?.peer) coverage.note('lie refused')
    else throw new Violation('malformed', `${this.#machine.name} refuses what it is sent: ${JSON.stringify(failure)}`)
  }

  readonly #isHeld: IsHeld = (origin, last) => this.#machine.core.state.held(origin) > last
}

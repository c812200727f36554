import { networkInterfaces } from 'node:os'
import type { ClockPort } from '../host/ports.ts'

/** By so much more than the clock should have gone on, it has been set, or the machine has slept. */
const sleptMs = 10_000

/** Tells when connections may be of no use any more: the machine has other addresses than before, or has slept. */
export class NetworkWatch {
  readonly #clock: Pick<ClockPort, 'nowMs'>
  readonly #addresses: () => string
  #known: string
  #lookedMs: number

  constructor(clock: Pick<ClockPort, 'nowMs'>, addresses = machineAddresses) {
    this.#clock = clock
    this.#addresses = addresses
    this.#known = addresses()
    this.#lookedMs = clock.nowMs()
  }

  /** Whether that has happened since this was last asked, which is to be done every second or so. */
  hasChanged(): boolean {
    const [known, lookedMs] = [this.#known, this.#lookedMs]
    this.#known = this.#addresses()
    this.#lookedMs = this.#clock.nowMs()
    return this.#known !== known || this.#lookedMs - lookedMs > sleptMs
  }
}

const machineAddresses = (): string =>
  Object.entries(networkInterfaces())
    .flatMap(([name, found]) => (found ?? []).map(({ address }) => `${name} ${address}`))
    .sort()
    .join()

import { msToClock } from '../core/model/clock.ts'
import type { Clock } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import type { Overtaken } from '../core/model/signed.ts'
import type { ClientClock } from './client-ports.ts'

/** Then it is noticed anew: this machine's clock may have been set right meanwhile. */
const noticedForMicros = 3_600_000_000

/** Tells when a person says something that they can say anew, in microseconds: each time later than the time before. */
export class WordClock {
  readonly #clock: ClientClock
  #last: Clock = 0
  /** By how much this machine's clock is behind that of the server, as far as that has been noticed. */
  #behind = 0
  /** What this machine's clock said then. */
  #noticed: Clock = 0

  constructor(clock: ClientClock) {
    this.#clock = clock
  }

  now(): Clock {
    const passed = this.#wall() - this.#noticed
    if (passed < 0 || passed > noticedForMicros) this.#behind = 0
    this.#last = Math.min(Math.max(this.#last + 1, this.#wall() + this.#behind), limits.lastClock)
    return this.#last
  }

  /** For a word that would not have counted. That one thing was last spoken of by a clock that is ahead changes nothing for others. */
  after({ by, clock }: Overtaken): Clock {
    this.#behind = Math.max(this.#behind, clock - this.#wall())
    this.#noticed = this.#wall()
    return Math.max(this.now(), Math.min(by + 1, limits.lastClock))
  }

  /** What one server says of the time is not carried to another: it may be wrong, or not honest. */
  atAnotherServer(): void {
    this.#last = 0
    this.#behind = 0
  }

  #wall(): Clock {
    return msToClock(Math.floor(this.#clock.nowMs()))
  }
}

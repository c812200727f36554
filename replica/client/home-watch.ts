import { limits } from '../core/model/limits.ts'
import type { ReplicaApi } from '../api/contract.ts'
import type { ClientClock } from './client-ports.ts'

interface Home<Opened> {
  /** Opens a connection to the own replica. */
  readonly open: () => Promise<Opened>
  readonly apiOf: (opened: Opened) => ReplicaApi
  /** The replica that stands in for it and has to be caught up with; null when none has. */
  readonly standIn: () => ReplicaApi | null
  /** Goes over to the own replica. */
  readonly goOver: (opened: Opened) => Promise<void>
  readonly close: (opened: Opened) => void
}

/**
 * Looks, while another server stands in, whether the own replica is back, and goes back to it when it has caught up with what the
 * other showed: what a person has just seen must not vanish.
 */
export class HomeWatch<Opened> {
  readonly #clock: ClientClock
  readonly #home: Home<Opened>
  #stop: (() => void) | null = null
  #round = 0

  constructor(clock: ClientClock, home: Home<Opened>) {
    this.#clock = clock
    this.#home = home
  }

  start(): void {
    this.stop()
    this.#plan(limits.homeLookMs)
  }

  stop(): void {
    this.#round += 1
    this.#stop?.()
    this.#stop = null
  }

  #plan(delayMs: number): void {
    const round = this.#round
    this.#stop = this.#clock.after(delayMs, () => {
      void this.#look(round, delayMs)
    })
  }

  async #look(round: number, delayMs: number): Promise<void> {
    const hasReturned = await this.#tryReturn(round).catch(() => false)
    if (round !== this.#round || hasReturned) return
    this.#plan(Math.min(delayMs * 2, limits.homeLookMostMs))
  }

  async #tryReturn(round: number): Promise<boolean> {
    const { open, apiOf, standIn, goOver, close } = this.#home
    const opened = await open()
    try {
      const shown = await standIn()?.status()
      for (let tries = 0; shown !== undefined; tries += 1) {
        const { vector } = await apiOf(opened).status()
        if (Object.entries(shown.vector).every(([origin, held]) => (vector[origin] ?? 0) >= held)) break
        if (round !== this.#round || tries >= limits.homeCatchUpTries) throw new Error('the own replica lags behind')
        await new Promise<void>((over) => this.#clock.after(limits.homeLookMs, over))
      }
      if (round !== this.#round) throw new Error('the client has gone elsewhere')
      await goOver(opened)
      return true
    } catch (error) {
      close(opened)
      throw error
    }
  }
}

import type { ProcessPlace } from '../../build/cluster/json-process.ts'

/** What can be wrong with the network, as far as a kind of it can show that. */
export type LinkFault = 'cut' | 'deaf' | 'halfOpen' | 'loss' | 'delay'

/** The network between the five machines. Its faults are set and ended at once, without waiting for what comes of them. */
export interface TortureNetwork {
  /** One sentence: what it is, and what that changes. */
  readonly description: string
  readonly faults: ReadonlySet<LinkFault>
  placeOf(server: number): ProcessPlace
  /** The multiaddr that a server listens at. */
  listenOf(server: number): string
  /** The cable of a server is pulled out. */
  cut(server: number): Promise<void>
  /** `server` hears nothing from `from`: dropped, not refused. */
  deafen(server: number, from: readonly number[]): Promise<void>
  /** 30 % of what comes to the server is lost. */
  lose(server: number): Promise<void>
  /** All that comes from the server is 300 ms late. */
  delay(server: number): Promise<void>
  /** Ends all that is wrong at a server. */
  mend(server: number): Promise<void>
  /** After a start: what is wrong there is so for the new process too. */
  started(server: number): Promise<void>
  /** Leaves nothing behind. */
  end(): Promise<void>
}

export const lostShare = 0.3
export const delayMs = 300

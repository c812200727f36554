import type { MailProcess } from '../../build/cluster/mail-process.ts'
import type { ProcessPlace } from '../../build/cluster/json-process.ts'
import type { LinkFault, TortureNetwork } from './network.ts'

const here: ProcessPlace = { command: [], environment: {} }

/** All on one machine's loopback, where only the replicas themselves can part: by the verbs `pause` and `resume`. */
export class LoopbackNetwork implements TortureNetwork {
  readonly description: string
  readonly faults: ReadonlySet<LinkFault> = new Set<LinkFault>(['cut', 'deaf'])
  readonly #servers: readonly number[]
  readonly #operator: (server: number) => MailProcess
  readonly #apart = new Map<number, Set<number>>()

  constructor(servers: readonly number[], operator: (server: number) => MailProcess, reason: string) {
    this.#servers = servers
    this.#operator = operator
    this.description = `network: loopback and the verbs pause and resume (${reason}); so nothing is lost or late on the way, cuts are told`
  }

  placeOf(_server: number): ProcessPlace {
    return here
  }

  listenOf(_server: number): string {
    return '/ip4/127.0.0.1/tcp/0'
  }

  async cut(server: number): Promise<void> {
    await this.deafen(
      server,
      this.#servers.filter((other) => other !== server),
    )
  }

  async deafen(server: number, from: readonly number[]): Promise<void> {
    const apart = this.#apart.get(server) ?? new Set()
    this.#apart.set(server, apart)
    for (const other of from) apart.add(other)
    await this.started(server)
  }

  async lose(_server: number): Promise<void> {
    await Promise.reject(new Error('nothing can be lost on loopback'))
  }

  async delay(_server: number): Promise<void> {
    await Promise.reject(new Error('nothing can be late on loopback'))
  }

  async mend(server: number): Promise<void> {
    this.#apart.delete(server)
    await this.started(server)
  }

  /** A replica that cannot be asked now is asked again after its start. */
  async started(server: number): Promise<void> {
    const apart = [...(this.#apart.get(server) ?? [])]
    const together = this.#servers.filter((other) => other !== server && !apart.includes(other))
    const operator = this.#operator(server)
    const asked = [
      ...(together.length === 0 ? [] : [operator.ask('resume', { servers: together })]),
      ...(apart.length === 0 ? [] : [operator.ask('pause', { servers: apart })]),
    ]
    await Promise.all(asked).catch(() => undefined)
  }

  async end(): Promise<void> {
    await Promise.resolve()
  }
}

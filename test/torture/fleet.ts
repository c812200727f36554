import type { GroupStatus } from '../../build/cluster/mail-process.ts'
import type { Machine } from './machine.ts'
import { sleep } from './system.ts'

const pollMs = 250
const inviteTries = 4
const retireTries = 12
const retirePauseMs = 1_000

/** The five machines together. */
export class Fleet {
  readonly machines: readonly Machine[]

  constructor(machines: readonly Machine[]) {
    this.machines = machines
  }

  machine(server: number): Machine {
    const machine = this.machines.find((one) => one.server === server)
    if (machine === undefined) throw new Error(`there is no server ${server}`)
    return machine
  }

  othersUp(machine: Machine): readonly Machine[] {
    return this.machines.filter((other) => other !== machine && other.state === 'up')
  }

  /** Whether the others that can be asked hold, together, everything that `machine` holds: then its disk may go. */
  async isCovered(machine: Machine, withinMs: number): Promise<'covered' | 'not covered'> {
    for (const deadline = performance.now() + withinMs; ;) {
      const own = await machine.status()
      const others = await Promise.all(this.othersUp(machine).map((other) => other.status()))
      if (own !== null && covers(others, own)) return 'covered'
      if (performance.now() > deadline) return 'not covered'
      await sleep(pollMs)
    }
  }

  /** Lets a machine without a data directory in, on its seat. Rejects when nobody could. */
  async letIn(machine: Machine, first: Machine | null): Promise<void> {
    const helpers = first === null ? this.othersUp(machine) : [first, ...this.othersUp(machine)]
    let last: unknown = new Error('no server is up')
    for (const helper of Array.from({ length: inviteTries }, () => helpers).flat()) {
      try {
        const { invite } = await helper.operator.ask('invite')
        await machine.start({ join: invite })
        return
      } catch (error) {
        last = error
      }
    }
    throw last
  }

  /** Tells the group that the machine on this seat is gone for good. */
  async retire(machine: Machine, helper: Machine): Promise<'retired' | 'not retired'> {
    for (let tries = 0; tries < retireTries; tries += 1) {
      const answer = await helper.operator.exchange({ do: 'retire', server: machine.server }).catch(() => null)
      if (answer?.['ok'] === true) return 'retired'
      await sleep(retirePauseMs)
    }
    return 'not retired'
  }

  /** How long it took until all five had seen each other and held the same; or what they say when they never did. */
  async agree(withinMs: number): Promise<{ readonly tookMs: number } | { readonly differs: string }> {
    const beganMs = performance.now()
    for (;;) {
      const statuses = await Promise.all(this.machines.map((machine) => machine.status()))
      const known = statuses.filter((status) => status !== null)
      const states = new Set(known.map(({ digest, vector }) => `${digest} ${vectorText(vector)}`))
      const isWhole = known.length === this.machines.length && states.size === 1
      const sees = (status: GroupStatus): boolean => status.view.servers.length === this.machines.length
      const tookMs = Math.round(performance.now() - beganMs)
      if (isWhole && known.every(sees)) return { tookMs }
      if (tookMs > withinMs) return { differs: this.#describe(statuses) }
      await sleep(pollMs)
    }
  }

  #describe(statuses: readonly (GroupStatus | null)[]): string {
    const lines = statuses.map((status, index) => {
      const server = this.machines[index]?.server ?? 0
      if (status === null) return `server ${server} does not say`
      const { view, digest, mails, vector, warnings } = status
      const seen = `sees ${view.servers.join()}, digest ${digest.slice(0, 12)}, ${mails} mails`
      return `server ${server} ${seen}, holds ${vectorText(vector)} ${warnings.join(' ')}`
    })
    return lines.join('\n')
  }
}

const vectorText = (vector: GroupStatus['vector']): string =>
  Object.entries(vector)
    .filter(([, held]) => held > 0)
    .map(([origin, held]) => `${origin}:${held}`)
    .sort()
    .join(' ')

const covers = (others: readonly (GroupStatus | null)[], { vector }: GroupStatus): boolean =>
  Object.entries(vector).every(([origin, held]) => others.some((other) => (other?.vector[origin] ?? 0) >= held))

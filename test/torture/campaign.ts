import { mkdir } from 'node:fs/promises'
import { canInstall, installPackages } from '../../build/debian-packages.ts'
import { Random } from '../simulation/random.ts'
import { Clocks } from './clocks.ts'
import { Destruction } from './destruction.ts'
import { Faults } from './faults.ts'
import { Fleet } from './fleet.ts'
import type { Journal } from './journal.ts'
import { Ledger } from './ledger.ts'
import { LoopbackNetwork } from './loopback.ts'
import { Machine } from './machine.ts'
import { NamespaceNetwork } from './namespaces.ts'
import type { TortureNetwork } from './network.ts'
import { Person } from './person.ts'
import { quietPoint } from './quiet-point.ts'
import { SmallDisk, unmountLeftOvers } from './small-disk.ts'
import { hasCommand, isRootOnLinux } from './system.ts'
import { Workload } from './workload.ts'

const servers = [1, 2, 3, 4, 5]
/** The last one's seat is free at first. */
const founders = 4
const names = ['ada', 'ben', 'cleo', 'dan', 'eva', 'finn']
/** The last two sign up some time later, wherever that is. */
const presentAtFirst = 4
const smallDisks = 2
const shortestRoundMs = 15_000
const roundMs = 15_000
const leastLeftMs = 5_000
const logLines = 30

export interface CampaignOptions {
  readonly seed: number
  readonly minutes: number
  readonly network: 'best' | 'loopback'
  /** Root of another version's checkout, from which about half of the processes are run; null: all are of this one. */
  readonly beside: string | null
  /** Holds everything of this run. */
  readonly directory: string
  readonly journal: Journal
}

/** Five real replicas, people at real clients, and everything that goes wrong; and whether it was right each time all was well again. */
export class Campaign {
  readonly #options: CampaignOptions
  readonly #random: Random
  readonly #wrong: string[] = []
  readonly #disks: SmallDisk[] = []
  #network: TortureNetwork | null = null
  #people: readonly Person[] = []
  #fleet = new Fleet([])

  constructor(options: CampaignOptions) {
    this.#options = options
    this.#random = new Random(options.seed)
  }

  /** What is wrong, in sentences; it ends with the first quiet point that finds something. */
  async run(): Promise<readonly string[]> {
    const { journal, minutes } = this.#options
    const clocks = await this.#prepare()
    const ledger = new Ledger(journal)
    const { machines } = this.#fleet
    this.#people = names.map((name, index) => new Person(name, this.#fleet.machine((index % founders) + 1), ledger))
    const wrong = (sentence: string): void => this.#found(sentence)
    const workload = new Workload({
      people: this.#people,
      machines,
      ledger,
      journal,
      random: this.#random.fork(),
      wrong,
    })
    const network = this.#theNetwork()
    const destruction = new Destruction({
      fleet: this.#fleet,
      network,
      journal,
      people: this.#people,
      workload,
      ledger,
    })
    const faults = new Faults({
      fleet: this.#fleet,
      network,
      clocks,
      journal,
      random: this.#random.fork(),
      destruction,
      wrong,
    })

    await this.#foundGroup()
    const endMs = journal.ms + minutes * 60_000
    for (let round = 1; this.#wrong.length === 0; round += 1) {
      workload.goOn()
      const leftMs = Math.max(leastLeftMs, endMs - journal.ms)
      await faults.strike(Math.min(leftMs, shortestRoundMs + this.#random.waitMs(roundMs)))
      const isLast = journal.ms >= endMs - leastLeftMs
      await faults.heal()
      const found = await quietPoint({
        round,
        opens: isLast ? 'all' : 'new',
        fleet: this.#fleet,
        people: this.#people,
        ledger,
        journal,
        workload,
        random: this.#random.fork(),
      })
      for (const sentence of found) this.#found(sentence)
      if (isLast) break
    }
    const struck = [...faults.counts].map(([kind, count]) => `${count} ${kind}`).join(', ')
    journal.say(`${workload.acts} acts of people; faults: ${struck}`)
    return this.#wrong
  }

  /** Ends all processes and leaves nothing behind but the directory. */
  async end(): Promise<void> {
    await Promise.all(this.#people.map((person) => person.end()))
    await Promise.all(this.#fleet.machines.map((machine) => machine.end()))
    await this.#network?.end()
  }

  /** After the evidence was kept. */
  async unmount(): Promise<void> {
    await Promise.all(this.#disks.map((disk) => disk.unmount()))
  }

  /** The ends of the replicas' logs. */
  async logTails(): Promise<string> {
    const tails = this.#fleet.machines.map(
      async (machine) => `--- server ${machine.server}: ${machine.data}\n${await machine.logTail(logLines)}`,
    )
    return (await Promise.all(tails)).join('\n')
  }

  async #prepare(): Promise<Clocks> {
    const { directory, journal, network } = this.#options
    await mkdir(directory, { recursive: true })
    const missing = network === 'best' ? missingPackages(await Clocks.create(directory)) : []
    if (missing.length > 0 && canInstall()) {
      journal.say(`installing ${missing.join(', ')} with apt-get (once)`)
      await installPackages(missing)
    }
    const clocks = await Clocks.create(directory)
    const machines: Machine[] = []
    const nextProgram = this.#programs()
    if (isRootOnLinux()) await unmountLeftOvers()
    for (const server of servers) {
      const disk = server > servers.length - smallDisks ? await this.#smallDisk(server) : null
      machines.push(
        new Machine({
          server,
          directory,
          disk,
          clocks,
          network: () => this.#theNetwork(),
          nextProgram,
          onCrash: (sentence) => this.#found(sentence),
        }),
      )
    }
    this.#fleet = new Fleet(machines)
    this.#network = await this.#chooseNetwork()
    journal.say(this.#network.description)
    journal.say(clocks.description)
    journal.say(
      this.#disks.length === 0
        ? 'disks: none can be filled (small disks need root on Linux)'
        : `disks: small ones, which can be filled, for servers ${servers.slice(-smallDisks).join(' and ')}`,
    )
    return clocks
  }

  #programs(): () => string | undefined {
    const { beside } = this.#options
    if (beside === null) return () => undefined
    const random = this.#random.fork()
    return () => (random.int(0, 1) === 0 ? beside : undefined)
  }

  async #chooseNetwork(): Promise<TortureNetwork> {
    const loopback = (reason: string): TortureNetwork =>
      new LoopbackNetwork(servers, (server) => this.#fleet.machine(server).operator, reason)
    if (this.#options.network === 'loopback') return loopback('as asked')
    if (!isRootOnLinux()) return loopback('namespaces need root on Linux')
    try {
      return await NamespaceNetwork.create(servers)
    } catch (error) {
      return loopback(`no namespaces here: ${error instanceof Error ? error.message : String(error)}`)
    }
  }

  #theNetwork(): TortureNetwork {
    if (this.#network === null) throw new Error('the network is not there yet')
    return this.#network
  }

  async #smallDisk(server: number): Promise<SmallDisk | null> {
    if (!isRootOnLinux()) return null
    const disk = await SmallDisk.mount(`${this.#options.directory}/disk-${server}`).catch(() => null)
    if (disk !== null) this.#disks.push(disk)
    return disk
  }

  async #foundGroup(): Promise<void> {
    const { journal } = this.#options
    const [first, ...others] = this.#fleet.machines.slice(0, founders)
    if (first === undefined) throw new Error('a group needs a first server')
    await first.start({ create: 'Torture' })
    for (const machine of others) await this.#fleet.letIn(machine, first)
    await Promise.all(this.#people.slice(0, presentAtFirst).map((person) => person.signUp(person.machine)))
    journal.say(
      `a group of ${founders} servers and ${presentAtFirst} people; the directory is ${this.#options.directory}`,
    )
  }

  #found(sentence: string): void {
    this.#options.journal.say(`WRONG: ${sentence}`)
    this.#wrong.push(sentence)
  }
}

const missingPackages = (clocks: Clocks): readonly string[] => [
  ...(hasCommand('ip') ? [] : ['iproute2']),
  ...(hasCommand('nft') ? [] : ['nftables']),
  ...(clocks.canBeSet ? [] : ['libfaketime']),
]

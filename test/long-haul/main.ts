import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { platform, tmpdir } from 'node:os'
import path from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { ReplicaGroup } from '../../build/cluster/group.ts'
import type { MailProcess } from '../../build/cluster/mail-process.ts'
import { seededRandom, textOf } from '../bench/corpus.ts'
import { median } from '../bench/figures.ts'
import { inspectable, liveMbOf } from './live-memory.ts'
import { heading, rowOf, type Vitals, vitalsOf } from './vitals.ts'

const servers = [1, 2, 3, 4, 5]
const away = 5
/** The one that is away goes and comes at these shares of the whole. */
const leavesAt = 0.25
const returnsAt = 0.75
const bodyChars = 1_000
/** Mails that each person keeps; older ones are deleted as new ones come. */
const keptMails = 200
const wishesAtOnce = 32
const slices = 20
const latencySamples = 100
const settleWithinMs = 600_000
const usualUpdates = 1_000_000
const usageExitCode = 2
const shownLogLines = 20
/** How much more than after the first slices is still flat. */
const growthAllowed = { diskMb: 1.5, descriptors: 1.25, answerP50Ms: 1.5 } as const
/** Of what is in use. A leak of 100 bytes an update is more than that after 200,000. */
const liveGrowthAllowed = 1.2
/** What a replica takes of the machine, of which V8 may have emptied much. */
const memoryAllowedMb = 640

/** Somebody who writes mails and deletes them at the rate they come. */
class Writer {
  readonly client: MailProcess
  readonly #name: string
  readonly #random: () => number
  readonly #kept: string[] = []

  constructor(client: MailProcess, name: string, seed: number) {
    this.client = client
    this.#name = name
    this.#random = seededRandom(seed)
  }

  /** So many updates: half of them mails, half deletions. Fulfilled when all are durable. */
  async work(updates: number): Promise<void> {
    let left = updates
    const lane = async (): Promise<void> => {
      while (left > 0) {
        const made = await this.#turn()
        left -= made
      }
    }
    await Promise.all(Array.from({ length: wishesAtOnce }, lane))
  }

  /** Milliseconds to the answer, of wishes one after the other. */
  async answersMs(count: number): Promise<readonly number[]> {
    const took: number[] = []
    for (let index = 0; index < count; index += 1) {
      const began = performance.now()
      await this.#turn()
      took.push(performance.now() - began)
    }
    return took
  }

  async #turn(): Promise<number> {
    const oldest = this.#kept.length >= keptMails ? this.#kept.shift() : undefined
    if (oldest !== undefined) await this.client.ask('delete', { mail: oldest })
    const body = textOf('natural', bodyChars, this.#random)
    const { mail } = await this.client.ask('send', { to: [this.#name], subject: 'Log entry', body })
    this.#kept.push(mail)
    return oldest === undefined ? 1 : 2
  }
}

const parse = (): { readonly updates: number } => {
  const command = new Command('long-haul')
    .description('Much traffic in a short time: what has gone by must leave nothing behind.')
    .option('--updates <number>', 'updates in all', wholeNumber, usualUpdates)
    .configureOutput({ writeErr: (text) => process.stderr.write(text) })
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : usageExitCode))
  return command.parse().opts()
}

const wholeNumber = (text: string): number => {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < slices * 1_000)
    throw new InvalidArgumentError(`at least ${slices * 1_000}`)
  return value
}

interface Haul {
  /** After each slice. */
  readonly rows: readonly Vitals[]
  /** What is in use, in a calm moment after the first quarter and at the end. */
  readonly live: { readonly earlyMb: number; readonly lateMb: number }
}

const haul = async (group: ReplicaGroup, updates: number): Promise<Haul> => {
  const writers = await Promise.all(
    servers.slice(0, -1).map(async (server) => {
      const name = `writer ${server}`
      return new Writer(await group.person(name, server), name, server)
    }),
  )
  const [first] = writers
  if (first === undefined) throw new Error('nobody writes')
  // From the beginning on, what this opens is among the open files.
  await liveMbOf(group, servers)
  const rows: Vitals[] = []
  const calmLiveMb = async (): Promise<number> => {
    await group.settled(servers, settleWithinMs)
    const liveMb = await liveMbOf(group, servers)
    console.log(`in use, with all garbage collected: ${liveMb.toFixed(1)} MB`)
    return liveMb
  }
  let earlyMb = 0
  const here = new Set(servers)
  for (let slice = 1; slice <= slices; slice += 1) {
    if (slice === leavesAt * slices + 1) {
      earlyMb = await calmLiveMb()
      await group.kill(away)
      here.delete(away)
      console.log(`server ${away} is away from here on`)
    }
    if (slice === returnsAt * slices + 1) {
      const began = performance.now()
      await group.restart(away)
      here.add(away)
      await group.settled(servers, settleWithinMs)
      console.log(`server ${away} is back, and has all after ${((performance.now() - began) / 1000).toFixed(1)} s`)
    }
    await Promise.all(writers.map((writer) => writer.work(updates / slices / writers.length)))
    const answers = await first.answersMs(latencySamples)
    const row = await vitalsOf(group, [...here], answers)
    rows.push(row)
    console.log(rowOf(row))
  }
  return { rows, live: { earlyMb, lateMb: await calmLiveMb() } }
}

/** In sentences, what has grown: from the first quarter to the middle of the last one. */
const growthOf = ({ rows, live: { earlyMb, lateMb } }: Haul): readonly string[] => {
  const whole = rows.slice(0, leavesAt * slices)
  const wholeAgain = rows.slice(returnsAt * slices)
  const grown = (Object.keys(growthAllowed) as (keyof typeof growthAllowed)[]).flatMap((vital) => {
    const before = Math.max(...whole.map((row) => row[vital]))
    const after = median(wholeAgain.map((row) => row[vital]))
    return after <= before * growthAllowed[vital]
      ? []
      : [`${vital} grew from ${before.toFixed(1)} to ${after.toFixed(1)}`]
  })
  if (lateMb > earlyMb * liveGrowthAllowed)
    grown.push(`what is in use grew from ${earlyMb.toFixed(1)} MB to ${lateMb.toFixed(1)} MB`)
  const memoryMb = median(wholeAgain.map((row) => row.memoryMb))
  if (memoryMb > memoryAllowedMb) grown.push(`a replica takes ${memoryMb.toFixed(0)} MB, more than ${memoryAllowedMb}`)
  return grown
}

/** `npm run long-haul -- [--updates N]`: exit code 0 when all is flat at the end, and nothing differs. */
const main = async (): Promise<void> => {
  const { updates } = parse()
  if (platform() !== 'linux') throw new Error('The long haul reads /proc: it runs on Linux only.')
  const directory = await mkdtemp(path.join(tmpdir(), 'quintet-long-haul-'))
  // Also when a signal ends it, once the replicas have been killed: up to 3 GB.
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }))
  const group = await ReplicaGroup.create({
    directory,
    name: 'Long haul',
    servers,
    where: { place: { command: [], environment: inspectable }, listen: ['/ip4/127.0.0.1/tcp/0'] },
  })
  try {
    console.log(
      `${updates} updates, ${servers.length} replicas, ${keptMails} mails kept by each of four writers\n${heading}`,
    )
    const began = performance.now()
    const hauled = await haul(group, updates)
    const settled = await group.settled(servers, settleWithinMs)
    const seconds = (performance.now() - began) / 1000
    console.log(
      `${seconds.toFixed(0)} s, ${(updates / seconds).toFixed(0)} updates/s; one digest: ${settled[0]?.digest ?? ''}`,
    )
    const growth = growthOf(hauled)
    for (const sentence of growth) console.log(`NOT FLAT: ${sentence}`)
    if (growth.length > 0) process.exitCode = 1
    else console.log('flat: what is in use, disk, descriptors and latency')
  } catch (error) {
    console.error(await group.logTails(shownLogLines))
    throw error
  } finally {
    await group.end()
  }
}

await main()

import { rmSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { availableParallelism, cpus, loadavg, tmpdir } from 'node:os'
import path from 'node:path'
import { Command, InvalidArgumentError } from 'commander'
import { ackBench } from './ack.ts'
import { diskBench } from './disk.ts'
import type { Bench, FigureReport, Sample } from './figures.ts'
import { reportFigures, tableOf } from './figures.ts'
import { growthBench } from './growth.ts'
import { healBench } from './heal.ts'
import { appLatencyBench, latencyBench } from './latency.ts'
import { opaqueBench } from './opaque.ts'
import { searchBench } from './search.ts'
import { sealBench } from './seal.ts'
import { startBench } from './start.ts'
import { throughputBench } from './throughput.ts'
import { largeTransferBench, transferBench } from './transfer.ts'
import { windowBench } from './window.ts'
import { largeListBench } from './window-list.ts'

const benches: readonly Bench[] = [
  latencyBench,
  appLatencyBench,
  throughputBench,
  healBench,
  startBench,
  diskBench,
  transferBench,
  opaqueBench,
  ackBench,
  sealBench,
  searchBench,
  windowBench,
  largeListBench,
  growthBench,
  largeTransferBench,
]
/** Take so long that they are run only when they are asked for. */
const onlyByName: ReadonlySet<Bench> = new Set([growthBench, largeTransferBench])

const usualRuns = 5
const quickRuns = 1
const quickShare = 0.1
const usageExitCode = 2
/** Load average of the last minute below which nothing else seems to run. */
const quietLoad = 0.5

interface Options {
  readonly names: readonly string[]
  readonly runs: number
  readonly share: number
  readonly format: 'json' | 'text'
}

/** `npm run bench -- [NAME...] [--runs N] [--quick] [--json]`. A missed target is no failure; a bench that cannot run is. */
const main = async (): Promise<void> => {
  const [load = 0] = loadavg()
  if (load > quietLoad)
    console.error(`The machine is busy already (load ${load.toFixed(1)}): the figures will be worse.`)
  const options = parseOptions(process.argv.slice(2))
  const chosen =
    options.names.length === 0
      ? benches.filter((bench) => !onlyByName.has(bench))
      : benches.filter(({ name }) => options.names.includes(name))
  const reports: FigureReport[] = []
  const failed: string[] = []
  for (const bench of chosen) {
    try {
      reports.push(...reportFigures(bench, await runBench(bench, options)))
    } catch (error) {
      console.error(error)
      failed.push(bench.name)
    }
  }
  if (options.format === 'json') console.log(JSON.stringify({ machine: machine(), figures: reports, failed }))
  else console.log(`\n${machine()}; median of ${options.runs}\n\n${tableOf(reports)}`)
  if (failed.length > 0) console.error(`could not run: ${failed.join(', ')}`)
  process.exit(failed.length === 0 ? 0 : 1)
}

const runBench = async (bench: Bench, { runs, share }: Options): Promise<readonly Sample[]> => {
  const tell = (line: string): void => {
    process.stderr.write(`${line}\n`)
  }
  tell(`${bench.name}: ${bench.about}`)
  const directory = await mkdtemp(path.join(tmpdir(), `quintet-bench-${bench.name}-`))
  // Also when a signal ends it.
  const remove = (): void => {
    rmSync(directory, { recursive: true, force: true })
  }
  process.once('exit', remove)
  try {
    const prepared = await bench.prepare({ share, directory, tell })
    try {
      const samples: Sample[] = []
      while (samples.length < runs) {
        const sample = await prepared.run()
        samples.push(sample)
        tell(`${bench.name}: ${bench.figures.map(({ name, unit }) => told(sample, name, unit)).join('; ')}`)
      }
      return samples
    } finally {
      await prepared.end()
    }
  } finally {
    process.off('exit', remove)
    remove()
  }
}

const told = (sample: Sample, name: string, unit: string): string => {
  const value = sample.get(name)
  return `${name} ${value === undefined ? '-' : value.toPrecision(4)} ${unit}`
}

const machine = (): string =>
  `${availableParallelism()} cores (${cpus()[0]?.model ?? 'unknown'}), Node ${process.version}, ${process.platform}`

const parseOptions = (args: readonly string[]): Options => {
  const known = benches.map(({ name }) => name)
  const command = new Command('npm run bench --')
    .description('Measures five replica processes on loopback against the targets of docs/performance.md.')
    .argument('[name...]', `which benches: ${known.join(', ')} (default: all)`)
    .option('--runs <count>', `how often each is run (default: ${usualRuns}, ${quickRuns} with --quick)`, parseRuns)
    .option('--quick', 'once, with a tenth of the mails')
    .option('--json', 'the figures as one JSON object on stdout')
    .parse([...args], { from: 'user' })
  const unknown = command.args.find((name) => !known.includes(name))
  if (unknown !== undefined) {
    console.error(`no bench "${unknown}"; the benches are: ${known.join(', ')}`)
    process.exit(usageExitCode)
  }
  const { runs, quick, json } = command.opts<{ runs?: number; quick?: true; json?: true }>()
  return {
    names: command.args,
    runs: runs ?? (quick === true ? quickRuns : usualRuns),
    share: quick === true ? quickShare : 1,
    format: json === true ? 'json' : 'text',
  }
}

const parseRuns = (value: string): number => {
  const runs = Number(value)
  if (!Number.isInteger(runs) || runs < 1) throw new InvalidArgumentError('It must be a number from 1 up.')
  return runs
}

await main()

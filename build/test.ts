import { mkdir, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import path from 'node:path'
import {
  besidesOthers,
  cacheFolder,
  chooseStages,
  commandOf,
  type Failure,
  type Outcome,
  reportLine,
  runOnTwoLanes,
  type Stage,
  type StageReport,
  timeStage,
} from './stages.ts'
import {
  afterSecondTry,
  type FileResults,
  readPlaywrightResults,
  readVitestResults,
  type TestResults,
  together,
} from './test-results.ts'

const simulationSeeds = 200
const copiesSeeds = 20
const versionsSeeds = 20
const liarSeeds = 20
/** Of each scenario. */
const explorationRuns = 20
const crashPoints = 400
const tortureRun = ['--minutes', '3', '--seed', '1']
const tallyPattern = /^(?:seeds|runs|crash points|groups): (\d+) passed, (\d+) failed$/gm

/** Counts a failure that is not a test's own (a crash, a type error) as one, so that the last line never hides it. */
const outcome = (exitCode: number, passed: number, failed: number): Outcome => {
  const ok = exitCode === 0 && failed === 0
  return { ok, passed, failed: ok ? 0 : Math.max(failed, 1) }
}

const outcomeOf = (exitCode: number, { passed, failed, flaky }: TestResults): Outcome => ({
  // A name that no test has (-t) is no reason to be content.
  ...outcome(passed + failed.length === 0 ? 1 : exitCode, passed, failed.length),
  failures: failed,
  flaky,
})

const lastLines = 15

/** Of a script that writes no report: the last that it said, where it failed. */
const saidLast = (what: string, exitCode: number, output: string): readonly Failure[] =>
  exitCode === 0 ? [] : [{ what, said: output.trimEnd().split('\n').slice(-lastLines).join('\n') }]

/** Of this run alone: several may go on in one checkout. */
const resultsFolder = path.join(cacheFolder, 'test-results', String(process.pid))

/** They take long each: one line a test shows that they go on. */
const verbose = ['cluster', 'network', 'security']
/** A machine that is busy with something else can break their time limits. Not where chance decides what is tried: what is found once is found. */
const triedAgain = ['unit', 'renderer', ...verbose]
/** Where tests of more files fail that is no chance. */
const filesTriedAgain = 5

interface VitestRun {
  readonly exitCode: number
  readonly files: readonly FileResults[]
}

const vitestStage = (project: string, filters: readonly string[]): Stage => ({
  name: project,
  run: async (runTool) => {
    await mkdir(resultsFolder, { recursive: true })
    const run = async (chosen: readonly string[]): Promise<VitestRun> => {
      const report = path.join(resultsFolder, `${project}.json`)
      await rm(report, { force: true })
      const reporter = verbose.includes(project) ? 'verbose' : 'default'
      const reporters = [`--reporter=${reporter}`, '--reporter=json', `--outputFile.json=${report}`]
      const args = ['run', '--project', project, ...reporters, ...chosen]
      const { exitCode } = await runTool(commandOf('vitest', 'vitest.mjs'), args, 'passed')
      return { exitCode, files: await readVitestResults(report) }
    }
    const first = await run(filters)
    const failedFiles = first.files.filter(({ failed }) => failed.length > 0).map(({ file }) => file)
    // Who chooses tests wants to see what they do.
    const isChance = failedFiles.length > 0 && failedFiles.length <= filesTriedAgain && filters.length === 0
    if (!isChance || !triedAgain.includes(project)) return outcomeOf(first.exitCode, together(first.files))
    // Whole files: the tests of one often share a group.
    const second = await run(failedFiles)
    return outcomeOf(second.exitCode, together(afterSecondTry(first.files, second.files)))
  },
})

/** The app itself, on Electron or on the stand-in: the list says on which. */
const endToEnd = (filters: readonly string[]): Stage => ({
  name: 'e2e',
  run: async (runTool) => {
    const results = path.join(resultsFolder, 'e2e.json')
    process.env['PLAYWRIGHT_JSON_OUTPUT_FILE'] = results
    const output = path.join(resultsFolder, 'e2e')
    const again = filters.length === 0 ? ['--retries', '1'] : []
    const args = ['test', '--config', 'test/e2e/playwright.config.ts', '--output', output, ...again, ...filters]
    const { exitCode } = await runTool(commandOf('@playwright/test', 'cli.js'), args, 'passed')
    return outcomeOf(exitCode, await readPlaywrightResults(results))
  },
})

interface Script {
  readonly script: string
  readonly args: readonly string[]
}

/** Scripts that count what they tried in their last line. */
const counted = (name: string, scripts: readonly Script[]): Stage => ({
  name,
  run: async (runTool) => {
    const outcomes: Outcome[] = []
    const failures: Failure[] = []
    for (const { script, args } of scripts) {
      const { exitCode, output } = await runTool(script, args, 'both')
      const tally = [...output.matchAll(tallyPattern)].at(-1)
      outcomes.push(tally === undefined ? outcome(1, 0, 0) : outcome(exitCode, Number(tally[1]), Number(tally[2])))
      failures.push(...saidLast([script, ...args].join(' '), exitCode, output))
    }
    const total = (count: (one: Outcome) => number): number => outcomes.reduce((sum, one) => sum + count(one), 0)
    const exitCode = outcomes.every(({ ok }) => ok) ? 0 : 1
    return {
      ...outcome(
        exitCode,
        total(({ passed }) => passed),
        total(({ failed }) => failed),
      ),
      failures,
    }
  },
})

/** Histories of the group as it is, some of a larger one, and what a larger one costs. */
const simulation = counted('simulation', [
  { script: 'test/simulation/main.ts', args: ['--seeds', String(simulationSeeds)] },
  { script: 'test/simulation/main.ts', args: ['--copies', '--seeds', String(copiesSeeds)] },
  { script: 'test/simulation/main.ts', args: ['--versions', '--seeds', String(versionsSeeds)] },
  { script: 'test/simulation/main.ts', args: ['--liar', '--seeds', String(liarSeeds)] },
  { script: 'test/simulation/main.ts', args: ['--seats', '15', '--seeds', '2'] },
  { script: 'test/exploration/main.ts', args: ['--most', String(explorationRuns)] },
  { script: 'test/scale/main.ts', args: ['--seats', '15', '--mails', '30', '--parted', '100'] },
])
const crashes = counted('crash-points', [
  { script: 'test/crash-points/main.ts', args: ['--most', String(crashPoints)] },
])

/** Real processes, real cuts and crashes; for a short while, because chance alone decides what is tried. */
const torture: Stage = {
  name: 'torture',
  run: async (runTool) => {
    if (process.platform === 'win32') {
      console.log('Windows has no signals that kill and freeze a process: the campaign needs Linux or macOS.')
      return outcome(0, 0, 0)
    }
    if (process.getuid?.() !== 0)
      console.log('Without root on Linux there are no cables to cut and no disks to fill: crashes and partings only.')
    const { exitCode, output } = await runTool('test/torture/main.ts', tortureRun, 'both')
    return {
      ...outcome(exitCode, exitCode === 0 ? 1 : 0, 0),
      failures: saidLast(`npm run torture -- ${tortureRun.join(' ')}`, exitCode, output),
    }
  },
}

const check: Stage = {
  name: 'check',
  run: async (runTool) => {
    const { exitCode, output } = await runTool('build/check.ts', [], 'both')
    return { ...outcome(exitCode, 0, 0), failures: saidLast('npm run check', exitCode, output) }
  },
}

const vitestStages = (projects: readonly string[], filters: readonly string[]): readonly Stage[] =>
  projects.map((project) => vitestStage(project, filters))

/** What computes: it takes longer beside something else, and nothing worse. */
const computing = (filters: readonly string[]): readonly Stage[] => [
  check,
  ...vitestStages(['unit', 'renderer', 'property', 'conformance'], filters),
  simulation,
  crashes,
]

/** Real processes that wait for each other. */
const waiting = (filters: readonly string[]): readonly Stage[] => [
  ...vitestStages(['cluster'], filters),
  endToEnd(filters),
  ...vitestStages(['security', 'network'], filters),
  torture,
]

const allStages = (filters: readonly string[]): readonly Stage[] => [...computing(filters), ...waiting(filters)]

/** `npm test -- unit property` runs stages; what comes after the names goes to vitest: `npm test -- unit merge -t "heals"`. */
const split = (args: readonly string[]): { readonly names: readonly string[]; readonly filters: readonly string[] } => {
  const known = allStages([]).map(({ name }) => name)
  const end = args.findIndex((argument) => !known.includes(argument))
  if (end <= 0) return { names: args, filters: [] }
  return { names: args.slice(0, end), filters: args.slice(end) }
}

const { names, filters } = split(process.argv.slice(2))
const usage = `usage: npm test -- [STAGE...] [FILTER...]
Runs all stages, two at a time, or those that are named. What follows their names chooses tests: npm test -- unit wire -t "is refused"`
const chosen = chooseStages(allStages(filters), names, usage)
await rm(resultsFolder, { recursive: true, force: true })
const reports: StageReport[] = []

const runInFront = async (stage: Stage): Promise<void> => {
  console.log(`\n=== ${stage.name} ===`)
  const report = await timeStage(stage)
  console.log(reportLine(report))
  reports.push(report)
}

/** Tells what a stage wrote when it is over, so that it does not stand between the lines of another. */
const runBehind = async (stage: Stage, priority: 'low' | 'ordinary'): Promise<void> => {
  const chunks: Buffer[] = []
  const report = await timeStage(
    stage,
    besidesOthers((chunk) => chunks.push(chunk), priority),
  )
  process.stdout.write(`\n=== ${stage.name}, meanwhile ===\n`)
  process.stdout.write(Buffer.concat(chunks))
  console.log(`${reportLine(report)}\n`)
  reports.push(report)
}

const among = (stages: readonly Stage[]): readonly Stage[] =>
  chosen.filter(({ name }) => stages.some((stage) => stage.name === name))
const toCompute = among(computing([]))
const toWait = among(waiting([]))
// What waits leaves more than half of two processors alone.
if (availableParallelism() > 1 && toCompute.length > 0 && toWait.length > 0) {
  console.log(
    `Beside each other: ${[toCompute, toWait].map((lane) => lane.map(({ name }) => name).join(', ')).join(' | ')}`,
  )
  await runOnTwoLanes(toCompute, toWait, { front: runInFront, behind: runBehind })
} else for (const stage of chosen) await runInFront(stage)

if (reports.every(({ ok, flaky = [] }) => ok && flaky.length === 0))
  await rm(resultsFolder, { recursive: true, force: true })
const total = (count: (outcome: Outcome) => number): number => reports.reduce((sum, report) => sum + count(report), 0)
/** At the end of all, where it is seen. */
const tell = (title: string, of: (report: StageReport) => readonly Failure[]): void => {
  const all = reports.flatMap((report) => of(report).map((failure) => ({ stage: report.name, ...failure })))
  if (all.length === 0) return
  console.log(`\n=== ${title} ===`)
  for (const { stage, what, said } of all) console.log(`${stage}: ${what}\n${said.replaceAll(/^/gm, '    ')}\n`)
}
const unexplained: readonly Failure[] = [{ what: 'none of its tests', said: 'what it wrote above tells why' }]
tell('what failed', ({ ok, failures = [] }) => (ok || failures.length > 0 ? failures : unexplained))
tell('what passed at its second try only, and is to be looked into', ({ flaky = [] }) => flaky)
console.log('\n=== all stages ===')
for (const report of reports) console.log(`${reportLine(report)}  ${report.passed} passed, ${report.failed} failed`)
if (reports.some(({ ok }) => !ok)) process.exitCode = 1
console.log(`\n${total(({ passed }) => passed)} passed, ${total(({ failed }) => failed)} failed`)

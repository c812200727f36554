import path from 'node:path'
import {
  cacheFolder,
  chooseStages,
  commandOf,
  reportLine,
  runTool,
  type Stage,
  type StageReport,
  timeStage,
} from './stages.ts'

/** Most of these run on one core. */
const checksAtOnce = 2

const types = (name: string, project: string): Stage => {
  const buildInfo = path.join(cacheFolder, `${name}.tsbuildinfo`)
  return check(name, commandOf('typescript', 'bin/tsc'), [
    '-p',
    project,
    '--incremental',
    '--tsBuildInfoFile',
    buildInfo,
  ])
}

/** Components, whose types only vue-tsc reads. */
const componentTypes = (name: string, project: string): Stage =>
  check(name, commandOf('vue-tsc', 'bin/vue-tsc.js'), ['-p', project])

const check = (name: string, script: string, args: readonly string[]): Stage => ({
  name,
  run: async () => {
    const { exitCode, output } = await runTool(script, args, 'kept')
    if (exitCode !== 0) console.log(`\n--- ${name} ---\n${output.trimEnd()}\n`)
    return { ok: exitCode === 0, passed: 0, failed: 0 }
  },
})

const checks: readonly Stage[] = [
  check('eslint', commandOf('eslint', 'bin/eslint.js'), ['--max-warnings', '0', '.']),
  types('types', '.'),
  types('core-types', 'replica/core'),
  types('page-types', 'build/standin/page'),
  types('measure-types', 'test/bench/page'),
  types('e2e-types', 'test/e2e'),
  componentTypes('view-types', 'renderer'),
  componentTypes('view-tests', 'test/renderer'),
  check('arrows', commandOf('dependency-cruiser', 'bin/dependency-cruise.mjs'), [
    'replica',
    'electron',
    'renderer',
    'build',
    'test',
  ]),
  check('unused', commandOf('knip', 'bin/knip.js'), ['--no-progress']),
  check('documents', 'build/check-documents.ts', []),
  check('format', commandOf('prettier', 'bin/prettier.cjs'), ['--check', '--log-level', 'warn', '--cache', '.']),
]

const usage = `usage: npm run check -- [STAGE...]
Looks at types, lint, arrows, unused code, documents and format, or at what is named; npm run fix mends what it can.`
const queue = [...chooseStages(checks, process.argv.slice(2), usage)]
const reports: StageReport[] = []

const work = async (): Promise<void> => {
  for (let stage = queue.shift(); stage !== undefined; stage = queue.shift()) {
    const report = await timeStage(stage)
    reports.push(report)
    console.log(reportLine(report))
  }
}

await Promise.all(Array.from({ length: checksAtOnce }, work))
if (reports.some(({ ok }) => !ok)) {
  console.log('\nnpm run fix mends format and some of eslint; npm run check -- NAME runs one check')
  process.exitCode = 1
}

import { commandOf, runTool } from './stages.ts'

const lint = await runTool(commandOf('eslint', 'bin/eslint.js'), ['--fix', '.'], 'passed')
const format = await runTool(
  commandOf('prettier', 'bin/prettier.cjs'),
  ['--write', '--log-level', 'warn', '.'],
  'passed',
)
process.exitCode = lint.exitCode === 0 ? format.exitCode : lint.exitCode

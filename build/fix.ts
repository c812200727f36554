import { commandOf, helpWhereAsked, runTool } from './stages.ts'

helpWhereAsked(process.argv.slice(2), 'usage: npm run fix\nMends format and what lint can mend, in all files.')

const lint = await runTool(commandOf('eslint', 'bin/eslint.js'), ['--fix', '.'], 'passed')
const format = await runTool(
  commandOf('prettier', 'bin/prettier.cjs'),
  ['--write', '--log-level', 'warn', '.'],
  'passed',
)
process.exitCode = lint.exitCode === 0 ? format.exitCode : lint.exitCode

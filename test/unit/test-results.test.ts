import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { commandOf, root } from '../../build/stages.ts'
import { readPlaywrightResults, readVitestResults } from '../../build/test-results.ts'

/** Within the checkout, so that what the tests import is found. */
let folder = ''
beforeAll(async () => {
  await mkdir(path.join(root, 'out'), { recursive: true })
  folder = await mkdtemp(path.join(root, 'out', 'results-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** The report of tests of one file, of which the second tries once more. */
const run = async (tool: string, args: readonly string[], files: Readonly<Record<string, string>>): Promise<string> => {
  const report = path.join(folder, 'report.json')
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text)
  const env = {
    ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('VITEST'))),
    PLAYWRIGHT_JSON_OUTPUT_FILE: report,
  }
  const child = spawn(process.execPath, [tool, ...args], { cwd: folder, env, stdio: 'ignore' })
  await new Promise((resolve) => child.once('close', resolve))
  return report
}

const sums = `
let tries = 0
describe('sums', () => {
  test('are right', () => expect(1 + 1).toBe(2))
  test('are wrong', () => expect(1 + 1).toBe(3))
  test("are right when tried again", () => expect((tries += 1)).toBe(2))
})
`

test('what failed, and what failed at its first try only, is read from a report of vitest', async () => {
  const report = await run(
    commandOf('vitest', 'vitest.mjs'),
    ['run', '--root', folder, '--retry', '1', '--reporter=json', '--outputFile=report.json'],
    {
      'sums.test.mjs': `import { describe, expect, test } from 'vitest'\n${sums}`,
      // Instead of the checkout's.
      'vitest.config.mjs': 'export default {}',
      'broken.test.mjs': "import './nowhere.mjs'",
    },
  )
  const { passed, failed, flaky } = await readVitestResults(report)
  const file = path.relative(root, path.join(folder, 'sums.test.mjs'))
  expect(passed).toBe(2)
  expect(failed.map(({ what }) => what).sort()).toEqual([file.replace('sums', 'broken'), `${file} > sums > are wrong`])
  expect(failed.find(({ what }) => what.endsWith('wrong'))?.said).toMatch(
    /^AssertionError: expected 2 to be 3.*\n +at .*sums/,
  )
  expect(failed.find(({ what }) => what.includes('broken'))?.said).toContain('nowhere.mjs')
  expect(flaky).toEqual([
    { what: `${file} > sums > are right when tried again`, said: expect.stringContaining('expected 1 to be 2') },
  ])
})

test('and from one of Playwright', async () => {
  const report = await run(
    commandOf('@playwright/test', 'cli.js'),
    ['test', '--config', 'playwright.config.mjs', '--retries', '1', '--reporter=json'],
    {
      'playwright.config.mjs': "export default { testMatch: '*.spec.mjs', outputDir: 'out' }",
      // Each try is in a process of its own.
      'sums.spec.mjs': `import { test, expect } from '@playwright/test'\nconst { describe } = test\n${sums.replace('(tries += 1)', 'test.info().retry + 1')}`,
    },
  )
  const { passed, failed, flaky } = await readPlaywrightResults(report)
  expect(passed).toBe(2)
  expect(failed).toEqual([{ what: 'sums.spec.mjs > sums > are wrong', said: expect.stringContaining('Expected: 3') }])
  expect(flaky).toEqual([
    { what: 'sums.spec.mjs > sums > are right when tried again', said: expect.stringContaining('Expected: 2') },
  ])
})

test('where there is no report, nothing passed', async () => {
  expect(await readVitestResults(path.join(folder, 'none.json'))).toEqual({ passed: 0, failed: [], flaky: [] })
  expect(await readPlaywrightResults(path.join(folder, 'none.json'))).toEqual({ passed: 0, failed: [], flaky: [] })
})

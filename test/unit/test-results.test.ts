import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { commandOf, root } from '../../build/stages.ts'
import { afterSecondTry, readPlaywrightResults, readVitestResults, together } from '../../build/test-results.ts'

/** Within the checkout, so that what the tests import is found. */
let folder = ''
beforeAll(async () => {
  await mkdir(path.join(root, 'out'), { recursive: true })
  folder = await mkdtemp(path.join(root, 'out', 'results-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** The report of a run of these files. */
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
describe('sums', () => {
  test('are right', () => expect(1 + 1).toBe(2))
  test('are wrong', () => expect(1 + 1).toBe(3))
  test('are right at the second try', () => expect(tries).toBe(2))
})
`

test('what failed is read from a report of vitest, and what passes when its file is run again is told', async () => {
  const command = commandOf('vitest', 'vitest.mjs')
  const args = ['run', '--root', folder, '--reporter=json', '--outputFile=report.json']
  const files = {
    'sums.test.mjs': `import { describe, expect, test } from 'vitest'\nconst tries = 1\n${sums}`,
    // Instead of the checkout's.
    'vitest.config.mjs': 'export default {}',
    'broken.test.mjs': "import './nowhere.mjs'",
    'whole.test.mjs': "import { test } from 'vitest'\ntest('is fine', () => {})",
  }
  const first = await readVitestResults(await run(command, args, files))
  const file = path.relative(root, path.join(folder, 'sums.test.mjs'))
  const broken = file.replace('sums', 'broken')
  const { passed, failed, flaky } = together(first)
  expect(passed).toBe(2)
  expect(failed.map(({ what }) => what).sort()).toEqual([
    broken,
    `${file} > sums > are right at the second try`,
    `${file} > sums > are wrong`,
  ])
  expect(failed.find(({ what }) => what.endsWith('wrong'))?.said).toMatch(
    /^AssertionError: expected 2 to be 3.*\n +at .*sums/,
  )
  expect(failed.find(({ what }) => what === broken)?.said).toContain('nowhere.mjs')
  expect(flaky).toEqual([])
  const again = await run(command, [...args, 'sums'], {
    'sums.test.mjs': files['sums.test.mjs'].replace('const tries = 1', 'const tries = 2'),
  })
  const all = together(afterSecondTry(first, await readVitestResults(again)))
  expect(all.passed).toBe(3)
  expect(all.failed.map(({ what }) => what).sort()).toEqual([broken, `${file} > sums > are wrong`])
  expect(all.flaky).toEqual([
    { what: `${file} > sums > are right at the second try`, said: expect.stringContaining('expected 1 to be 2') },
  ])
})

test('and from one of Playwright', async () => {
  const report = await run(
    commandOf('@playwright/test', 'cli.js'),
    ['test', '--config', 'playwright.config.mjs', '--retries', '1', '--reporter=json'],
    {
      'playwright.config.mjs': "export default { testMatch: '*.spec.mjs', outputDir: 'out' }",
      // Each try is in a process of its own.
      'sums.spec.mjs': `import { test, expect } from '@playwright/test'\nconst { describe } = test\n${sums.replace('tries', 'test.info().retry + 1')}`,
    },
  )
  const { passed, failed, flaky } = await readPlaywrightResults(report)
  expect(passed).toBe(2)
  expect(failed).toEqual([{ what: 'sums.spec.mjs > sums > are wrong', said: expect.stringContaining('Expected: 3') }])
  expect(flaky).toEqual([
    { what: 'sums.spec.mjs > sums > are right at the second try', said: expect.stringContaining('Expected: 2') },
  ])
})

test('where there is no report, nothing passed', async () => {
  expect(await readVitestResults(path.join(folder, 'none.json'))).toEqual([])
  expect(await readPlaywrightResults(path.join(folder, 'none.json'))).toEqual({ passed: 0, failed: [], flaky: [] })
})

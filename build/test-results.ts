import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import * as v from 'valibot'
import { type Failure, root } from './stages.ts'

export interface TestResults {
  /** With those that passed at the second try. */
  readonly passed: number
  readonly failed: readonly Failure[]
  /** Passed at the second try, where a project has one. */
  readonly flaky: readonly Failure[]
}

const none: TestResults = { passed: 0, failed: [], flaky: [] }
const saidLines = 12

/** The first lines of an error with the first place of this project in its stack. */
const shortened = (error: string): string => {
  const lines = stripVTControlCharacters(error).replaceAll(`${root}${path.sep}`, '').trimEnd().split('\n')
  const stackAt = lines.findIndex((line) => /^\s+at .*\d+:\d+\)?$/.test(line))
  const message = stackAt < 0 ? lines : lines.slice(0, stackAt)
  const place =
    stackAt < 0 ? undefined : lines.slice(stackAt).find((line) => !/node_modules|node:|<anonymous>/.test(line))
  return [...message.slice(0, saidLines), ...(place === undefined ? [] : [place])].join('\n')
}

const failureOf = (titles: readonly string[], errors: readonly string[]): Failure => ({
  what: titles.filter((title) => title !== '').join(' > '),
  said: shortened(errors[0] ?? 'it says nothing'),
})

const vitestReport = v.object({
  testResults: v.array(
    v.object({
      name: v.string(),
      status: v.string(),
      message: v.optional(v.string(), ''),
      assertionResults: v.array(
        v.object({
          status: v.string(),
          ancestorTitles: v.array(v.string()),
          title: v.string(),
          failureMessages: v.array(v.string()),
        }),
      ),
    }),
  ),
})

/** Of the file that vitest's `json` reporter writes; nothing passed and nothing failed where there is none. */
export const readVitestResults = async (file: string): Promise<TestResults> => {
  const report = await parsed(file, vitestReport)
  if (report === null) return none
  const results = report.testResults.map(({ name, status, message, assertionResults }): TestResults => {
    const testFile = path.relative(root, name)
    const named = assertionResults.map(({ ancestorTitles, title, failureMessages, ...test }) => ({
      status: test.status,
      hasFailed: failureMessages.length > 0,
      failure: failureOf([testFile, ...ancestorTitles, title], failureMessages),
    }))
    const passed = named.filter((test) => test.status === 'passed')
    const failed = named.filter((test) => test.status === 'failed').map(({ failure }) => failure)
    // A file that could not be loaded, or one whose set-up failed.
    const whole = failed.length === 0 && status === 'failed' ? [failureOf([testFile], [message])] : []
    return {
      passed: passed.length,
      failed: [...failed, ...whole],
      flaky: passed.filter(({ hasFailed }) => hasFailed).map(({ failure }) => failure),
    }
  })
  return together(results)
}

const playwrightSpec = v.object({
  title: v.string(),
  file: v.string(),
  tests: v.array(
    v.object({
      status: v.picklist(['expected', 'unexpected', 'flaky', 'skipped']),
      results: v.array(v.object({ errors: v.array(v.object({ message: v.optional(v.string(), '') })) })),
    }),
  ),
})

interface PlaywrightSuite {
  readonly title: string
  readonly specs: readonly v.InferOutput<typeof playwrightSpec>[]
  readonly suites: readonly PlaywrightSuite[]
}

const playwrightSuite: v.GenericSchema<unknown, PlaywrightSuite> = v.object({
  title: v.string(),
  specs: v.optional(v.array(playwrightSpec), []),
  suites: v.optional(v.array(v.lazy(() => playwrightSuite)), []),
})

const playwrightReport = v.object({
  suites: v.array(playwrightSuite),
  /** What stopped it before any test. */
  errors: v.array(v.object({ message: v.optional(v.string(), '') })),
})

const resultsOfSuite = ({ title, specs, suites }: PlaywrightSuite, above: readonly string[]): TestResults => {
  // The outermost one bears the name of its file.
  const titles = [...above, title]
  const own = specs.map((spec): TestResults => {
    const ran = spec.tests.map(({ status, results }) => ({
      status,
      failure: failureOf(
        [...titles, spec.title],
        results.flatMap(({ errors }) => errors.map(({ message }) => message)),
      ),
    }))
    const of = (...wanted: readonly string[]) => ran.filter(({ status }) => wanted.includes(status))
    return {
      passed: of('expected', 'flaky').length,
      failed: of('unexpected').map(({ failure }) => failure),
      flaky: of('flaky').map(({ failure }) => failure),
    }
  })
  return together([...own, ...suites.map((suite) => resultsOfSuite(suite, titles))])
}

/** Of the file that Playwright's `json` reporter writes; nothing passed and nothing failed where there is none. */
export const readPlaywrightResults = async (file: string): Promise<TestResults> => {
  const report = await parsed(file, playwrightReport)
  if (report === null) return none
  const early = report.errors.map(({ message }) => failureOf(['before the tests'], [message]))
  return together([{ ...none, failed: early }, ...report.suites.map((suite) => resultsOfSuite(suite, []))])
}

const parsed = async <Report>(file: string, schema: v.GenericSchema<unknown, Report>): Promise<Report | null> => {
  const text = await readFile(file, 'utf8').catch(() => null)
  return text === null ? null : v.parse(schema, JSON.parse(text))
}

const together = (results: readonly TestResults[]): TestResults => ({
  passed: results.reduce((sum, { passed }) => sum + passed, 0),
  failed: results.flatMap(({ failed }) => failed),
  flaky: results.flatMap(({ flaky }) => flaky),
})

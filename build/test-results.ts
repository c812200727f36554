import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import * as v from 'valibot'
import { type Failure, root } from './stages.ts'

export interface TestResults {
  /** With those that passed at the second try. */
  readonly passed: number
  readonly failed: readonly Failure[]
  /** Passed, but at the second try. */
  readonly flaky: readonly Failure[]
}

/** Of one file of tests; by its path from the checkout. */
export interface FileResults extends TestResults {
  readonly file: string
}

/** Of all together. */
export const together = (results: readonly TestResults[]): TestResults => ({
  passed: results.reduce((sum, { passed }) => sum + passed, 0),
  failed: results.flatMap(({ failed }) => failed),
  flaky: results.flatMap(({ flaky }) => flaky),
})

/** Of files of which some were run a second time. */
export const afterSecondTry = (
  first: readonly FileResults[],
  second: readonly FileResults[],
): readonly FileResults[] => {
  const secondOf = new Map(second.map((results) => [results.file, results]))
  return first.map((results) => {
    const again = secondOf.get(results.file)
    if (again === undefined) return results
    const failedAgain = new Set(again.failed.map(({ what }) => what))
    return { ...again, flaky: results.failed.filter(({ what }) => !failedAgain.has(what)) }
  })
}

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

/** Of the file that vitest's `json` reporter writes; of no tests where there is none. */
export const readVitestResults = async (report: string): Promise<readonly FileResults[]> => {
  const found = await parsed(report, vitestReport)
  return (found?.testResults ?? []).map(({ name, status, message, assertionResults }) => {
    const file = path.relative(root, name)
    const passed = assertionResults.filter((test) => test.status === 'passed').length
    const failed = assertionResults
      .filter((test) => test.status === 'failed')
      .map(({ ancestorTitles, title, failureMessages }) => failureOf([file, ...ancestorTitles, title], failureMessages))
    // One that could not be loaded, or whose set-up failed.
    const whole = failed.length === 0 && status === 'failed' ? [failureOf([file], [message])] : []
    return { file, passed, failed: [...failed, ...whole], flaky: [] }
  })
}

const playwrightSpec = v.object({
  title: v.string(),
  tests: v.array(
    v.object({
      status: v.picklist(['expected', 'unexpected', 'flaky', 'skipped']),
      results: v.array(v.object({ errors: v.array(v.object({ message: v.optional(v.string(), '') })) })),
    }),
  ),
})

interface PlaywrightSuite {
  /** Of the outermost one: its file. */
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

/** Of the file that Playwright's `json` reporter writes; of no tests where there is none. */
export const readPlaywrightResults = async (report: string): Promise<TestResults> => {
  const found = await parsed(report, playwrightReport)
  const early = (found?.errors ?? []).map(({ message }) => failureOf(['before the tests'], [message]))
  const suites = (found?.suites ?? []).map((suite) => resultsOfSuite(suite, []))
  return together([{ passed: 0, failed: early, flaky: [] }, ...suites])
}

const parsed = async <Report>(file: string, schema: v.GenericSchema<unknown, Report>): Promise<Report | null> => {
  const text = await readFile(file, 'utf8').catch(() => null)
  return text === null ? null : v.parse(schema, JSON.parse(text))
}

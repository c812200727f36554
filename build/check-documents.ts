import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { root } from './stages.ts'

/** What documents name must be there: links and their headings, files, tests, npm's commands; and fences must close. */

const topFolders = ['replica', 'electron', 'renderer', 'build', 'test', 'docs']
const testFolders = [
  'unit',
  'renderer',
  'property',
  'conformance',
  'network',
  'security',
  'cluster',
  'e2e',
  'simulation',
]
const testEndings = ['', '.ts', '.test.ts', '.spec.ts']
/** Without braces, stars and the like, which stand for several, as a name in capitals does. */
const aPath = /^(?:[\w.-]+\/)*[\w-][\w.-]*\/?$/
const aSource = /[a-z0-9]\.(?:ts|cjs|vue)$/

const patterns = ['*.*', '.*.cjs', ...topFolders.map((folder) => `${folder}/**/*`)]
const files = globSync(patterns, { cwd: root }).map((file) => file.split(path.sep).join('/'))
const known = new Set(files)
const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>
}

/** As GitHub makes it of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

const fencePattern = /^```[^]*?^```$/gm
const textOf = (document: string): string => readFileSync(path.join(root, document), 'utf8')
const proseOf = (document: string): string => textOf(document).replaceAll(fencePattern, '')
const anchorsOf = (document: string): ReadonlySet<string> =>
  new Set([...proseOf(document).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading)))

/** Sources go by the end of their path, tests by their folder and name as well. */
const isThere = (name: string): boolean => {
  if (!aPath.test(name)) return true
  const whole = name.replace(/\/$/, '')
  if (known.has(whole)) return true
  if (aSource.test(whole)) return files.some((file) => file.endsWith(`/${whole}`))
  const [first = '', ...rest] = whole.split('/')
  if (rest.length === 0) return true
  if (testFolders.includes(first) && testEndings.some((ending) => known.has(`test/${whole}${ending}`))) return true
  return !topFolders.includes(first) && !testFolders.includes(first)
}

const brokenLink = (document: string, target: string): boolean => {
  if (/^[a-z]+:/.test(target)) return false
  const [file = '', anchor] = target.split('#')
  const linked = file === '' ? document : path.posix.join(path.posix.dirname(document), file)
  if (!known.has(linked)) return true
  return anchor !== undefined && !anchorsOf(linked).has(anchor)
}

const faultsOf = (document: string): readonly string[] => {
  const text = textOf(document)
  const prose = proseOf(document)
  const all = (pattern: RegExp, source: string): readonly string[] =>
    [...source.matchAll(pattern)].map(([, found = '']) => found)
  return [
    ...(prose.includes('```') ? ['a fence that does not close'] : []),
    ...all(/\]\(([^)\s]+)\)/g, prose).filter((target) => brokenLink(document, target)),
    ...all(/`([^`\s]+)`/g, prose).filter((name) => !isThere(name)),
    ...all(/npm run (?:--silent )?([a-z][a-z:-]*)/g, text).filter((name) => !(name in manifest.scripts)),
  ].map((fault) => `${document}: ${fault}`)
}

const documents = files.filter((file) => file.endsWith('.md'))
const faults = documents.flatMap(faultsOf)
for (const fault of faults) console.error(fault)
if (faults.length > 0) process.exitCode = 1

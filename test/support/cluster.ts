import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, expect, TestRunner } from 'vitest'
import { type Exit, JsonProcess } from '../../build/cluster/json-process.ts'
import { ReplicaGroup } from '../../build/cluster/group.ts'
import type { MailHeader, MailProcess } from '../../build/cluster/mail-process.ts'

export const allFive = [1, 2, 3, 4, 5]
const shownLogLines = 25
const pageHeaders = 100

export interface Cluster {
  /** An empty directory that goes when the tests of the file have ended. */
  directory(): Promise<string>
  /** A running group that ends with the test that it was made in, or else with the tests of the file. */
  group(servers?: readonly number[]): Promise<ReplicaGroup>
}

/** To be called at a test file's top. When a test fails, the logs of the groups' replicas are shown. */
export const useCluster = (): Cluster => {
  const directories: string[] = []
  const groups = new Set<ReplicaGroup>()
  const ofOneTest = new Set<ReplicaGroup>()
  const end = async (ended: ReadonlySet<ReplicaGroup>): Promise<void> => {
    await Promise.all([...ended].map((group) => group.end()))
    for (const group of ended) groups.delete(group)
  }

  afterEach(async ({ task }) => {
    if (task.result?.state === 'fail') for (const group of groups) console.error(await group.logTails(shownLogLines))
    // It would go on talking, and take processor time from the tests that follow.
    await end(ofOneTest)
    ofOneTest.clear()
  })
  afterAll(async () => {
    await end(groups)
    await Promise.all(directories.map((directory) => rm(directory, { recursive: true, force: true })))
  })

  const directory = async (): Promise<string> => {
    const made = await mkdtemp(path.join(tmpdir(), 'quintet-cluster-'))
    directories.push(made)
    return made
  }
  const group = async (servers: readonly number[] = allFive): Promise<ReplicaGroup> => {
    const made = await ReplicaGroup.create({ directory: await directory(), name: 'Northern Light', servers })
    groups.add(made)
    if (TestRunner.getCurrentTest() !== undefined) ofOneTest.add(made)
    return made
  }
  return { directory, group }
}

/** Runs a script to its end. */
export const run = async (
  script: string,
  args: readonly string[],
  user?: { readonly uid: number },
): Promise<Exit & { readonly stderr: string; readonly process: JsonProcess }> => {
  const process = new JsonProcess({ script, args, ...user })
  process.endInput()
  const exit = await process.exited
  return { ...exit, stderr: process.stderr, process }
}

/** All headers of a folder, newest first, page by page. */
export const headersOf = async (client: MailProcess, folder: 'inbox' | 'sent'): Promise<readonly MailHeader[]> => {
  const headers: MailHeader[] = []
  let before: string | undefined
  do {
    const mark = before === undefined ? {} : { before }
    const page = await client.ask('list', { folder, limit: pageHeaders, ...mark })
    headers.push(...page.headers)
    before = page.next
  } while (before !== undefined)
  return headers
}

/** Newest first. */
export const subjectsOf = async (client: MailProcess, folder: 'inbox' | 'sent'): Promise<readonly string[]> =>
  (await headersOf(client, folder)).map(({ subject }) => subject)

/** The id of the only mail with this subject. */
export const mailNamed = async (client: MailProcess, folder: 'inbox' | 'sent', subject: string): Promise<string> => {
  const found = (await headersOf(client, folder)).filter((header) => header.subject === subject)
  const [only] = found
  if (only === undefined || found.length > 1) throw new Error(`${found.length} mails are named "${subject}"`)
  return only.mail
}

/** Opens every mail of the inbox: body by subject. */
export const bodiesOf = async (client: MailProcess): Promise<ReadonlyMap<string, string>> => {
  const headers = await headersOf(client, 'inbox')
  const mails = await Promise.all(headers.map(({ mail }) => client.ask('read', { mail })))
  return new Map(mails.map(({ subject, body }) => [subject, body]))
}

export const send = async (
  client: MailProcess,
  to: string | readonly string[],
  subject: string,
  body = `body of ${subject}`,
): Promise<string> => (await client.ask('send', { to: typeof to === 'string' ? [to] : to, subject, body })).mail

/** Sends `count` mails, pipelined; their ids in order. */
export const sendMany = (
  client: MailProcess,
  to: string,
  count: number,
  label: string,
  body?: string,
): Promise<readonly string[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => send(client, to, `${label} ${index + 1}`, body)))

export const numbered = (label: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => `${label} ${index + 1}`)

/** Text of more than `bytes` bytes that compression gains nothing on. */
export const noise = (bytes: number): string => randomBytes(bytes).toString('base64')

/** A text that matches, within an expected value. */
export const textLike = (pattern: RegExp): unknown => expect.stringMatching(pattern)
export const anyNumber: unknown = expect.any(Number)
export const anyText: unknown = expect.any(String)
export const anyObject: unknown = expect.any(Object)

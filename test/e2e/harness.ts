/**
 * How the specs drive the app. All that runs is real: the app's process with its replica and its window, and headless
 * replicas as processes for the other seats, on loopback.
 *
 *   import { expect, test } from './harness.ts'
 *   test('what a person sees', async ({ quintet }) => {
 *     const { group, window } = await quintet.groupWithApp()      // five servers, the app is server 1
 *     const ben = await group.person('ben', 3)                     // a scripted person at server 3
 *     await window.signUp('anna')                                  // in the app, without clicking
 *     await ben.ask('send', { to: ['anna'], subject: 'Hi', body: '...' })
 *     await expect(window.page.getByText('Hi')).toBeVisible()
 *   })
 *
 * `quintet.open({ data })` starts the app on a data directory (a new one by default), also again after `window.close()` or
 * `window.kill()`. `window.page` is Playwright's page, `window.app` its ElectronApplication, `window.call(door, method,
 * request)` asks the program as the page does. Everything ends with the test. When one fails, what the windows and the replicas told is shown.
 * Where the tests of a file go on from each other, `const quintet = quintetOfFile()` lasts until the last of them.
 */
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type ElectronApplication, expect, type Page, test as base } from '@playwright/test'
import { type LaunchOptions, launchApp } from '../../build/app/launch.ts'
import { type GroupPlace, passwordOf, ReplicaGroup } from '../../build/cluster/group.ts'
import { JsonProcess } from '../../build/cluster/json-process.ts'
import type { Answer } from '../../electron/contract/bridge.ts'
import { processesOf } from './processes.ts'

export { expect }

const allFive = [1, 2, 3, 4, 5]
const shownLogLines = 25
const endedWithinMs = 10_000
const reportedWithinMs = 2_000

export type Door = 'client' | 'host'

/** The app, running. */
export class AppWindow {
  readonly app: ElectronApplication
  readonly page: Page
  readonly data: string
  /** Playwright forgets it when it has ended. */
  readonly #process: ChildProcess
  /** What the page reported as errors. */
  readonly pageErrors: string[] = []
  /** What happened to the page, and what the program said of it. */
  readonly #told: string[] = []

  constructor(app: ElectronApplication, page: Page, data: string) {
    this.app = app
    this.page = page
    this.data = data
    this.#process = app.process()
    page.on('pageerror', (error) => this.pageErrors.push(error.stack ?? error.message))
    const tell = (text: string): unknown => this.#told.push(text)
    page.on('console', (message) => tell(`${message.type()}: ${message.text()}`))
    page.on('requestfailed', (request) => tell(`${request.url()}: ${request.failure()?.errorText ?? 'failed'}`))
    page.on('response', (response) => response.ok() || tell(`${response.url()}: ${response.status()}`))
    page.on('framenavigated', (frame) => tell(`loads ${frame.url()}`))
    page.on('crash', () => tell('the page has crashed'))
    this.#process.stderr?.on('data', (chunk: Buffer) => tell(`program: ${chunk.toString().trim()}`))
  }

  /** For who has to find out why a test failed. */
  async report(): Promise<string> {
    if (this.hasEnded) return `--- window of ${this.data}: its program has ended`
    const html = await this.page
      .locator('#app')
      .innerHTML({ timeout: reportedWithinMs })
      .catch((error: unknown) => String(error))
    const where = `--- window of ${this.data}, at ${this.page.url()}, with ${html.length} characters`
    return [where, ...this.pageErrors, ...this.#told.slice(-shownLogLines)].join('\n')
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  /** Asks the program as the page does; the answer as it comes. */
  ask(door: Door, method: string, request?: unknown): Promise<Answer<unknown>> {
    return this.page.evaluate(
      ([wanted, name, value]) => {
        const { quintet } = window
        return wanted === 'client' ? quintet.client(name as 'list', value) : quintet.host(name as 'info', value)
      },
      [door, method, request] as const,
    )
  }

  /** As `ask`, but a failure rejects with its code and message. */
  async call(door: Door, method: string, request?: unknown): Promise<unknown> {
    const answer = await this.ask(door, method, request)
    if (!answer.ok) throw new Error(`${door}.${method}: ${answer.failure.message} (${answer.failure.code})`)
    return answer.value
  }

  /** A new person, by `passwordOf`; fulfilled when the window knows it. */
  async signUp(name: string): Promise<void> {
    await this.#opened()
    await this.call('client', 'signUp', { name, password: passwordOf(name) })
  }

  async logIn(name: string): Promise<void> {
    await this.#opened()
    await this.call('client', 'logIn', { name, password: passwordOf(name) })
  }

  /** The window is there before the mailbox is. */
  async #opened(): Promise<void> {
    await expect.poll(() => this.call('host', 'phase')).toMatchObject({ phase: 'signedOut' })
  }

  /** As the person quits it; fulfilled when the process has ended. */
  async close(): Promise<void> {
    if (this.hasEnded) return
    await this.app.close()
  }

  /** As a crash: SIGKILL of the main process. */
  kill(): Promise<void> {
    return this.#signal('SIGKILL')
  }

  /** As the system ends a program. */
  terminate(): Promise<void> {
    return this.#signal('SIGTERM')
  }

  async #signal(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (this.hasEnded) return
    const ended = once(this.#process, 'exit')
    this.#process.kill(signal)
    await ended
  }

  get hasEnded(): boolean {
    const { exitCode, signalCode } = this.#process
    return exitCode !== null || signalCode !== null
  }
}

export class Quintet {
  readonly #directories: string[] = []
  readonly #windows: AppWindow[] = []
  readonly #groups: ReplicaGroup[] = []

  /** An empty directory that goes when the test has ended. */
  async directory(): Promise<string> {
    const made = await mkdtemp(path.join(tmpdir(), 'quintet-e2e-'))
    this.#directories.push(made)
    return made
  }

  /** Starts the app. */
  async open(options: Partial<LaunchOptions> = {}): Promise<AppWindow> {
    const data = options.data ?? (await this.directory())
    const { app, page } = await launchApp({ ...options, data })
    const window = new AppWindow(app, page, data)
    this.#windows.push(window)
    return window
  }

  /** The app with a group of its own: nobody else is there. */
  async openAlone(groupName = 'Northern Light'): Promise<AppWindow> {
    const window = await this.open()
    await window.call('host', 'createGroup', { groupName, machine: 'bridge', server: 1 })
    return window
  }

  /** Headless replicas. */
  async group(servers: readonly number[] = allFive, where?: GroupPlace): Promise<ReplicaGroup> {
    const group = await ReplicaGroup.create({
      directory: await this.directory(),
      name: 'Northern Light',
      servers,
      where,
    })
    this.#groups.push(group)
    return group
  }

  /** Five servers that see each other; the first of them is the app. */
  async groupWithApp(
    servers: readonly number[] = allFive,
  ): Promise<{ readonly group: ReplicaGroup; readonly window: AppWindow }> {
    const group = await this.group(servers)
    const [first = 1] = servers
    const window = await this.openOn(group, first)
    await group.sees(servers, servers)
    return { group, window }
  }

  /** The app takes the place of the headless replica on that seat. */
  async openOn(group: ReplicaGroup, server: number): Promise<AppWindow> {
    await group.replica(server).stop()
    return this.open({ data: group.dataOf(server) })
  }

  /** The app on the group of `npm run demo`, signed in, with a mailbox in use. */
  async demo(): Promise<{ readonly group: ReplicaGroup; readonly window: AppWindow }> {
    const group = await this.group()
    const filling = new JsonProcess({ script: 'build/demo-fill.ts', args: [group.directory] })
    const { code } = await filling.exited
    if (code !== 0) throw new Error(`the demonstration's mailbox was not filled: ${filling.stderr}`)
    await group.settled()
    await group.replica(1).stop()
    const environment = { QUINTET_DEMO: group.directory }
    const window = await this.open({ data: group.dataOf(1), environment })
    return { group, window }
  }

  /** For who has to find out why a test failed. */
  async report(): Promise<string> {
    const windows = await Promise.all(this.#windows.map((window) => window.report()))
    const tails = await Promise.all(this.#groups.map((group) => group.logTails(shownLogLines)))
    return [...windows, ...tails].join('\n')
  }

  async end(): Promise<void> {
    await Promise.all(this.#windows.map((window) => window.kill().catch(() => undefined)))
    await Promise.all(this.#groups.map((group) => group.end()))
    await Promise.all(this.#directories.map(nobodyUses))
    await Promise.all(this.#directories.map((made) => rm(made, { recursive: true, force: true, maxRetries: 5 })))
  }
}

/** The stand-in's Chromium ends by itself when the app was killed, and writes its profile until then. */
const nobodyUses = async (directory: string): Promise<void> => {
  if (process.platform !== 'linux') return
  await expect.poll(() => processesOf(directory), { timeout: endedWithinMs }).toEqual([])
}

export const test = base.extend<{ readonly quintet: Quintet }>({
  // Playwright reads the parameter's pattern: this one says that nothing else is needed.
  quintet: async ({ baseURL: _ }, use, testInfo) => {
    const quintet = new Quintet()
    await use(quintet)
    if (testInfo.status !== testInfo.expectedStatus) console.error(await quintet.report())
    await quintet.end()
  },
})

/** For a file whose tests go on from each other: it ends after the last of them. */
export const quintetOfFile = (): Quintet => {
  test.describe.configure({ mode: 'serial' })
  const quintet = new Quintet()
  test.afterEach(async ({ baseURL: _ }, testInfo) => {
    if (testInfo.status !== testInfo.expectedStatus) console.error(await quintet.report())
  })
  test.afterAll(() => quintet.end())
  return quintet
}

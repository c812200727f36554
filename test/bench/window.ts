import { cp, readdir, readFile, rm } from 'node:fs/promises'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import type { ElectronApplication, Page } from '@playwright/test'
import { mapLimited } from '../../build/cluster/limited.ts'
import { callOf } from '../../build/camera.ts'
import { passwordOf } from '../../build/cluster/group.ts'
import { MailProcess } from '../../build/cluster/mail-process.ts'
import { ReplicaProcess } from '../../build/cluster/replica-process.ts'
import { root } from '../../build/stages.ts'
import { bodyChars, nameOf } from './bench-group.ts'
import { seededRandom, textOf } from './corpus.ts'
import { atMost, type Bench, percentile, type Sample } from './figures.ts'
import { firstRow, openApp, preparePair, type WindowPair } from './window-app.ts'
import { PageMeasures } from './window-page.ts'

const mails = 10_000
const merged = 5_000
const clicked = 60
const sendsAtOnce = 64
const mergedWithinMs = 60_000

/** The app on the stand-in or on Electron, whichever the machine has. */
export const windowBench: Bench = {
  name: 'window',
  about: 'the app with 10,000 mails: start, opening mails, and what a merge that brings 5,000 more does to it',
  figures: [
    { name: 'start to inbox', unit: 's', target: atMost(2), limit: null },
    { name: 'click to text, p95', unit: 'ms', target: atMost(50), limit: null },
    { name: 'processor of the main process, a click', unit: 'ms', target: null, limit: null },
    { name: 'main process held by a merge, p99', unit: 'ms', target: atMost(50), limit: null },
    { name: 'main process held by a merge, most', unit: 'ms', target: null, limit: null },
    { name: 'processor of the main process, a merge', unit: 's', target: null, limit: null },
    { name: 'merge until all is listed', unit: 's', target: null, limit: null },
    { name: 'key to frame in a merge, p95', unit: 'ms', target: atMost(50), limit: null },
    { name: 'longest frame in a merge', unit: 'ms', target: null, limit: null },
    { name: 'page, gzip', unit: 'KB', target: atMost(350), limit: null },
  ],
  prepare: async ({ share, directory, tell }) => {
    const pair = await preparePair(directory, Math.ceil(mails * share))
    const more = Math.ceil(merged * share)
    await writeApart(pair, more)
    await Promise.all(pair.map((data) => cp(data, keptOf(data), { recursive: true })))
    tell('window: the two replicas are ready')
    return { run: () => runOnce(pair, Math.ceil(mails * share), more), end: () => Promise.resolve() }
  },
}

const keptOf = (data: string): string => `${data}-kept`

/** Server 2 goes on alone. */
const writeApart = async ([, data]: WindowPair, count: number): Promise<void> => {
  const replica = new ReplicaProcess({ data })
  await replica.ready()
  const sender = new MailProcess({ data })
  await sender.ask('logIn', { name: nameOf(2), password: passwordOf(nameOf(2)) })
  const random = seededRandom(7)
  const letters = Array.from({ length: count }, (_, index) => ({
    to: [nameOf(1)],
    subject: `letter from apart ${index + 1}`,
    body: textOf('natural', bodyChars, random),
  }))
  await mapLimited(letters, sendsAtOnce, (letter) => sender.ask('send', letter))
  await sender.close()
  await replica.stop()
}

const runOnce = async (pair: WindowPair, before: number, more: number): Promise<Sample> => {
  for (const data of pair) {
    await rm(data, { recursive: true, force: true })
    await cp(keptOf(data), data, { recursive: true })
  }
  const began = performance.now()
  const { app, page } = await openApp(pair)
  try {
    await firstRow(page)
    const startSeconds = (performance.now() - began) / 1_000
    const measures = await PageMeasures.in(page)
    const beforeClicks = await processorMs(app)
    const clicks = await measures.clickThrough(clicked)
    const clickMs = ((await processorMs(app)) - beforeClicks) / clicked
    const merge = await mergeInto({ pair, app, page, measures }, before + more)
    return new Map([
      ['start to inbox', startSeconds],
      ['click to text, p95', percentile(clicks, 0.95)],
      ['processor of the main process, a click', clickMs],
      ...merge,
      ['page, gzip', await pageKilobytes()],
    ])
  } finally {
    await app.close()
  }
}

interface Running {
  readonly pair: WindowPair
  readonly app: ElectronApplication
  readonly page: Page
  readonly measures: PageMeasures
}

const mergeInto = async ({ pair, app, page, measures }: Running, total: number): Promise<Sample> => {
  const call = callOf(page)
  await page.getByRole('button', { name: 'New mail', exact: true }).first().click()
  const text = page.getByRole('textbox', { name: 'Text', exact: true })
  await text.focus()
  await measures.watchFrames()
  await measures.watchTyping()
  await app.evaluate(() => {
    const { monitorEventLoopDelay } = process.getBuiltinModule('node:perf_hooks')
    const delay = monitorEventLoopDelay({ resolution: 1 })
    delay.enable()
    Object.assign(globalThis, { delay })
  })
  const beforeMerge = await processorMs(app)
  const replica = new ReplicaProcess({ data: pair[1] })
  await replica.ready()
  const began = performance.now()
  let listed = 0
  while (listed < total) {
    if (performance.now() - began > mergedWithinMs) throw new Error(`${listed} of ${total} mails came in`)
    await page.keyboard.type('the sea ')
    listed = ((await call('client', 'counts')) as { readonly inbox: number }).inbox
  }
  const seconds = (performance.now() - began) / 1_000
  const [p99, most] = await app.evaluate(() => {
    const { delay } = globalThis as unknown as { delay: { percentile(share: number): number; max: number } }
    return [delay.percentile(99) / 1e6, delay.max / 1e6] as const
  })
  const mergeSeconds = ((await processorMs(app)) - beforeMerge) / 1_000
  const keys = await measures.typed()
  const frames = await measures.frames()
  await replica.stop()
  return new Map([
    ['main process held by a merge, p99', p99],
    ['main process held by a merge, most', most],
    ['processor of the main process, a merge', mergeSeconds],
    ['merge until all is listed', seconds],
    ['key to frame in a merge, p95', percentile(keys, 0.95)],
    ['longest frame in a merge', Math.max(...frames)],
  ])
}

/** Its processor time so far. */
const processorMs = (app: ElectronApplication): Promise<number> =>
  app.evaluate(() => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1_000
  })

/** All scripts of the page, as a server would send them. */
const pageKilobytes = async (): Promise<number> => {
  const folder = path.join(root, 'out', 'renderer')
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.js'))
  const sizes = await Promise.all(
    files.map(async (file) => gzipSync(await readFile(path.join(folder, file)), { level: 9 }).length),
  )
  return sizes.reduce((sum, size) => sum + size, 0) / 1_024
}

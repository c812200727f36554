import { atMost, type Bench, percentile, type Sample } from './figures.ts'
import { firstRow, openApp, preparePair, type WindowPair } from './window-app.ts'
import { PageMeasures } from './window-page.ts'

const mails = 100_000
const opened = 15
const scrolledMs = 4_000

export const largeListBench: Bench = {
  name: 'window-list',
  about: 'the app with a folder of 100,000 mails: opening it, and scrolling through it',
  figures: [
    { name: 'start to inbox, 100,000 mails', unit: 's', target: null, limit: null },
    { name: 'folder opened, p95', unit: 'ms', target: atMost(200), limit: null },
    { name: 'frame while scrolling, p95', unit: 'ms', target: atMost(17.5), limit: null },
    { name: 'longest frame while scrolling', unit: 'ms', target: atMost(50), limit: null },
  ],
  prepare: async ({ share, directory, tell }) => {
    const pair = await preparePair(directory, Math.ceil(mails * share))
    tell('window-list: the mailbox is filled')
    return { run: () => runOnce(pair), end: () => Promise.resolve() }
  },
}

const runOnce = async (pair: WindowPair): Promise<Sample> => {
  const began = performance.now()
  const { app, page } = await openApp(pair)
  try {
    await firstRow(page)
    const startSeconds = (performance.now() - began) / 1_000
    const measures = await PageMeasures.in(page)
    const times: number[] = []
    for (let turn = 0; turn < opened; turn += 1) {
      await measures.openFolder('Starred')
      times.push(await measures.openFolder('Inbox'))
    }
    await measures.watchFrames()
    await measures.scrollThrough(scrolledMs)
    const frames = await measures.frames()
    return new Map([
      ['start to inbox, 100,000 mails', startSeconds],
      ['folder opened, p95', percentile(times, 0.95)],
      ['frame while scrolling, p95', percentile(frames, 0.95)],
      ['longest frame while scrolling', Math.max(...frames)],
    ])
  } finally {
    await app.close()
  }
}

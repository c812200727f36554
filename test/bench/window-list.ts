import { atMost, type Bench, limitOf, percentile, type Sample } from './figures.ts'
import { firstRow, openApp, preparePair, type WindowPair } from './window-app.ts'
import { PageMeasures } from './window-page.ts'

const mails = 100_000
const opened = 15
const scrolledMs = 4_000

const framesScrolled = 'frame while scrolling, p95'
const longestFrame = 'longest frame while scrolling'
const framesDragged = 'frame while the scroll bar is dragged, p95'

export const largeListBench: Bench = {
  name: 'window-list',
  about: 'the app with a folder of 100,000 mails: opening it, and scrolling through it',
  figures: [
    { name: 'start to inbox, 100,000 mails', unit: 's', target: null, limit: null },
    { name: 'folder opened, p95', unit: 'ms', target: atMost(200), limit: null },
    { name: framesScrolled, unit: 'ms', target: atMost(17.5), limit: 'an empty page' },
    { name: longestFrame, unit: 'ms', target: atMost(50), limit: 'an empty page' },
    { name: framesDragged, unit: 'ms', target: null, limit: 'an empty page' },
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
    const [idleScrolled, scrolled] = [
      await measures.scrollNothing('scrolled', scrolledMs),
      await measures.scrollList('scrolled', scrolledMs),
    ]
    const [idleDragged, dragged] = [
      await measures.scrollNothing('dragged', scrolledMs),
      await measures.scrollList('dragged', scrolledMs),
    ]
    return new Map([
      ['start to inbox, 100,000 mails', startSeconds],
      ['folder opened, p95', percentile(times, 0.95)],
      [framesScrolled, percentile(scrolled, 0.95)],
      [limitOf(framesScrolled), percentile(idleScrolled, 0.95)],
      [longestFrame, Math.max(...scrolled)],
      [limitOf(longestFrame), Math.max(...idleScrolled)],
      [framesDragged, percentile(dragged, 0.95)],
      [limitOf(framesDragged), percentile(idleDragged, 0.95)],
    ])
  } finally {
    await app.close()
  }
}

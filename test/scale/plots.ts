import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Chart, Series } from './chart.ts'
import { drawChart } from './chart.ts'

/** Of what `npm run scale -- --json FILE` writes down, what is drawn. */
interface Result {
  readonly options: { readonly seats: number }
  readonly idle: Phase
  readonly live: Phase
  readonly merge: Phase
  readonly heldMs: Quantiles
  readonly knownMs: Quantiles
}

interface Phase {
  readonly simulatedMs: number
  readonly bytes: number
  readonly byKind: Readonly<Record<string, { readonly bytes: number }>>
}

interface Quantiles {
  readonly p50: number
  readonly p99: number
}

const folder = path.join(import.meta.dirname, '..', '..', 'docs', 'plots')
const msPerSecond = 1_000

const read = async (file: string): Promise<readonly Result[]> =>
  JSON.parse(await readFile(path.join(folder, file), 'utf8')) as readonly Result[]

const line = (
  name: string,
  stroke: Series['stroke'],
  results: readonly Result[],
  of: (result: Result) => number,
): Series => ({ name, stroke, points: results.map((result) => [result.options.seats, of(result)] as const) })

const idleRate = ({ idle, options }: Result): number => (idle.bytes / idle.simulatedMs) * (msPerSecond / options.seats)
const workRate = ({ live, options }: Result): number =>
  ((live.byKind['knowledge']?.bytes ?? 0) / live.simulatedMs) * (msPerSecond / options.seats)
const askedFor = ({ merge }: Result): number => merge.byKind['batches asked for']?.bytes ?? 0

const now = await read('scale.json')
const before = await read('scale-before.json')
const charts: Readonly<Record<string, Chart>> = {
  'scale-knowledge': {
    title: 'What telling each other costs: bytes a second that a seat sends',
    x: 'seats',
    y: 'bytes a second',
    series: [
      line('at work, before', 'dashed', before, workRate),
      line('idle, before', 'dashed', before, idleRate),
      line('at work', 'whole', now, workRate),
      line('idle', 'whole', now, idleRate),
    ],
  },
  'scale-spread': {
    title: 'How long a mail takes, 200 ms and 2 % loss',
    x: 'seats',
    y: 'milliseconds',
    series: [
      line('writer knows it, p99', 'whole', now, ({ knownMs }) => knownMs.p99),
      line('writer knows it, p50', 'whole', now, ({ knownMs }) => knownMs.p50),
      line('held by all, p99', 'whole', now, ({ heldMs }) => heldMs.p99),
      line('held by all, p50', 'whole', now, ({ heldMs }) => heldMs.p50),
    ],
  },
  'scale-merge': {
    title: 'A merge of halves with 2,000 mails: bytes fetched by all',
    x: 'seats',
    y: 'bytes',
    series: [line('before', 'dashed', before, askedFor), line('now', 'whole', now, askedFor)],
  },
}
for (const [name, chart] of Object.entries(charts)) await writeFile(path.join(folder, `${name}.svg`), drawChart(chart))

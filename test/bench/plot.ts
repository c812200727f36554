/**
 * Draws what `npm run --silent bench -- growth --json` gave, as SVG on stdout: `node build/run.cjs test/bench/plot.ts FILE`. Each figure
 * is shown as a multiple of what it is with the smallest mailbox; both axes are logarithmic, so what does not grow is flat.
 */
import { readFile } from 'node:fs/promises'
import { growthFigure, growthFigures, growthSizes } from './growth.ts'

interface Report {
  readonly figures: readonly { readonly figure: string; readonly median: number }[]
}

interface Line {
  readonly name: string
  readonly points: readonly { readonly mails: number; readonly times: number }[]
}

const width = 900
const height = 480
const margin = { left: 60, right: 270, top: 30, bottom: 50 }
const most = 1_000
const least = 0.1
const colours = ['#1f77b4', '#d62728', '#2ca02c', '#9467bd', '#ff7f0e', '#17becf', '#8c564b', '#e377c2', '#7f7f7f']

const x = (mails: number): number =>
  margin.left +
  ((width - margin.left - margin.right) * Math.log10(mails / growthSizes[0])) /
    Math.log10((growthSizes.at(-1) ?? 1) / growthSizes[0])

const y = (times: number): number =>
  height -
  margin.bottom -
  ((height - margin.top - margin.bottom) * Math.log10(Math.min(most, Math.max(least, times)) / least)) /
    Math.log10(most / least)

const linesOf = ({ figures }: Report): readonly Line[] => {
  const medians = new Map(figures.map(({ figure, median }) => [figure, median]))
  return [...growthFigures.keys()].flatMap((name) => {
    const values = growthSizes.flatMap((mails) => {
      const value = medians.get(growthFigure(name, mails))
      return value === undefined || !Number.isFinite(value) ? [] : [{ mails, value }]
    })
    const first = values[0]?.value ?? 0
    return first > 0 ? [{ name, points: values.map(({ mails, value }) => ({ mails, times: value / first })) }] : []
  })
}

const text = (at: readonly [number, number], words: string, more = ''): string =>
  `<text x="${at[0].toFixed(1)}" y="${at[1].toFixed(1)}" ${more}>${words}</text>`

const drawn = ({ name, points }: Line, index: number): string => {
  const colour = colours[index % colours.length] ?? 'black'
  const dash = index < colours.length ? '' : ' stroke-dasharray="5 3"'
  const path = points.map(({ mails, times }) => `${x(mails).toFixed(1)},${y(times).toFixed(1)}`).join(' ')
  const legend = margin.top + 12 + index * 20
  const right = width - margin.right + 15
  return [
    `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"${dash}/>`,
    `<line x1="${right}" x2="${right + 24}" y1="${legend - 4}" y2="${legend - 4}" stroke="${colour}" stroke-width="2"${dash}/>`,
    text([right + 30, legend], name),
  ].join('\n')
}

const grid = (): string => {
  const lines: string[] = []
  for (const mails of growthSizes) {
    lines.push(`<line x1="${x(mails)}" x2="${x(mails)}" y1="${y(most)}" y2="${y(least)}" stroke="#ddd"/>`)
    lines.push(text([x(mails), height - margin.bottom + 18], mails.toLocaleString('en'), 'text-anchor="middle"'))
  }
  for (let times = least; times <= most; times *= 10) {
    lines.push(
      `<line x1="${x(growthSizes[0])}" x2="${width - margin.right}" y1="${y(times)}" y2="${y(times)}" stroke="#ddd"/>`,
    )
    lines.push(text([margin.left - 8, y(times) + 4], `${Number(times.toPrecision(1))}x`, 'text-anchor="end"'))
  }
  return lines.join('\n')
}

const report = JSON.parse(await readFile(process.argv[2] ?? '', 'utf8')) as Report
const title = text([margin.left, 18], 'Each figure as a multiple of what it is with 1,000 mails', 'font-weight="bold"')
const axis = text(
  [(margin.left + width - margin.right) / 2, height - 8],
  'mails in the mailbox',
  'text-anchor="middle"',
)
const lines = linesOf(report).map(drawn).join('\n')
console.log(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">
<rect width="${width}" height="${height}" fill="white"/>
${grid()}
${title}
${axis}
${lines}
</svg>`,
)

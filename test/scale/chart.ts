/** A line of a chart: a point a value of x, ascending. */
export interface Series {
  readonly name: string
  readonly points: readonly (readonly [number, number])[]
  /** Dashed lines are for what is no longer so, or was not measured. */
  readonly stroke: 'whole' | 'dashed'
}

export interface Chart {
  readonly title: string
  readonly x: string
  readonly y: string
  readonly series: readonly Series[]
}

const width = 640
const height = 400
const left = 84
const right = 190
const top = 48
const bottom = 56
const titleSize = 15
const textSize = 12
const colours = ['#1f6feb', '#d1480f', '#2f8f4e', '#8250c4', '#b0870b']
/** Names at the ends of lines are kept so far apart. */
const nameGap = 15

/** A picture of one chart with logarithmic axes, as SVG that needs nothing else. */
export const drawChart = ({ title, x, y, series }: Chart): string => {
  const points = series.flatMap((one) => one.points)
  const across = logScale(
    points.map(([value]) => value),
    left,
    width - right,
  )
  const up = logScale(
    points.map(([, value]) => value),
    height - bottom,
    top,
  )
  const names = spreadOut(series.map(({ points: own }) => up.place(own.at(-1)?.[1] ?? 1)))
  const body = [
    text(left, top / 2, title, `font-size="${titleSize}" font-weight="600"`),
    ...up.ticks.map((value) => horizontal(up.place(value), shown(value))),
    ...across.ticks.map((value) => vertical(across.place(value), shown(value))),
    text((left + width - right) / 2, height - 12, x, 'text-anchor="middle"'),
    text(
      18,
      (top + height - bottom) / 2,
      y,
      `text-anchor="middle" transform="rotate(-90 18 ${(top + height - bottom) / 2})"`,
    ),
    ...series.flatMap((one, index) => {
      const colour = colours[index % colours.length] ?? '#000'
      const path = one.points.map(([px, py]) => `${round(across.place(px))},${round(up.place(py))}`)
      const dash = one.stroke === 'dashed' ? ' stroke-dasharray="6 4"' : ''
      const [endX] = one.points.at(-1) ?? [1]
      return [
        `<polyline points="${path.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"${dash}/>`,
        ...path.map(
          (point) => `<circle cx="${point.split(',')[0]}" cy="${point.split(',')[1]}" r="3" fill="${colour}"/>`,
        ),
        text(across.place(endX) + 10, (names[index] ?? 0) + 4, one.name, `fill="${colour}"`),
      ]
    }),
  ]
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="${textSize}" fill="#1f2328">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...body,
    '</svg>',
    '',
  ].join('\n')
}

interface Scale {
  readonly ticks: readonly number[]
  readonly place: (value: number) => number
}

/** From a power of ten, or twice or five times one, to the next that holds all values. */
const logScale = (values: readonly number[], from: number, to: number): Scale => {
  const least = Math.min(...values)
  const most = Math.max(...values)
  const steps: number[] = []
  for (let power = Math.floor(Math.log10(least)); 10 ** power <= most * 10; power += 1)
    steps.push(10 ** power, 2 * 10 ** power, 5 * 10 ** power)
  const first = steps.findLastIndex((step) => step <= least)
  const last = steps.findIndex((step) => step >= most)
  const ticks = steps.slice(Math.max(0, first), last + 1)
  const [low, high] = [Math.log10(ticks[0] ?? 1), Math.log10(ticks.at(-1) ?? 10)]
  const isLong = ticks.length > 9
  return {
    ticks: isLong ? ticks.filter((tick) => Number.isInteger(Math.log10(tick))) : ticks,
    place: (value) => from + ((Math.log10(value) - low) / (high - low || 1)) * (to - from),
  }
}

/** Moves what is too close to what comes before it, keeping the order. */
const spreadOut = (places: readonly number[]): readonly number[] => {
  const order = places.map((place, index) => ({ place, index })).sort((one, other) => one.place - other.place)
  const spread: number[] = []
  let free = -Infinity
  for (const { place, index } of order) {
    spread[index] = Math.max(place, free)
    free = (spread[index] ?? 0) + nameGap
  }
  return spread
}

const horizontal = (y: number, label: string): string =>
  `<line x1="${left}" y1="${round(y)}" x2="${width - right}" y2="${round(y)}" stroke="#d8dee4"/>\n${text(left - 8, y + 4, label, 'text-anchor="end"')}`

const vertical = (x: number, label: string): string =>
  `<line x1="${round(x)}" y1="${top}" x2="${round(x)}" y2="${height - bottom}" stroke="#d8dee4"/>\n${text(x, height - bottom + 18, label, 'text-anchor="middle"')}`

const text = (x: number, y: number, words: string, more: string): string =>
  `<text x="${round(x)}" y="${round(y)}" ${more}>${words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>`

const round = (value: number): string => value.toFixed(1)

const shown = (value: number): string => {
  if (value >= 1_000_000) return `${value / 1_000_000} M`
  if (value >= 1_000) return `${value / 1_000} k`
  return String(Number(value.toPrecision(2)))
}

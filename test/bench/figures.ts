export interface Target {
  readonly direction: 'at least' | 'at most'
  readonly value: number
}

/** One line of the table. */
export interface FigureInfo {
  readonly name: string
  readonly unit: string
  /** Null for what is measured as information only. */
  readonly target: Target | null
  /** What the figure is compared with, measured in the same run; null when nothing fits. */
  readonly limit: string | null
}

/** What one run gave, by figure. A figure's limit stands under `"<figure> limit"`, in the figure's unit. */
export type Sample = ReadonlyMap<string, number>

export interface BenchScale {
  /** 1, or less for a quick look: how much of the usual count is sent. */
  readonly share: number
  /** Where the bench keeps its data; removed by the caller. */
  readonly directory: string
  /** What happens, for whoever waits. */
  readonly tell: (line: string) => void
}

export interface PreparedBench {
  readonly run: () => Promise<Sample>
  readonly end: () => Promise<void>
}

export interface Bench {
  readonly name: string
  readonly about: string
  readonly figures: readonly FigureInfo[]
  readonly prepare: (scale: BenchScale) => Promise<PreparedBench>
}

export interface FigureReport {
  readonly bench: string
  readonly figure: string
  readonly unit: string
  readonly target: string
  readonly median: number
  readonly least: number
  readonly most: number
  /** Median of the runs' figure / limit. */
  readonly ratio: number | null
  readonly limit: string | null
  readonly verdict: 'ok' | 'missed' | 'info'
}

export const atLeast = (value: number): Target => ({ direction: 'at least', value })
export const atMost = (value: number): Target => ({ direction: 'at most', value })

export const limitOf = (figure: string): string => `${figure} limit`

/** The value below which `share` (0 to 1) of the values lie, by nearest rank. */
export const percentile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((left, right) => left - right)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

export const median = (values: readonly number[]): number => percentile(values, 0.5)

/** Summarises all runs of a bench. */
export const reportFigures = (bench: Bench, samples: readonly Sample[]): readonly FigureReport[] =>
  bench.figures.map((info) => {
    const values = samples.flatMap((sample) => sample.get(info.name) ?? [])
    const ratios = samples.flatMap((sample) => {
      const limit = sample.get(limitOf(info.name))
      const value = sample.get(info.name)
      return limit === undefined || value === undefined ? [] : [value / limit]
    })
    const middle = median(values)
    return {
      bench: bench.name,
      figure: info.name,
      unit: info.unit,
      target: info.target === null ? '' : `${info.target.direction === 'at least' ? '>=' : '<='} ${info.target.value}`,
      median: middle,
      least: Math.min(...values),
      most: Math.max(...values),
      ratio: ratios.length === 0 ? null : median(ratios),
      limit: info.limit,
      verdict: verdictOf(info.target, middle),
    }
  })

const verdictOf = (target: Target | null, value: number): FigureReport['verdict'] => {
  if (target === null) return 'info'
  const isReached = target.direction === 'at least' ? value >= target.value : value <= target.value
  return isReached ? 'ok' : 'missed'
}

/** A table for people, one figure a line. */
export const tableOf = (reports: readonly FigureReport[]): string => {
  const head = ['bench', 'figure', 'unit', 'target', 'median', 'min - max', 'ratio', 'to the limit', '']
  const rows = reports.map((report) => [
    report.bench,
    report.figure,
    report.unit,
    report.target,
    format(report.median),
    `${format(report.least)} - ${format(report.most)}`,
    report.ratio === null ? '' : format(report.ratio),
    report.limit ?? '',
    report.verdict,
  ])
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)))
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

const format = (value: number): string => {
  if (!Number.isFinite(value)) return '-'
  if (Math.abs(value) >= 100) return value.toFixed(0)
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 3)
}

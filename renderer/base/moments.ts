import { currentLocale } from '../locales/i18n.ts'

const secondMs = 1_000
const minuteMs = 60_000
const hourMs = 3_600_000
const hourMinutes = 60
const dayMs = 86_400_000

const units: readonly { readonly unit: Intl.RelativeTimeFormatUnit; readonly ms: number; readonly belowMs: number }[] =
  [
    { unit: 'second', ms: secondMs, belowMs: minuteMs },
    { unit: 'minute', ms: minuteMs, belowMs: hourMs },
    { unit: 'hour', ms: hourMs, belowMs: dayMs },
    { unit: 'day', ms: dayMs, belowMs: Infinity },
  ]

/** "3 minutes ago", "in 7 days", "now"; milliseconds since 1970. */
export const relativeTime = (at: number, nowMs: number): string => {
  const distanceMs = at - nowMs
  const format = new Intl.RelativeTimeFormat(currentLocale.value, { numeric: 'auto' })
  if (Math.abs(distanceMs) < 5 * secondMs) return format.format(0, 'second')
  const { unit, ms } = units.find(({ belowMs }) => Math.abs(distanceMs) < belowMs) ?? { unit: 'day', ms: dayMs }
  return format.format(Math.round(distanceMs / ms), unit)
}

/** As `relativeTime`, of what has happened: where it was dated by a clock that is ahead, it has just done so. */
export const pastTime = (at: number, nowMs: number): string => relativeTime(Math.min(at, nowMs), nowMs)

/** How long something took: "17 min", "2 hr, 5 min". */
export const duration = (spanMs: number): string => {
  const named = (value: number, unit: string): string =>
    new Intl.NumberFormat(currentLocale.value, { style: 'unit', unit, unitDisplay: 'short' }).format(value)
  if (spanMs < minuteMs) return named(Math.max(1, Math.round(spanMs / secondMs)), 'second')
  const allMinutes = Math.round(spanMs / minuteMs)
  const [hours, minutes] = [Math.floor(allMinutes / hourMinutes), allMinutes % hourMinutes]
  if (spanMs >= dayMs) return named(Math.round(spanMs / dayMs), 'day')
  return [hours > 0 ? named(hours, 'hour') : '', minutes > 0 ? named(minutes, 'minute') : ''].filter(Boolean).join(' ')
}

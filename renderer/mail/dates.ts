import { currentLanguage } from '../locales/i18n.ts'

const dayMs = 86_400_000

type Style = 'time' | 'weekday' | 'day' | 'date' | 'full'

const styles: Readonly<Record<Style, Intl.DateTimeFormatOptions>> = {
  time: { hour: 'numeric', minute: '2-digit' },
  weekday: { weekday: 'short' },
  day: { day: 'numeric', month: 'short' },
  date: { year: 'numeric', month: '2-digit', day: '2-digit' },
  full: { dateStyle: 'full', timeStyle: 'short' },
}

/** Making one is slow, and a list needs them for every row. */
const formats = new Map<string, Intl.DateTimeFormat>()

const format = (at: number, style: Style): string => {
  const key = `${currentLanguage.value} ${style}`
  let known = formats.get(key)
  if (known === undefined) formats.set(key, (known = new Intl.DateTimeFormat(currentLanguage.value, styles[style])))
  return known.format(at)
}

/** As short as it can be: the time today, the day this week, the date else. Milliseconds since 1970. */
export const shortDate = (at: number, nowMs: number): string => {
  const today = new Date(nowMs)
  const midnight = new Date(today.getFullYear(), today.getMonth(), today.getDate()).getTime()
  if (at >= midnight) return format(at, 'time')
  if (at >= midnight - 6 * dayMs) return format(at, 'weekday')
  return format(at, new Date(at).getFullYear() === today.getFullYear() ? 'day' : 'date')
}

/** Day and time in words, for tooltips and open mails. */
export const fullDate = (at: number): string => format(at, 'full')

export const timeOfDay = (at: number): string => format(at, 'time')

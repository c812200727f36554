import { currentLocale } from '../locales/i18n.ts'

const weekdays = 7

type Style = 'time' | 'weekday' | 'day' | 'date' | 'moment' | 'dateAndTime' | 'full'

const styles: Readonly<Record<Style, Intl.DateTimeFormatOptions>> = {
  time: { hour: 'numeric', minute: '2-digit' },
  weekday: { weekday: 'short' },
  day: { day: 'numeric', month: 'short' },
  date: { year: 'numeric', month: '2-digit', day: '2-digit' },
  moment: { weekday: 'short', day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit' },
  dateAndTime: { dateStyle: 'medium', timeStyle: 'short' },
  full: { dateStyle: 'full', timeStyle: 'short' },
}

/** Making one is slow, and a list needs them for every row. */
const formats = new Map<string, Intl.DateTimeFormat>()

const format = (at: number, style: Style): string => {
  const key = `${currentLocale.value} ${style}`
  let known = formats.get(key)
  if (known === undefined) formats.set(key, (known = new Intl.DateTimeFormat(currentLocale.value, styles[style])))
  return known.format(at)
}

/** The beginning of the day that is so many days after that of `nowMs`: days are not all equally long. */
const dayFrom = (nowMs: number, days: number): number => {
  const day = new Date(nowMs)
  return new Date(day.getFullYear(), day.getMonth(), day.getDate() + days).getTime()
}
/** A clock that is ahead can have dated what there is: that is not of today, whatever the time. */
const isToday = (at: number, nowMs: number): boolean => at >= dayFrom(nowMs, 0) && at < dayFrom(nowMs, 1)
const isSameYear = (at: number, nowMs: number): boolean => new Date(at).getFullYear() === new Date(nowMs).getFullYear()

/** As short as it can be: the time today, the day in the week until then, the date else. Milliseconds since 1970. */
export const shortDate = (at: number, nowMs: number): string => {
  if (isToday(at, nowMs)) return format(at, 'time')
  if (at < nowMs && at >= dayFrom(nowMs, 1 - weekdays)) return format(at, 'weekday')
  return format(at, isSameYear(at, nowMs) ? 'day' : 'date')
}

/** Of a mail that is read: always with the time, and with the day when that is not today. */
export const readingDate = (at: number, nowMs: number): string => {
  if (isToday(at, nowMs)) return format(at, 'time')
  return format(at, isSameYear(at, nowMs) ? 'moment' : 'dateAndTime')
}

/** Day and time in words, for tooltips and open mails. */
export const fullDate = (at: number): string => format(at, 'full')

export const timeOfDay = (at: number): string => format(at, 'time')

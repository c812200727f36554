const msPerDay = 86_400_000

const clockTime = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const weekdayTime = new Intl.DateTimeFormat('en-GB', { weekday: 'short', hour: '2-digit', minute: '2-digit' })
const dayAndMonth = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })
const dayMonthYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })
const complete = new Intl.DateTimeFormat('en-GB', { dateStyle: 'full', timeStyle: 'short' })

/** As short as is clear now: the time today, the weekday this week, the day this year. At most 11 columns. */
export const shortDate = (atMs: number, nowMs: number): string => {
  const [at, now] = [new Date(atMs), new Date(nowMs)]
  if (at.toDateString() === now.toDateString()) return clockTime.format(at)
  if (atMs < nowMs && nowMs - atMs < 6 * msPerDay) return weekdayTime.format(at).replace(',', '')
  return at.getFullYear() === now.getFullYear() ? dayAndMonth.format(at) : dayMonthYear.format(at)
}

/** The day and the time in full. */
export const longDate = (atMs: number): string => complete.format(new Date(atMs))

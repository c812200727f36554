/**
 * Chromium cannot be taught another scheme from outside, so `app://bundle/path` is served over HTTP as
 * `http://bundle.app.x-electron.localhost/path`, which is a secure context with an origin of its own. The page sees that
 * address; the main process sees `app://`.
 */
export const hostSuffix = '.x-electron.localhost'

/** A page at this path is answered with "no content": its tab stays as a window is before it has loaded anything. */
export const blankPath = '/__standin_new__/'
export const blankAddress = `http://new${hostSuffix}${blankPath}`

const custom = /^([a-z][a-z0-9+-]*):\/\/([^/?#]*)(.*)$/i
const served = /http:\/\/([^/?#:]+)\.([a-z][a-z0-9+-]*)\.x-electron\.localhost(?::\d+)?(?=[/?#]|$)/gi
const ordinarySchemes: ReadonlySet<string> = new Set([
  'http',
  'https',
  'file',
  'data',
  'about',
  'blob',
  'devtools',
  'chrome',
])

/** What Chromium is told to load. */
export const toServed = (url: string): string => {
  const [, scheme = '', host = '', rest = ''] = custom.exec(url) ?? []
  if (scheme === '' || ordinarySchemes.has(scheme.toLowerCase())) return url
  return `http://${host.toLowerCase()}.${scheme.toLowerCase()}${hostSuffix}${rest === '' ? '/' : rest}`
}

/** What the main process is told. */
export const toCustom = (url: string): string =>
  url.replaceAll(served, (_, host: string, scheme: string) => `${scheme}://${host}`)

/** The scheme and host of a `Host` header; null when it is none of ours. */
export const customHost = (header: string): { readonly scheme: string; readonly host: string } | null => {
  const name = header.replace(/:\d+$/, '')
  if (!name.endsWith(hostSuffix)) return null
  const labels = name.slice(0, -hostSuffix.length)
  const dot = labels.lastIndexOf('.')
  return { scheme: labels.slice(dot + 1), host: labels.slice(0, Math.max(dot, 0)) }
}

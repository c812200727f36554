import path from 'node:path'
import { protocol } from 'electron'
import { readPageFile } from './page-files.ts'

/** The page's own origin: nothing else may be shown, and nothing else may ask. */
export const appOrigin = 'app://bundle'
const scheme = 'app'

const mediaTypes = new Map([
  ['.html', 'text/html; charset=utf-8'],
  ['.js', 'text/javascript; charset=utf-8'],
  ['.css', 'text/css; charset=utf-8'],
  ['.svg', 'image/svg+xml'],
  ['.png', 'image/png'],
  ['.woff2', 'font/woff2'],
])

/** Nothing from outside, nothing inline. `connect-src 'self'` is for the page's own files. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types vue dompurify quintet',
].join('; ')

const headers = {
  'content-security-policy': contentSecurityPolicy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-cache',
}

/** To be called before the app is ready. */
export const registerAppScheme = (): void => {
  protocol.registerSchemesAsPrivileged([
    { scheme, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
  ])
}

/** Serves the files of `folder`, and only those. One that cannot be read fails as a broken connection does, which is tried again. */
export const serveAppFiles = (folder: string): void => {
  protocol.handle(scheme, async (request) => {
    const file = fileOf(folder, request.url)
    if (request.method !== 'GET' || file === null) return notFound()
    try {
      const content = await readPageFile(file)
      if (content === null) return notFound()
      const type = mediaTypes.get(path.extname(file)) ?? 'application/octet-stream'
      return new Response(content, { headers: { ...headers, 'content-type': type } })
    } catch {
      return Response.error()
    }
  })
}

const notFound = (): Response => new Response('Not found', { status: 404, headers })

/** Null for what is no address of the page's. */
const fileOf = (folder: string, url: string): string | null => {
  try {
    const { host, pathname, protocol: scheme } = new URL(url)
    if (`${scheme}//${host}` !== appOrigin) return null
    const relative = pathname === '/' ? 'index.html' : decodeURIComponent(pathname.slice(1))
    const file = path.resolve(folder, relative)
    return file.startsWith(folder + path.sep) ? file : null
  } catch {
    return null
  }
}

/** Whether a frame shows the app's own page. */
export const isOwnPage = (url: string): boolean => {
  try {
    const { protocol: scheme, host } = new URL(url)
    return `${scheme}//${host}` === appOrigin
  } catch {
    return false
  }
}

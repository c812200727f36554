import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { blankPath, customHost, toCustom } from './app-urls.ts'
import { notEmulated } from './not-emulated.ts'

type SchemeHandler = (request: Request) => Response | Promise<Response>

/** The custom schemes of the app, served to Chromium from this process. */
export class PageServer {
  readonly #handlers = new Map<string, SchemeHandler>()

  handle(scheme: string, handler: SchemeHandler): void {
    if (this.#handlers.has(scheme)) throw new Error(`Failed to register protocol: ${scheme}`)
    this.#handlers.set(scheme, handler)
  }

  /** The port, on loopback. */
  async listen(): Promise<number> {
    const server = createServer((request, response) => {
      this.#serve(request, response).catch((error: unknown) => {
        console.error('stand-in: a protocol handler failed', error)
        response.statusCode = 500
        response.end()
      })
    })
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    server.unref()
    return (server.address() as AddressInfo).port
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = customHost(request.headers.host ?? '')
    const handler = target === null ? undefined : this.#handlers.get(target.scheme)
    const path = request.url ?? '/'
    // Chromium asks for the icon by itself; Electron does not.
    if (target !== null && (path.startsWith(blankPath) || path === '/favicon.ico')) {
      response.writeHead(204).end()
      return
    }
    if (target === null || handler === undefined) {
      response.writeHead(target === null ? 403 : 404).end()
      return
    }
    if (request.method !== 'GET') throw notEmulated(`protocol.handle with ${String(request.method)}`)
    const answer = await handler(
      new Request(`${target.scheme}://${target.host}${path}`, { headers: headersOf(request) }),
    )
    if (answer.type === 'error') {
      response.destroy()
      return
    }
    response.writeHead(answer.status, Object.fromEntries(answer.headers))
    response.end(Buffer.from(await answer.arrayBuffer()))
  }
}

const headersOf = (request: IncomingMessage): [string, string][] =>
  Object.entries(request.headers)
    .filter(([name]) => name !== 'host' && name !== 'connection')
    .map(([name, value]) => [name, toCustom(String(value))])

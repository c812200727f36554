import type { Answer, ClientMethod, HostMethod, QuintetBridge } from '../electron/contract/bridge.ts'
import type { AppEvent, AppHost } from '../electron/contract/app-host.ts'
import type { ClientEvent } from '../replica/client/contract/events.ts'
import type { MailClient } from '../replica/client/contract/mail-client.ts'
import type { ErrorCode } from '../replica/core/model/errors.ts'
import { EventFan } from './base/event-fan.ts'

/** What the host refused. `message` is a sentence for people; the remedy in their language is found by `code`. */
export class BridgeError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string) {
    super(message)
    this.name = 'BridgeError'
    this.code = code
  }
}

/** The code of what went wrong; INTERNAL for what did not come from the host. */
export const codeOf = (error: unknown): ErrorCode => (error instanceof BridgeError ? error.code : 'INTERNAL')

/** The person's mail client in the host. Every method rejects with a `BridgeError`. */
export const client = methods((method, request) => window.quintet.client(method as ClientMethod, request)) as Pick<
  MailClient,
  ClientMethod
>

/** The program around the window. Every method rejects with a `BridgeError`. */
export const host = methods((method, request) => window.quintet.host(method as HostMethod, request)) as AppHost

/** Returns the function that ends it. */
export const onClientEvent = (listener: (event: ClientEvent) => void): (() => void) =>
  fansOf(window.quintet).client.listen(listener)

/** Returns the function that ends it. */
export const onAppEvent = (listener: (event: AppEvent) => void): (() => void) =>
  fansOf(window.quintet).app.listen(listener)

interface Fans {
  readonly client: EventFan<ClientEvent>
  readonly app: EventFan<AppEvent>
}

const fans = new WeakMap<QuintetBridge, Fans>()

function fansOf(bridge: QuintetBridge): Fans {
  const known = fans.get(bridge)
  if (known !== undefined) return known
  const made: Fans = { client: new EventFan(), app: new EventFan() }
  fans.set(bridge, made)
  bridge.onClientEvents((events) => made.client.tell(events))
  bridge.onAppEvents((events) => made.app.tell(events))
  return made
}

type Call = (method: string, request: unknown) => Promise<Answer<unknown>>

function methods(call: Call): unknown {
  const send = async (method: string, request: unknown): Promise<unknown> => {
    const answer = await call(method, plain(request))
    if (!answer.ok) throw new BridgeError(answer.failure.code, answer.failure.message)
    return answer.value
  }
  return new Proxy(
    {},
    {
      get: (_, method) => (request?: unknown) => send(String(method), request),
    },
  )
}

/** Reactive objects cannot cross into the preload's world. */
function plain(request: unknown): unknown {
  return request === undefined ? undefined : JSON.parse(JSON.stringify(request))
}

import { blankAddress, toCustom, toServed } from './app-urls.ts'
import type { Chromium, Fields } from './chromium.ts'
import type { HostState } from './host-state.ts'
import { PreventableEvent, StandInEmitter } from './not-emulated.ts'
import type { HostMessage, PageMessage } from './page-messages.ts'
import { pageScripts, preloadWorldName, receiveName, tellBinding } from './page-scripts.ts'
import { encodePlain } from './plain-value.ts'

type OpenHandler = (details: { readonly url: string }) => { readonly action: 'deny' }

export interface WebPreferences {
  readonly preload?: string
}

interface Attached {
  readonly chromium: Chromium
  readonly session: string
}

class NavigationEvent extends PreventableEvent {
  readonly url: string
  readonly isMainFrame: boolean

  constructor(url: string, frame: 'main' | 'child') {
    super()
    this.url = url
    this.isMainFrame = frame === 'main'
  }
}

/** The page of a window, which is a target of Chromium's. */
export class WebContents extends StandInEmitter {
  static readonly #byTarget = new Map<string, WebContents>()
  static #lastId = 0
  readonly id: number
  readonly #host: HostState
  readonly #preload: string | undefined
  readonly #ready: Promise<Attached>
  #attach: (attached: Attached) => void = () => undefined
  #target = ''
  #url = ''
  /** A load that the program itself asked for is not a navigation of the page's. */
  #expected: string | null = null
  /** The preload's world of the page that is there. */
  #preloadContext: string | null = null
  /** Worlds of the preload by their numbers, also of pages that are going. */
  readonly #preloadContexts = new Map<number, string>()
  #early: HostMessage[] = []
  #openHandler: OpenHandler | null = null
  #isDestroyed = false

  constructor(host: HostState, { preload }: WebPreferences) {
    super()
    WebContents.#lastId += 1
    this.id = WebContents.#lastId
    this.#host = host
    this.#preload = preload
    this.#ready = new Promise((attach) => {
      this.#attach = attach
    })
  }

  /** As Playwright asks for it. */
  static fromDevToolsTargetId(target: string): WebContents | undefined {
    return WebContents.#byTarget.get(target)
  }

  get target(): string {
    return this.#target
  }

  get mainFrame(): { readonly url: string; readonly parent: null } {
    return { url: this.getURL(), parent: null }
  }

  getURL(): string {
    return toCustom(this.#url)
  }

  isDestroyed(): boolean {
    return this.#isDestroyed
  }

  setWindowOpenHandler(handler: OpenHandler): void {
    this.#openHandler = handler
  }

  async loadURL(url: string): Promise<void> {
    const real = toServed(url)
    this.#expected = real
    const result = await this.command('Page.navigate', { url: real })
    // It has come as far as it comes.
    if (this.#expected === real) this.#expected = null
    if (typeof result['errorText'] === 'string') throw new Error(`${result['errorText']} loading '${url}'`)
  }

  reload(): void {
    this.#expected = this.#url
    this.command('Page.reload').catch(() => undefined)
  }

  forcefullyCrashRenderer(): void {
    // Nobody answers any more.
    this.command('Page.crash').catch(() => undefined)
  }

  send(channel: string, ...values: readonly unknown[]): void {
    encodePlain(values)
    this.#tell({ does: 'send', channel, values }, this.#preloadContext)
  }

  /** A command of Chromium's protocol for this page. */
  async command(method: string, params: Fields = {}): Promise<Fields> {
    const { chromium, session } = await this.#ready
    return chromium.send(method, params, session)
  }

  /** The target is there: makes it this window's page before anything is loaded into it. */
  async attachTo(chromium: Chromium, session: string, target: string): Promise<void> {
    this.#target = target
    WebContents.#byTarget.set(target, this)
    const command = (method: string, params: Fields = {}): Promise<Fields> => chromium.send(method, params, session)
    this.#listen(chromium, session)
    await Promise.all([
      command('Runtime.addBinding', { name: tellBinding, executionContextName: preloadWorldName }),
      ...pageScripts(this.#preload).map((script) => command('Page.addScriptToEvaluateOnNewDocument', { ...script })),
      command('Page.enable'),
      command('Runtime.enable'),
      command('Inspector.enable'),
      command('Fetch.enable', { patterns: [{ resourceType: 'Document', requestStage: 'Request' }] }),
    ])
    this.#attach({ chromium, session })
    await this.showTheme()
  }

  async showTheme(): Promise<void> {
    const scheme = this.#host.nativeTheme.emulated
    const features = scheme === null ? [] : [{ name: 'prefers-color-scheme', value: scheme }]
    await this.command('Emulation.setEmulatedMedia', { features }).catch(() => undefined)
  }

  destroy(): void {
    if (this.#isDestroyed) return
    this.#isDestroyed = true
    WebContents.#byTarget.delete(this.#target)
    this.emit('destroyed')
  }

  #listen(chromium: Chromium, session: string): void {
    const on = (method: string, listener: (event: never) => void): void => {
      chromium.on(`${session}:${method}`, listener as (event: unknown) => void)
    }
    on('Page.frameNavigated', ({ frame }: { readonly frame: NavigatedFrame }) => {
      if (frame.parentId === undefined) this.#url = frame.url + (frame.urlFragment ?? '')
    })
    on('Page.navigatedWithinDocument', ({ frameId, url }: { readonly frameId: string; readonly url: string }) => {
      if (frameId === this.#target) this.#url = url
    })
    on('Page.loadEventFired', () => {
      this.emit('did-finish-load', {})
    })
    on('Runtime.executionContextCreated', ({ context }: { readonly context: ExecutionContext }) => {
      if (context.name !== preloadWorldName || context.auxData.frameId !== this.#target) return
      this.#preloadContexts.set(context.id, context.uniqueId)
      this.#become(context.uniqueId)
    })
    on('Runtime.executionContextsCleared', () => {
      this.#preloadContext = null
    })
    on('Runtime.bindingCalled', ({ name, payload, executionContextId }: BindingCall) => {
      if (name !== tellBinding) return
      const asking = this.#preloadContexts.get(executionContextId)
      // The last page's contexts may be said to be cleared after this one's has come, which comes from another process.
      if (asking !== undefined && this.#preloadContext === null) this.#become(asking)
      this.#hear(JSON.parse(payload) as PageMessage, asking ?? this.#preloadContext)
    })
    on('Inspector.targetCrashed', () => {
      this.emit('render-process-gone', {}, { reason: 'crashed', exitCode: 1 })
    })
    on('Fetch.requestPaused', (paused: PausedRequest) => this.#decide(paused))
  }

  /** Asks the app about a navigation before it happens. */
  #decide({ requestId, frameId, request, redirectedRequestId }: PausedRequest): void {
    if (request.url.startsWith(blankAddress)) {
      this.#continue(requestId)
      return
    }
    const isExpected = this.#expected === request.url
    if (isExpected) this.#expected = null
    const event = new NavigationEvent(toCustom(request.url), frameId === this.#target ? 'main' : 'child')
    if (!isExpected && redirectedRequestId !== undefined) this.emit('will-redirect', event)
    else if (!isExpected) {
      this.emit('will-frame-navigate', event)
      if (event.isMainFrame) this.emit('will-navigate', event)
    }
    if (event.defaultPrevented)
      this.command('Fetch.failRequest', { requestId, errorReason: 'Aborted' }).catch(() => undefined)
    else this.#continue(requestId)
  }

  #continue(requestId: string): void {
    this.command('Fetch.continueRequest', { requestId }).catch(() => undefined)
  }

  #become(context: string): void {
    this.#preloadContext = context
    for (const message of this.#early.splice(0)) this.#tell(message, context)
  }

  /** `asking`: the world that is answered. */
  #hear(message: PageMessage, asking: string | null): void {
    switch (message.does) {
      case 'invoke': {
        const event = { sender: this, senderFrame: this.mainFrame }
        const { id, channel, values } = message
        this.#host.ipcMain.carryOut(event, channel, values).then(
          (value) => this.#answer(id, value, asking),
          (error: unknown) => this.#tell({ does: 'refuse', id, message: refusalOf(channel, error) }, asking),
        )
        break
      }
      case 'open':
        // Only refusing is emulated.
        this.#openHandler?.({ url: toCustom(message.url) })
        break
      case 'key':
        this.#host.menu.press(message.key, message.modifiers)
        break
      case 'preloadFailed':
        console.error(`stand-in: the preload failed: ${message.error}`)
    }
  }

  #answer(id: number, value: unknown, asking: string | null): void {
    try {
      encodePlain(value)
      this.#tell({ does: 'answer', id, value }, asking)
    } catch (error) {
      this.#tell({ does: 'refuse', id, message: String(error) }, asking)
    }
  }

  #tell(message: HostMessage, context: string | null): void {
    if (context === null) {
      // An answer is for a page that is gone; an event is for the one that comes.
      if (message.does === 'send') this.#early.push(message)
      return
    }
    this.command('Runtime.callFunctionOn', {
      functionDeclaration: `message => ${receiveName}(message)`,
      uniqueContextId: context,
      arguments: [{ value: message }],
    }).catch(() => undefined)
  }
}

interface NavigatedFrame {
  readonly parentId?: string
  readonly url: string
  readonly urlFragment?: string
}

interface ExecutionContext {
  readonly id: number
  readonly name: string
  readonly uniqueId: string
  readonly auxData: { readonly frameId: string }
}

interface BindingCall {
  readonly name: string
  readonly payload: string
  readonly executionContextId: number
}

interface PausedRequest {
  readonly requestId: string
  readonly frameId: string
  readonly request: { readonly url: string }
  readonly redirectedRequestId?: string
}

const refusalOf = (channel: string, error: unknown): string => {
  console.error(`Error occurred in handler for '${channel}':`, error)
  return `Error invoking remote method '${channel}': ${String(error)}`
}

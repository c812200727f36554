import { readFileSync } from 'node:fs'
import type { Menu } from './menu.ts'
import { only, StandInEmitter } from './not-emulated.ts'

/** What the system would show or do is recorded here instead, for tests to look at. */
export const recorded = {
  notifications: [] as Notification[],
  opened: [] as string[],
  copied: [] as string[],
  /** What the next dialogs are to answer; a dialog without an answer is cancelled. */
  chosenFiles: [] as string[],
}

class NativeImage {
  readonly #bytes: Buffer

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  isEmpty(): boolean {
    return this.#bytes.length === 0
  }
}

export const nativeImage = only('nativeImage', {
  createFromPath: (file: string): NativeImage => {
    try {
      return new NativeImage(readFileSync(file))
    } catch {
      return new NativeImage(Buffer.alloc(0))
    }
  },
})

export class Tray extends StandInEmitter {
  toolTip = ''
  menu: Menu | null = null

  setToolTip(text: string): void {
    this.toolTip = text
  }

  setContextMenu(menu: Menu): void {
    this.menu = menu
  }
}

interface NotificationOptions {
  readonly title: string
  readonly body: string
  readonly silent?: boolean
}

export class Notification extends StandInEmitter {
  readonly title: string
  readonly body: string
  readonly silent: boolean

  constructor({ title, body, silent = false }: NotificationOptions) {
    super()
    this.title = title
    this.body = body
    this.silent = silent
  }

  static isSupported(): boolean {
    return true
  }

  show(): void {
    recorded.notifications.push(this)
  }

  close(): void {
    return
  }
}

export const dialog = only('dialog', {
  showOpenDialog: async () => {
    const file = recorded.chosenFiles.shift()
    return { canceled: file === undefined, filePaths: file === undefined ? [] : [file] }
  },
  showSaveDialog: async () => {
    const file = recorded.chosenFiles.shift()
    return { canceled: file === undefined, filePath: file ?? '' }
  },
  showMessageBox: async (_window: unknown, { message, detail, cancelId }: MessageBoxOptions) => {
    // Nobody sees it: whoever started the stand-in reads it where they did.
    console.error(`${message} ${detail}`)
    return { response: cancelId }
  },
})

interface MessageBoxOptions {
  readonly message: string
  readonly detail: string
  readonly cancelId: number
}

export const shell = only('shell', {
  openExternal: async (url: string) => {
    recorded.opened.push(url)
  },
  openPath: async (file: string) => {
    recorded.opened.push(file)
    return ''
  },
})

export const clipboard = only('clipboard', {
  writeText: async (text: string) => {
    recorded.copied.push(text)
  },
  readText: async () => recorded.copied.at(-1) ?? '',
})

/** There is no keyring to ask: nothing can be kept safe. */
export const safeStorage = only('safeStorage', {
  isAsyncEncryptionAvailable: async () => false,
})

export class PowerMonitor extends StandInEmitter {}

const display = { workArea: { x: 0, y: 0, width: 1_920, height: 1_080 } }
export const screen = only('screen', { getAllDisplays: () => [display] })

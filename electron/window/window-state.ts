import path from 'node:path'
import { type BrowserWindow, type Rectangle, screen } from 'electron'
import * as v from 'valibot'
import { DesktopFile } from '../state/desktop-file.ts'

interface WindowState {
  readonly bounds: Rectangle | null
  readonly size: 'normal' | 'maximized'
}

const bounds = v.object({ x: v.number(), y: v.number(), width: v.number(), height: v.number() })
const shape: v.GenericSchema<unknown, WindowState> = v.object({
  bounds: v.nullable(bounds),
  size: v.picklist(['normal', 'maximized']),
})
const firstState: WindowState = { bounds: null, size: 'normal' }
const firstSize = { width: 1_200, height: 800 }
const smallest = { width: 360, height: 480 }
/** So much of the window must be on a screen for a person to be able to get hold of it. */
const visiblePixels = 80

/** Where the window was, over restarts. */
export class WindowPlace {
  readonly #file: DesktopFile<WindowState>
  #state: WindowState = firstState

  private constructor(folder: string) {
    this.#file = new DesktopFile(path.join(folder, 'window.json'), shape, firstState)
  }

  static async load(folder: string): Promise<WindowPlace> {
    const place = new WindowPlace(folder)
    place.#state = await place.#file.load()
    return place
  }

  /** For the window's constructor; a place on a screen that is gone is forgotten. */
  options(): Partial<Rectangle> & { readonly minWidth: number; readonly minHeight: number } {
    const kept = this.#state.bounds
    const size = kept === null || !isOnScreen(kept) ? firstSize : kept
    return { ...size, minWidth: smallest.width, minHeight: smallest.height }
  }

  follow(window: BrowserWindow): void {
    if (this.#state.size === 'maximized') window.maximize()
    const keep = (): void => {
      if (window.isDestroyed() || window.isMinimized()) return
      this.#state = { bounds: window.getNormalBounds(), size: window.isMaximized() ? 'maximized' : 'normal' }
      void this.#file.save(this.#state).catch(() => undefined)
    }
    window.on('resized', keep)
    window.on('moved', keep)
    window.on('maximize', keep)
    window.on('unmaximize', keep)
    window.on('close', keep)
  }

  settled(): Promise<void> {
    return this.#file.settled()
  }
}

const isOnScreen = ({ x, y, width, height }: Rectangle): boolean =>
  screen.getAllDisplays().some(({ workArea }) => {
    const right = Math.min(x + width, workArea.x + workArea.width)
    const bottom = Math.min(y + height, workArea.y + workArea.height)
    return right - Math.max(x, workArea.x) >= visiblePixels && bottom - Math.max(y, workArea.y) >= visiblePixels
  })

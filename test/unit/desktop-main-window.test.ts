import { EventEmitter } from 'node:events'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { stringsFor } from '../../electron/system/strings.ts'
import { MainWindow } from '../../electron/window/main-window.ts'
import type { WindowPlace } from '../../electron/window/window-state.ts'

/** What the window was told to load, how that ended, and what a person was asked. */
const seen = vi.hoisted(() => ({
  loads: [] as string[],
  ends: [] as ('loaded' | 'failed')[],
  asked: 0,
  closed: 0,
}))

vi.mock('electron', async () => {
  const { EventEmitter: Emitter } = await import('node:events')
  class BrowserWindow extends Emitter {
    readonly webContents: EventEmitter = new Emitter()
    isVisible = () => true
    isMinimized = () => false
    isDestroyed = () => seen.closed > 0
    show = () => undefined
    focus = () => undefined
    destroy = () => {
      seen.closed += 1
      this.emit('closed')
    }
    loadURL = async (url: string) => {
      seen.loads.push(url)
      if (seen.ends.shift() === 'failed') throw new Error('net::ERR_ABORTED')
    }
  }
  const showMessageBox = async () => {
    seen.asked += 1
    return { response: 2 }
  }
  const nativeTheme = { shouldUseDarkColors: false }
  return { BrowserWindow, Menu: {}, app: {}, dialog: { showMessageBox }, nativeTheme, protocol: {}, screen: {} }
})

const shownWindow = (): MainWindow => {
  const place = { options: () => ({}), follow: () => undefined } as unknown as WindowPlace
  const heard = { onClose: (): 'hide' => 'hide', onPageStopped: () => undefined }
  const window = new MainWindow({
    place,
    preload: 'preload.cjs',
    icon: '',
    strings: () => stringsFor('en', 'en'),
    ...heard,
  })
  window.show()
  return window
}

beforeEach(() => {
  vi.useFakeTimers()
  Object.assign(seen, { loads: [], ends: [], asked: 0, closed: 0 })
})

afterEach(() => {
  vi.useRealTimers()
})

test('a page that could not be loaded is loaded again, and stays once it is there', async () => {
  seen.ends.push('failed', 'failed', 'loaded')
  const window = shownWindow()
  await vi.advanceTimersByTimeAsync(5_000)
  expect(seen.loads).toEqual(Array.from({ length: 3 }, () => 'app://bundle/index.html'))
  window.pageIsThere()
  await vi.advanceTimersByTimeAsync(600_000)
  expect(seen).toMatchObject({ loads: { length: 3 }, asked: 0 })
})

test('of a window that stays blank its person is told, after it was tried again', async () => {
  shownWindow()
  await vi.advanceTimersByTimeAsync(70_000)
  expect(seen).toMatchObject({ loads: { length: 4 }, asked: 0 })
  await vi.advanceTimersByTimeAsync(10_000)
  // Nobody decided anything, so it is closed, and made anew when it is asked for.
  expect(seen).toMatchObject({ loads: { length: 4 }, asked: 1, closed: 1 })
  await vi.advanceTimersByTimeAsync(600_000)
  expect(seen.loads).toHaveLength(4)
})

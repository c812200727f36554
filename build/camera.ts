import path from 'node:path'
import type { Page } from '@playwright/test'
import type { QuintetBridge } from '../electron/contract/bridge.ts'

/** Transitions end within this time. */
const settleMs = 600

/** Puts pictures of pages into a folder. */
export class Camera {
  readonly #folder: string
  readonly #size: { readonly width: number; readonly height: number }

  constructor(folder: string, size: { readonly width: number; readonly height: number }) {
    this.#folder = folder
    this.#size = size
  }

  /** Makes FOLDER/NAME.png, without the look that the pointer gives to what it is over. */
  async shot(page: Page, name: string, height = this.#size.height): Promise<void> {
    await page.setViewportSize({ ...this.#size, height })
    await page.mouse.move(0, 0)
    await page.waitForLoadState()
    await page.waitForTimeout(settleMs)
    await page.screenshot({ path: path.join(this.#folder, `${name}.png`) })
    console.log(`${name}.png`)
  }
}

/** Asks the program as its page does; rejects when that fails. */
export type Call = (door: 'client' | 'host', method: string, request?: unknown) => Promise<unknown>

export const callOf =
  (page: Page): Call =>
  async (door, method, request) => {
    const answer = await page.evaluate(
      ([name, asked, value]) => {
        const bridge = (globalThis as unknown as { readonly quintet: QuintetBridge }).quintet
        return bridge[name as 'client'](asked as 'list', value)
      },
      [door, method, request] as const,
    )
    if (!answer.ok) throw new Error(`${door}.${method}: ${answer.failure.message} (${answer.failure.code})`)
    return answer.value
  }

import { readFile } from 'node:fs/promises'
import { stripTypeScriptTypes } from 'node:module'
import path from 'node:path'
import type { Page } from '@playwright/test'

const script = path.join(import.meta.dirname, 'page', 'measures.ts')

/** What `page/measures.ts` measures, asked for from outside of the page. */
export class PageMeasures {
  readonly #page: Page

  private constructor(page: Page) {
    this.#page = page
  }

  static async in(page: Page): Promise<PageMeasures> {
    await page.evaluate(`(() => { ${stripTypeScriptTypes(await readFile(script, 'utf8'))} })()`)
    return new PageMeasures(page)
  }

  clickThrough(count: number): Promise<readonly number[]> {
    return this.#ask(`clickThrough(${count})`)
  }

  openFolder(name: 'Inbox' | 'Starred'): Promise<number> {
    return this.#ask(`openFolder('${name}')`)
  }

  watchFrames(): Promise<void> {
    return this.#ask('watchFrames()')
  }

  watchTyping(): Promise<void> {
    return this.#ask('watchTyping()')
  }

  scrollList(manner: 'scrolled' | 'dragged', lastingMs: number): Promise<readonly number[]> {
    return this.#ask(`scrollList('${manner}', ${lastingMs})`)
  }

  scrollNothing(manner: 'scrolled' | 'dragged', lastingMs: number): Promise<readonly number[]> {
    return this.#ask(`scrollNothing('${manner}', ${lastingMs})`)
  }

  frames(): Promise<readonly number[]> {
    return this.#ask('frames')
  }

  typed(): Promise<readonly number[]> {
    return this.#ask('typed')
  }

  #ask<Value>(expression: string): Promise<Value> {
    return this.#page.evaluate(`measures.${expression}`)
  }
}

import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import path from 'node:path'

export const preloadWorldName = 'Electron Isolated Context'
/** A function of the preload's world, by which pages tell this process. */
export const tellBinding = '__standInTell'
/** And the one by which they are told. */
export const receiveName = '__standInReceive'

interface PageScript {
  readonly source: string
  readonly worldName?: string
}

/** What runs in every page of a window before its own scripts: the main world's part, then the preload's with `preload` itself. */
export const pageScripts = (preload: string | undefined): readonly PageScript[] => {
  const secret = JSON.stringify(`stand-in-${randomUUID()}`)
  const link = functionOf('world-link.ts')
  const body = preload === undefined ? 'null' : `function (require, process, module) { ${readFileSync(preload, 'utf8')}\n}`
  const inPreloadWorld = `(${functionOf('preload-world.ts')})(${secret}, ${tellBinding}, ${link}, '${receiveName}', ${body})`
  return [
    { source: `(${functionOf('main-world.ts')})(${secret}, ${link})` },
    { source: inPreloadWorld, worldName: preloadWorldName },
  ]
}

/** The one function of a file in `page`, as an expression: those files are for the page, not for this process. */
const functionOf = (file: string): string => {
  const source = readFileSync(path.join(import.meta.dirname, 'page', file), 'utf8')
  const script = stripTypeScriptTypes(source)
  return `(${script.slice(script.indexOf('export function') + 'export '.length)})`
}

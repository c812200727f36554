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
  const link = codeOf('world-link.ts')
  // Chromium may make the binding a moment after the document.
  const tell = `(message) => ${tellBinding}(message)`
  const world = `new (${codeOf('preload-world.ts')})(${secret}, ${tell}, ${link}, '${receiveName}')`
  const text = preload === undefined ? '' : readFileSync(preload, 'utf8')
  // As in Electron, what is framed in a page gets no preload.
  const inPreloadWorld = `if (window.top === window) (${world}).run(function (require, process, module) { ${text}\n})`
  return [
    { source: `(${codeOf('main-world.ts')})(${secret}, ${link})` },
    { source: inPreloadWorld, worldName: preloadWorldName },
  ]
}

/** The one function or class of a file in `page`, as an expression: those files are for the page, not for this process. */
const codeOf = (file: string): string => {
  const source = readFileSync(path.join(import.meta.dirname, 'page', file), 'utf8')
  const [, code = ''] = stripTypeScriptTypes(source).split(/^export /m)
  return `(${code})`
}

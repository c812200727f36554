import { readFileSync } from 'node:fs'
import inspector from 'node:inspector'
import { createRequire, registerHooks } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { createStandIn, type StandIn } from './electron-module.ts'
import { parseLaunchArguments } from './launch-arguments.ts'

/** Versions that the stand-in goes by, beside its own mark. */
const versions = { electron: '45.4.1', standIn: '1' }

const [, , program = '', ...args] = process.argv
const launch = parseLaunchArguments(args)
const folder = path.resolve(launch.app)
const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as {
  readonly name: string
  readonly productName?: string
  readonly version: string
  readonly main: string
}

const end = process.exit.bind(process)
process.argv = [program, ...args]
process.execArgv = []
Object.defineProperty(process, 'execPath', { value: program })
Object.defineProperty(process, 'versions', { value: { ...process.versions, ...versions } })

const { name, productName = name, version, main } = manifest
const standIn: StandIn = createStandIn({ folder, name: productName, version, switches: launch.switches, end })
// What ends the process ends Chromium first.
process.exit = ((code?: number) => {
  standIn.app.exit(code ?? 0)
}) as typeof process.exit
// Electron shows an error box and goes on.
process.on('uncaughtException', (error) => {
  console.error('A JavaScript error occurred in the main process\n', error)
})

const globalName = '__standInElectron'
Object.defineProperty(globalThis, globalName, { value: standIn.module })
const exportsOfModule = Object.keys(standIn.module).map((key) => `export const ${key} = electron.${key};`)
const esmSource = `const electron = globalThis.${globalName};\nexport default electron;\n${exportsOfModule.join('\n')}`
const [esmUrl, commonUrl] = ['stand-in:electron-esm', 'stand-in:electron-common']
registerHooks({
  resolve: (specifier, context, next) => {
    if (specifier !== 'electron' && specifier !== 'electron/main') return next(specifier, context)
    const isImport = context.conditions.includes('import')
    return { url: isImport ? esmUrl : commonUrl, format: isImport ? 'module' : 'commonjs', shortCircuit: true }
  },
  load: (url, context, next) => {
    if (url === esmUrl) return { format: 'module', source: esmSource, shortCircuit: true }
    if (url !== commonUrl) return next(url, context)
    return { format: 'commonjs', source: `module.exports = globalThis.${globalName}`, shortCircuit: true }
  },
})
// After the hooks: Playwright asks for `require('electron')` as soon as it is connected.
if (launch.inspectPort !== null) inspector.open(launch.inspectPort, '127.0.0.1')

try {
  const require = createRequire(import.meta.url)
  for (const preload of launch.preloads) require(path.resolve(preload))
  await import(pathToFileURL(path.join(folder, main)).href)
  standIn.start(launch.debuggingPort)
} catch (error) {
  console.error('App threw an error during load\n', error)
  end(1)
}

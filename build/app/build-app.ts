import { createHash } from 'node:crypto'
import { cp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { QuintetError } from '../../replica/core/model/errors.ts'
import { root } from '../stages.ts'

/** Where the app is built: `main`, `preload`, `renderer` and `icons`. Electron loads `main/main.js`. */
export const outFolder = path.join(root, 'out')
const versionFile = path.join(outFolder, 'version.txt')
const sources = ['electron', 'renderer', 'replica', 'build/app', 'build/icons', 'package-lock.json', 'package.json']

/** Builds the app unless it was built from just these sources. `tell` hears what is done. */
export const buildApp = async (tell: (message: string) => void): Promise<void> => {
  const version = await sourcesVersion()
  if ((await readFile(versionFile, 'utf8').catch(() => '')) === version) return
  tell('building the app')
  await emptyOutFolder()
  await Promise.all([bundleMain(), bundlePreload(), buildPage(), copyIcons()])
  await writeFile(versionFile, version)
}

const emptyOutFolder = async (): Promise<void> => {
  try {
    await rm(outFolder, { recursive: true, force: true })
    await mkdir(outFolder)
  } catch (error) {
    const message =
      `The app has to be built, and ${outFolder} cannot be written to: ${error instanceof Error ? error.message : String(error)}. ` +
      'Let whoever owns this checkout run npm start once. npm start -- --terminal needs no building.'
    throw new QuintetError('DIRECTORY_NOT_USABLE', message)
  }
}

/** Electron's own module is there when the app runs; all else is bundled, so that no node_modules are needed. */
const bundleMain = async (): Promise<void> => {
  const { build } = await import('rolldown')
  await build({
    input: { main: path.join(root, 'electron', 'main.ts') },
    platform: 'node',
    external: ['electron'],
    logLevel: 'warn',
    output: {
      dir: path.join(outFolder, 'main'),
      format: 'esm',
      entryFileNames: '[name].js',
      chunkFileNames: '[name]-[hash].js',
      minify: { compress: true, mangle: false, codegen: { removeWhitespace: false } },
    },
  })
}

/** A sandboxed preload cannot be an ES module. */
const bundlePreload = async (): Promise<void> => {
  const { build } = await import('rolldown')
  await build({
    input: path.join(root, 'electron', 'preload.ts'),
    platform: 'node',
    external: ['electron'],
    logLevel: 'warn',
    output: { file: path.join(outFolder, 'preload', 'preload.cjs'), format: 'cjs' },
  })
}

const buildPage = async (): Promise<void> => {
  const [{ build }, { default: rendererConfig }] = await Promise.all([
    import('vite'),
    import('../../renderer/vite.config.ts'),
  ])
  await build({ ...rendererConfig, configFile: false, logLevel: 'warn' })
}

const copyIcons = async (): Promise<void> => {
  const icons = path.join(root, 'build', 'icons')
  const target = path.join(outFolder, 'icons')
  await mkdir(target, { recursive: true })
  await cp(path.join(icons, 'png', '256x256.png'), path.join(target, 'window.png'))
  await cp(path.join(icons, 'tray.png'), path.join(target, 'tray.png'))
}

/** Changes whenever a source file does. */
const sourcesVersion = async (): Promise<string> => {
  const digest = createHash('sha256')
  for (const source of sources) {
    for (const file of await filesOf(path.join(root, source))) {
      const { mtimeMs, size } = await stat(file)
      digest.update(`${file} ${mtimeMs} ${size}\n`)
    }
  }
  return digest.digest('hex')
}

const filesOf = async (place: string): Promise<readonly string[]> => {
  const found = await stat(place).catch(() => null)
  if (found === null) return []
  if (!found.isDirectory()) return [place]
  const names = (await readdir(place)).sort()
  return (await Promise.all(names.map((name) => filesOf(path.join(place, name))))).flat()
}

import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { root } from '../stages.ts'

/** What the app runs on. `standIn`: Electron's own runtime is not on this machine. */
export interface Runtime {
  readonly kind: 'electron' | 'standIn'
  /** The program to start with the app's folder as its first argument. */
  readonly program: string
  /** To be added to the program's environment. */
  readonly environment: Readonly<Record<string, string>>
}

const electronPackage = path.join(root, 'node_modules', 'electron')
const standInFolder = path.join(root, 'build', 'standin', 'program')

/** Electron's program; null when only its package is installed, without the runtime that is downloaded apart. */
export const electronProgram = (): string | null => {
  const named = path.join(electronPackage, 'path.txt')
  if (!existsSync(named)) return null
  const program = path.join(electronPackage, 'dist', readFileSync(named, 'utf8').trim())
  return existsSync(program) ? program : null
}

/** Electron where it is there, the stand-in otherwise. */
export const chooseRuntime = (): Runtime => {
  const program = electronProgram()
  if (program !== null) return { kind: 'electron', program, environment: {} }
  const environment = { STANDIN_NODE: process.execPath, ELECTRON_OVERRIDE_DIST_PATH: standInFolder }
  return { kind: 'standIn', program: path.join(standInFolder, 'electron'), environment }
}

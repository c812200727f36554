import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { findChromium } from './standin/chromium.ts'

/** What a person has to run for the window to be drawn where Electron's runtime is not there. */
export const browserCommand = 'sudo apt-get install chromium'
const packageManager = '/usr/bin/apt-get'

/**
 * Makes sure that there is a Chromium for the stand-in: on Debian and its like, root has it installed. False when there is
 * none and none can be had.
 */
export const ensureBrowser = async (tell: (message: string) => void): Promise<'ready' | 'missing'> => {
  if (findChromium() !== null) return 'ready'
  if (process.getuid?.() !== 0 || !existsSync(packageManager)) return 'missing'
  tell('no Chromium was found: installing it with apt-get (a minute or so, once)')
  await run(['update', '--quiet', '--quiet'])
  await run(['install', '--quiet', '--yes', '--no-install-recommends', 'chromium'])
  return findChromium() === null ? 'missing' : 'ready'
}

/** Its output goes to stderr, so that it is seen to go on. */
const run = (args: readonly string[]): Promise<void> =>
  new Promise((resolve) => {
    const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
    const child = spawn(packageManager, args, { stdio: ['ignore', process.stderr, process.stderr], env: environment })
    child.once('error', () => {
      resolve()
    })
    child.once('close', () => {
      resolve()
    })
  })

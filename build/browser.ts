import { canInstall, installPackages } from './debian-packages.ts'
import { findChromium } from './standin/chromium.ts'

/** What a person has to run for the window to be drawn where Electron's runtime is not there. */
export const browserCommand = 'sudo apt-get install chromium'

/**
 * Makes sure that there is a Chromium for the stand-in: on Debian and its like, root has it installed. False when there is
 * none and none can be had.
 */
export const ensureBrowser = async (tell: (message: string) => void): Promise<'ready' | 'missing'> => {
  if (findChromium() !== null) return 'ready'
  if (!canInstall()) return 'missing'
  tell('no Chromium was found: installing it with apt-get (a minute or so, once)')
  await installPackages(['chromium'])
  return findChromium() === null ? 'missing' : 'ready'
}

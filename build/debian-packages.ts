import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'

const packageManager = '/usr/bin/apt-get'
const withinMs = 600_000
/** Somebody else may be installing something. */
const patience = ['-o', 'DPkg::Lock::Timeout=180']

/** Whether `installPackages` can do anything: as root, on Debian and its like. */
export const canInstall = (): boolean => process.getuid?.() === 0 && existsSync(packageManager)

/** Has these packages installed; when that fails, nothing changes. */
export const installPackages = async (packages: readonly string[]): Promise<void> => {
  await run(['update', '--quiet', '--quiet'])
  await run(['install', '--quiet', '--yes', '--no-install-recommends', ...patience, ...packages])
}

/** Its output goes to stderr, so that it is seen to go on. */
const run = (args: readonly string[]): Promise<void> =>
  new Promise((resolve) => {
    const child = spawn(packageManager, args, {
      stdio: ['ignore', process.stderr, process.stderr],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      timeout: withinMs,
    })
    child.once('error', () => resolve())
    child.once('close', () => resolve())
  })

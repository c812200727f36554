import { _electron, type ElectronApplication, type Page } from '@playwright/test'
import { root } from '../stages.ts'
import { chooseRuntime } from './electron-runtime.ts'

export interface LaunchOptions {
  readonly data: string
  /** Where the app is, when it is not this checkout's. */
  readonly folder?: string
  /** Further arguments of the app. */
  readonly args?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
}

export interface LaunchedApp {
  readonly app: ElectronApplication
  readonly page: Page
}

const launchWithinMs = 60_000

/** Starts the built app as Playwright can drive it, on loopback only. Nothing is shown where there is no display. */
export const launchApp = async ({
  data,
  folder = root,
  args = [],
  environment = {},
}: LaunchOptions): Promise<LaunchedApp> => {
  const runtime = chooseRuntime()
  const app = await _electron.launch({
    executablePath: runtime.program,
    args: [folder, '--data', data, '--no-mdns', '--listen', '/ip4/127.0.0.1/tcp/0', ...args],
    env: { ...definedEnvironment(), ...runtime.environment, ...environment },
    cwd: root,
    timeout: launchWithinMs,
    // The stand-in's theme and Playwright's are one.
    colorScheme: null,
  })
  const page = await app.firstWindow({ timeout: launchWithinMs })
  return { app, page }
}

const definedEnvironment = (): Record<string, string> =>
  Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined))

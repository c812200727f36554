import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import type { Page } from '@playwright/test'
import type { QuintetBridge } from '../electron/contract/bridge.ts'
import { buildApp } from './app/build-app.ts'
import { type LaunchedApp, launchApp } from './app/launch.ts'

const usage = `usage: node build/run.cjs build/shoot.ts FOLDER [--script FILE] [--width N] [--height N] [--theme dark]
Starts the app with a group of its own and puts pictures of it into FOLDER.
  --script FILE  a module with "export const shoot = async ({ app, page, call, shot }) => ...": what to do and to show
                 instead of first run and inbox; call('client' | 'host', method, request), shot(name)
`

export interface Shooting extends LaunchedApp {
  /** Calls the program as the page does; rejects when it fails. */
  readonly call: (door: 'client' | 'host', method: string, request?: unknown) => Promise<unknown>
  /** Makes FOLDER/NAME.png. */
  readonly shot: (name: string) => Promise<void>
}

const shownByDefault = async ({ page, call, shot }: Shooting): Promise<void> => {
  await shot('first-run')
  await call('host', 'createGroup', { groupName: 'Northern Light', machine: 'bridge', server: 1 })
  await shot('signed-out')
  await call('client', 'signUp', { name: 'Ingrid', password: 'a long password' })
  await call('client', 'send', { to: ['Ingrid'], subject: 'Watch rota', body: 'See *below*.' })
  await page.reload()
  await shot('inbox')
}

const main = async (): Promise<void> => {
  const { values, positionals } = parseArgs({
    options: {
      script: { type: 'string' },
      width: { type: 'string', default: '1200' },
      height: { type: 'string', default: '800' },
      theme: { type: 'string', default: 'light' },
    },
    allowPositionals: true,
  })
  const [folder] = positionals
  if (folder === undefined) {
    process.stderr.write(usage)
    process.exitCode = 2
    return
  }
  await buildApp(console.log)
  await mkdir(folder, { recursive: true })
  const data = await mkdtemp(path.join(tmpdir(), 'quintet-shoot-'))
  const launched = await launchApp({ data })
  const { app, page } = launched
  page.on('console', (message) => console.log(`page: ${message.text()}`))
  page.on('pageerror', (error) => console.log(`page: ${error.stack ?? error.message}`))
  try {
    await page.setViewportSize({ width: Number(values.width), height: Number(values.height) })
    const call = callOf(page)
    await call('host', 'changeSettings', { settings: { theme: values.theme } })
    const shot = async (name: string): Promise<void> => {
      await page.waitForLoadState()
      await page.waitForTimeout(settleMs)
      await page.screenshot({ path: path.join(folder, `${name}.png`) })
      console.log(`${name}.png`)
    }
    const script = values.script === undefined ? null : pathToFileURL(path.resolve(values.script)).href
    const { shoot } = script === null ? { shoot: shownByDefault } : ((await import(script)) as ShootScript)
    await shoot({ ...launched, call, shot })
  } finally {
    await app.close()
    await rm(data, { recursive: true, force: true })
  }
}

interface ShootScript {
  readonly shoot: (shooting: Shooting) => Promise<void>
}

/** Transitions end within this time. */
const settleMs = 600

const callOf =
  (page: Page): Shooting['call'] =>
  async (door, method, request) => {
    const answer = await page.evaluate(
      ([name, asked, value]) => {
        const bridge = (globalThis as unknown as { readonly quintet: QuintetBridge }).quintet
        return bridge[name as 'client'](asked as 'list', value)
      },
      [door, method, request] as const,
    )
    if (!answer.ok) throw new Error(`${door}.${method}: ${answer.failure.message} (${answer.failure.code})`)
    return answer.value
  }

await main()

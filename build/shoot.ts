import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import type { AppPhase } from '../electron/contract/app-host.ts'
import { buildApp } from './app/build-app.ts'
import { type Call, callOf, Camera } from './camera.ts'
import { ReplicaGroup } from './cluster/group.ts'
import { DemoCrew } from './demo-crew.ts'
import { type LaunchedApp, launchApp } from './app/launch.ts'

const usage = `usage: node build/run.cjs build/shoot.ts FOLDER [--demo] [--script FILE] [--width N] [--height N] [--theme dark]
Starts the app with a group of its own and puts pictures of it into FOLDER.
  --demo         the group of npm run demo: five servers, the window signed in, a mailbox in use
  --script FILE  a module with "export const shoot = async ({ app, page, call, shot }) => ...": what to do and to show
                 instead of first run and inbox; call('client' | 'host', method, request), shot(name)
`

export interface Shooting extends LaunchedApp {
  /** Calls the program as the page does; rejects when it fails. */
  readonly call: Call
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

/** Signed in by itself, which takes a password's cost. */
const shownOfDemo = async ({ call, shot }: Shooting): Promise<void> => {
  for (const deadline = Date.now() + signInWithinMs; Date.now() < deadline;) {
    const { phase } = (await call('host', 'phase')) as AppPhase
    if (phase === 'signedIn') break
  }
  await shot('inbox')
}

const signInWithinMs = 30_000

const filledGroup = async (directory: string): Promise<ReplicaGroup> => {
  const group = await ReplicaGroup.create({ directory, name: 'Northern Light', servers: [1, 2, 3, 4, 5] })
  const crew = await DemoCrew.signUp(directory)
  await crew.write()
  await group.settled()
  await crew.end()
  await group.replica(1).stop()
  return group
}

const main = async (): Promise<void> => {
  const { values, positionals } = parseArgs({
    options: {
      script: { type: 'string' },
      width: { type: 'string', default: '1200' },
      height: { type: 'string', default: '800' },
      demo: { type: 'boolean', default: false },
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
  const directory = await mkdtemp(path.join(tmpdir(), 'quintet-shoot-'))
  const group = values.demo ? await filledGroup(directory) : null
  const launched = await launchApp(
    group === null ? { data: directory } : { data: group.dataOf(1), environment: { QUINTET_DEMO: directory } },
  )
  const { app, page } = launched
  page.on('console', (message) => console.log(`page: ${message.text()}`))
  page.on('pageerror', (error) => console.log(`page: ${error.stack ?? error.message}`))
  try {
    const size = { width: Number(values.width), height: Number(values.height) }
    await page.setViewportSize(size)
    const call = callOf(page)
    await call('host', 'changeSettings', { settings: { theme: values.theme } })
    const camera = new Camera(folder, size)
    const shot = (name: string): Promise<void> => camera.shot(page, name)
    const script = values.script === undefined ? null : pathToFileURL(path.resolve(values.script)).href
    const { shoot } =
      script === null ? { shoot: values.demo ? shownOfDemo : shownByDefault } : ((await import(script)) as ShootScript)
    await shoot({ ...launched, call, shot })
  } finally {
    await app.close()
    await group?.end()
    await rm(directory, { recursive: true, force: true })
  }
}

interface ShootScript {
  readonly shoot: (shooting: Shooting) => Promise<void>
}

await main()

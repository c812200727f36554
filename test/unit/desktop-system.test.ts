import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { inviteAmong } from '../../electron/arguments.ts'
import { DesktopFile } from '../../electron/state/desktop-file.ts'
import { nameForNotices } from '../../electron/system/system-notice.ts'
import * as v from 'valibot'

const told = vi.hoisted(() => ({ appIds: [] as string[], written: [] as unknown[] }))

vi.mock('electron', () => ({ app: { setAppUserModelId: (id: string) => told.appIds.push(id) } }))
vi.mock('node:fs/promises', async (load) => {
  const real = await load<typeof import('node:fs/promises')>()
  const writeDown: typeof real.writeFile = (file, content, options) => {
    told.written.push(options)
    return real.writeFile(file, content, options)
  }
  return { ...real, writeFile: writeDown }
})

afterEach(() => void vi.unstubAllGlobals())

const folder = async (): Promise<string> => {
  const made = await mkdtemp(path.join(tmpdir(), 'quintet-system-'))
  onTestFinished(() => rm(made, { recursive: true, force: true }))
  return made
}

test('an invite is found among what a second start was given, beside a data directory of that ending, and where it was given', async () => {
  const home = await folder()
  await mkdir(path.join(home, '.quintet'))
  await writeFile(path.join(home, 'bridge.quintet'), 'quintet://join/of-the-file')
  const data = ['/usr/bin/quintet', '--data', path.join(home, '.quintet')]
  expect(inviteAmong(data, '/')).toBeNull()
  expect(inviteAmong([...data, 'quintet://join/of-the-link'], '/')).toBe('quintet://join/of-the-link')
  expect(inviteAmong([...data, 'bridge.quintet'], home)).toBe('quintet://join/of-the-file')
  expect(inviteAmong([...data, 'bridge.quintet'], '/')).toBeNull()
})

test('what the window keeps is on the disk before it takes the place of what was kept', async () => {
  const file = path.join(await folder(), 'settings.json')
  told.written.length = 0
  await new DesktopFile(file, v.object({ theme: v.string() }), { theme: 'light' }).save({ theme: 'dark' })
  expect(told.written).toEqual([{ mode: 0o600, flush: true }])
  expect(await readFile(file, 'utf8')).toBe('{"theme":"dark"}')
})

test('on Windows the program calls itself as its installer does, or no notice is shown', async () => {
  const builder = await readFile(path.join(import.meta.dirname, '..', '..', 'electron-builder.yml'), 'utf8')
  nameForNotices()
  vi.stubGlobal('process', { ...process, platform: 'win32' })
  nameForNotices()
  expect(told.appIds.map((id) => `appId: ${id}`)).toEqual([/^appId: .*$/mu.exec(builder)?.[0]])
})

import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { FirstRunDraft } from '../../electron/contract/app-host.ts'
import { defaultSettings, Settings } from '../../electron/state/settings.ts'
import { serverId } from '../../replica/core/model/ids.ts'

const draft = (server: number): FirstRunDraft => ({
  step: 'create',
  groupName: 'Northern Light',
  machine: 'bridge',
  invite: '',
  server: serverId(server),
  joinsAs: 'server',
  account: null,
})

test('what is told of the first run would be there after a crash', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'quintet-settings-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const settings = await Settings.load(folder)
  const afterCrash = async (): Promise<FirstRunDraft | null> => (await Settings.load(folder)).firstRun()
  const saves = [settings.keepFirstRun(draft(1)), settings.keepFirstRun(draft(2))]
  expect(await settings.firstRun()).toEqual(draft(2))
  expect(await afterCrash()).toEqual(draft(2))
  await Promise.all(saves)
  void settings.keepFirstRun(null)
  expect(await settings.firstRun()).toBeNull()
  expect(await afterCrash()).toBeNull()
})

test('of what is kept while the last step is being written no more is told than would be there after a crash', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'quintet-settings-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const settings = await Settings.load(folder)
  const first = settings.keepFirstRun(draft(1))
  const told = settings
    .firstRun()
    .then(async (found) => ({ found, kept: await (await Settings.load(folder)).firstRun() }))
  const second = settings.keepFirstRun(draft(2))
  const { found, kept } = await told
  expect(found).toEqual(kept)
  await Promise.all([first, second])
})

test('what was set is there after a restart, and with what this version knows besides', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'quintet-settings-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const settings = await Settings.load(folder)
  await settings.change({ theme: 'dark', staySignedIn: 'off' })
  expect((await Settings.load(folder)).current).toEqual({ ...defaultSettings, theme: 'dark', staySignedIn: 'off' })
  await writeFile(path.join(folder, 'settings.json'), '{ "theme": "light" }')
  expect((await Settings.load(folder)).current).toEqual({ ...defaultSettings, theme: 'light' })
})

test.each(['', '{', 'null', '[]', '"dark"', '{ "theme": "of a later version" }', '{ "undoSendSeconds": -1 }'])(
  'settings that are spoiled or of a later version keep nobody from starting: %s',
  async (content) => {
    const folder = await mkdtemp(path.join(tmpdir(), 'quintet-settings-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    for (const file of ['settings.json', 'first-run.json']) await writeFile(path.join(folder, file), content)
    const settings = await Settings.load(folder)
    expect(settings.current).toEqual(defaultSettings)
    expect(await settings.firstRun()).toBeNull()
  },
)

test('a setting that is spoiled, or that this version does not know, leaves the others as they were set', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'quintet-settings-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const file = path.join(folder, 'settings.json')
  const ofLaterVersion = { theme: 'sepia', language: 'de', undoSendSeconds: -1, density: 'compact', fontSize: 14 }
  await writeFile(file, JSON.stringify(ofLaterVersion))
  const settings = await Settings.load(folder)
  expect(settings.current).toEqual({ ...defaultSettings, language: 'de', density: 'compact' })
  const written = async (): Promise<unknown> => JSON.parse(await readFile(file, 'utf8'))
  await settings.change({ notifications: 'off' })
  expect(await written()).toEqual({ ...defaultSettings, ...ofLaterVersion, notifications: 'off' })
  await settings.change({ theme: 'dark' })
  expect(await written()).toMatchObject({ theme: 'dark', undoSendSeconds: -1, fontSize: 14 })
  expect((await Settings.load(folder)).current).toMatchObject({ theme: 'dark', language: 'de', notifications: 'off' })
})

test('a field that is called as what every object has is none of the settings', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'quintet-settings-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const file = path.join(folder, 'settings.json')
  await writeFile(file, '{ "constructor": 1, "__proto__": { "theme": "dark" }, "density": "compact" }')
  const settings = await Settings.load(folder)
  expect(settings.current).toEqual({ ...defaultSettings, density: 'compact' })
  await settings.change({ theme: 'light' })
  expect((await Settings.load(folder)).current).toEqual({ ...defaultSettings, density: 'compact', theme: 'light' })
})

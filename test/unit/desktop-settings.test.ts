import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { FirstRunDraft } from '../../electron/contract/app-host.ts'
import { failureOf } from '../../electron/ipc/answers.ts'
import { Settings } from '../../electron/state/settings.ts'
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

test('the window is told that the disk is full, and not that something unforeseen went wrong', () => {
  expect(failureOf(Object.assign(new Error('no space left on device, write'), { code: 'ENOSPC' })).code).toBe(
    'DISK_FULL',
  )
  expect(failureOf(new Error('anything else')).code).toBe('INTERNAL')
})

import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { KeptLogIn } from '../../electron/state/kept-log-in.ts'
import { answeredSoon, systemSecretStore } from '../../electron/system/secret-store.ts'

const startWaitsMs = 3_000
const keyring = vi.hoisted(() => ({ backend: 'gnome_libsecret', answer: Promise.withResolvers<boolean>() }))

vi.mock('electron', () => ({
  safeStorage: {
    isAsyncEncryptionAvailable: () => keyring.answer.promise,
    getSelectedStorageBackend: () => keyring.backend,
    encryptStringAsync: async (text: string) => Buffer.from(`sealed ${text.length}`),
    decryptStringAsync: async () => ({ result: Buffer.from('opened').toString('base64') }),
  },
}))

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  keyring.answer = Promise.withResolvers<boolean>()
  keyring.backend = 'gnome_libsecret'
})
afterEach(() => void vi.useRealTimers())

const secret = new Uint8Array([1, 2, 3, 250, 251, 252])
const folder = async (): Promise<string> => {
  const made = await mkdtemp(path.join(tmpdir(), 'quintet-keyring-'))
  onTestFinished(() => rm(made, { recursive: true }))
  return made
}

test('a start waits three seconds for a keyring; what it keeps before the keyring has answered is written nowhere', async () => {
  const at = await folder()
  const asked = systemSecretStore()
  const soon = answeredSoon(asked)
  await vi.advanceTimersByTimeAsync(startWaitsMs)
  await soon
  expect(asked.kind).toBe('asking')
  const kept = new KeptLogIn(at, asked)
  await kept.keep(secret)
  expect(await readFile(path.join(at, 'log-in.json'), 'utf8')).toBe('null')

  keyring.answer.resolve(true)
  expect(await asked.answered).toBe('safe')
  await kept.keep(secret)
  expect(await readFile(path.join(at, 'log-in.json'), 'utf8')).toContain('"sealed":"safe"')
  expect(await kept.read()).toEqual(Buffer.from('opened'))
})

test('what a keyring has sealed cannot be read, and is not lost, before it answers', async () => {
  const at = await folder()
  keyring.answer.resolve(true)
  const former = systemSecretStore()
  await former.answered
  await new KeptLogIn(at, former).keep(secret)
  keyring.answer = Promise.withResolvers<boolean>()
  const asked = systemSecretStore()
  const kept = new KeptLogIn(at, asked)
  expect(await kept.read()).toBeNull()
  keyring.answer.resolve(true)
  await asked.answered
  expect(await kept.read()).toEqual(Buffer.from('opened'))
})

test.each([
  ['there is none', (): void => keyring.answer.resolve(false)],
  ['it fails', (): void => keyring.answer.reject(new Error('no bus'))],
])('a start does not wait where %s', async (_what, answer) => {
  const asked = systemSecretStore()
  answer()
  await answeredSoon(asked)
  expect(asked.kind).toBe('plain')
  expect(vi.getTimerCount()).toBe(0)
})

test.runIf(process.platform === 'linux')('a password that is the same everywhere is no keyring', async () => {
  keyring.backend = 'basic_text'
  keyring.answer.resolve(true)
  expect(await systemSecretStore().answered).toBe('plain')
})

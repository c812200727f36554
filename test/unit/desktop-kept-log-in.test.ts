import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { KeptLogIn, type SecretStore } from '../../electron/state/kept-log-in.ts'

const secret = new Uint8Array([1, 2, 3, 250, 251, 252])
const written = Buffer.from(secret).toString('base64')
const folders: string[] = []
const folder = async (): Promise<string> => {
  const made = await mkdtemp(path.join(tmpdir(), 'quintet-kept-'))
  folders.push(made)
  return made
}
afterEach(() => Promise.all(folders.splice(0).map((made) => rm(made, { recursive: true }))))

/** As a keyring does it: what one seals another does not open. */
const keyring = (name: string): SecretStore => ({
  kind: 'safe',
  seal: async (text) => Buffer.from(`${name}:${Buffer.from(text).toString('hex')}`),
  open: async (sealed) => {
    const text = sealed.toString('utf8')
    if (!text.startsWith(`${name}:`)) throw new Error('sealed by another keyring')
    return Buffer.from(text.slice(name.length + 1), 'hex').toString()
  },
})
const none: SecretStore = {
  kind: 'plain',
  seal: () => Promise.reject(new Error('there is no keyring')),
  open: () => Promise.reject(new Error('there is no keyring')),
}

describe('the log-in that a machine keeps', () => {
  test.each([keyring('a'), none])('is there at the next start, for its owner alone ($kind)', async (store) => {
    const at = await folder()
    await new KeptLogIn(at, store).keep(secret)
    expect(await new KeptLogIn(at, store).read()).toEqual(Buffer.from(secret))
    expect((await stat(path.join(at, 'log-in.json'))).mode & 0o777).toBe(0o600)
  })

  test('is sealed by the keyring where there is one, and opens with no other', async () => {
    const at = await folder()
    await new KeptLogIn(at, keyring('a')).keep(secret)
    expect(await readFile(path.join(at, 'log-in.json'), 'utf8')).not.toContain(written)
    expect(await new KeptLogIn(at, keyring('b')).read()).toBeNull()
    expect(await new KeptLogIn(at, none).read()).toBeNull()
    expect(await new KeptLogIn(at, keyring('a')).read()).not.toBeNull()
  })

  test('leaves nothing in the file when it is forgotten', async () => {
    const at = await folder()
    const kept = new KeptLogIn(at, none)
    await kept.keep(secret)
    expect(await readFile(path.join(at, 'log-in.json'), 'utf8')).toContain(written)
    await kept.forget()
    expect(await kept.read()).toBeNull()
    expect(await readFile(path.join(at, 'log-in.json'), 'utf8')).not.toContain(written)
  })

  test('that is forgotten while it is being sealed does not come back', async () => {
    const at = await folder()
    const sealing = Promise.withResolvers<undefined>()
    const slow: SecretStore = {
      ...keyring('a'),
      seal: async (text) => {
        await sealing.promise
        return keyring('a').seal(text)
      },
    }
    const kept = new KeptLogIn(at, slow)
    const done = [kept.keep(secret), kept.forget()]
    sealing.resolve(undefined)
    await Promise.all(done)
    expect(await kept.read()).toBeNull()
  })

  test('is not written without a seal in place of one that had a seal, until the next start or until it is forgotten', async () => {
    const at = await folder()
    await new KeptLogIn(at, keyring('a')).keep(secret)
    const locked = new KeptLogIn(at, none)
    for (const time of ['first', 'second']) {
      await locked.keep(secret)
      expect(await readFile(path.join(at, 'log-in.json'), 'utf8'), time).toBe('null')
    }
    await locked.forget()
    await locked.keep(secret)
    expect(await locked.read()).toEqual(Buffer.from(secret))
  })
})

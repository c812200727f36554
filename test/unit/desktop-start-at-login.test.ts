import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { renewStartAtLogin, setStartAtLogin } from '../../electron/system/start-at-login.ts'

vi.mock('electron', () => ({ app: { isPackaged: true } }))

let configuration = ''
const entry = (): string => path.join(configuration, 'autostart', 'quintet.desktop')

beforeEach(async () => {
  configuration = await mkdtemp(path.join(tmpdir(), 'quintet-autostart-'))
  vi.stubEnv('XDG_CONFIG_HOME', configuration)
  vi.stubEnv('APPIMAGE', '/home/anna/Quintet-0.1.0.AppImage')
  vi.stubEnv('APPDIR', path.dirname(process.execPath))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(configuration, { recursive: true })
})

/** Once more by the rules of the Desktop Entry Specification: the text of the file, then the arguments in it. */
const startedBy = (content: string): readonly string[] => {
  const lines = content.split('\n').filter((line) => line.startsWith('Exec='))
  expect(lines).toHaveLength(1)
  const escapes = new Map(Object.entries({ s: ' ', n: '\n', t: '\t', r: '\r', '\\': '\\' }))
  const text = lines[0]!.slice('Exec='.length).replaceAll(/\\(.)/g, (_all, sign: string) => {
    const meant = escapes.get(sign)
    if (meant === undefined) throw new Error(`\\${sign} is no escape of a desktop entry`)
    return meant
  })
  const quoted = [...text.matchAll(/"((?:[^"\\`$]|\\["\\`$])*)"/gs)]
  expect(quoted.map(([whole]) => whole).join(' ')).toBe(text)
  return quoted.map(([, inside = '']) => inside.replaceAll(/\\(.)/g, '$1').replaceAll('%%', '%'))
}

describe.runIf(process.platform === 'linux')('starting at log-in', () => {
  test.each([
    '/home/anna/.quintet',
    '/home/anna/my mail',
    '/home/anna/50 % $HOME `x` "y"',
    '/home/anna/back\\slash\\',
    '/home/anna/two\nlines\tand\rmore',
    '/home/anna/\\n',
  ])('names the data directory as the system reads it: %j', async (data) => {
    await setStartAtLogin('on', data)
    expect(startedBy(await readFile(entry(), 'utf8'))).toEqual([
      '/home/anna/Quintet-0.1.0.AppImage',
      '--hidden',
      '--data',
      data,
    ])
  })

  test('names no other program’s AppImage, in whose terminal this one was started', async () => {
    vi.stubEnv('APPIMAGE', '/home/anna/Editor-1.0.0.AppImage')
    vi.stubEnv('APPDIR', '/tmp/.mount_Editor')
    await setStartAtLogin('on', '/home/anna/.quintet')
    expect(startedBy(await readFile(entry(), 'utf8'))[0]).toBe(process.execPath)
  })

  test('is right again after an update, with what the person set in the system', async () => {
    const data = '/home/anna/50 $ mail'
    await setStartAtLogin('on', data)
    const set = await readFile(entry(), 'utf8')
    await writeFile(entry(), `${set.replace('enabled=true', 'enabled=false')}X-GNOME-Autostart-Delay=20\n`)
    vi.stubEnv('APPIMAGE', '/home/anna/Quintet-$&-0.2.0.AppImage')
    await renewStartAtLogin(data)
    const renewed = await readFile(entry(), 'utf8')
    expect(startedBy(renewed)[0]).toBe('/home/anna/Quintet-$&-0.2.0.AppImage')
    expect(renewed).toContain('X-GNOME-Autostart-enabled=false\nX-GNOME-Autostart-Delay=20\n')
  })

  test('is left to whom it is of, and is not put back where the system’s settings have taken it away', async () => {
    await setStartAtLogin('on', '/home/anna/other group')
    const ofOther = await readFile(entry(), 'utf8')
    vi.stubEnv('APPIMAGE', '/home/anna/Quintet-0.2.0.AppImage')
    await renewStartAtLogin('/home/anna/group')
    expect(await readFile(entry(), 'utf8')).toBe(ofOther)
    await setStartAtLogin('off', '/home/anna/group')
    await renewStartAtLogin('/home/anna/group')
    await expect(readFile(entry())).rejects.toThrow('ENOENT')
    await mkdir(entry())
    await expect(renewStartAtLogin('/home/anna/group')).resolves.toBeUndefined()
  })
})

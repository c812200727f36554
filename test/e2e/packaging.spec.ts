import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { extractAll, listPackage } from '@electron/asar'
import { FuseState, getCurrentFuseWire } from '@electron/fuses'
import { build } from 'electron-builder'
import { outFolder } from '../../build/app/build-app.ts'
import { electronProgram } from '../../build/app/electron-runtime.ts'
import { fetchMemory } from '../../build/app/fetch-electron.ts'
import { root } from '../../build/stages.ts'
import { expect, test } from './harness.ts'

/** As Electron's program has it: what flips fuses looks for this, a version, a length, and a state for each fuse. */
const fuseWire = Buffer.concat([
  Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX', 'latin1'),
  Buffer.from([1, 9]),
  Buffer.from('101100001', 'latin1'),
])

/** A folder in the place of Electron's runtime, so that electron-builder does all that it does, on any machine. */
const withoutRuntime = async (directory: string): Promise<string> => {
  const folder = path.join(directory, 'runtime')
  await mkdir(path.join(folder, 'resources'), { recursive: true })
  await writeFile(path.join(folder, 'electron'), fuseWire, { mode: 0o755 })
  await writeFile(path.join(folder, 'version'), '45.4.1')
  return folder
}

const filesUnder = async (folder: string): Promise<readonly string[]> => {
  const found = await readdir(folder, { recursive: true, withFileTypes: true })
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
}

test('the packed app has exactly the bundle, its fuses are flipped, and it runs when it is unpacked', async ({
  quintet,
}) => {
  test.skip(process.platform !== 'linux', 'packs for Linux')
  const directory = await quintet.directory()
  const output = path.join(directory, 'dist')
  await build({
    projectDir: root,
    publish: 'never',
    linux: [],
    dir: true,
    config: { electronDist: await withoutRuntime(directory), electronVersion: '45.4.1', directories: { output } },
  })
  const packed = path.join(output, 'linux-unpacked')
  const archive = path.join(packed, 'resources', 'app.asar')
  const listed = listPackage(archive, { isPack: false }).map((name) => name.slice(1))
  const unpacked = path.join(directory, 'unpacked')
  extractAll(archive, unpacked)
  const files = listed.filter((name) => path.extname(name) !== '').sort()
  const bundle = (await filesUnder(outFolder)).filter((name) => !name.endsWith('version.txt'))
  expect(files).toEqual(['package.json', ...bundle].sort())
  const manifest: unknown = JSON.parse(await readFile(path.join(unpacked, 'package.json'), 'utf8'))
  expect(manifest).toMatchObject({ name: 'quintet', main: 'out/main/main.js' })

  const wire = await getCurrentFuseWire(path.join(packed, 'quintet'))
  const { DISABLE, ENABLE } = FuseState
  const states = Array.from({ length: 9 }, (_, fuse): unknown => Reflect.get(wire, fuse))
  expect(states).toEqual([DISABLE, ENABLE, DISABLE, DISABLE, ENABLE, ENABLE, DISABLE, DISABLE, ENABLE])

  const window = await quintet.open({ folder: unpacked })
  await window.call('host', 'createGroup', { groupName: 'Packed', machine: 'bridge', server: 3 })
  await window.signUp('anna')
  expect(await window.call('host', 'phase')).toMatchObject({ phase: 'signedIn', server: 3, account: 'anna' })
  expect(window.pageErrors).toEqual([])
})

test('where the runtime cannot be fetched, nor that be noted, packaging says why and what to do', async () => {
  test.skip(electronProgram() !== null, 'the runtime is here')
  const former = await readFile(fetchMemory).catch(() => null)
  await rm(fetchMemory, { force: true })
  // As for who may not write into this checkout.
  await symlink('nowhere/at all', fetchMemory)
  try {
    const child = spawn(process.execPath, ['build/run.cjs', 'build/package.ts', '--dir'], {
      cwd: root,
      // Nobody answers there.
      env: { ...process.env, ELECTRON_MIRROR: 'http://127.0.0.1:9/' },
    })
    let told = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (told += text))
    const [code] = (await once(child, 'close')) as [number | null]
    expect(code).toBe(1)
    expect(told).toContain('could not be fetched')
    expect(told).toContain('ELECTRON_MIRROR')
  } finally {
    // That it failed here must not keep the next start from trying.
    await rm(fetchMemory, { force: true })
    if (former !== null) await writeFile(fetchMemory, former)
  }
})

import { spawn } from 'node:child_process'
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

/** Installs nothing, and notes each time that it was asked to. */
const someNpm = `
const fs = require('fs')
if (process.argv.includes('--version')) console.log('11.0.0')
else {
  fs.appendFileSync('asked', process.argv[2] + '\\n')
  setTimeout(() => fs.mkdirSync('node_modules', { recursive: true }), 300)
}
`

let folder: string
let checkout: string
let npm: string

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'quintet set up '))
  checkout = path.join(folder, 'a checkout')
  npm = path.join(folder, 'npm-cli.js')
  await mkdir(path.join(checkout, 'build'), { recursive: true })
  for (const file of ['setup.cjs', 'npm.cjs'])
    await copyFile(path.join(import.meta.dirname, '../../build', file), path.join(checkout, 'build', file))
  await writeFile(
    path.join(checkout, 'package-lock.json'),
    '{ "packages": { "node_modules/one": { "version": "1" } } }',
  )
  await writeFile(npm, someNpm)
})

afterEach(() => rm(folder, { recursive: true, force: true }))

const setUp = (more: Readonly<Record<string, string>> = {}): Promise<{ said: string; code: number | null }> => {
  const env = { ...process.env, npm_execpath: npm, npm_node_execpath: process.execPath, TMPDIR: folder, ...more }
  const child = spawn(process.execPath, [path.join(checkout, 'build/setup.cjs')], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  return new Promise((resolve) => child.once('close', (code) => resolve({ said, code })))
}
const asked = () => readFile(path.join(checkout, 'asked'), 'utf8').catch(() => '')

test('of several commands in a fresh checkout one sets it up, once, and the others wait for it', async () => {
  const both = await Promise.all([setUp(), setUp()])
  expect(both.map(({ code }) => code)).toEqual([0, 0])
  expect(both.map(({ said }) => said).join('')).toContain('waiting for it')
  expect(await setUp()).toEqual({ said: '', code: 0 })
  expect(await asked()).toBe('ci\n')
})

test('a set-up goes on where its end cannot be noted', async () => {
  await mkdir(path.join(checkout, 'node_modules'))
  await symlink('nowhere/at all', path.join(checkout, 'node_modules', '.quintet-setup.json'))
  const { said, code } = await setUp()
  expect(said).toContain('could not be noted')
  expect(code).toBe(0)
})

/** The file system as its functions in `code` have it. */
const withFiles = async (code: string): Promise<Readonly<Record<string, string>>> => {
  await writeFile(path.join(folder, 'files.cjs'), `const fs = require('fs'); ${code}`)
  return { NODE_OPTIONS: `--require "${path.join(folder, 'files.cjs')}"` }
}

test('a set-up for which there is no room says so before it begins', async () => {
  const full = await withFiles('fs.statfsSync = () => ({ bavail: 50, bsize: 1048576 })')
  for (const { said, code } of [await setUp(full), await setUp(full)]) {
    expect(said).toMatch(/The disk is full: \d+ MB are needed in .*a checkout/u)
    expect([code, await asked()]).toEqual([1, ''])
  }
})

test('a set-up during which the disk gets full is no set-up, though npm says nothing of it', async () => {
  const noted = `fs.existsSync(${JSON.stringify(path.join(checkout, 'asked'))})`
  const filling = `fs.statfsSync = () => ({ bavail: ${noted} ? 1 : 9000, bsize: 1048576 })`
  // As npm does, which notes what it wanted to install.
  const note = `process.once('exit', () => fs.copyFileSync('package-lock.json', 'node_modules/.package-lock.json'))`
  await writeFile(npm, someNpm.replace('fs.appendFileSync', `${note}\n  fs.appendFileSync`))
  const { said, code } = await setUp(await withFiles(filling))
  expect(said).toContain('The disk is full')
  expect([code, await asked()]).toEqual([1, 'ci\n'])
  // With room again, all is installed anew.
  expect(await setUp()).toMatchObject({ code: 0 })
  expect(await asked()).toBe('ci\nci\n')
})

test('a checkout that cannot be written to says so', async () => {
  const closed = await withFiles(
    `fs.mkdirSync = (name) => { throw Object.assign(new Error('EROFS: read-only file system, mkdir ' + name), { code: 'EROFS' }) }`,
  )
  const { said, code } = await setUp(closed)
  expect(said).toMatch(/EROFS.*\n.*as its owner/u)
  expect([code, await asked()]).toEqual([1, ''])
})

test('a set-up that cannot be done says what to do', async () => {
  const withoutRoom = await setUp({ TMPDIR: path.join(folder, 'nowhere') })
  expect(withoutRoom.said).toMatch(/^\nsetup: .* cannot be written: ENOENT.*\n.*set TMPDIR/u)
  await writeFile(npm, "console.error('npm v99 does not support this Node'); process.exitCode = 1")
  const withoutNpm = await setUp()
  expect(withoutNpm.said).toContain('npm v99 does not support this Node')
  expect(withoutNpm.said).toContain('https://nodejs.org')
  expect([withoutRoom.code, withoutNpm.code]).toEqual([1, 1])
})

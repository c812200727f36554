import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { QuintetError } from '../../replica/core/model/errors.ts'
import { lockDirectory } from '../../replica/drivers/directory-lock.ts'
import { pulseOf } from '../../replica/drivers/process-pulse.ts'
import { makeDirectory } from '../conformance/storage-files.ts'

const directories: string[] = []
const newDirectory = async (): Promise<string> => {
  const directory = await makeDirectory()
  directories.push(directory)
  return directory
}
afterEach(async () => {
  for (const directory of directories.splice(0)) await rm(directory, { recursive: true, force: true })
})

const failureOf = async (work: Promise<unknown>): Promise<QuintetError | null> =>
  work.then(
    () => null,
    (error: unknown) => {
      if (error instanceof QuintetError) return error
      throw error
    },
  )

const lockFile = join(import.meta.dirname, '../../replica/drivers/directory-lock.ts')
const script = `
  const { lockDirectory } = await import(${JSON.stringify(lockFile)})
  await lockDirectory(process.argv[1])
  console.log('locked')
  setInterval(() => undefined, 1_000)
  process.stdin.on('data', () => process.exit(0))
`

/** Another process that holds the lock. */
async function holderOf(directory: string) {
  const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', script, directory], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  return child
}

test('a directory is held by one at a time, who is named, until it is released', async () => {
  const directory = await newDirectory()
  const lock = await lockDirectory(directory)
  const failure = await failureOf(lockDirectory(directory))
  expect(failure?.code).toBe('DIRECTORY_IN_USE')
  expect(failure?.message).toContain(`process ${process.pid} since 20`)
  await lock.release()
  const again = await lockDirectory(directory)
  await again.release()
  expect(await readdir(join(directory, 'lock'))).toEqual([])
})

test('another process that holds it is named; when it is killed, the directory is free at once', async () => {
  const directory = await newDirectory()
  const child = await holderOf(directory)
  const failure = await failureOf(lockDirectory(directory))
  expect(failure?.code).toBe('DIRECTORY_IN_USE')
  expect(failure?.message).toContain(`process ${child.pid} since`)
  child.kill('SIGKILL')
  await once(child, 'exit')
  const lock = await lockDirectory(directory)
  await lock.release()
})

test.runIf(process.platform === 'linux')(
  'a process that holds it works while it uses the processor, not when it hangs',
  async () => {
    const directory = await newDirectory()
    const child = await holderOf(directory)
    const pulse = pulseOf(directory)
    expect(await pulse()).toBe('works')
    child.kill('SIGSTOP')
    await expect.poll(pulse).toBe('rests')
    child.kill('SIGCONT')
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(await pulse()).toBe('rests')
    const own = await lockDirectory(directory)
    await pulse()
    for (const untilMs = performance.now() + 50; performance.now() < untilMs;);
    expect(await pulse()).toBe('works')
    await own.release()
  },
)

test('a process whose id means nothing here, as in another container, holds it until it is killed', async () => {
  const directory = await newDirectory()
  const child = await holderOf(directory)
  await rm(join(directory, 'lock'), { recursive: true })
  const failure = await failureOf(lockDirectory(directory))
  expect(failure?.code).toBe('DIRECTORY_IN_USE')
  expect(failure?.message).toContain('another container or machine')
  expect(await readdir(directory)).toEqual(['lock', 'lock.held'])
  child.kill('SIGKILL')
  await once(child, 'exit')
  const lock = await lockDirectory(directory)
  await lock.release()
})

test('a process that ends itself leaves nothing', async () => {
  const directory = await newDirectory()
  const child = await holderOf(directory)
  child.stdin.end('end')
  expect(await once(child, 'exit')).toEqual([0, null])
  expect(await readdir(join(directory, 'lock'))).toEqual([])
})

test.runIf(process.platform === 'linux')('a pid that another process has now does not hold it', async () => {
  const directory = await newDirectory()
  await mkdir(join(directory, 'lock'))
  const holder = { pid: process.pid, process: 'an-earlier-boot 4711', sinceMs: Date.now() }
  await writeFile(join(directory, 'lock', `${process.pid}-00.json`), JSON.stringify(holder))
  const lock = await lockDirectory(directory)
  expect(await readdir(join(directory, 'lock'))).toHaveLength(1)
  await lock.release()
})

test('a file that a power cut has emptied does not hold it', async () => {
  const directory = await newDirectory()
  await mkdir(join(directory, 'lock'))
  const nobody = 4_194_305
  await writeFile(join(directory, 'lock', `${nobody}-00.json`), '')
  const lock = await lockDirectory(directory)
  await lock.release()
})

test('what the name of a file tells that has no content, because the disk is full, holds while the process lives', async () => {
  const directory = await newDirectory()
  await mkdir(join(directory, 'lock'))
  const putDown = async (pid: number): Promise<void> => {
    const told = Buffer.from(JSON.stringify({ pid, process: null, sinceMs: Date.now() })).toString('base64url')
    await writeFile(join(directory, 'lock', `${pid}-00.${told}.held`), '')
  }
  const nobody = 4_194_305
  await putDown(nobody)
  const lock = await lockDirectory(directory)
  await lock.release()
  await putDown(process.pid)
  expect((await failureOf(lockDirectory(directory)))?.code).toBe('DIRECTORY_IN_USE')
})

test('of several who come at once, never two hold it', async () => {
  const directory = await newDirectory()
  let holding = 0
  let most = 0
  let taken = 0
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      const lock = await lockDirectory(directory).catch(() => null)
      if (lock === null) return
      taken += 1
      holding += 1
      most = Math.max(most, holding)
      await readFile(lockFile)
      holding -= 1
      await lock.release()
    }),
  )
  expect(most).toBe(1)
  expect(taken).toBeGreaterThan(0)
})

test('a directory that cannot be written to is not usable', async () => {
  const path = join(await newDirectory(), 'file')
  await writeFile(path, '')
  expect((await failureOf(lockDirectory(path)))?.code).toBe('DIRECTORY_NOT_USABLE')
})

import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { makeDirectory, patiently, syncDirectory } from '../../replica/drivers/file-names.ts'

const failure = (code: string): Error => Object.assign(new Error(code), { code })

/** What fails so often by these codes, and then goes well. */
const failing = (...codes: readonly string[]) => {
  const left = [...codes]
  return (): Promise<string> => {
    const code = left.shift()
    return code === undefined ? Promise.resolve('done') : Promise.reject(failure(code))
  }
}

test('what another program has open for a moment is tried again on Windows', async () => {
  expect(await patiently(failing('EPERM', 'EBUSY', 'EACCES'), 'win32')).toBe('done')
  await expect(patiently(failing('EPERM'), 'linux')).rejects.toMatchObject({ code: 'EPERM' })
  await expect(patiently(failing('ENOSPC'), 'win32')).rejects.toMatchObject({ code: 'ENOSPC' })
})

test.runIf(process.platform === 'linux')(
  'a file system that does not know how to make names durable can be used',
  async () => {
    await syncDirectory('/proc')
    await expect(syncDirectory('/proc/nowhere')).rejects.toMatchObject({ code: 'ENOENT' })
  },
)

test('directories are made with those above them, of which the first is told', async () => {
  const base = await mkdtemp(join(tmpdir(), 'quintet-names-'))
  const first = join(base, 'first')
  const deep = join(first, 'second', 'third')
  const made = await Promise.all([makeDirectory(deep), makeDirectory(deep)])
  expect(made).toContain(first)
  expect(await makeDirectory(deep)).toBeUndefined()
  expect(await makeDirectory(join(deep, 'fourth'))).toBe(join(deep, 'fourth'))
  await rm(base, { recursive: true })
})

test.runIf(process.platform === 'linux')(
  'a file system that lets nobody make a directory says so, instead of being asked for ever',
  async () => {
    await expect(makeDirectory('/proc/nowhere/deeper')).rejects.toMatchObject({ code: 'ENOENT' })
    await expect(makeDirectory('/dev/null')).rejects.toMatchObject({ code: 'EEXIST' })
    await expect(makeDirectory('/dev/null/deeper')).rejects.toMatchObject({ code: 'ENOTDIR' })
  },
)

import { writeFileSync } from 'node:fs'
import {
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
  type FileHandle,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

import { limits } from '../../replica/core/model/limits.ts'
import { localFiles } from '../../replica/local-files.ts'

const { read, save } = localFiles
const file = (name: string) => ({ name, content: Buffer.from('content').toString('base64') })

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'quintet-files-'))
})
afterEach(() => rm(directory, { recursive: true }))

describe('a file that is saved', () => {
  test('is written beside those that are there, whatever they are', async () => {
    const elsewhere = path.join(directory, 'elsewhere')
    await writeFile(elsewhere, 'untouched')
    await symlink(elsewhere, path.join(directory, 'plan.pdf'))
    await symlink('nowhere', path.join(directory, 'plan (2).pdf'))
    await mkdir(path.join(directory, 'plan (3).pdf'))
    const saved = await save(directory, file('plan.pdf'))
    expect(saved).toBe(path.join(directory, 'plan (4).pdf'))
    expect(await readFile(saved, 'utf8')).toBe('content')
    expect(await readFile(elsewhere, 'utf8')).toBe('untouched')
    expect(await readdir(directory)).toHaveLength(5)
  })

  test('can be read by its owner only, and run by nobody', async () => {
    const saved = await save(path.join(directory, 'made', 'for', 'it'), file('evil.sh'))
    expect((await stat(saved)).mode & 0o777).toBe(0o600)
  })

  test.each(['../x', '/etc/x', 'a/b', 'a\\b', 'C:\\x', '', '.', '..'])('is not written to %j', async (name) => {
    await expect(save(directory, file(name))).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    expect(await readdir(directory)).toEqual([])
  })

  test('is not there at all when there was no room for all of it', async () => {
    const handle = await open(directory)
    const handles = Object.getPrototypeOf(handle) as FileHandle
    await handle.close()
    const writing = vi.spyOn(handles, 'writeFile').mockImplementation(async function (this: FileHandle) {
      await this.write('con')
      throw Object.assign(new Error('no room'), { code: 'EDQUOT' })
    })
    try {
      await expect(save(directory, file('plan.pdf'))).rejects.toMatchObject({ code: 'DISK_FULL' })
    } finally {
      writing.mockRestore()
    }
    expect(await readdir(directory)).toEqual([])
  })

  test('does not look at all the names where many are called so', async () => {
    for (let number = 2; number <= 200; number++) writeFileSync(path.join(directory, `plan (${number}).pdf`), '')
    expect(await save(directory, file('plan.pdf'))).toBe(path.join(directory, 'plan.pdf'))
    const saved = await save(directory, file('plan.pdf'))
    expect(saved).toMatch(/plan \(\d+\)\.pdf$/)
    expect(saved).not.toContain('(201)')
    expect(await readFile(saved, 'utf8')).toBe('content')
  })

  test('has a shorter name where the file system takes no longer one', async () => {
    const saved = await save(directory, file(`${'語'.repeat(200)}.pdf`))
    expect(path.basename(saved)).toMatch(/^語{50}\.pdf$/)
    expect(path.basename(await save(directory, file('🚢'.repeat(70))))).toBe('🚢'.repeat(35))
    await expect(save(directory, file(`a.${'b'.repeat(300)}`))).rejects.toMatchObject({ code: 'DIRECTORY_NOT_USABLE' })
  })

  test('says what is wrong with the directory', async () => {
    await writeFile(path.join(directory, 'no directory'), '')
    const failed = save(path.join(directory, 'no directory'), file('a'))
    await expect(failed).rejects.toMatchObject({ code: 'DIRECTORY_NOT_USABLE', message: /no directory/ })
  })
})

describe('a file that is read', () => {
  test('comes with its name alone', async () => {
    const saved = await save(directory, file('plan.pdf'))
    expect(await read(saved)).toEqual(file('plan.pdf'))
  })

  test('is told to be missing, too large, or none', async () => {
    const large = path.join(directory, 'large')
    await writeFile(large, new Uint8Array(limits.bodyBytes + 1))
    await expect(read(large)).rejects.toMatchObject({ code: 'TOO_LARGE' })
    await expect(read(directory)).rejects.toMatchObject({ code: 'BAD_REQUEST', message: /is not a file/ })
    await expect(read(path.join(directory, 'nothing'))).rejects.toMatchObject({ message: /there is no such file/ })
    await expect(read('/dev/zero')).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  })

  test('is read no further than a mail has room, also when it grows meanwhile', async () => {
    const growing = path.join(directory, 'growing')
    await writeFile(growing, new Uint8Array(limits.bodyBytes + 1))
    const handle = await open(growing)
    const size = vi.spyOn(Object.getPrototypeOf(handle) as FileHandle, 'stat')
    const stat = await handle.stat()
    await handle.close()
    size.mockResolvedValue(Object.assign(stat, { size: 0 }))
    try {
      await expect(read(growing)).rejects.toMatchObject({ code: 'TOO_LARGE', message: /has more\.$/ })
    } finally {
      size.mockRestore()
    }
  })
})

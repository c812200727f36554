import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'

import { lockDirectory } from '../../replica/drivers/directory-lock.ts'
import { loadInstall } from '../../replica/drivers/install-file.ts'
import { notUsable } from '../../replica/drivers/not-usable.ts'
import { makeDataDirectory } from '../../replica/new-install.ts'

const base = await mkdtemp(path.join(tmpdir(), 'quintet-unusable-'))
afterAll(() => rm(base, { recursive: true, force: true }))

const at = (name: string): string => path.join(base, name)
await writeFile(at('file'), '')
await symlink(at('nowhere'), at('link'))

/** The failure names the directory, says in words what is the matter, and what helps. */
const saying = (name: string, reason: RegExp): object => ({
  code: 'DIRECTORY_NOT_USABLE',
  message: expect.stringMatching(new RegExp(`${name}.*${reason.source}.*\\. [A-Z].* \\(E[A-Z]+\\)\\.$`)) as unknown,
})

test('a data directory that cannot be made says why, and what helps', async () => {
  await expect(makeDataDirectory(at('file'))).rejects.toMatchObject(saying('file', /something else of that name/))
  await expect(makeDataDirectory(at('file/below'))).rejects.toMatchObject(saying('below', /a file where a directory/))
  await expect(makeDataDirectory(at('link'))).rejects.toMatchObject(saying('link', /a link that leads nowhere/))
  await expect(makeDataDirectory(at('x'.repeat(300)))).rejects.toMatchObject(saying('xxx', /name is too long/))
})

test('so does one that cannot be locked or read', async () => {
  await expect(lockDirectory(at('file'))).rejects.toMatchObject(saying('file', /a file where a directory/))
  await expect(loadInstall(at('file'))).rejects.toMatchObject(saying('file', /a file where a directory/))
})

test.each([
  ['EROFS', 'DIRECTORY_NOT_USABLE', /can only be read\. Mount it for writing/],
  ['EACCES', 'DIRECTORY_NOT_USABLE', /has no right to it\. Run this as its owner/],
  ['ENOSPC', 'DISK_FULL', /the disk is full\. Free some room/],
  ['EDQUOT', 'DISK_FULL', /the disk is full\. Free some room/],
  ['EIO', 'DIRECTORY_NOT_USABLE', /cannot be made: what the system says$/],
])('%s is %s, in words', (code, known, words) => {
  const failure = notUsable('It cannot be made', Object.assign(new Error('what the system says'), { code }))
  expect(failure.code).toBe(known)
  expect(failure.message).toMatch(words)
})

import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { removeHalfWritten, writeFileAtomically } from '../../replica/drivers/atomic-file.ts'
import { changeInstall, loadAttachment, loadInstall, saveInstall } from '../../replica/drivers/install-file.ts'
import { keepJoiningKey } from '../../replica/drivers/joining-file.ts'
import { makeDirectory } from '../conformance/storage-files.ts'
import { newInstall } from '../support/install-fixture.ts'

test('changes of the install that come at once are all kept', async () => {
  const directory = await makeDirectory()
  await saveInstall(directory, newInstall())
  await Promise.all([
    changeInstall(directory, (kept) => ({ ...kept, isRetired: true })),
    changeInstall(directory, (kept) => ({ ...kept, keyMadeAt: 1, isKeyHeldBack: true })),
  ])
  expect(await loadInstall(directory)).toMatchObject({ isRetired: true, keyMadeAt: 1, isKeyHeldBack: true })
  await rm(directory, { recursive: true })
})

test('a damaged note for the clients of this machine, which each start writes anew, is none', async () => {
  const directory = await makeDirectory()
  await writeFile(join(directory, 'attach.json'), '{"adminToken":')
  expect(await loadAttachment(directory)).toBeNull()
  await rm(directory, { recursive: true })
})

test('an install that cannot be written says so by a code', async () => {
  const directory = await makeDirectory()
  // Nothing can take the place of a directory.
  await mkdir(join(directory, 'install.json', 'full'), { recursive: true })
  await expect(saveInstall(directory, newInstall())).rejects.toMatchObject({ code: 'DISK_FAILED' })
  expect(await readdir(directory)).toEqual(['install.json'])
  await rm(directory, { recursive: true })
})

test('the key to be let in with is not made anew where the one that was kept cannot be read', async () => {
  const directory = await makeDirectory()
  await mkdir(join(directory, 'joining.json'))
  const kept = keepJoiningKey(directory, new Uint8Array(16), new Uint8Array(32))
  await expect(kept).rejects.toMatchObject({ code: 'DIRECTORY_NOT_USABLE' })
  await rm(directory, { recursive: true })
})

test('of contents that are written at once to one file the last one stays, whole', async () => {
  const directory = await makeDirectory()
  const path = join(directory, 'file')
  const contents = Array.from({ length: 20 }, (_, index) => String(index).repeat(100_000 - index * 4_000))
  await Promise.all(contents.map((content) => writeFileAtomically(path, content)))
  expect(await readFile(path, 'utf8')).toBe(contents.at(-1))
  expect(await readdir(directory)).toEqual(['file'])
  await rm(directory, { recursive: true })
})

test('what a process was writing when it was killed is removed, what another one is writing is not', async () => {
  const directory = await makeDirectory()
  const dead = 2 ** 22 + 1
  const names = [`install.json.${dead}.tmp`, `attach.json.${process.pid}.tmp`, `client.json.${process.ppid}.tmp`]
  for (const name of [...names, 'install.json']) await writeFile(join(directory, name), '{}')
  await removeHalfWritten(directory)
  expect(await readdir(directory)).toEqual([`client.json.${process.ppid}.tmp`, 'install.json'])
  await rm(directory, { recursive: true })
})

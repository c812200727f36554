import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { changeInstall, loadAttachment, loadInstall, saveInstall } from '../../replica/drivers/install-file.ts'
import { makeDirectory } from '../conformance/storage-files.ts'
import { newInstall } from '../support/install-fixture.ts'

test('changes of the install that come at once are all kept', async () => {
  const directory = await makeDirectory()
  await saveInstall(directory, newInstall())
  await Promise.all([
    changeInstall(directory, (kept) => ({ ...kept, isRetired: true })),
    changeInstall(directory, (kept) => ({ ...kept, keyMadeAt: 1 })),
  ])
  expect(await loadInstall(directory)).toMatchObject({ isRetired: true, keyMadeAt: 1 })
  await rm(directory, { recursive: true })
})

test('a damaged note for the clients of this machine, which each start writes anew, is none', async () => {
  const directory = await makeDirectory()
  await writeFile(join(directory, 'attach.json'), '{"adminToken":')
  expect(await loadAttachment(directory)).toBeNull()
  await rm(directory, { recursive: true })
})

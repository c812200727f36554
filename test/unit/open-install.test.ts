import { rm } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { parseReplicaArguments } from '../../replica/arguments.ts'
import { loadInstall, saveInstall } from '../../replica/drivers/install-file.ts'
import { openInstall } from '../../replica/open-install.ts'
import { encodeInvite } from '../../replica/wire/invite-codec.ts'
import { makeDirectory } from '../conformance/storage-files.ts'
import { newInstall } from '../support/install-fixture.ts'

test('an invite of the own group leads back who has none of the keys any more by which the others can be reached', async () => {
  const directory = await makeDirectory()
  const own = {
    ...newInstall(),
    formerKeys: Array.from({ length: 8 }, (_, number) => new Uint8Array(32).fill(number + 1)),
  }
  await saveInstall(directory, own)
  const startWith = async (key: Uint8Array) => {
    const token = new Uint8Array(16)
    const where = { groupName: own.groupName, groupKey: key, token, expiresAtMs: 0, addresses: [] }
    const options = parseReplicaArguments([
      '--data',
      directory,
      '--join',
      encodeInvite({ groupId: own.groupId, ...where }),
    ])
    await openInstall(options!)
    return loadInstall(directory)
  }
  const present = new Uint8Array(32).fill(99)
  const led = { groupKey: own.groupKey, formerKeys: [present, ...own.formerKeys.slice(0, 7)] }
  expect(await startWith(present)).toMatchObject(led)
  for (const known of [own.groupKey, present]) expect(await startWith(known)).toMatchObject(led)
  await rm(directory, { recursive: true })
})

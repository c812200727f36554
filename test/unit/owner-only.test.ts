import { chmod, mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { lockDirectory } from '../../replica/drivers/directory-lock.ts'
import { createPinoLogger } from '../../replica/drivers/pino-logger.ts'
import { makeDataDirectory } from '../../replica/new-install.ts'

let folder = ''
let umask = 0
beforeEach(async () => {
  umask = process.umask(0)
  folder = await mkdtemp(path.join(tmpdir(), 'quintet-owner-'))
})
afterEach(async () => {
  process.umask(umask)
  await rm(folder, { recursive: true, force: true })
})

/** What others than the owner may do with it. */
const forOthers = async (name: string): Promise<number> => (await stat(path.join(folder, name))).mode & 0o077

describe.skipIf(process.platform === 'win32')('a data directory', () => {
  test.each([
    ['that is empty, as a person made it', []],
    ['of a replica, as from a backup', ['install.json', 'log']],
    ['of a client, as from a backup', ['client.json']],
  ])('%s is closed to other users', async (_, names) => {
    const directory = path.join(folder, 'data')
    await mkdir(directory)
    await chmod(directory, 0o777)
    for (const name of names) await writeFile(path.join(directory, name), '')
    await makeDataDirectory(directory)
    expect(await forOthers('data')).toBe(0)
  })

  test('that has other uses is left as it is', async () => {
    await chmod(folder, 0o755)
    await writeFile(path.join(folder, 'letters.txt'), '')
    await makeDataDirectory(folder)
    expect(await forOthers('.')).toBe(0o055)
  })

  test('has a log and a lock that nobody else can read, and so hold', async () => {
    const { logger, close } = createPinoLogger({ level: 'info', file: path.join(folder, 'replica.log') })
    logger.info('a server is connected')
    close()
    const lock = await lockDirectory(folder)
    expect([await forOthers('replica.log'), await forOthers('lock.held'), await forOthers('lock')]).toEqual([0, 0, 0])
    await lock.release()
  })
})

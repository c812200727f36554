import { readdir, readFile, stat } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { passwordOf } from '../../build/cluster/group.ts'
import type { MailProcess } from '../../build/cluster/mail-process.ts'
import { send, sendMany, useCluster } from '../support/cluster.ts'

const cluster = useCluster()

const found = async (client: MailProcess, query: string): Promise<readonly string[]> =>
  (await client.ask('search', { query, limit: 50 })).headers.map(({ subject }) => subject)

/** Every file below a directory. */
const filesIn = async (directory: string): Promise<readonly string[]> => {
  const names = await readdir(directory, { recursive: true })
  const paths = names.map((name) => path.join(directory, name))
  const kinds = await Promise.all(paths.map((file) => stat(file)))
  return paths.filter((_, index) => kinds[index]?.isFile())
}

describe('search', () => {
  test('finds what has just arrived, and after a restart all that there was, from an index that nobody can read', async () => {
    const group = await cluster.group([1, 2])
    const ada = await group.person('ada', 1)
    const ben = await group.person('ben', 2)
    await group.settled()
    await send(ada, 'ben', 'Weather', 'A gale is expected from the north-west.')
    await sendMany(ada, 'ben', 60, 'Log', 'Nothing to report.')
    await ben.event('mail', ({ subject }) => subject === 'Log 60')
    expect(await found(ben, 'gale')).toEqual(['Weather'])
    expect(await found(ben, 'gaale north')).toEqual(['Weather'])
    expect(await found(ben, 'from:ada subject:log report')).toHaveLength(50)

    await send(ada, 'ben', 'Engine', 'The quokkabolt of the pump is loose.')
    await ben.event('mail', ({ subject }) => subject === 'Engine')
    expect((await ben.ask('search', { query: 'quokkabolt', limit: 10 })).headers).toMatchObject([
      { from: 'ada', to: ['ben'], subject: 'Engine', read: false },
    ])
    expect(await found(ada, 'quokkabolt in:sent')).toEqual(['Engine'])

    expect(await ben.close()).toBe(0)
    expect(await ada.close()).toBe(0)
    for (const server of [1, 2]) {
      const files = await filesIn(group.dataOf(server))
      expect(files.filter((file) => /segment-\d+$/.test(file))).toHaveLength(1)
      for (const file of files) expect((await readFile(file)).includes('quokkabolt')).toBe(false)
    }

    await group.kill(1, 2)
    await group.restart(1, 2)
    const again = group.client(2)
    await again.ask('logIn', { name: 'ben', password: passwordOf('ben') })
    expect(await found(again, '"quokkabolt of the pump"')).toEqual(['Engine'])
    const { headers } = await again.ask('search', { query: 'quokkabolt', limit: 10 })
    await again.ask('delete', { mail: headers[0]?.mail ?? '' })
    expect(await found(again, 'quokkabolt')).toEqual([])
    await expect(again.ask('search', { query: 'before:soon', limit: 10 })).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    })
  })
})

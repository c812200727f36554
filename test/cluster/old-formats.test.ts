import { cp, readdir } from 'node:fs/promises'
import path from 'node:path'
import { expect, test } from 'vitest'
import { MailProcess } from '../../build/cluster/mail-process.ts'
import { ReplicaProcess } from '../../build/cluster/replica-process.ts'
import { bodiesOf, subjectsOf, useCluster } from '../support/cluster.ts'

const cluster = useCluster()
const fixtures = path.join(import.meta.dirname, '..', 'fixtures')

/** Of each format that was ever released a data directory is kept, as it was left by a replica that was killed. */
const formats = (await readdir(fixtures)).filter((name) => name.startsWith('format-'))

test('a data directory is kept of every format', () => {
  expect(formats).toContain('format-1')
})

test.each(formats)('what was written in %s is there, and goes on', async (name) => {
  const data = path.join(await cluster.directory(), name)
  await cp(path.join(fixtures, name), data, { recursive: true })
  const replica = new ReplicaProcess({ data })
  await replica.ready()
  const client = new MailProcess({ data })
  try {
    await client.ask('logIn', { name: 'ada', password: 'correct horse battery' })
    const bodies = await bodiesOf(client)
    expect(bodies.get('first')).toBe('kept since format 1')
    expect(bodies.get('after the snapshot')).toBe('in the log alone')
    const { posts } = await client.ask('posts', { name: 'ada', limit: 10 })
    expect(posts.map(({ text }) => text)).toContain('hello from format 1')
    await client.ask('send', { to: ['ada'], subject: 'of today', body: 'new' })
    expect(await subjectsOf(client, 'inbox')).toContain('of today')
    expect((await client.ask('status')).warnings).toEqual([])
  } finally {
    await client.close()
    await replica.stop()
  }
})

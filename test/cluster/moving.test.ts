import { once } from 'node:events'
import { createServer } from 'node:net'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import type { ReplicaGroup } from '../../build/cluster/group.ts'
import { MailProcess } from '../../build/cluster/mail-process.ts'
import { ReplicaProcess } from '../../build/cluster/replica-process.ts'
import { useCluster } from '../support/cluster.ts'

const cluster = useCluster()

/** Stops the replicas of `servers`, and puts somebody else where each was: it has to take another port. */
const moved = async (group: ReplicaGroup, servers: readonly number[]) => {
  const portOf = async (server: number): Promise<number> =>
    Number(/\/tcp\/(\d+)/.exec((await group.replica(server).ready()).listen[0] ?? '')?.[1])
  const former = await Promise.all(servers.map(portOf))
  await Promise.all(servers.map((server) => group.replica(server).stop()))
  const others = former.map((port) => createServer((socket) => socket.destroy()).listen(port, '127.0.0.1'))
  await Promise.all(others.map((other) => once(other, 'listening')))
  return {
    restarted: async (): Promise<void> => {
      await group.restart(...servers)
      for (const port of await Promise.all(servers.map(portOf))) expect(former).not.toContain(port)
    },
    end: () => {
      for (const other of others) other.close()
    },
  }
}

describe('two machines that have moved while a third stayed', () => {
  test('find each other by what that one tells', async () => {
    const group = await cluster.group([1, 2, 3])
    const { restarted, end } = await moved(group, [2, 3])
    try {
      await restarted()
      await group.sees([1, 2, 3], [1, 2, 3])
      await group.kill(1)
      await group.sees([2, 3], [2, 3])
    } finally {
      end()
    }
  })
})

describe('a group of which every machine has moved', () => {
  test('is told where one of them is by an invite of it, which is not spent; so is a client without a replica', async () => {
    const group = await cluster.group([1, 2])
    const data = path.join(await cluster.directory(), 'client')
    const { invite: first } = await group.operator(1).ask('invite')
    await new MailProcess({ data, join: first }).close()
    const { restarted, end } = await moved(group, [1, 2])
    try {
      await restarted()
      expect(await group.operator(1).ask('view')).toMatchObject({ servers: [1] })
      const { invite } = await group.operator(1).ask('invite')
      await group.replica(2).stop()
      const joining = new ReplicaProcess({ data: group.dataOf(2), join: invite })
      await joining.ready()
      await group.sees([1], [1, 2])
      await joining.kill()
      // It goes on knowing.
      await group.restart(2)
      await group.sees([1, 2], [1, 2])
      const client = new MailProcess({ data, join: invite })
      expect(await client.ask('view')).toMatchObject({ servers: [1, 2] })
      await client.close()
      const { invites } = await group.operator(1).ask('invites')
      expect(invites.filter(({ state }) => state === 'open')).toHaveLength(1)
    } finally {
      end()
    }
  })
})

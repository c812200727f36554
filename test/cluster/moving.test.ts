import { once } from 'node:events'
import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { useCluster } from '../support/cluster.ts'

const cluster = useCluster()

describe('two machines that have moved while a third stayed', () => {
  test('find each other by what that one tells', async () => {
    const group = await cluster.group([1, 2, 3])
    const portOf = async (server: number): Promise<number> =>
      Number(/\/tcp\/(\d+)/.exec((await group.replica(server).ready()).listen[0] ?? '')?.[1])
    const former = await Promise.all([2, 3].map(portOf))
    await Promise.all([2, 3].map((server) => group.replica(server).stop()))
    // Somebody else is there now: each has to take another port.
    const others = former.map((port) => createServer((socket) => socket.destroy()).listen(port, '127.0.0.1'))
    await Promise.all(others.map((other) => once(other, 'listening')))
    try {
      await group.restart(2, 3)
      for (const port of await Promise.all([2, 3].map(portOf))) expect(former).not.toContain(port)
      await group.sees([1, 2, 3], [1, 2, 3])
      await group.kill(1)
      await group.sees([2, 3], [2, 3])
    } finally {
      for (const other of others) other.close()
    }
  })
})

import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { originId, serverId } from '../../replica/core/model/ids.ts'
import { loadInstall } from '../../replica/drivers/install-file.ts'
import { toBase64Url } from '../../replica/wire/bytes.ts'
import { encodeGossip, encodeMessage } from '../../replica/wire/message-codec.ts'
import { send, useCluster } from '../support/cluster.ts'
import { gossiper, RogueMember } from '../support/rogue-member.ts'

const cluster = useCluster()
const honest = [1, 2, 3]
const dayMicros = 86_400_000_000

const groupKeyOf = async (data: string): Promise<string> =>
  toBase64Url((await loadInstall(data))?.groupKey ?? new Uint8Array())

/** The peers that the replica that keeps `data` connects with when it starts. */
const addressBookOf = async (data: string): Promise<readonly string[]> => {
  const text = await readFile(path.join(data, 'settings', 'addresses.json'), 'utf8')
  return Object.keys((JSON.parse(text) as { readonly value: object }).value)
}

describe('somebody who only has the key of the group', () => {
  test('cannot take a seat, retire a machine or be told anything', async () => {
    const group = await cluster.group(honest)
    const ada = await group.person('ada', 1)
    const guest = await RogueMember.join(group, 1, 'guest')
    const gossip = await gossiper(group)
    try {
      const { serverId: server, origin } = await group.status(1)
      const claim = guest.next({
        kind: 'seat',
        server: serverId(server),
        peer: guest.peer,
        machine: 'mine now',
        replaces: null,
      })
      const retirement = guest.next({ kind: 'retirement', retired: originId(origin) })
      await guest.send([2], guest.batches(claim, retirement))
      await guest.cutOff(2, 0)
      // Gossip comes in the order in which it was published: when the nonsense has come the claim has, too.
      const hasCome = async (): Promise<string> => {
        gossip.publish(encodeGossip([claim, retirement]))
        gossip.publish(randomBytes(32))
        return group.replica(3).logTail(100_000)
      }
      await expect.poll(hasCome, { timeout: 60_000, interval: 500 }).toContain('a gossip message was not valid')
      await hasCome()
      const statuses = await group.settled(honest)
      for (const { vector } of statuses) expect(Object.keys(vector)).not.toContain(guest.origin)
      const { seats, ownSeat } = await group.operator(1).ask('network')
      expect(ownSeat).toBe('held')
      expect(seats.filter(({ state }) => state !== 'free')).toHaveLength(honest.length)
      for (const server of honest) expect(await addressBookOf(group.dataOf(server))).not.toContain(guest.peer)
      expect(guest.messageKinds()).toEqual(['hello', 'refusal'])
      const told = await guest.message(2, 'hello')
      expect([...told.addresses]).toEqual([])
      expect([...told.rows].map(([whose, row]) => [whose, [...row.keys()]])).toEqual([[told.origin, [told.origin]]])
      await send(ada, 'ada', 'undisturbed')
    } finally {
      await Promise.all([guest.end(), gossip.end()])
    }
  })
})

describe('a member that is retired', () => {
  test('has left no group key behind that the others cannot change', async () => {
    const group = await cluster.group([1, 2])
    const rogue = await RogueMember.join(group, 3)
    const giveKey = (byte: number, madeAt: number) => {
      const key = toBase64Url(new Uint8Array(32).fill(byte))
      return { key, sent: rogue.send([1, 2], encodeMessage({ kind: 'groupKey', key, madeAt })) }
    }
    await giveKey(9, Number.MAX_SAFE_INTEGER).sent
    const { key, sent } = giveKey(7, Date.now() * 1_000 + (dayMicros * 5) / 6)
    await sent
    for (const server of [1, 2]) await expect.poll(() => groupKeyOf(group.dataOf(server))).toBe(key)
    await rogue.end()
    await group.sees([1, 2], [1, 2])
    await group.operator(1).ask('retire', { server: 3 })
    await group.operator(2).ask('rotateKey')
    const changed = await groupKeyOf(group.dataOf(2))
    expect(changed).not.toBe(key)
    await expect.poll(() => groupKeyOf(group.dataOf(1))).toBe(changed)
    await group.kill(1, 2)
    await group.restart(1, 2)
    await group.sees([1, 2], [1, 2])
    expect(await groupKeyOf(group.dataOf(1))).toBe(changed)
  })
})

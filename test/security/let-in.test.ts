import { cp } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { MailProcess } from '../../build/cluster/mail-process.ts'
import { ReplicaProcess } from '../../build/cluster/replica-process.ts'
import type { ReplicaGroup } from '../../build/cluster/group.ts'
import { send, subjectsOf, textLike, useCluster } from '../support/cluster.ts'
import { RogueMember } from '../support/rogue-member.ts'

const cluster = useCluster()
const honest = [1, 2, 3]

/** Each server has sent it away since there were so many messages. */
const isSentAway = async (key: RogueMember, servers: readonly number[], since: number): Promise<void> => {
  for (const server of servers) await key.message(server, 'refusal', () => true, since)
}

const letIn = async (group: ReplicaGroup, server: number, by?: number) =>
  (await group.operator(server).ask('letIn', by === undefined ? {} : { server: by })).machines

describe('second keys of a member that is dishonest', () => {
  test('are seen though they have no seat, with who let them in, and can be shut out for good', async () => {
    const group = await cluster.group(honest)
    const ada = await group.person('ada', 1)
    const ben = await group.person('ben', 2)
    const rogue = await RogueMember.join(group, 4)
    const keptBack = await rogue.letsIn(5)
    const invited = await rogue.invites(5)
    const keys = [keptBack, invited]
    for (const key of keys) {
      await key.isConnected()
      for (const server of honest) await key.message(server, 'knowledge')
    }
    await group.settled(honest)

    const listed = await letIn(group, 2)
    expect(
      listed
        .slice(0, 2)
        .map(({ machine }) => machine)
        .sort(),
    ).toEqual(keys.map(({ origin }) => origin).sort())
    const shown = (key: RogueMember) => listed.find(({ machine }) => machine === key.origin)
    const byRogue = { machine: rogue.origin, server: 4, name: 'rogue' }
    expect(shown(keptBack)).toMatchObject({ state: 'without', name: null, connected: true, by: [byRogue] })
    // A server of the group wrote this one's admission; the invite was not its.
    const door = shown(invited)?.by.map(({ machine }) => machine)
    expect(door).toEqual(expect.arrayContaining([rogue.origin, (await group.status(1)).origin]))
    expect(shown(rogue)).toMatchObject({ state: 'seat', server: 4 })
    const named = (await letIn(group, 1, 4)).map(({ machine }) => machine)
    expect([...named].sort()).toEqual(keys.map(({ origin }) => origin).sort())

    await rogue.end()
    await group.until(honest, 'the rogue is away', (statuses) =>
      statuses.every(({ view }) => !view.servers.includes(4)),
    )
    await group.operator(1).ask('retire', { server: 4 })
    await group.operator(1).ask('rotateKey')
    // They are members: nobody has shut them out yet.
    for (const key of keys) await key.takeKey(2)
    expect((await letIn(group, 3)).filter(({ byRetired }) => byRetired)).toHaveLength(2)

    const since = keys.map(({ seen }) => seen.messages.length)
    for (const { origin } of keys) await group.operator(1).ask('shutOut', { machine: origin })
    for (const [index, key] of keys.entries()) await isSentAway(key, honest, since[index] ?? 0)
    await group.settled(honest)
    const settled = keys.map(({ seen }) => seen.messages.length)
    await send(ada, 'ben', 'among ourselves')
    await group.replica(2).stop()
    await group.restart(2)
    await group.sees(honest, honest)
    for (const [index, key] of keys.entries()) await isSentAway(key, [2], settled[index] ?? 0)
    await group.operator(3).ask('rotateKey')
    await group.settled(honest)
    await expect.poll(() => subjectsOf(ben, 'inbox'), { timeout: 60_000 }).toContain('among ourselves')
    for (const [index, key] of keys.entries())
      expect(key.messageKinds(settled[index]).filter((kind) => kind !== 'hello' && kind !== 'refusal')).toEqual([])

    await group.join(4, 1)
    await group.settled()
    // Of the other one there was nothing in any log but that it is shut out.
    const known = (await letIn(group, 4)).filter(({ machine }) => keys.some(({ origin }) => origin === machine))
    expect(known.map(({ machine, state }) => [machine, state])).toEqual([[invited.origin, 'retired']])
    for (const key of keys) await key.end()
  })
})

test('who retires a machine retires the keys, too, that it had before it started over', async () => {
  const group = await cluster.group(honest)
  const ada = await group.person('ada', 1)
  await group.person('ben', 2)
  await group.settled()
  await group.replica(3).stop()
  const copy = path.join(await cluster.directory(), 'copy')
  await cp(group.dataOf(3), copy, { recursive: true })
  await group.reset(3)
  await group.settled()
  const [superseded] = (await letIn(group, 1)).filter(({ state }) => state === 'superseded')
  expect(superseded).toMatchObject({ server: 3 })
  await group.replica(3).stop()
  await group.sees([1, 2], [1, 2])
  await group.operator(1).ask('retire', { server: 3 })
  await send(ada, 'ben', 'after it was retired')
  const back = new ReplicaProcess({ data: copy })
  await back.ready()
  const operator = new MailProcess({ data: copy })
  const status = await operator.until(
    () => operator.ask('status'),
    ({ warnings }) => warnings.some((warning) => warning.includes('have retired this machine')),
  )
  expect(status.mails).toBe(0)
  await expect(operator.ask('invite')).rejects.toMatchObject({ message: textLike(/retired/) })
  await operator.close()
  await back.stop()
})

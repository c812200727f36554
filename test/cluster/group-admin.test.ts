import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { ReplicaGroup } from '../../build/cluster/group.ts'
import { MailProcess } from '../../build/cluster/mail-process.ts'
import { ReplicaProcess } from '../../build/cluster/replica-process.ts'
import { openRawApi } from '../support/raw-client.ts'
import { numbered, run, send, sendMany, subjectsOf, textLike, useCluster } from '../support/cluster.ts'

const cluster = useCluster()
const loopback = '/ip4/127.0.0.1/tcp/0'
const sorted = (subjects: readonly string[]): readonly string[] => [...subjects].sort()

const join = async (invite: string, ...more: readonly string[]) => {
  const data = path.join(await cluster.directory(), 'joiner')
  return run('replica/main.ts', ['--data', data, '--no-mdns', '--listen', loopback, '--join', invite, ...more])
}

describe('what members decide about their group', () => {
  let group: ReplicaGroup

  beforeAll(async () => {
    group = await cluster.group([1, 2])
  })

  test('new names of the group and of a machine reach everyone, the latest counts, and they outlive a restart', async () => {
    await group.operator(1).ask('renameGroup', { name: 'Southern Light' })
    await group.operator(2).ask('renameMachine', { name: 'Galley' })
    await group.settled()
    await group.operator(2).ask('renameGroup', { name: 'Western Light' })
    const named = await group.operator(1).until(
      () => group.operator(1).ask('network'),
      ({ groupName, seats }) => groupName === 'Western Light' && seats[1]?.machine === 'Galley',
    )
    expect(named.server).toBe(1)
    await group.replica(1).stop()
    await group.restart(1)
    expect(await group.operator(1).ask('network')).toMatchObject({ groupName: 'Western Light' })
    await expect(group.operator(1).ask('renameGroup', { name: ' ' })).rejects.toMatchObject({ code: 'BAD_NAME' })
  })

  test('a revoked invite lets nobody in, is listed as such, and one that was used cannot be revoked', async () => {
    const operator = group.operator(1)
    const { invite: revoked } = await operator.ask('invite')
    const [open] = (await operator.ask('invites')).invites.filter(({ state }) => state === 'open')
    await operator.ask('revokeInvite', { invite: open?.invite ?? '' })
    expect(await join(revoked, '--server-id', '3')).toMatchObject({ code: 1, stderr: textLike(/INVITE_REVOKED/) })
    const client = new MailProcess({ data: path.join(await cluster.directory(), 'client'), join: revoked })
    expect(await client.process.exited).toMatchObject({ code: 1 })
    expect(client.process.stderr).toContain('INVITE_REVOKED')
    const states = (await operator.ask('invites')).invites
    expect(states.find(({ invite }) => invite === open?.invite)).toMatchObject({ state: 'revoked', usedBy: null })
    const used = states.find(({ state }) => state === 'used')
    expect(used).toMatchObject({ usedBy: 2 })
    await expect(operator.ask('revokeInvite', { invite: used?.invite ?? '' })).rejects.toMatchObject({
      code: 'INVITE_USED',
    })
  })

  test('the sync interval has its limits and outlives a restart', async () => {
    const operator = group.operator(1)
    for (const intervalMs of [199, 60_001, 0])
      await expect(operator.ask('setSyncInterval', { intervalMs })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    await operator.ask('setSyncInterval', { intervalMs: 350 })
    await group.replica(1).stop()
    await group.restart(1)
    expect((await operator.ask('network')).syncIntervalMs).toBe(350)
    await group.replica(2).stop()
    const given = new ReplicaProcess({ data: group.dataOf(2), more: ['--sync-interval-ms', '500'] })
    await given.ready()
    expect((await group.operator(2).ask('network')).syncIntervalMs).toBe(500)
    await given.stop()
    await group.restart(2)
    await group.sees([1, 2], [1, 2])
    const wrong = await run('replica/main.ts', ['--data', group.dataOf(1), '--sync-interval-ms', '5'])
    expect(wrong).toMatchObject({ code: 2, stderr: textLike(/200 to 60000/) })
  })

  test('the network tells what a merge brought', async () => {
    const ada = await group.person('ada', 1)
    await group.person('ben', 2)
    await group.sees([1, 2], [1, 2])
    await group.settled()
    await group.partition([1], [2])
    const apart = await group.operator(2).ask('network')
    expect(apart.seats[0]).toMatchObject({ server: 1, state: 'paused' })
    await sendMany(ada, 'ben', 27, 'while apart')
    await group.heal()
    await group.settled()
    const { history } = await group.operator(2).until(
      () => group.operator(2).ask('network'),
      (network) => network.history[0]?.mailsIn === 27,
    )
    expect(history[0]).toMatchObject({ joined: [1], left: [] })
    expect(history[1]).toMatchObject({ joined: [], left: [1] })
    await group.replica(2).stop()
    await group.restart(2)
    const kept = await group.operator(2).ask('network')
    expect(kept.history.some(({ mailsIn, joined }) => mailsIn === 27 && joined.join() === '1')).toBe(true)
    expect(kept.seats.find(({ server }) => server === 4)).toMatchObject({ state: 'free', machine: null })
  })
})

describe('a new group key', () => {
  test('reaches all, also a member that was away; who has only the old one is kept out', async () => {
    const group = await cluster.group([1, 2, 3])
    const ada = await group.person('ada', 1)
    const cleo = await group.person('cleo', 3)
    await group.settled()
    const { invite: before } = await group.operator(1).ask('invite')
    await group.kill(3)
    await group.sees([1, 2], [1, 2])
    await group.operator(1).ask('rotateKey')
    await sendMany(ada, 'cleo', 5, 'under the new key')
    // Those that are there come back to each other by the new key alone.
    await group.replica(2).stop()
    await group.restart(2)
    await group.sees([1, 2], [1, 2])
    expect(await join(before)).toMatchObject({ code: 1, stderr: textLike(/NO_MEMBER_REACHED/) })
    expect((await group.operator(1).ask('invites')).invites.filter(({ state }) => state === 'open')).toEqual([])
    await group.restart(3)
    await group.sees([1, 2, 3], [1, 2, 3])
    await group.settled()
    expect(sorted(await subjectsOf(cleo, 'inbox'))).toEqual(sorted(numbered('under the new key', 5)))
    await send(cleo, 'ada', 'I am back')
    await group.settled()
    const { invite: after } = await group.operator(3).ask('invite')
    const fourth = new ReplicaProcess({ data: path.join(await cluster.directory(), 'fourth'), join: after, server: 4 })
    await fourth.ready()
    await group.sees([1, 2, 3], [1, 2, 3, 4])
    await fourth.stop()
  })

  test('keeps no member away that comes back when only those are left who joined by the new one', async () => {
    const group = await cluster.group([1, 2])
    const bob = await group.person('bob', 2)
    await group.settled()
    await group.kill(2)
    await group.sees([1], [1])
    await group.operator(1).ask('rotateKey')
    await group.join(3, 1)
    await group.settled([1, 3])
    const kept = async () => JSON.parse(await readFile(path.join(group.dataOf(3), 'install.json'), 'utf8')) as object
    await expect.poll(kept, { timeout: 30_000 }).toMatchObject({ formerKeys: [expect.any(String)] })
    const cleo = await group.person('cleo', 3)
    await group.kill(1)
    await group.restart(2)
    await group.sees([2, 3], [2, 3])
    await send(cleo, 'bob', 'we have moved on')
    await expect.poll(() => subjectsOf(bob, 'inbox'), { timeout: 30_000 }).toEqual(['we have moved on'])
  })

  test('ends the connection of who only had the old one', async () => {
    const group = await cluster.group([1])
    const guest = await openRawApi(group.dataOf(1))
    const closed = new Promise((resolve) => {
      guest.api.onEvent((event) => (event.event === 'closed' ? resolve(event) : undefined))
    })
    await group.operator(1).ask('rotateKey')
    expect(await closed).toMatchObject({ failure: { code: 'UNREACHABLE' } })
    await guest.end()
  })

  test('keeps who uses another server because the own one is away', async () => {
    const group = await cluster.group([1, 2, 3])
    const ada = await group.person('ada', 1)
    const cleo = await group.person('cleo', 3)
    await group.settled()
    await group.kill(3)
    const connected = (): number => cleo.events('connected').length
    await cleo.process.until(() => (connected() > 0 ? true : null), 30_000, 'cleo is at another server')
    const before = connected()
    await group.operator(1).ask('rotateKey')
    await cleo.process.until(() => (connected() > before ? true : null), 30_000, 'cleo has come back by the new key')
    await send(cleo, 'ada', 'still here')
    await ada.event('mail', ({ subject }) => subject === 'still here')
    await group.restart(3)
    await group.sees([1, 2, 3], [1, 2, 3])
  })
})

describe('a reset', () => {
  test('takes everything back from the others, and hands over what only this machine had', async () => {
    const group = await cluster.group([1, 2])
    const ada = await group.person('ada', 2)
    const ben = await group.person('ben', 1)
    await group.settled()
    await sendMany(ada, 'ben', 6, 'everywhere')
    await group.settled()
    await group.partition([1], [2])
    await sendMany(ada, 'ben', 4, 'only here')
    await group.heal([1])
    const { origin } = await group.status(2)
    await group.replica(2).stop()
    const asked = await run('replica/main.ts', ['--data', group.dataOf(2), '--no-mdns', '--reset'])
    expect(asked).toMatchObject({ code: 2, stderr: textLike(/--yes/) })
    const again = new ReplicaProcess({ data: group.dataOf(2), more: ['--reset', '--yes'] })
    expect(await again.ready()).toMatchObject({ serverId: 2 })
    await group.until([1, 2], 'everything is on both', (statuses) => statuses.every(({ mails }) => mails === 10))
    await group.settled([1, 2])
    expect((await group.status(2)).origin).not.toBe(origin)
    const all = [...numbered('everywhere', 6), ...numbered('only here', 4)]
    expect(sorted(await subjectsOf(ben, 'inbox'))).toEqual(sorted(all))
    expect(sorted(await subjectsOf(ada, 'sent'))).toEqual(sorted(all))
    await again.stop()
  })

  test('is refused when nobody could give anything back', async () => {
    const group = await cluster.group([1, 2])
    await group.kill(1)
    await group.replica(2).stop()
    const alone = await run('replica/main.ts', ['--data', group.dataOf(2), '--no-mdns', '--reset', '--yes'])
    expect(alone).toMatchObject({ code: 1, stderr: textLike(/NO_MEMBER_REACHED/) })
    await group.restart(1, 2)
    await group.sees([1, 2], [1, 2])
  })
})

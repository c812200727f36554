import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { ReplicaProcess } from '../../build/cluster/replica-process.ts'
import { passwordOf, type ReplicaGroup } from '../../build/cluster/group.ts'
import { type GroupStatus, MailProcess } from '../../build/cluster/mail-process.ts'
import { noise, numbered, run, send, sendMany, subjectsOf, textLike, useCluster } from '../support/cluster.ts'

const cluster = useCluster()
const sorted = (subjects: readonly string[]): readonly string[] => [...subjects].sort()

describe('a machine that is gone for good', () => {
  test('is retired: what it held back goes on, and a new machine takes its seat', async () => {
    const group = await cluster.group([1, 2, 3])
    const ada = await group.person('ada', 1)
    await group.person('ben', 2)
    await group.settled()
    await group.kill(3)
    await group.sees([1, 2], [1, 2])
    const mails = await sendMany(ada, 'ada', 300, 'to be deleted', noise(1_500))
    await Promise.all(mails.map((mail) => ada.ask('delete', { mail })))
    const [full] = await group.settled([1, 2])
    // Its copy is waited for: nothing may be discarded.
    const waiting = await group.status(1)
    const { origin } = waiting
    expect(waiting.stable[origin] ?? 0).toBeLessThan(waiting.vector[origin] ?? 0)
    await group.operator(1).ask('retire', { server: 3 })
    await group.until([1, 2], 'all is stable without the retired one, and the disk shrinks', (statuses) =>
      statuses.every(
        ({ stable, vector, diskBytes }) =>
          (stable[origin] ?? 0) === (vector[origin] ?? 0) && diskBytes < (full?.diskBytes ?? 0) / 2,
      ),
    )
    const { seats } = await group.operator(2).ask('network')
    expect(seats.find(({ server }) => server === 3)).toMatchObject({ state: 'free', machine: null })
    const data = path.join(await cluster.directory(), 'new-three')
    await group.join(3, 1, data)
    await group.sees([1, 2], [1, 2, 3])
    await send(ada, 'ben', 'to all three')
    await group.until([1, 2], 'the new one holds it', (statuses) =>
      statuses.every(({ stable, vector }) => (stable[origin] ?? 0) === (vector[origin] ?? 0)),
    )
  })

  test('that comes back hands over what it had not sent, is told to join again, and can', async () => {
    const group = await cluster.group([1, 2, 3])
    const ada = await group.person('ada', 3)
    const ben = await group.person('ben', 1)
    await group.settled()
    await group.partition([1, 2], [3])
    await sendMany(ada, 'ben', 7, 'not sent yet')
    await group.kill(3)
    await group.operator(1).ask('retire', { server: 3 })
    await group.settled([1, 2])
    await group.restart(3)
    await group.heal()
    await group.until([1, 2], 'its mails are taken in', (statuses) => statuses.every(({ mails }) => mails === 7))
    expect(sorted(await subjectsOf(ben, 'inbox'))).toEqual(sorted(numbered('not sent yet', 7)))
    const [status] = await group.until([3], 'it knows', ([three]) => (three?.warnings.length ?? 0) > 0)
    expect(status?.warnings.join()).toContain('retired')
    // Her client has gone on at another server: the retired one takes nothing in.
    expect(await send(ada, 'ben', 'through another server')).not.toMatch(/^3\./)
    await group.sees([1, 2], [1, 2])
    const { invite } = await group.operator(1).ask('invite')
    await group.replica(3).stop()
    const alone = await run('replica/main.ts', ['--data', group.dataOf(3), '--no-mdns', '--reset', '--yes'])
    expect(alone).toMatchObject({ code: 1, stderr: textLike(/RETIRED/) })
    const again = new ReplicaProcess({
      data: group.dataOf(3),
      join: invite,
      server: 3,
      more: ['--reset', '--yes'],
    })
    await again.ready()
    await group.sees([1, 2], [1, 2, 3])
    await send(ada, 'ben', 'with you again')
    await group.until([1, 2], 'it is a member', (statuses) => statuses.every(({ mails }) => mails === 9))
    expect((await group.status(3)).warnings).toEqual([])
    await again.stop()
  })

  test('that comes back to a single member is shown how the one was let in that retired it, and is gone by now', async () => {
    const group = await cluster.group([1, 2, 3])
    await group.settled()
    await group.kill(3)
    await group.sees([1, 2], [1, 2])
    await group.join(4, 2)
    await group.settled([1, 2, 4])
    await group.operator(4).ask('retire', { server: 3 })
    await group.settled([1, 2, 4])
    for (const server of [2, 4]) await group.kill(server)
    await group.restart(3)
    const [status] = await group.until([3], 'it knows', ([three]) => (three?.warnings.length ?? 0) > 0)
    expect(status?.warnings.join()).toMatch(/^The others have retired this machine/)
  })

  test('is neither this one nor one that is connected', async () => {
    const group = await cluster.group([1, 2])
    const operator = group.operator(1)
    await expect(operator.ask('retire', { server: 1 })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    await expect(operator.ask('retire', { server: 2 })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    await expect(operator.ask('retire', { server: 4 })).rejects.toMatchObject({ code: 'NO_SUCH_SERVER' })
  })
})

/** Whether it knows of a machine that has retired it, and that it has retired. */
const isEstranged = ({ warnings }: GroupStatus): boolean =>
  warnings.some((sentence) => sentence.includes('was retired here, still runs'))

/** By an invite of server 1, with the copy that it had set aside. */
const joinAgain = async (group: ReplicaGroup, data: string, server: number): Promise<ReplicaProcess> => {
  const { invite } = await group.operator(1).ask('invite')
  const replica = new ReplicaProcess({ data, join: invite, server, more: ['--reset', '--yes'] })
  await replica.ready()
  return replica
}

describe('two sides of a split that have retired each other', () => {
  test('say so when they meet, and who joins again by an invite of the others brings along all that was done', async () => {
    const group = await cluster.group([1, 2, 3, 4])
    const ada = await group.person('ada', 1)
    const ben = await group.person('ben', 3)
    const [deleted, starred] = await sendMany(ada, 'ben', 4, 'before the split')
    await group.settled()
    await group.partition([1, 2], [3, 4])
    for (const [operator, others] of [
      [1, [3, 4]],
      [3, [1, 2]],
    ] as const)
      for (const server of others) await group.operator(operator).ask('retire', { server })
    await ben.ask('delete', { mail: deleted })
    await ben.ask('mark', { mails: [starred], mark: 'star' })
    await send(ben, 'ada', 'from the east')
    await send(ada, 'ben', 'from the west')
    await group.heal()
    await group.until([1, 2, 3, 4], 'each knows of the other side', (statuses) => statuses.every(isEstranged))
    const joined: ReplicaProcess[] = []
    for (const server of [3, 4]) {
      await group.replica(server).stop()
      joined.push(await joinAgain(group, group.dataOf(server), server))
    }
    await group.sees([1, 2], [1, 2, 3, 4])
    const statuses = await group.settled()
    expect(statuses.map(({ warnings }) => warnings)).toEqual([[], [], [], []])
    await ben.ask('logIn', { name: 'ben', password: passwordOf('ben') })
    const inbox = [...numbered('before the split', 4).slice(1), 'from the west']
    expect(sorted(await subjectsOf(ben, 'inbox'))).toEqual(inbox)
    expect(await subjectsOf(ada, 'inbox')).toEqual(['from the east'])
    expect(await ben.ask('counts')).toMatchObject({ starred: 1 })
    await Promise.all(joined.map((replica) => replica.stop()))
  })

  test.each([
    ['first', 'newcomer'],
    ['last', 'elder'],
  ] as const)(
    'come together also where one has given a seat of the other to a machine that joins again %s',
    async (_, begins) => {
      const group = await cluster.group([1, 2, 3])
      const ada = await group.person('ada', 1)
      const ben = await group.person('ben', 3)
      await group.settled()
      await group.kill(1, 2)
      await group.sees([3], [3])
      for (const server of [1, 2]) await group.operator(3).ask('retire', { server })
      const data = path.join(await cluster.directory(), 'new-one')
      const { invite } = await group.operator(3).ask('invite')
      const newOne = new ReplicaProcess({ data, join: invite, server: 1 })
      await newOne.ready()
      const cleo = new MailProcess({ data })
      await cleo.ask('signUp', { name: 'cleo', password: passwordOf('cleo') })
      await cleo.ask('post', { text: 'from the new one' })
      const [starred] = await sendMany(cleo, 'ben', 3, 'from the new one')
      await ben.until(
        () => ben.ask('counts'),
        ({ inbox }) => inbox === 3,
      )
      await ben.ask('mark', { mails: [starred], mark: 'star' })
      await ben.ask('saveDraft', { to: ['cleo'], subject: 'of the east', body: '' })
      await send(ben, 'ada', 'from the east')
      await newOne.stop()
      await group.kill(3)
      await group.restart(1, 2)
      await group.sees([1, 2], [1, 2])
      await group.operator(1).ask('retire', { server: 3 })
      await ada.ask('logIn', { name: 'ada', password: passwordOf('ada') })
      await send(ada, 'ada', 'of the west')
      await group.restart(3)
      const newOneAgain = new ReplicaProcess({ data })
      await newOneAgain.ready()
      await group.until([1, 2, 3], 'each knows of the other side', (statuses) => statuses.every(isEstranged))
      const joined: ReplicaProcess[] = []
      const inTurn = [
        { replica: newOneAgain, place: data, server: 5 },
        { replica: group.replica(3), place: group.dataOf(3), server: 3 },
      ]
      for (const { replica, place, server } of begins === 'newcomer' ? inTurn : inTurn.reverse()) {
        await replica.stop()
        joined.push(await joinAgain(group, place, server))
      }
      await group.sees([1, 2, 3], [1, 2, 3, 5])
      const statuses = await group.settled()
      expect(statuses.map(({ warnings }) => warnings)).toEqual([[], [], []])
      await ben.ask('logIn', { name: 'ben', password: passwordOf('ben') })
      expect(sorted(await subjectsOf(ben, 'inbox'))).toEqual(numbered('from the new one', 3))
      expect(await ben.ask('counts')).toMatchObject({ starred: 1, drafts: 1 })
      expect(sorted(await subjectsOf(ada, 'inbox'))).toEqual(['from the east', 'of the west'])
      expect((await ada.ask('posts', { name: 'cleo', limit: 2 })).posts).toMatchObject([{ text: 'from the new one' }])
      const cleoElsewhere = group.client(2)
      await cleoElsewhere.ask('logIn', { name: 'cleo', password: passwordOf('cleo') })
      expect(await cleoElsewhere.ask('counts')).toMatchObject({ sent: 3 })
      await Promise.all(joined.map((replica) => replica.stop()))
    },
  )
})

describe('two machines that took one seat in two partitions', () => {
  test('the earlier keeps it; the other chooses another one and loses nothing', async () => {
    const group = await cluster.group([1, 2])
    const ben = await group.person('ben', 1)
    await group.settled()
    await group.partition([1], [2])
    await group.kill(2)
    await group.join(3, 1)
    await group.operator(3).ask('pause', { servers: [2] })
    await group.restart(2)
    const later = path.join(await cluster.directory(), 'later')
    const { invite } = await group.operator(2).ask('invite')
    const loser = new ReplicaProcess({ data: later, join: invite, server: 3 })
    const { origin } = await loser.ready()
    const operator = new MailProcess({ data: later })
    const cleo = new MailProcess({ data: later })
    await cleo.ask('signUp', { name: 'cleo', password: 'a password of cleo' })
    await sendMany(cleo, 'ben', 6, 'written in the wrong seat')
    await group.heal()
    const told = await operator.until(
      () => operator.ask('network'),
      ({ ownSeat }) => ownSeat === 'lost',
    )
    expect(told.warnings.join()).toContain('Choose 4, 5')
    await expect(operator.ask('seat', { server: 1 })).rejects.toMatchObject({ code: 'SEAT_TAKEN' })
    await expect(group.operator(3).ask('seat', { server: 4 })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
    await operator.ask('seat', { server: 4 })
    const moved = await operator.until(
      () => operator.ask('status'),
      (status) => status.serverId === 4 && status.view.servers.length === 4,
    )
    expect(moved.origin).not.toBe(origin)
    await send(cleo, 'ben', 'written in the right seat')
    await group.until([1, 2, 3], 'all of it is everywhere', (statuses) => statuses.every(({ mails }) => mails === 7))
    expect(sorted(await subjectsOf(ben, 'inbox'))).toEqual(
      sorted([...numbered('written in the wrong seat', 6), 'written in the right seat']),
    )
    const { digest } = await operator.ask('status')
    const statuses = await group.settled([1, 2, 3])
    expect(statuses.map((status) => status.digest)).toEqual([digest, digest, digest])
    expect((await operator.ask('network')).ownSeat).toBe('held')
    // Of the life in the new seat, too, the first line is that it is ready.
    const lines = loser.process.lines.map(({ event, number }) => (event === 'view' ? number : event))
    const ofNewLife = lines.slice(lines.lastIndexOf('ready'))
    expect(ofNewLife.slice(0, 3)).toEqual(['ready', 2, 3])
    await loser.stop()
    await Promise.all([operator.close(), cleo.close()])
  })
})

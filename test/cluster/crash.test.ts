import { beforeAll, describe, expect, test } from 'vitest'
import type { ReplicaGroup } from '../../build/cluster/group.ts'
import type { MailProcess } from '../../build/cluster/mail-process.ts'
import { headersOf, noise, numbered, send, sendMany, subjectsOf, useCluster } from '../support/cluster.ts'

const cluster = useCluster()
const inFlight = 200
const merged = 1_000
const mergedBytes = 8_000

const heldMails = async (group: ReplicaGroup, server: number): Promise<number> => (await group.status(server)).mails

const holdsMoreThan = (group: ReplicaGroup, server: number, mails: number): Promise<void> =>
  expect.poll(() => heldMails(group, server), { timeout: 30_000, interval: 5 }).toBeGreaterThan(mails)

describe('crashes', () => {
  let group: ReplicaGroup
  let ada: MailProcess
  let eva: MailProcess

  beforeAll(async () => {
    group = await cluster.group([1, 2, 3])
    ada = await group.person('ada', 1)
    eva = await group.person('eva', 3)
    await group.settled()
  })

  test('a replica killed under 200 pipelined sends: each is answered, and exists exactly once', async () => {
    const answered: string[] = []
    const sends = Array.from({ length: inFlight }, async (_, index) => {
      const mail = await send(ada, 'eva', `pipelined ${index + 1}`)
      answered.push(mail)
      return mail
    })
    const midway = sends[Math.floor(inFlight / 4)]
    await midway
    // From the kill on, another server answers.
    const early = answered.length
    await group.kill(1)
    await group.restart(1)
    const mails = await Promise.all(sends)
    expect(early).toBeLessThan(inFlight)
    expect(ada.events('disconnected').length).toBeGreaterThan(0)
    await group.settled()
    const sent = await headersOf(ada, 'sent')
    expect(sent.map(({ mail }) => mail).toSorted()).toEqual(mails.toSorted())
    expect(sent.map(({ subject }) => subject).toReversed()).toEqual(numbered('pipelined', inFlight))
    expect((await subjectsOf(eva, 'inbox')).toReversed()).toEqual(numbered('pipelined', inFlight))
  })

  test('a client reconnects after each of five restarts, and mail flows again both ways', async () => {
    for (let round = 1; round <= 5; round += 1) {
      const exit = round % 2 === 0 ? await group.replica(1).stop() : await group.replica(1).kill()
      expect(exit).toEqual(round % 2 === 0 ? { code: 0, signal: null } : { code: null, signal: 'SIGKILL' })
      const asked = send(ada, 'eva', `asked while down ${round}`)
      await group.restart(1)
      const meanwhile = await asked
      await eva.event('mail', (event) => event.mail === meanwhile)
      const outwards = await send(ada, 'eva', `out ${round}`)
      await eva.event('mail', (event) => event['mail'] === outwards)
      const inwards = await send(eva, 'ada', `in ${round}`)
      await ada.event('mail', (event) => event['mail'] === inwards)
      // It went on at another server meanwhile, and comes back.
      const isBack = (): true | null => (ada.events('connected').at(-1)?.['server'] === 1 ? true : null)
      await ada.process.until(isBack, 30_000, 'the client is back at its own server')
    }
    expect(ada.events('disconnected').length).toBeGreaterThanOrEqual(5)
    expect(ada.events('connected').length).toBeGreaterThanOrEqual(5)
  })

  test('killed in the middle of a merge, again and again, a replica still gets everything', async () => {
    await group.partition([1, 2], [3])
    await sendMany(ada, 'eva', merged, 'merge', noise(mergedBytes))
    await group.settled([1, 2])
    const all = await heldMails(group, 1)
    let held = await heldMails(group, 3)
    const whenKilled: number[] = []
    await group.heal()
    while (held < all && whenKilled.length < 3) {
      await holdsMoreThan(group, 3, held)
      whenKilled.push(await heldMails(group, 3))
      await group.kill(3)
      await group.restart(3)
      held = await heldMails(group, 3)
    }
    expect(whenKilled[0]).toBeLessThan(all)
    await group.settled()
    const subjects = (await subjectsOf(eva, 'inbox')).filter((subject) => subject.startsWith('merge '))
    expect(subjects.toReversed()).toEqual(numbered('merge', merged))
  })

  test('the server that gives is killed in the middle of a merge: another one goes on', async () => {
    await group.partition([1, 2], [3])
    await sendMany(ada, 'eva', merged, 'giver', noise(mergedBytes))
    await group.settled([1, 2])
    const before = await heldMails(group, 3)
    await group.heal()
    await holdsMoreThan(group, 3, before)
    await group.kill(1)
    await group.settled([2, 3])
    const subjects = (await subjectsOf(eva, 'inbox')).filter((subject) => subject.startsWith('giver '))
    expect(subjects.toReversed()).toEqual(numbered('giver', merged))
    await group.restart(1)
    await group.settled()
  })

  test('a whole group killed while it writes starts again with all that was answered', async () => {
    const answered: string[] = []
    const sends = Array.from({ length: inFlight }, async (_, index) => {
      answered.push(await send(ada, 'eva', `last words ${index + 1}`))
    })
    await sends[10]
    await group.kill(1, 2, 3)
    const kept = [...answered]
    await group.restart(1, 2, 3)
    await Promise.all(sends)
    await group.settled()
    const inbox = (await headersOf(eva, 'inbox')).map(({ mail }) => mail)
    expect(inbox).toEqual(expect.arrayContaining(kept))
    const subjects = (await subjectsOf(eva, 'inbox')).filter((subject) => subject.startsWith('last words '))
    expect(subjects.toReversed()).toEqual(numbered('last words', inFlight))
  })
})

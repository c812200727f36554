import { beforeAll, describe, expect, test } from 'vitest'
import { passwordOf, type ReplicaGroup } from '../../build/cluster/group.ts'
import type { MailProcess } from '../../build/cluster/mail-process.ts'
import { mailNamed, send, subjectsOf, useCluster } from '../support/cluster.ts'

const cluster = useCluster()

describe('a server that hangs before it answers, and is the only one that knows what was asked about', () => {
  let group: ReplicaGroup
  let ada: MailProcess

  beforeAll(async () => {
    group = await cluster.group([1, 2, 3])
    ada = await group.person('ada', 1)
    await group.settled()
    await group.partition([1], [2, 3])
    const zoe = await group.person('zoe', 1)
    await send(ada, ['ada', 'zoe'], 'only at server 1')
    // Her client would make her known at the server where it goes on.
    await zoe.close()
  })

  test('leaves open what it has done: nothing is said to have failed, and no mail arrives twice', async () => {
    const mail = await mailNamed(ada, 'inbox', 'only at server 1')
    group.replica(1).process.signal('SIGSTOP')
    const deletion = ada.exchange({ do: 'delete', mail })
    const sending = ada.exchange({ do: 'send', to: ['zoe'], subject: 'asked once', body: '' })
    const answer = await deletion
    expect(answer).toMatchObject({ ok: false, code: 'UNREACHABLE' })
    expect(answer['message']).toMatch(
      /^Server 1 went away before it answered, and server [23] refuses: There is no mail .* here: it has not come/,
    )
    const sought = await ada.exchange({ do: 'read', mail })
    expect(sought).toMatchObject({ ok: false, code: 'NO_SUCH_MAIL' })
    expect(sought['message']).toMatch(/it has not come to this server yet/)
    expect(await sending).toMatchObject({ ok: true, waitingFor: ['zoe'] })
    const { outbox } = await sending
    group.replica(1).process.signal('SIGCONT')
    await group.heal()
    await ada.event('sent', (event) => event['outbox'] === outbox)
    await group.sees([1, 2, 3], [1, 2, 3])
    await group.settled()
    expect(await subjectsOf(ada, 'inbox')).toEqual([])
    const zoe = group.client(3)
    await zoe.ask('logIn', { name: 'zoe', password: passwordOf('zoe') })
    expect(await subjectsOf(zoe, 'inbox')).toEqual(['asked once', 'only at server 1'])
    expect(await subjectsOf(ada, 'sent')).toEqual(['asked once'])
    expect((await ada.ask('outbox')).entries).toEqual([])
  })
})

import { randomBytes } from 'node:crypto'
import { readdir, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import type { ReplicaGroup } from '../../build/cluster/group.ts'
import type { MailProcess } from '../../build/cluster/mail-process.ts'
import { ReplicaProcess } from '../../build/cluster/replica-process.ts'
import { serverId } from '../../replica/core/model/ids.ts'
import { loadInstall } from '../../replica/drivers/install-file.ts'
import { requestJoin } from '../../replica/drivers/libp2p-client.ts'
import { systemClock } from '../../replica/drivers/system-clock.ts'
import { newKeys } from '../../replica/new-install.ts'
import { decodeInvite, encodeInvite, type Invite } from '../../replica/wire/invite-codec.ts'
import { peerIdOf } from '../../replica/wire/keys.ts'
import { LineRelay } from '../support/line-relay.ts'
import { bodiesOf, run, textLike, send, sendMany, subjectsOf, useCluster } from '../support/cluster.ts'

const cluster = useCluster()

const join = async (invite: string, ...more: readonly string[]) => {
  const data = path.join(await cluster.directory(), 'joiner')
  return run('replica/main.ts', [
    '--data',
    data,
    '--json',
    '--no-mdns',
    '--listen',
    loopback,
    '--join',
    invite,
    ...more,
  ])
}

/** Time enough to kill whoever waits for an answer that is on its way. */
const slowMs = 700
const loopback = '/ip4/127.0.0.1/tcp/0'

/** What a peer without the group key gets to see of a listening replica before it is cut off, in bytes. */
const knock = (port: number, bytes: Uint8Array): Promise<number> =>
  new Promise((resolve, reject) => {
    let received = 0
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    socket.on('data', (chunk) => {
      received += chunk.length
    })
    socket.on('error', () => undefined)
    socket.on('close', () => {
      resolve(received)
    })
    socket.setTimeout(40_000, () => {
      reject(new Error('the replica keeps a stranger connected'))
    })
  })

const usedInvite = async (operator: MailProcess): Promise<string> => {
  const found = (await operator.ask('invites')).invites.find(({ state }) => state === 'used')
  if (found === undefined) throw new Error('no invite was used')
  return found.invite
}

const decoded = (invite: string): Invite => {
  const result = decodeInvite(invite)
  if (!result.ok) throw new Error(result.failure.message)
  return result.value
}

describe('joining', () => {
  let group: ReplicaGroup

  beforeAll(async () => {
    group = await cluster.group([1, 2])
  })

  const invite = async (): Promise<string> => (await group.operator(1).ask('invite')).invite
  test('a seat that is taken is refused with exit code 4, and the invite can be used for another', async () => {
    const text = await invite()
    const { code, stderr } = await join(text, '--server-id', '2')
    expect(code).toBe(4)
    expect(stderr).toContain('SEAT_TAKEN')
    const third = new ReplicaProcess({ data: path.join(await cluster.directory(), 'third'), join: text, server: 3 })
    expect(await third.ready()).toMatchObject({ serverId: 3 })
    await third.stop()
  })

  test('an invite can be used once', async () => {
    const text = await invite()
    const first = new ReplicaProcess({ data: path.join(await cluster.directory(), 'first'), join: text, server: 4 })
    await first.ready()
    const { code, stderr } = await join(text, '--server-id', '5')
    expect(code).toBe(1)
    expect(stderr).toContain('INVITE_USED')
    await first.stop()
  })

  test('a machine that is killed before it has heard that it is let in asks again as the same one', async () => {
    const joining = await cluster.group([1])
    const [listen = ''] = (await joining.replica(1).ready()).listen
    const relay = await LineRelay.to(Number(/\/tcp\/(\d+)/.exec(listen)?.[1]), {})
    relay.delayAnswers(slowMs)
    const { invite: made } = await joining.operator(1).ask('invite')
    const text = relay.inviteOver(made)
    const data = path.join(await cluster.directory(), 'killed')
    const killed = new ReplicaProcess({ data, join: text, server: 3 })
    const isUsed = async (): Promise<boolean> =>
      (await joining.operator(1).ask('invites')).invites.some(({ state }) => state === 'used')
    await expect.poll(isUsed, { timeout: 30_000, interval: 20 }).toBe(true)
    await killed.kill()
    expect(await loadInstall(data)).toBeNull()
    relay.delayAnswers(0)
    const again = new ReplicaProcess({ data, join: text, server: 3 })
    expect(await again.ready()).toMatchObject({ serverId: 3 })
    await joining.sees([1], [1, 3])
    await again.stop()
    relay.close()
    expect(await readdir(data)).not.toContain('joining.json')
  })

  test('a machine that was let in and is gone before it has come is retired: its seat is free again', async () => {
    const joining = await cluster.group([1])
    const operator = joining.operator(1)
    /** Nothing more is heard of it. */
    const letIn = async (server: number): Promise<void> => {
      const { token, ...group } = decoded((await operator.ask('invite')).invite)
      const { privateKey, publicKey } = newKeys()
      const request = { token, peer: peerIdOf(publicKey), server: serverId(server), machine: 'gone' }
      const answer = requestJoin({ ...group, privateKey, request, timeoutMs: 10_000, clock: systemClock })
      expect(await answer).toMatchObject({ ok: true })
    }
    await letIn(2)
    await expect(operator.ask('revokeInvite', { invite: await usedInvite(operator) })).resolves.toBeDefined()
    await letIn(3)
    const { invite } = await operator.ask('invite')
    const refused = await join(invite, '--server-id', '3')
    expect(refused.code).toBe(4)
    expect(refused.stderr).toMatch(/promised to a machine that was let in and has not come.*Free seats: 2, 4, 5/)
    const used = await usedInvite(operator)
    expect((await operator.ask('status')).promised).toEqual([{ server: 3, invite: used }])
    expect((await operator.ask('network')).seats[2]).toMatchObject({ state: 'free', promised: used })
    await operator.ask('retire', { server: 3 })
    expect((await operator.ask('status')).promised).toEqual([])
    await expect(operator.ask('retire', { server: 3 })).rejects.toMatchObject({ code: 'NO_SUCH_SERVER' })
    const data = path.join(await cluster.directory(), 'third')
    const third = new ReplicaProcess({ data, join: invite, server: 3 })
    expect(await third.ready()).toMatchObject({ serverId: 3 })
    await joining.sees([1], [1, 3])
    await third.stop()
  })

  test('an expired, a mangled and an empty invite are refused with their reasons', async () => {
    const expired = encodeInvite({ ...decoded(await invite()), expiresAtMs: Date.now() - 1_000 })
    expect(await join(expired)).toMatchObject({
      code: 1,
      stderr: textLike(/by the clock of this machine .*INVITE_EXPIRED/),
    })
    const text = await invite()
    const mangled = text.slice(0, 60) + (text[60] === 'A' ? 'B' : 'A') + text.slice(61)
    expect(await join(mangled)).toMatchObject({ code: 1, stderr: textLike(/BAD_INVITE/) })
    expect(await join(text.slice(0, -10))).toMatchObject({ code: 1, stderr: textLike(/BAD_INVITE/) })
    expect(await join('/no/such/file')).toMatchObject({ code: 1, stderr: textLike(/BAD_INVITE/) })
  })

  test('an invite whose members are all away says so', async () => {
    const away = encodeInvite({ ...decoded(await invite()), addresses: [`/ip4/127.0.0.1/tcp/9/p2p/${someone}`] })
    expect(await join(away)).toMatchObject({ code: 1, stderr: textLike(/NO_MEMBER_REACHED/) })
  })

  test('a stranger without the group key gets nothing', async () => {
    const port = Number(/\/tcp\/(\d+)/.exec((await group.replica(1).ready()).listen[0] ?? '')?.[1])
    const nonceBytes = 24
    expect(await knock(port, Buffer.from('GET / HTTP/1.1\r\nHost: quintet\r\n\r\n'))).toBeLessThanOrEqual(nonceBytes)
    expect(await knock(port, randomBytes(4_096))).toBeLessThanOrEqual(nonceBytes)
    const wrongKey = encodeInvite({ ...decoded(await invite()), groupKey: randomBytes(32) })
    expect(await join(wrongKey)).toMatchObject({ code: 1, stderr: textLike(/NO_MEMBER_REACHED/) })
    const wrongToken = encodeInvite({ ...decoded(await invite()), token: randomBytes(16) })
    expect(await join(wrongToken)).toMatchObject({ code: 1, stderr: textLike(/BAD_INVITE/) })
    expect((await group.operator(1).ask('view')).servers).toEqual([1, 2])
  })

  test('an invite may come from a file, and the seat be left to the group', async () => {
    const joining = await cluster.group([1])
    const file = path.join(await cluster.directory(), 'invite.txt')
    await writeFile(file, `${(await joining.operator(1).ask('invite')).invite}\n`)
    const replica = new ReplicaProcess({ data: path.join(await cluster.directory(), 'second'), join: file })
    expect(await replica.ready()).toMatchObject({ serverId: 2 })
    await replica.stop()
  })
})

describe('a joiner that comes after the history was compacted', () => {
  test('gets everything by a state transfer, and then what is new', async () => {
    const group = await cluster.group([1, 2])
    const ada = await group.person('ada', 1)
    const mails = await sendMany(ada, 'ada', 1_300, 'old')
    const kept = mails.filter((_, index) => index % 100 === 0)
    await Promise.all(mails.filter((mail) => !kept.includes(mail)).map((mail) => ada.ask('delete', { mail })))
    await group.settled()
    const [, before] = await Promise.all([group.settled(), group.status(1)])
    await expect
      .poll(async () => (await group.status(1)).diskBytes, { timeout: 60_000, interval: 200 })
      .toBeLessThan(before.diskBytes / 2)

    await group.join(3, 1)
    await group.sees([1, 2, 3], [1, 2, 3])
    const [first] = await group.settled()
    expect(first?.mails).toBe(kept.length)
    const atThree = group.client(3)
    await atThree.ask('logIn', { name: 'ada', password: 'password of ada' })
    const bodies = await bodiesOf(atThree)
    expect([...bodies.keys()]).toEqual(kept.map((_, index) => `old ${index * 100 + 1}`).toReversed())
    for (const [subject, body] of bodies) expect(body).toBe(`body of ${subject}`)

    // It holds all by itself, and others can learn from it.
    await group.kill(1, 2)
    expect((await bodiesOf(atThree)).size).toBe(kept.length)
    await send(atThree, 'ada', 'from the third')
    await group.restart(1, 2)
    await group.settled()
    const backAtOne = group.client(1)
    await backAtOne.ask('logIn', { name: 'ada', password: 'password of ada' })
    expect(await subjectsOf(backAtOne, 'inbox')).toContain('from the third')
  })
})

const someone = '12D3KooWGzxzKZYveHXtpG6AsrUJBcWxHBFS2HsEoGTxrMLvKXtf'

import { execFileSync } from 'node:child_process'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { platform } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { passwordOf, type ReplicaGroup } from '../../build/cluster/group.ts'
import type { MailProcess } from '../../build/cluster/mail-process.ts'
import { mailNamed, noise, send, subjectsOf, useCluster } from '../support/cluster.ts'

const cluster = useCluster()
const isRootOnLinux = platform() === 'linux' && process.getuid?.() === 0

describe.skipIf(!isRootOnLinux)('a full disk', () => {
  let group: ReplicaGroup
  let ada: MailProcess
  /** The data directory of server 2, on a disk of its own. */
  let small = ''

  beforeAll(async () => {
    group = await cluster.group([1, 2])
    ada = await group.person('ada', 1)
    await group.settled()
    await group.replica(2).stop()
    small = group.dataOf(2)
    const kept = `${small}-kept`
    execFileSync('mv', [small, kept])
    execFileSync('mkdir', [small])
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', small])
    execFileSync('cp', ['-a', `${kept}/.`, small])
    await group.restart(2)
  })

  afterAll(() => {
    execFileSync('umount', ['--lazy', small])
  })

  const ballast = (): string => path.join(small, 'ballast')

  const freeKilobytes = (): number =>
    Number(execFileSync('df', ['--output=avail', '-k', small]).toString().split('\n')[1])

  const occupy = (leftKilobytes: number): Promise<void> =>
    writeFile(ballast(), Buffer.alloc(Math.max(0, freeKilobytes() - leftKilobytes) * 1_024))

  const sendUntilFull = async (client: MailProcess): Promise<never> => {
    for (let index = 1; index <= 100; index += 1) await send(client, 'ada', `filling ${index}`, noise(30_000))
    throw new Error('the disk never was full')
  }

  const makeRoom = async (client: MailProcess): Promise<void> => {
    await rm(ballast())
    const again = () => send(client, 'ada', 'room again').then(() => 'sent', String)
    await expect.poll(again, { timeout: 15_000, interval: 250 }).toBe('sent')
    await group.settled()
  }

  const keyMadeAt = async (server: number): Promise<unknown> => {
    const install: unknown = JSON.parse(await readFile(path.join(group.dataOf(server), 'install.json'), 'utf8'))
    return (install as { readonly keyMadeAt: number }).keyMadeAt
  }

  test('nothing is lost, reading goes on, and sending works again when there is room', async () => {
    const ben = await group.person('ben', 2)
    await send(ben, 'ada', 'with room')
    await occupy(300)
    await expect(sendUntilFull(ben)).rejects.toMatchObject({ code: 'DISK_FULL' })
    const answered = await subjectsOf(ben, 'sent')
    expect(answered).toContain('with room')
    const mail = await mailNamed(ben, 'sent', 'with room')
    expect((await ben.ask('read', { mail })).body).toBe('body of with room')
    expect((await group.status(2)).warnings.join(' ')).toMatch(/full/)
    await send(ada, 'ben', 'sent to a full disk')
    await makeRoom(ben)
    const inbox = await subjectsOf(ada, 'inbox')
    expect(inbox).toEqual(['room again', ...answered])
    expect(await subjectsOf(ben, 'inbox')).toContain('sent to a full disk')
    await group.kill(2)
    await group.restart(2)
    await group.settled()
    expect(await subjectsOf(ben, 'sent')).toEqual(['room again', ...answered])
  })

  test('for which a new key is too much gets one when there is room, and who is logged in stays known', async () => {
    const cleo = await group.person('cleo', 2)
    await occupy(0)
    await expect(group.operator(2).ask('rotateKey')).rejects.toMatchObject({ code: 'DISK_FULL' })
    await group.operator(1).ask('rotateKey')
    await makeRoom(cleo)
    expect(group.replica(2).process.exit).toBeNull()
    await expect.poll(() => keyMadeAt(2), { timeout: 15_000 }).toBe(await keyMadeAt(1))
    await group.client(1).ask('logIn', { name: 'cleo', password: passwordOf('cleo') })
    await cleo.event('takenOver', () => true)
  })

  test('a replica starts again when not even a small file can be written', async () => {
    await occupy(0)
    await group.kill(2)
    await group.restart(2)
    expect((await group.status(2)).view.servers).toContain(2)
    await rm(ballast())
    await group.settled()
  })
})

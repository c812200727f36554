import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { AppPhase } from '../../electron/contract/app-host.ts'
import { KeptLogIn, type SecretStore } from '../../electron/state/kept-log-in.ts'
import { LocalMailbox } from '../../electron/state/local-mailbox.ts'
import type { StayWish } from '../../electron/state/staying-signed-in.ts'
import { serverId } from '../../replica/core/model/ids.ts'
import { loadAttachment } from '../../replica/drivers/install-file.ts'
import { type RunningReplica, runReplica } from '../../replica/run-replica.ts'
import { replicaArguments } from '../support/replica-arguments.ts'

const listen = ['/ip4/127.0.0.1/tcp/0']
const hasIp6 = Object.values(networkInterfaces()).some((found) => found?.some(({ family }) => family === 'IPv6'))
let folder = ''
let mailbox: LocalMailbox
let other: RunningReplica | null = null

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'quintet-window-'))
  mailbox = new LocalMailbox({ data: path.join(folder, 'here'), listen, mdns: 'off' })
})

afterEach(async () => {
  await mailbox.close()
  await other?.stop()
  other = null
  await rm(folder, { recursive: true, force: true })
})

/** Fulfilled with the next phase that fits, the present one included. */
const phaseThat = (fits: (phase: AppPhase) => boolean): Promise<AppPhase> =>
  new Promise((resolve) => {
    const look = (phase: AppPhase): void => {
      if (fits(phase)) resolve(phase)
    }
    mailbox.onPhase(look)
    look(mailbox.phase)
  })

const signUpHere = async (): Promise<void> => {
  await mailbox.create('Northern Light', 'bridge', serverId(1))
  await mailbox.client.signUp({ name: 'anna', password: 'four unrelated small words' })
  mailbox.called('signUp')
}

const letter = { to: ['anna'], body: '' }

/** Nothing more can be written where the log was. */
const loseTheDisk = (): Promise<void> => rm(path.join(folder, 'here', 'log'), { recursive: true, force: true })

/** Whether the other server is met, and has what was written. */
const isSafeThere = async (): Promise<boolean> => {
  const { seats } = await mailbox.client.network()
  return seats.some(({ server, state, behind }) => server === serverId(2) && state === 'connected' && behind === 0)
}

test('a window that is told no address listens at those of IPv4 and of IPv6', async () => {
  mailbox = new LocalMailbox({ data: path.join(folder, 'everywhere'), listen: [], mdns: 'off' })
  await signUpHere()
  const told = await loadAttachment(path.join(folder, 'everywhere'))
  const families = told?.members.get(1)?.addresses.map((address) => address.split('/')[1])
  expect(new Set(families)).toEqual(new Set(hasIp6 ? ['ip4', 'ip6'] : ['ip4']))
})

test('where the disk fails, the window goes on at another server with the same person, and says why', async () => {
  await signUpHere()
  const { invite } = await mailbox.client.invite()
  other = await runReplica(
    replicaArguments({ data: path.join(folder, 'there'), listen, join: invite, machine: 'mess' }),
    () => undefined,
  )
  await mailbox.client.send({ ...letter, subject: 'before' })
  await expect.poll(() => isSafeThere()).toBe(true)
  await loseTheDisk()
  const elsewhere = phaseThat((phase) => 'server' in phase && phase.server === serverId(2))
  const sent = mailbox.client.send({ ...letter, subject: 'after' })
  expect(await elsewhere).toMatchObject({
    phase: 'signedIn',
    account: 'anna',
    home: serverId(1),
    homeFailure: { code: 'DISK_FAILED' },
  })
  await sent
  const { headers } = await mailbox.client.list({ folder: 'inbox', limit: 10 })
  expect(headers.map(({ subject }) => subject)).toEqual(['after', 'before'])
})

test('a group that was made, and cannot be opened, is not asked for once more: it is tried again', async () => {
  const log = path.join(folder, 'here', 'log')
  await mkdir(path.dirname(log))
  await writeFile(log, 'not a directory')
  await mailbox.open()
  await expect(mailbox.create('Northern Light', 'bridge', serverId(1))).rejects.toMatchObject({ code: 'DISK_FAILED' })
  expect(mailbox.phase).toMatchObject({ phase: 'failed', failure: { code: 'DISK_FAILED' } })
  await rm(log)
  await mailbox.open()
  expect(mailbox.phase).toMatchObject({ phase: 'signedOut', group: 'Northern Light', home: serverId(1) })
})

test('where the port is in use no group is made, and it can be asked for once more', async () => {
  const inTheWay = createServer().listen(0, '127.0.0.1')
  await once(inTheWay, 'listening')
  const { port } = inTheWay.address() as AddressInfo
  mailbox = new LocalMailbox({ data: path.join(folder, 'taken'), listen: [`/ip4/127.0.0.1/tcp/${port}`], mdns: 'off' })
  await mailbox.open()
  const make = () => mailbox.create('Northern Light', 'bridge', serverId(1))
  await expect(make()).rejects.toMatchObject({ code: 'PORT_IN_USE' })
  expect(mailbox.phase).toEqual({ phase: 'empty' })
  inTheWay.close()
  await once(inTheWay, 'close')
  await make()
  expect(mailbox.phase).toMatchObject({ phase: 'signedOut', group: 'Northern Light', home: serverId(1) })
})

test('a group that could not be made leaves the window where it was', async () => {
  await mailbox.open()
  await expect(mailbox.create('two\nlines', 'bridge', serverId(1))).rejects.toMatchObject({ code: 'BAD_NAME' })
  expect(mailbox.phase).toEqual({ phase: 'empty' })
})

test('where the keyring answers late the log-in that it sealed comes in then, and is there at the next start', async () => {
  const keyring = { kind: 'safe' as SecretStore['kind'] }
  const store: SecretStore = {
    get kind() {
      return keyring.kind
    },
    seal: async (text) => Buffer.from(text).reverse(),
    open: async (sealed) => Buffer.from(sealed).reverse().toString('utf8'),
  }
  const data = path.join(folder, 'here')
  const startAgain = async (wish: StayWish): Promise<KeptLogIn> => {
    await mailbox.close()
    mailbox = new LocalMailbox({ data, listen, mdns: 'off' })
    const kept = new KeptLogIn(folder, store)
    mailbox.keepLogInsIn(kept)
    mailbox.setStaySignedIn(wish)
    await mailbox.open()
    return kept
  }
  await signUpHere()
  const first = await startAgain('on')
  await mailbox.logIn({ name: 'anna', password: 'four unrelated small words' })
  await first.settled()

  keyring.kind = 'asking'
  await startAgain('asking')
  expect(mailbox.phase).toMatchObject({ phase: 'signedOut' })
  keyring.kind = 'safe'
  mailbox.setStaySignedIn('on')
  expect(await phaseThat(({ phase }) => phase === 'signedIn')).toMatchObject({ account: 'anna' })

  keyring.kind = 'asking'
  const third = await startAgain('asking')
  await mailbox.logIn({ name: 'anna', password: 'four unrelated small words' })
  await third.settled()
  expect(await readFile(path.join(folder, 'log-in.json'), 'utf8')).toBe('null')
  keyring.kind = 'safe'
  mailbox.setStaySignedIn('on')
  await third.settled()
  await startAgain('on')
  expect(mailbox.phase).toMatchObject({ phase: 'signedIn', account: 'anna' })
})

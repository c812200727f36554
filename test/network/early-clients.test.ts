import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { GroupInfo } from '../../replica/api/contract.ts'
import { connectReplica } from '../../replica/api/remote-replica.ts'
import type { ReplicaArguments } from '../../replica/arguments.ts'
import { lockHolder } from '../../replica/drivers/directory-lock.ts'
import { connectClient } from '../../replica/connect-client.ts'
import { loadAttachment } from '../../replica/drivers/install-file.ts'
import { connectLocally } from '../../replica/drivers/local-socket.ts'
import { systemClock } from '../../replica/drivers/system-clock.ts'
import type { FrameStream } from '../../replica/host/ports.ts'
import { type RunningReplica, runReplica } from '../../replica/run-replica.ts'
import { replicaArguments } from '../support/replica-arguments.ts'

let data = ''

beforeEach(async () => {
  data = await mkdtemp(path.join(tmpdir(), 'quintet-early-'))
})

afterEach(() => rm(data, { recursive: true, force: true }))

const argumentsOf = (port: number): ReplicaArguments =>
  replicaArguments({ data, listen: [`/ip4/127.0.0.1/tcp/${port}`], create: 'Early' })

const ignore = (): void => undefined

const groupAt = (stream: FrameStream, adminToken: Uint8Array | null): Promise<GroupInfo> => {
  const api = connectReplica({ stream, adminToken, clock: systemClock })
  return api.group().finally(() => api.close())
}

const groupBySocket = async (): Promise<GroupInfo> => {
  const attachment = await loadAttachment(data)
  const peer = attachment?.members.get(1)?.peer
  if (attachment?.socket === undefined || attachment.socket === null || peer === undefined) throw new Error('no socket')
  const place = { path: attachment.socket, peer, clock: systemClock, timeoutMs: 3_000 }
  return groupAt(await connectLocally(place), attachment.adminToken)
}

describe('a client that is there when its replica starts', () => {
  test('is served before the network is there', async () => {
    const served: { readonly groupName: string; readonly listen: readonly string[] }[] = []
    let client: Promise<void> = Promise.resolve()
    const serve = async (opened: RunningReplica): Promise<void> => {
      const { groupName } = await groupAt(opened.connect(), null)
      served.push({ groupName, listen: opened.listen })
    }
    const replica = await runReplica(argumentsOf(0), ignore, (opened) => {
      client = serve(opened)
    })
    await client
    expect(served).toEqual([{ groupName: 'Early', listen: [] }])
    expect(replica.listen).toHaveLength(1)
    await replica.stop()
  })

  test('finds its socket at once, of a replica that ran before', async () => {
    const first = await runReplica(argumentsOf(0), ignore)
    const former = await loadAttachment(data)
    await first.stop()
    const told = Promise.withResolvers<GroupInfo>()
    const again = await runReplica(argumentsOf(0), ignore, () => {
      groupBySocket().then(told.resolve, told.reject)
    })
    expect(await told.promise).toMatchObject({ groupName: 'Early' })
    const present = await loadAttachment(data)
    expect(present?.socket).toBe(former?.socket)
    expect(present?.members.get(1)?.addresses).toEqual(again.listen)
    await again.stop()
  })

  test('finds it where the file by which it was found cannot be read any more', async () => {
    const first = await runReplica(argumentsOf(0), ignore)
    await first.stop()
    await rm(path.join(data, 'attach.json'))
    await mkdir(path.join(data, 'attach.json'))
    await writeFile(path.join(data, 'install.json.4194305.tmp'), 'half of it')
    const again = await runReplica(argumentsOf(0), ignore)
    expect(await groupAt(again.connect(), null)).toMatchObject({ groupName: 'Early' })
    expect((await readdir(data)).filter((name) => name.endsWith('.tmp'))).toEqual([])
    await again.stop()
  })

  test('comes over the network, and may do as much, where its socket was swept away', async () => {
    const replica = await runReplica(argumentsOf(0), ignore)
    const { socket } = (await loadAttachment(data)) ?? {}
    await rm(socket ?? '')
    const client = await connectClient(data, null)
    expect((await client.invite()).invite).toMatch(/^quintet:/)
    await client.close()
    await replica.stop()
  })

  test('is left, and the directory let go, when the network cannot be started', async () => {
    await (await runReplica(argumentsOf(0), ignore)).stop()
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const address = other.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    let opened: RunningReplica | null = null
    const running = runReplica(argumentsOf(port), ignore, (replica) => {
      opened = replica
    })
    await expect(running).rejects.toMatchObject({ code: 'PORT_IN_USE' })
    expect(opened).not.toBe(null)
    expect(await lockHolder(data)).toBe(null)
    other.close()
  })
})

test('what nothing has caught is in the log of the replica that ends by it', async () => {
  const before = process.listenerCount('uncaughtExceptionMonitor')
  const replica = await runReplica({ ...argumentsOf(0), logLevel: 'error' }, ignore)
  const told: readonly unknown[] = [new Error('a planted one'), 'unhandledRejection']
  for (const listener of process.listeners('uncaughtExceptionMonitor').slice(before))
    Reflect.apply(listener, process, told)
  await replica.stop()
  expect(await readFile(path.join(data, 'replica.log'), 'utf8')).toMatch(/unhandledRejection.*a planted one.*\n$/u)
  expect(process.listenerCount('uncaughtExceptionMonitor')).toBe(before)
})

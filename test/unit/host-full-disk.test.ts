import { expect, test, vi } from 'vitest'
import { sessionId } from '../../replica/core/model/ids.ts'
import { QuintetError } from '../../replica/core/model/errors.ts'
import type { GroupKey, Message } from '../../replica/core/model/messages.ts'
import type { Storage } from '../../replica/host/ports.ts'
import { encodeImage } from '../../replica/wire/image-encode.ts'
import { LogMaker } from '../conformance/storage-fixture.ts'
import { noonMs, person } from '../support/core-fixture.ts'
import { SimDisk } from '../simulation/sim-disk.ts'
import { founderOn, HostScene, installOn } from '../support/host-fixture.ts'

const renamed = { kind: 'renameGroup', name: 'another name' } as const
const codeOf = (error: unknown): unknown => (error instanceof QuintetError ? error.code : error)
const full = { code: 'DISK_FULL' }
/** Of a mail, in the log. */
const mailType = 18

/** Seat 1, of a group that seat 2 has founded, which is connected. */
const start = async (parts: Parameters<typeof HostScene.start>[1] = {}) => {
  const disk = new SimDisk(() => 0)
  const storage = disk.open()
  const scene = await HostScene.start(storage, parts)
  const { founding, rows } = founderOn(2)
  await scene.host.receive(founding)
  scene.greet(2, rows)
  await scene.clock.pass(100)
  return { disk, storage, scene, host: scene.host, rows }
}

/** The next recovery ends when the returned function is called. */
const holdRecovery = (storage: Storage): (() => void) => {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const recover = storage.recover.bind(storage)
  vi.spyOn(storage, 'recover').mockImplementationOnce(() => promise.then(recover))
  return () => {
    resolve(undefined)
  }
}

test('whoever waits for something to be stored is told that the disk is full', async () => {
  const { disk, storage, host, scene } = await start()
  disk.fill()
  await expect(host.receive([new LogMaker(4).batch(1)])).rejects.toMatchObject(full)
  await expect(host.command(renamed)).rejects.toMatchObject(full)
  const recoveries = vi.spyOn(storage, 'recover')
  await expect(host.receive([new LogMaker(4).batch(1)])).rejects.toMatchObject(full)
  await expect(host.mend(new LogMaker(4).origin, [])).rejects.toMatchObject(full)
  await scene.clock.pass(100)
  expect(recoveries).not.toHaveBeenCalled()
  disk.makeRoom()
  await scene.clock.pass(1_000)
  expect(host.surroundings.diskFull).toBe(false)
  await host.receive([new LogMaker(4).batch(1)])
})

test('clients look again when the disk is full, and when it has room', async () => {
  const { disk, host, scene } = await start()
  let diskFull = host.surroundings.diskFull
  const seen: boolean[] = []
  host.onNotice(({ kind }) => {
    if (kind !== 'knowledge' || host.surroundings.diskFull === diskFull) return
    diskFull = host.surroundings.diskFull
    seen.push(diskFull)
  })
  disk.fill()
  await expect(host.command(renamed)).rejects.toMatchObject(full)
  expect(seen).toEqual([true])
  disk.makeRoom()
  await scene.clock.pass(1_000)
  expect(seen).toEqual([true, false])
})

test('who asks for something while what is durable is read again is answered', async () => {
  const { disk, storage, host, scene } = await start()
  const goOn = holdRecovery(storage)
  disk.fill()
  const first = host.command(renamed)
  await expect(first).rejects.toMatchObject(full)
  const meanwhile = [host.resume([]), host.tellAside(1)]
  disk.makeRoom()
  await scene.clock.pass(1_000)
  meanwhile.push(host.command(renamed).then(() => undefined))
  goOn()
  expect(await Promise.all(meanwhile.map((work) => work.catch(codeOf)))).toEqual(meanwhile.map(() => 'DISK_FULL'))
  await scene.clock.pass(1_000)
  await host.command(renamed)
})

test('a disk that is too full to read again what is durable is called full', async () => {
  const { disk, storage, host, scene } = await start()
  const reason = new QuintetError('DISK_FULL', 'The disk is full (recovering): free some room.')
  vi.spyOn(storage, 'recover').mockRejectedValueOnce(reason)
  disk.fill()
  await expect(host.command(renamed)).rejects.toMatchObject(full)
  await scene.clock.pass(100)
  expect(scene.fatal).toEqual([reason.failure])
  await expect(host.command(renamed)).rejects.toMatchObject(full)
})

test('what a core was told besides the log, one that is made anew is told again', async () => {
  const { disk, host, scene, rows } = await start()
  const key = Buffer.alloc(32, 1).toString('base64url')
  await host.rotateKey(key)
  await host.setSyncInterval(450)
  const claim = { account: person('ada'), session: sessionId('a session'), clock: 1, machine: 'a machine' }
  host.enqueue({ kind: 'sessions', sessions: [claim] })
  await scene.clock.pass(100)
  disk.fill()
  await expect(host.receive([new LogMaker(4).batch(1)])).rejects.toMatchObject(full)
  disk.makeRoom()
  scene.sent.length = 0
  scene.greet(2, rows)
  await scene.clock.pass(2_000)
  expect(await host.read((core) => core.syncIntervalMs)).toBe(450)
  expect(scene.sent.filter(({ kind }) => kind === 'groupKey')).toEqual([expect.objectContaining({ key })])
  expect([...(await host.read((core) => core.online)).keys()]).toEqual([claim.account])
})

test('a group key for which there is no room is refused, and handed over anew when there is', async () => {
  const newer = { kind: 'groupKey', key: Buffer.alloc(32, 2).toString('base64url'), madeAt: noonMs } as const
  const kept: GroupKey[] = []
  const { disk, host, scene, rows } = await start({ keepKey: (groupKey) => Promise.resolve(void kept.push(groupKey)) })
  disk.fill()
  await expect(host.receive([new LogMaker(4).batch(1)])).rejects.toMatchObject(full)
  await expect(host.rotateKey(newer.key)).rejects.toMatchObject(full)
  scene.greet(2, rows)
  scene.hear(2, newer)
  await scene.clock.pass(1_000)
  expect(kept).toEqual([])
  scene.disconnected.length = 0
  disk.makeRoom()
  await scene.clock.pass(2_000)
  expect(scene.disconnected).toEqual([installOn(2).identity.peer])
  scene.greet(2, rows)
  scene.hear(2, newer)
  await scene.clock.pass(100)
  expect(kept).toMatchObject([{ key: newer.key, madeAt: newer.madeAt, isHeldBack: true }])
})

test('what an earlier version did not understand is understood again by a core that is made anew', async () => {
  const disk = new SimDisk(() => 0)
  const storage = disk.open()
  const log = new LogMaker(4)
  const mails = log.batch(3)
  const { core, founding } = founderOn(2)
  await storage.append([...founding, mails])
  const { mails: none, executions, commands } = core.state.image()
  core.step(noonMs, [{ kind: 'handedIn', batches: [mails] }])
  const later = mails.updates.map(({ origin, sequence, clock }) => ({ origin, sequence, clock, type: mailType }))
  const image = { ...core.state.image(), mails: none, executions, commands, later }
  await storage.writeSnapshot({ vector: image.vector, chunks: encodeImage(image) })
  const scene = await HostScene.start(storage)
  await scene.clock.pass(100)
  const shown = (): Promise<number> => scene.host.read((core) => core.state.mails.size)
  expect(await shown()).toBe(3)
  disk.fill()
  await expect(scene.host.receive([new LogMaker(5).batch(1)])).rejects.toMatchObject(full)
  await scene.clock.pass(100)
  expect(await shown()).toBe(3)
})

test('a state that could not be kept is not fetched, and nobody is let go for it', async () => {
  const disk = new SimDisk(() => 0)
  const storage = disk.open()
  const { core, rows } = founderOn(2)
  const chunks = encodeImage(core.state.image())
  const answer = (message: Message, scene: HostScene): void => {
    if (message.kind === 'request') scene.hear(2, { kind: 'discarded', id: message.id, origin: message.origin })
    if (message.kind !== 'stateRequest') return
    const { index } = message
    scene.hear(2, { kind: 'stateChunk', image: 1, index, count: chunks.length, chunk: chunks[index] ?? '' })
  }
  const scene = await HostScene.start(storage, { answer })
  disk.fill()
  await expect(scene.host.receive([new LogMaker(4).batch(1)])).rejects.toMatchObject(full)
  const recoveries = vi.spyOn(storage, 'recover')
  scene.greet(2, rows)
  await scene.clock.pass(5_000)
  expect(recoveries).not.toHaveBeenCalled()
  expect(scene.disconnected).toEqual([])
  disk.makeRoom()
  await scene.clock.pass(60_000)
  expect(await scene.host.read(({ state }) => state.vector)).toEqual(core.state.vector)
})

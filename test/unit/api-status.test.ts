import { expect, test, vi } from 'vitest'
import { ReplicaService, type ServiceOptions } from '../../replica/api/replica-service.ts'
import type { StatusInfo } from '../../replica/api/contract.ts'
import { ServiceConnection } from '../../replica/api/service-connection.ts'
import type { Notice } from '../../replica/core/effects.ts'
import { QuintetError } from '../../replica/core/model/errors.ts'
import { serverId, updateId } from '../../replica/core/model/ids.ts'
import { limits } from '../../replica/core/model/limits.ts'
import type { ReplicaCore } from '../../replica/core/replica-core.ts'
import type { MailView } from '../../replica/host/queries.ts'
import { decodeApiFrame, encodeApiMessage } from '../../replica/wire/api-codec.ts'
import { answerShapes } from '../../replica/wire/api-values.ts'
import { groupAnswers } from '../../replica/wire/group-shapes.ts'
import { firstHash } from '../simulation/sim-codec.ts'
import { silentLogger } from '../conformance/storage-files.ts'
import { systemTestClock } from '../support/client-ports.ts'
import { foundedCore, give, identity, inviteNamed, madeUpOrigin, mailTo, person } from '../support/core-fixture.ts'

const serviceOf = (
  core: ReplicaCore,
  more: Partial<ServiceOptions['host']> = {},
  logger: ServiceOptions['logger'] = silentLogger,
): ReplicaService => {
  const host = {
    read: (query: (of: ReplicaCore) => unknown) => Promise.resolve(query(core)),
    diskBytes: () => Promise.resolve(0),
    surroundings: { diskFull: true, troubles: [] },
    links: () => [],
    onNotice: () => undefined,
    ...more,
  }
  const install = { groupId: new Uint8Array(16) }
  const history = { list: () => [] }
  return new ReplicaService({ host, clock: systemTestClock, history, install, logger } as unknown as ServiceOptions)
}

/** What arrives at a client of this answer. */
const arrived = (value: unknown): unknown => {
  const frame = decodeApiFrame(encodeApiMessage({ kind: 'answer', id: 1, value }))
  const [answer] = frame.ok ? frame.value : []
  if (answer?.kind !== 'answer') throw new Error('an answer arrives as one')
  return answer.value
}

/** What a client reads of a replica with this core. */
const statusOf = async (core: ReplicaCore): Promise<StatusInfo> =>
  answerShapes.status(arrived(await serviceOf(core).status()), 'status')

test('a client can read the status of a replica however many logs it holds', async () => {
  const core = foundedCore()
  const image = core.state.image()
  const logs = Array.from({ length: limits.vectorEntries + 100 }, (_, index) => [madeUpOrigin(4, index), 1] as const)
  const hashes = new Map([...logs.map(([origin]) => [origin, firstHash(origin)] as const), ...image.hashes])
  core.state.join({ ...image, vector: new Map([...logs, ...image.vector]), hashes })
  const { vector, matrix, origin, serverId } = await statusOf(core)
  expect(Object.keys(vector)).toHaveLength(limits.vectorEntries)
  expect(vector[origin]).toBe(core.state.held(core.identity.origin))
  expect(matrix[serverId]).toEqual(vector)
})

test('a warning arrives as a sentence and with its code, and a replica of a version before that is understood', async () => {
  const report = await serviceOf(foundedCore()).group.network()
  const { warnings, codedWarnings } = groupAnswers.network(arrived(report), 'network')
  expect(warnings).toEqual([expect.stringContaining('is full')])
  expect(codedWarnings).toEqual([{ code: 'diskFull', sentence: warnings[0], words: {} }])
  const { codedWarnings: _later, ...former } = report
  expect(groupAnswers.network(arrived(former), 'network').codedWarnings).toBeNull()
})

test('a seat that is promised is told with its invite, and a replica of a version before that is understood', async () => {
  const core = foundedCore()
  const [invite, expiresAtMs] = [inviteNamed('for a machine'), systemTestClock.nowMs() + 60_000]
  give(core, { kind: 'invite', invite, expiresAtMs })
  give(core, { kind: 'admit', invite, peer: identity(3, 'C').peer, server: serverId(3) })
  expect((await statusOf(core)).promised).toEqual([{ server: 3, invite }])
  const report = await serviceOf(core).group.network()
  const { seats } = groupAnswers.network(arrived(report), 'network')
  expect(seats.map(({ promised }) => promised)).toEqual([null, null, invite, null, null])
  const { promised: _later, ...former } = await serviceOf(core).status()
  expect(answerShapes.status(arrived(former), 'status').promised).toBeNull()
  const formerSeats = report.seats.map(({ promised: _promised, ...seat }) => seat)
  const shown = groupAnswers.network(arrived({ ...report, seats: formerSeats }), 'network')
  expect(shown.seats.every(({ promised }) => promised === null)).toBe(true)
})

test('of a long page few mails are in memory whole at a time, because each may have a megabyte', async () => {
  const asked: number[] = []
  const service = serviceOf(foundedCore(), {
    readUpdates: async (_origin, sequences) => {
      asked.push(sequences.length)
      return []
    },
  })
  const origin = madeUpOrigin(4, 0)
  const mails = Array.from({ length: 1_000 }, (_, index) => ({
    mail: updateId(origin, index + 1),
    origin,
    sequence: index + 1,
  }))
  const sealed = await service.seal(mails as unknown as readonly MailView[], 'header')
  expect(sealed.map(({ mail }) => mail)).toEqual(mails.map(({ mail }) => mail))
  expect(Math.max(...asked)).toBeLessThanOrEqual(64)
  expect(asked.length).toBeLessThanOrEqual(16)
})

test.each([
  ['the replica goes down', new QuintetError('STOPPED', 'The replica is going down.')],
  ['the disk fails to read', new QuintetError('DISK_FAILED', 'it is broken')],
])('a replica goes on when people cannot be told of something new, because %s', async (_, error) => {
  const core = foundedCore(['ada'])
  const { persist } = give(core, { kind: 'submit', signed: mailTo('ada', ['ada'], 'news') })
  const update = persist.flatMap(({ updates }) => updates).at(-1)!
  let tell: (notice: Notice) => void = () => undefined
  const warn = vi.fn()
  const fail = () => Promise.reject(error)
  const service = serviceOf(
    core,
    {
      read: fail,
      readUpdates: fail,
      onNotice: (listener) => {
        tell = listener
        return () => undefined
      },
    },
    { ...silentLogger, warn },
  )
  vi.spyOn(ServiceConnection.prototype, 'account', 'get').mockReturnValue(person('ada'))
  service.connect()
  tell({ kind: 'mail', update })
  tell({ kind: 'brought', mails: [update], posts: [] })
  await expect.poll(() => warn.mock.calls.length).toBe(2)
})

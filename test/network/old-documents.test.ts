import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { ReplicaApi } from '../../replica/api/contract.ts'
import { connectReplica } from '../../replica/api/remote-replica.ts'
import { createMailClient } from '../../replica/client/mail-client.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { systemClock } from '../../replica/drivers/system-clock.ts'
import { runReplica } from '../../replica/run-replica.ts'
import { testRandom } from '../support/client-ports.ts'
import { cheapPassword } from '../support/mail-clients.ts'
import { replicaArguments } from '../support/replica-arguments.ts'

const forMs = limits.forgottenDays * 86_400_000
const logIn = { name: 'ada', password: "ada's password" }
const letter = { to: [], subject: 'a draft', body: '' }

const hourMs = 3_600_000
const { now } = Date

let data = ''
let aheadMs = 0

beforeEach(async () => {
  data = await mkdtemp(path.join(tmpdir(), 'quintet-old-'))
  aheadMs = -forMs - hourMs
  vi.spyOn(Date, 'now').mockImplementation(() => now() + aheadMs)
})

afterEach(async () => {
  vi.restoreAllMocks()
  await rm(data, { recursive: true, force: true })
})

test('drafts that were discarded are forgotten at the log-in a month later, those that are there stay', async () => {
  const [listen, ignore] = [['/ip4/127.0.0.1/tcp/0'], (): void => undefined]
  const replica = await runReplica(replicaArguments({ data, listen, create: 'Old' }), ignore)
  const connections: ReplicaApi[] = []
  const connect = async (): Promise<ReplicaApi> => {
    const api = connectReplica({ stream: replica.connect(), adminToken: null, clock: systemClock })
    connections.push(api)
    return Promise.resolve(api)
  }
  const parts = { connect, machine: 'a machine', random: testRandom, clock: systemClock, passwordCost: cheapPassword }
  const ada = await createMailClient(parts)
  const remembered = () => connections.at(-1)?.forgettable({ beforeMs: Date.now(), forMs })
  await ada.signUp(logIn)
  const kept = await ada.saveDraft(letter)
  for (let count = 0; count < limits.forgottenAtLeast; count += 1) {
    const { draft } = await ada.saveDraft(letter)
    await ada.discardDraft({ draft })
  }
  expect(await remembered()).toMatchObject({ deleted: 0, left: [] })
  await ada.logOut()
  aheadMs = 0
  const [forgotten, drafts] = [{ deleted: 0, left: [kept.draft] }, [{ draft: kept.draft }]]
  await ada.logIn(logIn)
  await expect.poll(remembered).toMatchObject(forgotten)
  expect(await ada.drafts()).toMatchObject({ drafts })
  await ada.close()
  await replica.stop()
})

import { expect, test } from 'vitest'

import type { ReplicaApi } from '../../replica/api/contract.ts'
import { connectReplica } from '../../replica/api/remote-replica.ts'
import { adminTokenCheck, serveReplica } from '../../replica/api/serve-replica.ts'
import { codeOf } from '../support/code-of.ts'
import { systemTestClock } from '../support/client-ports.ts'
import { makeFramePair } from '../support/frame-pair.ts'
import { MemoryReplica } from '../support/memory-replica.ts'

const token = new Uint8Array(32).fill(7)

/** All that changes the group or this machine's part in it, or lets somebody in. */
const forAdministrators = [
  ...(['invite', 'invites', 'revokeInvite', 'letIn', 'shutOut', 'retire', 'takeSeat'] as const),
  ...(['renameGroup', 'renameMachine', 'rotateKey', 'setSyncInterval', 'pause', 'resume'] as const),
]

const connectTo = (requires: 'admin' | 'person', adminToken: Uint8Array | null): ReplicaApi => {
  const replica = new MemoryReplica()
  const { replica: stream, client } = makeFramePair()
  void serveReplica({ stream, open: () => replica.connect(), isAdminToken: adminTokenCheck(token), requires })
  return connectReplica({ stream: client, adminToken, clock: systemTestClock })
}

test('only who has the right token may do what an administrator may', async () => {
  for (const adminToken of [null, new Uint8Array(32), token.subarray(0, 31), token]) {
    const api = connectTo('person', adminToken)
    for (const name of forAdministrators) {
      const asked = Promise.resolve<unknown>(Reflect.apply(api[name], api, [{}]))
      const isRefused = (await codeOf(asked)) === 'NOT_ALLOWED'
      expect({ name, isRefused }).toEqual({ name, isRefused: adminToken !== token })
    }
    expect(await codeOf(api.view())).toBe('no failure')
    await api.close()
  }
})

test('only who proves the right that a stream requires is let in', async () => {
  const isLetIn = (adminToken: Uint8Array): Promise<boolean> =>
    connectTo('admin', adminToken)
      .view()
      .then(
        () => true,
        () => false,
      )
  expect(await isLetIn(token)).toBe(true)
  expect(await isLetIn(new Uint8Array(32).fill(8))).toBe(false)
})

import { expect, test } from 'vitest'

import type { MailClient } from '../../replica/client/contract/mail-client.ts'
import { allServerIds, inviteId, serverId } from '../../replica/core/model/ids.ts'
import { runInteractiveTerminal } from '../../replica/terminal/interactive-terminal.ts'
import { clientOf } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'
import { shownBy } from '../support/terminal.ts'

const invite = inviteId('i'.repeat(43))
const none = { machine: null, lagMs: null, lastSeenAt: null, clockOffMs: null, holds: {}, behind: 0 }

/** At a server whose other seats are free, the fourth of them promised. */
const withPromise = async () => {
  const client = await clientOf(new MemoryReplica())
  const seats = allServerIds.map((server) => ({
    ...none,
    server,
    state: server === 1 ? 'here' : 'free',
    machine: server === 1 ? 'bridge' : null,
    promised: server === 4 ? invite : null,
  }))
  const network = {
    groupName: 'g',
    server: serverId(1),
    machine: 'bridge',
    syncIntervalMs: 1_000,
    history: [],
    warnings: [],
  }
  const status = { ...(await client.status()), promised: [{ server: serverId(4), invite }] }
  const retired: unknown[] = []
  const group = {
    network: () => Promise.resolve({ ...network, seats }),
    status: () => Promise.resolve(status),
    retire: (request: unknown) => Promise.resolve(void retired.push(request)),
  }
  return { client: Object.assign(client, group) as unknown as MailClient, retired }
}

test('a seat that is promised is shown as such, with its invite and how it is freed', async () => {
  const { client, retired } = await withPromise()
  const text = await shownBy(runInteractiveTerminal, client, ['network', 'status', 'retire 4'])
  const promise =
    / {2}4 +(- +)?promised +to a machine that was let in \(invite i{8}\) and has not come yet; .* retire 4 /g
  expect(text.match(promise)).toHaveLength(2)
  expect(text).toMatch(/ {2}5 +- +free\n/)
  expect(retired).toEqual([{ server: 4 }])
  expect(text).toContain('Server id 4 is free: the invite that it was promised by is revoked.')
  expect(text).not.toContain('gone for good? Its seat')
})

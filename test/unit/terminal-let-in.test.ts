import { describe, expect, test } from 'vitest'

import type { LetIn } from '../../replica/client/contract/group.ts'
import type { MailClient } from '../../replica/client/contract/mail-client.ts'
import { inviteId, originId, serverId } from '../../replica/core/model/ids.ts'
import { runInteractiveTerminal } from '../../replica/terminal/interactive-terminal.ts'
import { signedUp } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'
import { shownBy } from '../support/terminal.ts'

describe('who was let in', () => {
  const [rogue, key] = [originId('4.bbbbbbbb'), originId('5.cccccccc')]
  const one: LetIn = {
    machine: key,
    invite: null,
    server: null,
    name: null,
    state: 'without',
    at: null,
    by: [{ machine: rogue, server: serverId(4), name: 'rogue' }],
    byRetired: true,
    connected: true,
    here: false,
  }
  const phone: LetIn = { ...one, machine: null, invite: inviteId('A'.repeat(43)), name: 'phone', state: 'client' }
  const own: LetIn = { ...one, machine: originId('1.aaaaaaaa'), name: 'bridge', state: 'seat', by: [], here: true }

  /** A client whose group is made up; what is done to it. */
  const withGroup = async (machines: readonly LetIn[]) => {
    const client = await signedUp(new MemoryReplica(), 'ann')
    const done: unknown[] = []
    const note = (what: string) => (request?: object) => {
      done.push({ ...request, do: what })
      return Promise.resolve()
    }
    const seats = [{ server: serverId(4), machine: 'rogue' }]
    const group = {
      network: () => Promise.resolve({ seats }),
      letIn: () => Promise.resolve({ machines }),
      retire: note('retire'),
      shutOut: note('shutOut'),
      revokeInvite: note('revokeInvite'),
      rotateKey: note('rotateKey'),
    }
    return { client: Object.assign(client, group) as unknown as MailClient, done }
  }

  test('is listed, those without a seat with who let them in', async () => {
    const { client } = await withGroup([one, phone, own])
    const text = await shownBy(runInteractiveTerminal, client, ['let-in', 'quit'])
    expect(text).toMatch(/1 {2}5\.cccccccc +without a seat +let in by rogue \(server 4\), connected now/)
    expect(text).toMatch(/2 {2}phone +client, no replica/)
    expect(text).toMatch(/3 {2}bridge +this server/)
  })

  test('by a machine that is retired is named before, and each goes with it only by choice', async () => {
    const kept = await withGroup([one, phone])
    const text = await shownBy(runInteractiveTerminal, kept.client, ['retire 4', 'yes', '', 'quit'])
    expect(text.indexOf('5.cccccccc')).toBeLessThan(text.indexOf('Retired.'))
    expect(kept.done).toEqual([{ do: 'retire', server: 4 }])
    const both = await withGroup([one, phone])
    await shownBy(runInteractiveTerminal, both.client, ['retire 4', 'yes', '2 1', 'quit'])
    expect(both.done.slice(1)).toEqual([
      { do: 'revokeInvite', invite: phone.invite },
      { do: 'shutOut', machine: key },
    ])
  })

  test('can be shut out by its number, after a question', async () => {
    const { client, done } = await withGroup([one])
    const lines = ['let-in', 'shut-out 1', 'no', 'shut-out 2', 'shut-out 1', 'yes', 'quit']
    await shownBy(runInteractiveTerminal, client, lines)
    expect(done).toEqual([{ do: 'shutOut', machine: key }])
  })

  test('is shut out by its number in the list that was shown, whoever has come since; so are invites', async () => {
    const { client, done } = await withGroup([one])
    const newest = { ...one, machine: originId('5.dddddddd') }
    const invites = [{ invite: phone.invite }, { invite: inviteId('B'.repeat(43)) }]
    const lists = { letIn: [[one], [newest, one]], invites: [invites.slice(0, 1), invites.toReversed()] }
    const changing = Object.assign(client, {
      letIn: () => Promise.resolve({ machines: lists.letIn.shift() ?? [newest, one] }),
      invites: () => Promise.resolve({ invites: lists.invites.shift() ?? invites.toReversed() }),
    }) as unknown as MailClient
    const blind = ['shut-out 1', 'revoke 1']
    const lines = [...blind, 'let-in', 'invites', 'shut-out 1', 'yes', 'revoke 1', 'yes', 'quit']
    const text = await shownBy(runInteractiveTerminal, changing, lines)
    expect(text).toContain('No "1" has been listed')
    expect(done).toEqual([
      { do: 'shutOut', machine: key },
      { do: 'revokeInvite', invite: phone.invite },
    ])
  })

  test('and is still in, without a seat, is told of when the key is changed', async () => {
    const { client } = await withGroup([one, { ...phone, byRetired: false }])
    const text = await shownBy(runInteractiveTerminal, client, ['rotate-key', 'yes', 'quit'])
    expect(text).toMatch(/Still in, without a seat.*\n +1 {2}5\.cccccccc/)
    expect(text).not.toContain('phone')
  })
})

import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import type { Door } from '../../replica/host/newcomers.ts'
import { visit } from '../../replica/host/newcomers.ts'
import { serverId } from '../../replica/core/model/ids.ts'
import { inviteIdOf } from '../../replica/wire/invite-codec.ts'
import { foundedCore, give, identity, noonMs } from '../support/core-fixture.ts'

const token = createHash('sha256').update('a token').digest().subarray(0, 16)
const invite = inviteIdOf(token)
const own = ['/ip4/192.0.2.1/tcp/4001']
const [newcomer, client] = [identity(2, 'b').peer, identity(3, 'c').peer]

/** A group with one invite; `nowMs` is what its first replica's clock says. */
const group = (nowMs = noonMs) => {
  const core = foundedCore()
  give(core, { kind: 'invite', invite, expiresAtMs: noonMs + 1_000 })
  const door: Door = {
    command: (command) => {
      const [answer] = give(core, command).answer
      return answer?.result.ok === true ? Promise.resolve(answer.result.value) : Promise.reject(new Error('refused'))
    },
    read: (query) => Promise.resolve(query(core)),
    listenAddresses: () => own,
  }
  const codeOfLook = async () => {
    const answer = await visit(door, nowMs, { kind: 'look', token })
    return answer.ok ? 'shown' : answer.failure.code
  }
  return { core, door, codeOfLook }
}

test('who looks at an invite is shown who has which seat, and not where that is', async () => {
  const { core, door } = group()
  const answer = await visit(door, noonMs, { kind: 'look', token })
  const holder = { peer: core.identity.peer, machine: 'machine a', addresses: [] }
  expect(answer.ok && answer.value.seats[0]).toEqual({ server: 1, holder })
  const admitted = await visit(door, noonMs, { kind: 'client', token, peer: client, machine: 'a laptop' })
  expect(admitted.ok && admitted.value.seats[0]?.holder?.addresses).toEqual(own)
})

test('an invite that is no good any more shows nothing, but to who may have been let in by it', async () => {
  const { core, codeOfLook } = group()
  expect(await codeOfLook()).toBe('shown')
  give(core, { kind: 'revoke', invite })
  expect(await codeOfLook()).toBe('INVITE_REVOKED')
  const late = group(noonMs + 2_000)
  expect(await late.codeOfLook()).toBe('INVITE_EXPIRED')
  give(late.core, { kind: 'admit', invite, peer: newcomer, server: null })
  expect(await late.codeOfLook()).toBe('shown')
})

test('a seat that is promised to another machine is shown as taken before that one comes, and is free for who it is promised to', async () => {
  const { core, door } = group()
  const other = createHash('sha256').update('another token').digest().subarray(0, 16)
  give(core, { kind: 'invite', invite: inviteIdOf(other), expiresAtMs: noonMs + 1_000 })
  give(core, { kind: 'admit', invite, peer: newcomer, server: serverId(2) })
  const secondBy = async (by: Uint8Array) => {
    const answer = await visit(door, noonMs, { kind: 'look', token: by })
    return answer.ok ? answer.value.seats[1]?.holder : answer.failure.code
  }
  expect(await secondBy(other)).toEqual({ peer: newcomer, machine: '', addresses: [] })
  expect(await secondBy(token)).toBeNull()
  const refused = give(core, { kind: 'admit', invite: inviteIdOf(other), peer: client, server: serverId(2) }).answer[0]
  expect(refused?.result).toMatchObject({ ok: false, failure: { code: 'SEAT_TAKEN' } })
})

import { describe, expect, test } from 'vitest'
import type { OriginId, PeerId } from '../../replica/core/model/ids.ts'
import { seatOf, serverId } from '../../replica/core/model/ids.ts'
import type { Draft } from '../../replica/core/model/updates.ts'
import { ReplicaCore } from '../../replica/core/replica-core.ts'
import { formersOf, letIn } from '../../replica/host/let-in.ts'
import { newKeys } from '../../replica/new-install.ts'
import { originOf, peerIdOf } from '../../replica/wire/keys.ts'
import { successionBatch } from '../../replica/wire/succession.ts'
import { createWire } from '../../replica/wire/wire.ts'
import { inviteNamed, noonMs } from '../support/core-fixture.ts'

const groupId = new Uint8Array(16).fill(7)
const wire = createWire({ groupId })
const noon = noonMs * 1_000

/** An install that writes its log in batches of one update each. */
const installOn = (server: number) => {
  const keys = newKeys()
  const peer = peerIdOf(keys.publicKey)
  const origin = originOf(serverId(server), peer)
  const make = wire.makeBatchWith({ origin, ...keys })
  let [sequence, hash] = [0, wire.firstHash(origin)]
  const write = (change: Draft['change']) => {
    const batch = make(sequence + 1, hash, [{ clock: noon + sequence, change }])
    ;[sequence, hash] = [batch.last, batch.lastHash]
    return batch
  }
  return { origin, peer, keys, write, server: serverId(server) }
}
type One = ReturnType<typeof installOn>

const seat = ({ server, peer }: One, machine: string) =>
  ({ kind: 'seat', server, peer, machine, replaces: null }) as const
const admission = (invite: string, { server, peer }: One) =>
  ({ kind: 'admission', invite: inviteNamed(invite), peer, server }) as const
const invite = (name: string) => ({ kind: 'invite', invite: inviteNamed(name), expiresAtMs: noonMs * 2 }) as const

/** The founder let the rogue in, which let in a second key of its own and made invites, and started over after that. */
const groupWithRogue = () => {
  const [founder, rogue, second, third] = [installOn(1), installOn(2), installOn(3), installOn(4)]
  const core = new ReplicaCore(
    { origin: founder.origin, server: founder.server, peer: founder.peer, admission: null, vouchers: [] },
    { makeBatch: wire.makeBatchWith({ origin: founder.origin, ...founder.keys }), firstHash: wire.firstHash, originOf },
    { image: null, suffix: [], highest: new Map() },
  )
  const again = newKeys()
  const former = { server: rogue.server, peer: rogue.peer, privateKey: rogue.keys.privateKey, machine: 'Galley' }
  const next = { origin: originOf(rogue.server, peerIdOf(again.publicKey)), ...again }
  const batches = [
    founder.write(seat(founder, 'Bridge')),
    founder.write({ kind: 'group', name: 'the group' }),
    founder.write(admission('one', rogue)),
    rogue.write(seat(rogue, 'Galley')),
    rogue.write(admission('none', second)),
    rogue.write(invite('two')),
    rogue.write(invite('three')),
    founder.write(admission('two', third)),
    third.write(seat(third, 'Lab')),
    rogue.write({ kind: 'clientAdmission', invite: inviteNamed('three'), peer: second.peer, machine: 'phone' }),
    successionBatch(groupId, former, next, noon + 100_000),
  ]
  core.step(noonMs, [{ kind: 'handedIn', batches }])
  const called = (origin: OriginId, peer: PeerId) => ({ origin, peer })
  return { core, founder, rogue, second, third, successor: called(next.origin, peerIdOf(again.publicKey)) }
}

describe('who was let in', () => {
  test('is told with who admitted them, who made their invite, and what they are now', () => {
    const { core, founder, rogue, second, third, successor } = groupWithRogue()
    const listed = letIn(core, wire, null)
    expect(listed.map(({ name, machine, state }) => [name ?? machine, state])).toEqual([
      [second.origin, 'without'],
      ['phone', 'client'],
      ['Galley', 'seat'],
      ['Bridge', 'seat'],
      ['Lab', 'seat'],
      ['Galley', 'superseded'],
    ])
    const byOf = (of: OriginId) => listed.find(({ machine }) => machine === of)?.by.map(({ machine }) => machine)
    expect(byOf(second.origin)).toEqual([rogue.origin])
    expect(byOf(third.origin)?.toSorted()).toEqual([founder.origin, rogue.origin].toSorted())
    expect(byOf(successor.origin)).toEqual([founder.origin])
    expect(listed.find(({ here }) => here)?.machine).toBe(founder.origin)
    expect(listed.find(({ machine }) => machine === second.origin)?.at).toBe(noonMs)
  })

  test('by a machine is told also of what it was before it started over, and not of itself', () => {
    const { core, rogue, second, third, successor } = groupWithRogue()
    const names = letIn(core, wire, seatOf(rogue.origin)).map(({ machine, name }) => machine ?? name)
    expect(names).toEqual([second.origin, 'phone', third.origin])
    expect(formersOf(core, wire, successor.origin)).toEqual([rogue.origin])
    expect(letIn(core, wire, serverId(5))).toEqual([])
  })

  test('by way of a machine that is retired is marked, and goes on being so when it is listed no more as in', () => {
    const { core, rogue, second, third, successor } = groupWithRogue()
    core.step(noonMs, [
      { kind: 'command', ticket: 1, command: { kind: 'shutOut', machine: rogue.origin } },
      { kind: 'command', ticket: 2, command: { kind: 'retire', machine: successor.origin } },
    ])
    const marked = letIn(core, wire, null).filter(({ byRetired }) => byRetired)
    expect(marked.map(({ machine, name }) => machine ?? name)).toEqual([second.origin, 'phone', third.origin])
  })
})

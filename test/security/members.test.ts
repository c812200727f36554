import { randomBytes } from 'node:crypto'
import { encode } from 'cborg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ReplicaGroup } from '../../build/cluster/group.ts'
import type { MailProcess } from '../../build/cluster/mail-process.ts'
import {
  commandId,
  hash,
  type Hash,
  inviteId,
  originId,
  type OriginId,
  peerId,
  serverId,
} from '../../replica/core/model/ids.ts'
import { limits } from '../../replica/core/model/limits.ts'
import type { Draft, SignedChange } from '../../replica/core/model/updates.ts'
import { requestJoin } from '../../replica/drivers/libp2p-client.ts'
import { systemClock } from '../../replica/drivers/system-clock.ts'
import { newKeys } from '../../replica/new-install.ts'
import { toBase64Url } from '../../replica/wire/bytes.ts'
import { originOf, peerIdOf } from '../../replica/wire/keys.ts'
import { encodeImage } from '../../replica/wire/image-encode.ts'
import { encodeMessage } from '../../replica/wire/message-codec.ts'
import { encodeAccountPayload, encodeMailPayload } from '../../replica/wire/payload-codec.ts'
import { encodePostPayload } from '../../replica/wire/social-payloads.ts'
import { signPayload } from '../../replica/wire/update-codec.ts'
import { send, subjectsOf, useCluster } from '../support/cluster.ts'
import { openRawApi, signUpRaw } from '../support/raw-client.ts'
import { inviteOf, personNamed, rewritten, RogueMember, type RoguePerson } from '../support/rogue-member.ts'
import { inOneGo } from '../support/in-one-go.ts'

const cluster = useCluster()
const honest = [1, 2, 3]
const wrap = { enc: new Uint8Array(32), wrappedKey: new Uint8Array(48) }

const anotherHash = hash('A'.repeat(43))
const anotherInvite = inviteId('A'.repeat(43))

const newCommand = () => commandId(toBase64Url(randomBytes(12)))

const signUp = (groupId: Uint8Array, { name, account, privateKey }: RoguePerson): SignedChange => {
  const fields = {
    account,
    command: newCommand(),
    name,
    sealKey: new Uint8Array(32).fill(9),
    sealedKeys: new Uint8Array(9),
  }
  const payload = encodeAccountPayload(fields)
  return {
    change: { kind: 'account', ...fields },
    payload,
    signature: signPayload(groupId, 'account', payload, privateKey),
  }
}

const mail = (
  groupId: Uint8Array,
  from: Pick<RoguePerson, 'account'>,
  to: RoguePerson,
  signer: RoguePerson,
): SignedChange => {
  const change = {
    kind: 'mail',
    account: from.account,
    command: newCommand(),
    to: [to.account],
    conversation: null,
  } as const
  const sealed = { wraps: [wrap, wrap], sealedHeader: new Uint8Array(3), sealedBody: new Uint8Array(3) }
  const payload = encodeMailPayload({ ...change, ...sealed })
  return { change, payload, signature: signPayload(groupId, 'mail', payload, signer.privateKey) }
}

const post = (groupId: Uint8Array, { account, privateKey }: RoguePerson, text: string): SignedChange => {
  const command = newCommand()
  const payload = encodePostPayload({ account, command, text })
  return {
    change: { kind: 'post', account, command },
    payload,
    signature: signPayload(groupId, 'post', payload, privateKey),
  }
}

describe('a member of the group that is dishonest', () => {
  const mallory = personNamed('mallory')
  const trudy = personNamed('trudy')
  let group: ReplicaGroup
  let rogue: RogueMember
  let ada: MailProcess
  let ben: MailProcess
  let mails = 0

  const held = async (): Promise<readonly number[]> =>
    Promise.all(honest.map(async (server) => (await group.status(server)).vector[rogue.origin] ?? 0))
  const holdsAll = () =>
    group.until(honest, 'the whole log of the rogue', (statuses) =>
      statuses.every(({ vector }) => vector[rogue.origin] === rogue.sequence),
    )

  /** The honest ones still write to each other, and agree. */
  const goesOn = async (subject: string): Promise<void> => {
    await send(ada, 'ben', subject)
    mails += 1
    await expect.poll(() => subjectsOf(ben, 'inbox'), { timeout: 60_000 }).toContain(subject)
    const statuses = await group.settled(honest)
    expect(statuses.map((status) => status.mails)).toEqual(honest.map(() => mails))
  }

  beforeAll(async () => {
    group = await cluster.group(honest)
    ada = await group.person('ada', 1)
    ben = await group.person('ben', 2)
    rogue = await RogueMember.join(group, 4)
    await rogue.send(
      honest,
      rogue.batches(rogue.next(signUp(rogue.groupId, mallory)), rogue.next(signUp(rogue.groupId, trudy))),
    )
    await holdsAll()
  })

  afterAll(() => rogue.end())

  test('gains nothing by sending its log in any order, and again and again', async () => {
    const log = Array.from({ length: 6 }, () => rogue.next(mail(rogue.groupId, mallory, trudy, mallory)))
    mails += log.length
    for (const batch of [...log.toReversed(), ...log, ...log.toSorted(() => Math.random() - 0.5)])
      await rogue.send(honest, rogue.batches(batch))
    await holdsAll()
    await goesOn('after the replay')
  })

  test('cannot write into the log of another', async () => {
    const victim = (await group.status(1)).origin
    const before = (await group.status(2)).vector[victim] ?? 0
    const batch = rogue.sibling(mail(rogue.groupId, mallory, trudy, mallory))
    const since = rogue.seen.events.length
    await rogue.send(
      [2],
      rewritten(batch, (fields) => {
        fields[1] = victim
        fields[3] = before + 1
      }),
    )
    await rogue.cutOff(2, since)
    await goesOn('in my own name')
    expect(await held()).toEqual(honest.map(() => rogue.sequence))
  })

  test('cannot change what another wrote when it passes it on', async () => {
    const victim = (await group.status(1)).origin
    await rogue.send(
      [1],
      encodeMessage({ kind: 'request', id: 7, origin: originId(victim), after: 0, maxBytes: limits.chunkBytes }),
    )
    const { batches } = await rogue.message(1, 'batches')
    const [first] = batches
    if (first === undefined) throw new Error('server 1 gives its log')
    const since = rogue.seen.events.length
    // Beyond what the others hold, so that it is not passed over as known.
    const further = rewritten(first, (fields) => {
      fields[3] = 1_000_000
      fields[5][0]?.set([0xff], fields[5][0].length - 1)
    })
    await rogue.send([3], further)
    await rogue.cutOff(3, since)
    await goesOn('unaltered')
  })

  test('cannot put words into the mouth of another', async () => {
    const raw = await openRawApi(group.dataOf(1))
    const victim = await signUpRaw(raw.api, raw.groupId, 'victim')
    await raw.end()
    await group.settled(honest)
    const batch = rogue.next(mail(rogue.groupId, { account: victim.account }, trudy, mallory))
    await rogue.send(honest, rogue.batches(batch))
    await holdsAll()
    // It has its place in the log, everywhere, and no effect.
    await goesOn("in nobody else's name")
  })

  test('is cut off for a message that is too deep or too long, and nothing of it is kept', async () => {
    let deep: unknown = 0
    for (let depth = 0; depth < 400; depth += 1) deep = [deep]
    const valid = rogue.sibling(post(rogue.groupId, mallory, 'shallow'))
    const strange = [
      rewritten(valid, (fields) => {
        fields[5] = [encode([9_999, 1, deep])]
      }),
      Buffer.alloc(200_000, 0x81),
      encode([2, 1, [[], []], [], Array.from({ length: limits.onlineAccounts + 1 }, () => [])]),
      randomBytes(100_000),
    ]
    for (const frame of strange) {
      const since = rogue.seen.events.length
      await rogue.send([2], frame)
      await rogue.cutOff(2, since)
    }
    await goesOn('shallow waters')
    expect(await held()).toEqual(honest.map(() => rogue.sequence))
  })

  const origins = async (): Promise<readonly string[]> =>
    (await Promise.all(honest.map((server) => group.status(server)))).map(({ origin }) => origin)

  /** What the rogue says of its knowledge: it holds so much of these logs, which end so. */
  const knowledge = (row: ReadonlyMap<OriginId, number>, hashes: ReadonlyMap<OriginId, Hash>): Uint8Array =>
    encodeMessage({
      kind: 'knowledge',
      clock: Date.now() * 1_000,
      rows: new Map([[rogue.origin, new Map([...row, [rogue.origin, rogue.sequence]])]]),
      hashes,
      sessions: [],
    })

  test('makes nobody start over by saying that a log has forked', async () => {
    const before = await origins()
    for (const server of honest) {
      const { vector, origin: text } = await group.status(server)
      const origin = originId(text)
      const peer = peerId((await group.replica(server).ready()).peerId)
      const forged = { origin, peer, sequence: vector[text] ?? 1, hash: anotherHash, signature: randomBytes(64) }
      const row = new Map(Object.entries(vector).map(([of, sequence]) => [originId(of), sequence]))
      await rogue.send(
        [server],
        encodeMessage({ kind: 'fork', origin, end: null }),
        encodeMessage({ kind: 'fork', origin, end: forged }),
        knowledge(row, new Map([...row.keys()].map((of) => [of, anotherHash]))),
      )
      // It is shown what is held here.
      const shown = await rogue.message(server, 'fork')
      expect(shown.end).toMatchObject({ origin: shown.origin })
    }
    await goesOn('of one log')
    expect(await origins()).toEqual(before)
  })

  test('does not hold up the writing of a machine by saying that there is more of its log, nor change its log by a state', async () => {
    const before = await origins()
    const [own] = before
    if (own === undefined) throw new Error('server 1 has an origin')
    const chunks = await rogue.stateOf(1)
    const claimed = new Map([[originId(own), 1_000_000]])
    await rogue.send([1], knowledge(claimed, new Map()))
    const askedMs = performance.now()
    await send(ada, 'ben', 'not held up')
    expect(performance.now() - askedMs).toBeLessThan(20_000)
    mails += 1
    const request = await rogue.message(1, 'request', ({ origin }) => origin === own)
    const image = inOneGo(rogue.wire.decodeReceivedImageInParts(chunks))
    if (!image.ok) throw new Error(image.failure.message)
    const vector = new Map([...image.value.vector, ...claimed])
    const hashes = new Map([...image.value.hashes, [originId(own), anotherHash]])
    const lie = encodeImage({ ...image.value, vector, hashes, checkpoints: [] })
    await rogue.send([1], encodeMessage({ kind: 'discarded', id: request.id, origin: originId(own) }))
    await rogue.message(1, 'stateRequest')
    for (const [index, chunk] of lie.entries())
      await rogue.send([1], encodeMessage({ kind: 'stateChunk', image: 1, index, count: lie.length, chunk }))
    await expect.poll(() => group.replica(1).logTail(100_000), { timeout: 60_000 }).toMatch(/"phase":"abandoned"/)
    await goesOn('as before')
    expect(await origins()).toEqual(before)
    expect((await group.status(1)).vector[own]).toBeLessThan(1_000)
  })

  /** An install that nobody let in. */
  const madeUp = () => {
    const keys = newKeys()
    const peer = peerIdOf(keys.publicKey)
    const origin = originOf(serverId(5), peer)
    const makeBatch = rogue.wire.makeBatchWith({ origin, ...keys })
    const make = (change: Draft['change']) => makeBatch(1, rogue.wire.firstHash(origin), [{ clock: 1, change }])
    return { origin, peer, make }
  }

  test('makes no machine believe that it was retired, and people there are told who says so', async () => {
    const victim = (await group.status(3)).origin
    const retirement = rogue.sibling({ kind: 'retirement', retired: originId(victim) })
    const failure = { code: 'RETIRED', message: 'It is.' } as const
    const retired = originId(victim)
    const of1 = originId((await group.status(1)).origin)
    const [one, two] = [madeUp(), madeUp()]
    const made = one.make({ kind: 'retirement', retired })
    const between = { kind: 'admission', invite: anotherInvite, server: serverId(5) } as const
    const byEachOther = [
      { by: two.origin, bytes: two.make({ ...between, peer: one.peer }).bytes },
      { by: one.origin, bytes: one.make({ ...between, peer: two.peer }).bytes },
    ]
    const forgeries = [
      null,
      { retired, proof: { by: of1, bytes: retirement.bytes }, vouchers: [] },
      { retired, proof: { by: one.origin, bytes: made.bytes }, vouchers: byEachOther },
      // As if server 1 had let in the one that signed it.
      {
        retired,
        proof: { by: one.origin, bytes: made.bytes },
        vouchers: byEachOther.with(0, { by: of1, bytes: made.bytes }),
      },
    ]
    await rogue.send(
      [3],
      ...forgeries.map((forgery) => encodeMessage({ kind: 'refusal', failure, retirement: forgery })),
    )
    await group.until([3], 'people are told', ([status]) =>
      (status?.warnings ?? []).some((warning) => warning.startsWith('Server 4 says that this machine was retired')),
    )
    const cleo = await group.person('cleo', 3)
    await send(cleo, 'ben', 'still a member')
    mails += 1
    await group.settled(honest)
    expect(await subjectsOf(ben, 'inbox')).toContain('still a member')
  })

  test('cannot let a machine in by an invite that was used', async () => {
    const invite = await inviteOf(group)
    const ask = () => {
      const keys = newKeys()
      const request = { token: invite.token, peer: peerIdOf(keys.publicKey), server: serverId(5), machine: 'another' }
      return requestJoin({ ...invite, privateKey: keys.privateKey, request, timeoutMs: 10_000, clock: systemClock })
    }
    expect(await ask()).toMatchObject({ ok: true })
    await group.settled(honest)
    expect(await ask()).toMatchObject({ ok: false, failure: { code: 'INVITE_USED' } })
  })

  test('that asks, tells and sends without end does not keep the others from working', async () => {
    const request = encodeMessage({
      kind: 'request',
      id: 9,
      origin: rogue.origin,
      after: 0,
      maxBytes: limits.chunkBytes,
    })
    const state = encodeMessage({ kind: 'stateRequest', image: 0, index: 0 })
    const replay = rogue.batches(rogue.next(mail(rogue.groupId, mallory, trudy, mallory)))
    mails += 1
    const flood = Array.from({ length: 3_000 }, (_, index) => [request, state, replay][index % 3] ?? request)
    for (let round = 0; round < 4; round += 1) {
      await rogue.send(honest, ...flood)
      await goesOn(`through the flood ${round}`)
    }
  })

  test('that tells one half this and the other half that splits nobody for good', async () => {
    const [one, other] = [
      rogue.sibling(post(rogue.groupId, mallory, 'heads')),
      rogue.sibling(post(rogue.groupId, mallory, 'tails')),
    ]
    // Apart they cannot tell each other before both have taken it in.
    await group.operator(1).ask('pause', { servers: [2, 3] })
    await group.sees([1], [1, 4])
    await group.sees([2, 3], [2, 3, 4])
    await rogue.send([1], rogue.batches(one))
    await rogue.send([2, 3], rogue.batches(other))
    await group.operator(1).ask('resume', { servers: [2, 3] })
    await group.until(
      honest,
      'all of them agree on one',
      (statuses) => new Set(statuses.map(({ digest }) => digest)).size === 1,
    )
    await send(ada, 'ben', 'still of one mind')
    await ben.event('mail', (event) => event['subject'] === 'still of one mind')
    mails += 1
    await group.settled(honest)
    expect(await subjectsOf(ada, 'sent')).toContain('after the replay')
  })
})

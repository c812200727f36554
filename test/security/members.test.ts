import { randomBytes } from 'node:crypto'
import { encode } from 'cborg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ReplicaGroup } from '../../build/cluster/group.ts'
import type { MailProcess } from '../../build/cluster/mail-process.ts'
import { commandId, originId } from '../../replica/core/model/ids.ts'
import { limits } from '../../replica/core/model/limits.ts'
import type { SignedChange } from '../../replica/core/model/updates.ts'
import { requestJoin } from '../../replica/drivers/libp2p-client.ts'
import { systemClock } from '../../replica/drivers/system-clock.ts'
import { newKeys } from '../../replica/new-install.ts'
import { toBase64Url } from '../../replica/wire/bytes.ts'
import { peerIdOf } from '../../replica/wire/keys.ts'
import { encodeMessage } from '../../replica/wire/message-codec.ts'
import { encodeAccountPayload, encodeMailPayload } from '../../replica/wire/payload-codec.ts'
import { encodePostPayload } from '../../replica/wire/social-payloads.ts'
import { signPayload } from '../../replica/wire/update-codec.ts'
import { send, subjectsOf, useCluster } from '../support/cluster.ts'
import { openRawApi, signUpRaw } from '../support/raw-client.ts'
import { inviteOf, personNamed, rewritten, RogueMember, type RoguePerson } from '../support/rogue-member.ts'

const cluster = useCluster()
const honest = [1, 2, 3]
const wrap = { enc: new Uint8Array(32), wrappedKey: new Uint8Array(48) }

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
  const holdsAll = () => expect.poll(held, { timeout: 20_000 }).toEqual(honest.map(() => rogue.sequence))

  /** The honest ones still write to each other, and agree. */
  const goesOn = async (subject: string): Promise<void> => {
    await send(ada, 'ben', subject)
    await ben.event('mail', (event) => event['subject'] === subject)
    mails += 1
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

  test('that tells one half this and the other half that splits nobody for good', async () => {
    const [one, other] = [
      rogue.sibling(post(rogue.groupId, mallory, 'heads')),
      rogue.sibling(post(rogue.groupId, mallory, 'tails')),
    ]
    await rogue.send([1], rogue.batches(one))
    await rogue.send([2, 3], rogue.batches(other))
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

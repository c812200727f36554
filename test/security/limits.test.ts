import { randomBytes } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import type { ReplicaGroup } from '../../build/cluster/group.ts'
import { commandId, originId, serverId, updateId } from '../../replica/core/model/ids.ts'
import { limits } from '../../replica/core/model/limits.ts'
import type { SignedChange } from '../../replica/core/model/updates.ts'
import { newKeys } from '../../replica/new-install.ts'
import { toBase64Url } from '../../replica/wire/bytes.ts'
import { CborReader } from '../../replica/wire/cbor.ts'
import { originOf, peerIdOf } from '../../replica/wire/keys.ts'
import { partedFormat } from '../../replica/wire/image-format.ts'
import { encodeMessage } from '../../replica/wire/message-codec.ts'
import { encodeMailPayload } from '../../replica/wire/payload-codec.ts'
import { signPayload } from '../../replica/wire/update-codec.ts'
import { send, subjectsOf, useCluster } from '../support/cluster.ts'
import { madeUpOrigin } from '../support/core-fixture.ts'
import { openRawApi, signUpRaw } from '../support/raw-client.ts'
import { personNamed, RogueMember } from '../support/rogue-member.ts'
import { inOneGo } from '../support/in-one-go.ts'

const cluster = useCluster()
const honest = [1, 2]
const testMs = 170_000

const wrap = { enc: new Uint8Array(32), wrappedKey: new Uint8Array(48) }
const sealed = { wraps: [wrap, wrap], sealedHeader: new Uint8Array(3), sealedBody: new Uint8Array(3) }

const inHundreds = async (count: number, give: (index: number) => Promise<unknown>): Promise<void> => {
  for (let from = 0; from < count; from += 100)
    await Promise.all(Array.from({ length: Math.min(100, count - from) }, (_, index) => give(from + index)))
}

/** A person with a client of its own making answers in conversations that nobody has begun. */
const answerNobody = async (group: ReplicaGroup, count: number): Promise<void> => {
  const raw = await openRawApi(group.dataOf(1))
  const eve = await signUpRaw(raw.api, raw.groupId, 'eve')
  await inHundreds(count, async (index) => {
    const command = commandId(toBase64Url(randomBytes(12)))
    const conversation = updateId(madeUpOrigin(1, index), 1)
    const submission = await eve.change('mail', ({ account }) =>
      encodeMailPayload({ account, command, to: [account], conversation, ...sealed }),
    )
    await raw.api.submit({ ...submission, command })
  })
  await raw.end()
}

/** A mail of a person that only the test knows to itself. */
const mailIn = ({ groupId }: RogueMember, bodyBytes: number): SignedChange => {
  const { account, privateKey } = personNamed('mallory')
  const command = commandId(toBase64Url(randomBytes(12)))
  const change = { kind: 'mail', account, command, to: [account], conversation: null } as const
  const payload = encodeMailPayload({ ...change, ...sealed, sealedBody: new Uint8Array(bodyBytes) })
  return { change, payload, signature: signPayload(groupId, 'mail', payload, privateKey) }
}

const underNames = (rogue: RogueMember, mail: SignedChange, names: number): Uint8Array =>
  rogue.batches(...Array.from({ length: names }, () => rogue.next(mail)))

/** Retires machines that nobody has, each in a batch that is nearly as large as a proof may be. */
const retireNobody = (rogue: RogueMember, first: number, machines: number): Uint8Array => {
  const around = 1_000
  const batches = Array.from({ length: machines }, (_, index) => {
    const retirement = { kind: 'retirement', retired: madeUpOrigin(4, first + index) } as const
    return rogue.next(retirement, mailIn(rogue, limits.retirementProofBytes - around))
  })
  for (const { bytes } of batches) expect(bytes.length).toBeLessThanOrEqual(limits.retirementProofBytes)
  return rogue.batches(...batches)
}

const snapshotBytes = async (data: string): Promise<number> => {
  const found = await readdir(path.join(data, 'snapshot'), { recursive: true })
  const sizes = found
    .filter((name) => name.endsWith('chunks.db'))
    .map((name) =>
      stat(path.join(data, 'snapshot', name)).then(
        ({ size }) => size,
        () => 0,
      ),
    )
  return Math.max(0, ...(await Promise.all(sizes)))
}

const holdAll = (group: ReplicaGroup, rogue: RogueMember) =>
  group.until(honest, 'the whole log of the rogue', (statuses) =>
    statuses.every(({ vector }) => vector[rogue.origin] === rogue.sequence),
  )

const startsAgain = async (group: ReplicaGroup): Promise<void> => {
  for (const server of honest) await group.replica(server).stop()
  await group.restart(...honest)
}

/** What a person has signed, as it stands in the log of the server that it was given to. */
const signedDraft = async (group: ReplicaGroup, rogue: RogueMember): Promise<SignedChange> => {
  const origin = originId((await group.status(1)).origin)
  await rogue.send([1], encodeMessage({ kind: 'request', id: 9, origin, after: 0, maxBytes: 200_000 }))
  const documents = (batches: Awaited<ReturnType<typeof answered>>['batches']) =>
    batches.flatMap(({ updates }) => updates).filter(({ change }) => change.kind === 'document')
  const answered = () => rogue.message(1, 'batches', ({ id }) => id === 9)
  const [document] = documents((await answered()).batches)
  if (document?.change.kind !== 'document') throw new Error('no draft is there')
  const reader = new CborReader(document.bytes)
  reader.list(4, 4, 'fields')
  reader.uint()
  reader.uint()
  const payload = reader.bytesUpTo(limits.payloadBytes, 'payload')
  return { change: document.change, payload, signature: reader.bytesUpTo(1_000, 'signature') }
}

describe('a group whose members and persons write as much as they can of what nobody needs', () => {
  test(
    'hands its state on, and starts again',
    async () => {
      const group = await cluster.group(honest)
      const ada = await group.person('ada', 1)
      await send(ada, 'ada', 'precious')
      await answerNobody(group, limits.vectorEntries + 100)
      const rogue = await RogueMember.join(group, 3)
      await rogue.send(honest, underNames(rogue, mailIn(rogue, 3), 300))
      const retirements = Array.from({ length: 8 }, (_, index) => retireNobody(rogue, 50 * index, 50))
      await rogue.send(honest, ...retirements)
      await holdAll(group, rogue)
      const state = await rogue.stateOf(1)
      expect(state[0]).toBe(`{"format":${partedFormat}}`)
      const received = inOneGo(rogue.wire.decodeReceivedImageInParts(state))
      expect(received.ok && received.value.retired.filter(({ proof }) => proof !== null)).toHaveLength(400)
      await rogue.end()
      for (const server of honest)
        await expect
          .poll(() => snapshotBytes(group.dataOf(server)), { timeout: 60_000, interval: 500 })
          .toBeGreaterThan(limits.frameBytes)
      await startsAgain(group)
      await group.settled(honest)
      expect(await subjectsOf(ada, 'inbox')).toEqual(['precious'])
    },
    testMs,
  )

  test(
    'goes on, lets machines in, and starts again, where a member makes up more logs than can be told of',
    async () => {
      const group = await cluster.group(honest)
      const ada = await group.person('ada', 1)
      const rogue = await RogueMember.join(group, 3)
      const newLog = () => {
        const keys = newKeys()
        const origin = originOf(serverId(4), peerIdOf(keys.publicKey))
        const draft = { clock: Date.now() * 1_000, change: { kind: 'machineName', name: 'x' } } as const
        return rogue.wire.makeBatchWith({ origin, ...keys })(1, rogue.wire.firstHash(origin), [draft])
      }
      for (let made = 0; made < limits.vectorEntries + 100; made += 50) {
        await rogue.send([1], rogue.batches(...Array.from({ length: 50 }, newLog)))
        // What comes meanwhile has to be heard: who does not answer is disconnected.
        await new Promise((resolve) => setImmediate(resolve))
      }
      // The other fetches them from there, few at a time.
      await expect
        .poll(async () => Object.keys((await group.status(1)).vector).length, { timeout: 60_000, interval: 500 })
        .toBe(limits.logsBegunFreely)
      await rogue.end()
      await send(ada, 'ada', 'written then')
      await group.join(4, 2)
      const bob = await group.person('bob', 4)
      await send(bob, 'ada', 'from a newcomer')
      await expect.poll(() => subjectsOf(ada, 'inbox'), { timeout: 60_000 }).toContain('from a newcomer')
      await startsAgain(group)
      await expect
        .poll(() => subjectsOf(ada, 'inbox'), { timeout: 60_000 })
        .toEqual(['from a newcomer', 'written then'])
    },
    testMs,
  )

  test(
    "goes on, and starts again, where a member writes a person's word at the last clock that there is",
    async () => {
      const group = await cluster.group(honest)
      const ada = await group.person('ada', 1)
      const rogue = await RogueMember.join(group, 3)
      const { draft } = await ada.ask('saveDraft', { to: [], subject: 'half', body: 'a thought' })
      await rogue.send(honest, rogue.batches(rogue.nextAt(limits.lastClock, await signedDraft(group, rogue))))
      await holdAll(group, rogue)
      await ada.ask('saveDraft', { to: [], subject: 'whole', body: 'two thoughts', draft })
      await send(ada, 'ada', 'written after it')
      await rogue.end()
      await startsAgain(group)
      await expect.poll(() => subjectsOf(ada, 'inbox'), { timeout: 60_000 }).toEqual(['written after it'])
    },
    testMs,
  )
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ReplicaGroup } from '../../build/cluster/group.ts'
import type { MailProcess } from '../../build/cluster/mail-process.ts'
import type { OriginId } from '../../replica/core/model/ids.ts'
import type { StateImage } from '../../replica/core/model/image.ts'
import { mailColumns, mailRecords } from '../../replica/core/model/mail-columns.ts'
import type { Message } from '../../replica/core/model/messages.ts'
import { signatureOf } from '../../replica/core/model/proofs.ts'
import type { Batch } from '../../replica/core/model/updates.ts'
import { encodeImage } from '../../replica/wire/image-encode.ts'
import { encodeMessage } from '../../replica/wire/message-codec.ts'
import { send, subjectsOf, useCluster } from '../support/cluster.ts'
import { RogueMember } from '../support/rogue-member.ts'
import { inOneGo } from '../support/in-one-go.ts'

const cluster = useCluster()
const honest = [1, 2, 3]
const victim = 3

describe('a member that leaves mails out of the state that it gives', () => {
  let group: ReplicaGroup
  let rogue: RogueMember
  let ada: MailProcess
  let mails = 0

  const write = async (...subjects: readonly string[]): Promise<void> => {
    for (const subject of subjects) await send(ada, 'ada', subject)
    mails += subjects.length
  }

  const heard = <Kind extends Message['kind']>(kind: Kind): readonly Extract<Message, { readonly kind: Kind }>[] =>
    rogue.seen.messages.flatMap(({ frame }) => {
      const message = rogue.wire.decodeMessage(frame)
      return message.ok && message.value?.kind === kind
        ? [message.value as Extract<Message, { readonly kind: Kind }>]
        : []
    })

  /** The next message of this kind, after `count` of them. */
  const next = async <Kind extends Message['kind']>(kind: Kind, count: number) => {
    await rogue.seen.until(() => heard(kind).length > count)
    const message = heard(kind)[count]
    if (message === undefined) throw new Error(`a ${kind} message came`)
    return message
  }

  /** The state that a server gives now. */
  const stateOf = async (server: number): Promise<StateImage> => {
    const count = heard('stateChunk').length
    await rogue.send([server], encodeMessage({ kind: 'stateRequest', image: 0, index: 0 }))
    const chunks: string[] = []
    for (let first = await next('stateChunk', count); ;) {
      chunks.push(first.chunk)
      if (chunks.length === first.count) break
      await rogue.send([server], encodeMessage({ kind: 'stateRequest', image: first.image, index: chunks.length }))
      first = await next('stateChunk', count + chunks.length)
    }
    const image = inOneGo(rogue.wire.decodeReceivedImageInParts(chunks))
    if (!image.ok) throw new Error(image.failure.message)
    return image.value
  }

  /** The rogue says that it holds so much, and that only a state can bring what is new of its log; then it is asked for one. */
  const offers = async (vector: ReadonlyMap<OriginId, number>): Promise<void> => {
    const [requests, asked] = [heard('request').length, heard('stateRequest').length]
    await claims(vector)
    await refuses(requests)
    await next('stateRequest', asked)
  }

  const claims = async (vector: ReadonlyMap<OriginId, number>): Promise<void> => {
    await rogue.send(
      [victim],
      encodeMessage({
        kind: 'knowledge',
        clock: Date.now() * 1_000,
        rows: new Map([[rogue.origin, vector]]),
        hashes: new Map(),
        sessions: [],
      }),
    )
  }

  /** What is asked of its log, after so many requests, it has discarded. Tells how many came. */
  const refuses = async (count: number): Promise<number> => {
    const { id, origin } = await next('request', count)
    if (origin !== rogue.origin) return refuses(count + 1)
    await rogue.send([victim], encodeMessage({ kind: 'discarded', id, origin }))
    return count + 1
  }

  const gives = async (image: StateImage): Promise<void> => {
    const chunks = encodeImage(image)
    for (const [index, chunk] of chunks.entries())
      await rogue.send([victim], encodeMessage({ kind: 'stateChunk', image: 1, index, count: chunks.length, chunk }))
  }

  /** Gives a state without any mail, which goes on in its own log, of which it keeps the last batch back. */
  const tempts = async (image: StateImage): Promise<Batch> => {
    const batch = rogue.next({ kind: 'machineName', name: 'a rogue' })
    const vector = new Map([...image.vector, [rogue.origin, batch.last]])
    await offers(vector)
    await gives({
      ...image,
      vector,
      hashes: new Map([...image.hashes, [rogue.origin, batch.lastHash]]),
      signatures: new Map([...image.signatures, [rogue.origin, signatureOf(batch)]]),
      checkpoints: image.checkpoints.filter(({ origin }) => origin !== rogue.origin),
      mails: mailColumns([]),
    })
    return batch
  }

  const log = (): Promise<string> => group.replica(victim).logTail(100_000)
  const abandoned = (): RegExp => new RegExp(`"phase":"abandoned","peer":"${rogue.peer}"`)

  const agree = async (): Promise<void> => {
    const statuses = await group.settled(honest)
    expect(statuses.map((status) => status.mails)).toEqual(honest.map(() => mails))
  }

  beforeAll(async () => {
    group = await cluster.group(honest)
    ada = await group.person('ada', 1)
    rogue = await RogueMember.join(group, 4)
    await write('one', 'two', 'three')
    await agree()
  })

  afterAll(() => rogue.end())

  test('does not make a machine forget them that is alone with it', async () => {
    await group.operator(victim).ask('pause', { servers: [1, 2] })
    await group.sees([victim], [victim, 4])
    const batch = rogue.next({ kind: 'machineName', name: 'alone' })
    const { vector } = await stateOf(victim)
    const [requests, asked] = [heard('request').length, heard('stateRequest').length]
    await claims(new Map([...vector, [rogue.origin, batch.last]]))
    // It asks for the log once more, and for no state.
    await refuses(await refuses(requests))
    expect(heard('stateRequest')).toHaveLength(asked)
    expect((await group.status(victim)).mails).toBe(mails)
    await rogue.send([victim], rogue.batches(batch))
    await group.operator(victim).ask('resume', { servers: [1, 2] })
    await agree()
  })

  test('does not make a machine forget them that can ask another one, and people are told who it was', async () => {
    await write('four', 'five')
    await agree()
    const batch = rogue.next({ kind: 'machineName', name: 'a rogue' })
    await offers(new Map([...(await stateOf(1)).vector, [rogue.origin, batch.last]]))
    await rogue.send([1, 2], rogue.batches(batch))
    await group.until([1, 2], 'the log of the rogue', (statuses) =>
      statuses.every(({ vector }) => vector[rogue.origin] === rogue.sequence),
    )
    const image = await stateOf(1)
    await gives({ ...image, mails: mailColumns([...mailRecords(image.mails)].slice(0, 1)) })
    await group.until([victim], 'people are told', ([status]) =>
      (status?.warnings ?? []).some((warning) =>
        warning.startsWith('Server 4 gave this machine a mailbox with 4 mails'),
      ),
    )
    await agree()
    const there = group.client(victim)
    await there.ask('logIn', { name: 'ada', password: 'password of ada' })
    expect(await subjectsOf(there, 'inbox')).toEqual(['five', 'four', 'three', 'two', 'one'])
    await ada.ask('logIn', { name: 'ada', password: 'password of ada' })
  })

  test('is not believed when it keeps back what would let another one judge', async () => {
    const batch = await tempts(await stateOf(1))
    const since = (await log()).length
    await expect.poll(async () => (await log()).slice(since), { timeout: 60_000 }).toMatch(abandoned())
    await rogue.send(honest, rogue.batches(batch))
    await write('six')
    await agree()
    expect(Object.keys((await group.status(victim)).vector)).toContain(rogue.origin)
  })
})

import { expect, test } from 'vitest'

import type { ClientEvent } from '../../replica/client/contract/events.ts'
import type { MailClient } from '../../replica/client/contract/mail-client.ts'
import { serverId } from '../../replica/core/model/ids.ts'
import { clientOf, nextEvent, signedUp } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'

const password = "ann's password"
const letterWith = (body: string) => ({ to: ['ann'], subject: 'A plan', body })

const bodiesAt = async (client: MailClient): Promise<readonly string[]> =>
  (await client.drafts()).drafts.map(({ body }) => body).sort()

/** Ann at two sides of a split, with a draft that both have; she is logged in at both. */
const apart = async (attachments: readonly string[] = []) => {
  const here = new MemoryReplica()
  const first = await signedUp(here, 'ann')
  const file = attachments.length === 0 ? [] : [await first.attach({ name: 'plan.txt', content: 'AAAA' })]
  const attached = file.length === 0 ? {} : { attachments: file.map(({ attachment }) => attachment) }
  const { draft } = await first.saveDraft({ ...letterWith('both'), ...attached })
  const there = new MemoryReplica({ server: serverId(2), groupId: here.groupId })
  there.accounts.push({ ...here.accounts[0]! })
  there.documents = [...here.documents]
  const second = await clientOf(there)
  await second.logIn({ name: 'ann', password })
  await second.drafts()
  const events: ClientEvent[] = []
  second.onEvent((event) => events.push(event))
  const save = (client: MailClient, body: string) => client.saveDraft({ ...letterWith(body), ...attached, draft })
  const kept = () => events.filter(({ event }) => event === 'draftKept')
  /** What the first side has written counts; or what the second has. */
  const merge = (winner: MemoryReplica, other: MemoryReplica): void => {
    other.documents = [...winner.documents]
    other.tellAll({ event: 'mailbox' })
  }
  return { here, there, first, second, draft, save, kept, merge }
}

test('of a draft that was written on two sides of a split both versions are kept, and the person is told', async () => {
  const { here, there, first, second, draft, save, kept, merge } = await apart()
  await save(first, 'here')
  await save(second, 'there')
  const told = nextEvent(second, 'draftKept')
  merge(here, there)
  expect(await told).toMatchObject({ draft })
  expect(await bodiesAt(second)).toEqual(['here', 'there'])
  expect((await second.drafts()).drafts.find((one) => one.draft === draft)).toMatchObject({ body: 'there' })
  // Once.
  there.tellAll({ event: 'mailbox' })
  await save(second, 'there again')
  expect(await bodiesAt(second)).toEqual(['here', 'there again'])
  expect(kept()).toEqual([])
})

test('a save that comes before the word of the merge keeps both as well', async () => {
  const { here, there, first, second, save } = await apart()
  await save(first, 'here')
  await save(second, 'there')
  there.documents = [...here.documents]
  await save(second, 'there again')
  expect(await bodiesAt(second)).toEqual(['here', 'there again'])
})

test('who comes back to where the version was written that does not count finds both', async () => {
  const { here, there, first, second, save, merge } = await apart()
  await save(first, 'here')
  await save(second, 'there')
  for (const connection of here.connections)
    connection.emit({ event: 'takenOver', server: serverId(2), machine: 'the other' })
  expect(first.loggedInAs).toBeNull()
  merge(there, here)
  await first.logIn({ name: 'ann', password })
  expect(await bodiesAt(first)).toEqual(['here', 'there'])
})

test('a version that was based on this one takes its place, and one that comes late is no other one', async () => {
  const { here, there, first, second, save, kept, merge } = await apart()
  await save(first, 'here')
  merge(here, there)
  await second.drafts()
  const late = [...there.documents]
  await save(second, 'here and there')
  merge(there, here)
  expect(await bodiesAt(first)).toEqual(['here and there'])
  // The client goes on at a server that lags.
  const present = there.documents
  there.documents = late
  expect(await bodiesAt(second)).toEqual(['here'])
  there.documents = present
  expect(await bodiesAt(second)).toEqual(['here and there'])
  expect(kept()).toEqual([])
})

test('a draft that was thrown away on the other side while it was written on here is kept', async () => {
  const { here, there, first, second, draft, save, merge } = await apart()
  await save(second, 'there')
  await first.discardDraft({ draft })
  const told = nextEvent(second, 'draftKept')
  merge(here, there)
  const { copy } = await told
  expect((await second.drafts()).drafts).toMatchObject([{ draft: copy, body: 'there' }])
  // What is thrown away here is not kept.
  await second.discardDraft({ draft: copy })
  there.tellAll({ event: 'mailbox' })
  expect(await bodiesAt(second)).toEqual([])
})

test('a draft that is not there at a server which does not understand all that it holds was thrown away by nobody', async () => {
  const { here, there, second, draft, save, merge } = await apart()
  await save(second, 'there')
  const held = there.documents
  here.documents = []
  there.forgettable = null
  merge(here, there)
  expect(await bodiesAt(second)).toEqual([])
  there.forgettable = here.forgettable
  there.documents = held
  expect((await second.drafts()).drafts).toMatchObject([{ draft, body: 'there' }])
})

test('each version has files of its own, which sending the other one does not take away', async () => {
  const { here, there, first, second, save, merge } = await apart(['a file'])
  await save(first, 'here')
  await save(second, 'there')
  merge(here, there)
  const { drafts } = await second.drafts()
  const [one, other] = drafts.map(({ attachments }) => attachments[0])
  expect([one?.name, other?.name]).toEqual(['plan.txt', 'plan.txt'])
  expect(one?.attachment).not.toBe(other?.attachment)
})

test('a draft that is open here and was not written on is saved as it is seen, and what came meanwhile is kept', async () => {
  const { here, there, first, second, draft, save, kept, merge } = await apart(['a file'])
  const [{ version, attachments } = { version: '', attachments: [] }] = (await second.drafts()).drafts
  await save(first, 'here')
  merge(here, there)
  // A list of the drafts shows the person that there is one, not what it says.
  await second.drafts()
  const files = { attachments: attachments.map(({ attachment }) => attachment) }
  const seen = await second.saveDraft({ ...letterWith('both, and more'), ...files, draft, basedOn: version })
  const { drafts } = await second.drafts()
  expect(drafts.map(({ body }) => body).sort()).toEqual(['both, and more', 'here'])
  expect(drafts.find((one) => one.draft === draft)?.body).toBe('both, and more')
  const copy = drafts.find((one) => one.draft !== draft)
  expect(kept()).toEqual([{ event: 'draftKept', draft, copy: copy?.draft }])
  expect(copy?.attachments[0]?.attachment).not.toBe(files.attachments[0])
  // Once, and who wrote the other version finds both.
  await second.saveDraft({ ...letterWith('both, and more still'), ...files, draft, basedOn: seen.version })
  merge(there, here)
  expect(await bodiesAt(first)).toEqual(['both, and more still', 'here'])
})

test.each(['sent', 'thrown away'] as const)(
  'what was written on the other side of a draft that is %s as it was seen before is kept',
  async (end) => {
    const { here, there, first, second, draft, save, merge } = await apart()
    const { version } = await save(second, 'there')
    merge(there, here)
    await first.drafts()
    await save(first, 'there and here')
    merge(here, there)
    if (end === 'sent') await second.send({ ...letterWith('there'), draft, basedOn: version })
    else await second.discardDraft({ draft, basedOn: version })
    expect(await bodiesAt(second)).toEqual(['there and here'])
    const [left] = (await second.drafts()).drafts
    await second.discardDraft({ draft: left!.draft, basedOn: left!.version })
    expect(await bodiesAt(second)).toEqual([])
  },
)

test('what a draft is based on is told by the client itself: anything else is refused', async () => {
  const { first, draft } = await apart()
  for (const basedOn of ['no', 'a.b', `${'A'.repeat(11)}.0`, `${'A'.repeat(11)}.1,`, 'x'.repeat(100_000)])
    await expect(
      first.saveDraft({ ...letterWith('here'), draft, basedOn }),
      basedOn.slice(0, 20),
    ).rejects.toMatchObject({
      code: 'BAD_REQUEST',
    })
})

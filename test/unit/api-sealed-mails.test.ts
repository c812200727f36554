import { randomBytes } from 'node:crypto'

import { expect, test } from 'vitest'

import { SealedMails } from '../../replica/api/sealed-mails.ts'
import { splitUpdateId, type OriginId, type Sequence } from '../../replica/core/model/ids.ts'
import { limits } from '../../replica/core/model/limits.ts'
import type { MailView } from '../../replica/host/queries.ts'
import type { ReplicaHost } from '../../replica/host/replica-host.ts'
import { encodeUpdate } from '../../replica/wire/update-codec.ts'
import { sendNow, signedUp } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'

const longBody = randomBytes(limits.listedBodyBytes).toString('hex')

/** A mail with a short body and one with a long one, and which of them have been read from storage. */
const twoMails = async () => {
  const replica = new MemoryReplica()
  const ann = await signedUp(replica, 'ann')
  for (const body of ['short', longBody]) await sendNow(ann, { to: ['ann'], subject: '', body })
  const views = replica.mails.map((held) => {
    const { payload, signature, leaf, ...rest } = replica.list(held, held.change.account)
    return { listed: { payload, signature, leaf }, view: { ...rest, ...splitUpdateId(held.mail) } as MailView }
  })
  const stored = new Map(
    replica.mails.map((held) => [splitUpdateId(held.mail).sequence, encodeUpdate({ clock: 1, change: held })]),
  )
  const read: Sequence[] = []
  const readUpdates = (origin: OriginId, sequences: readonly Sequence[]) => {
    read.push(...sequences)
    const found = sequences.map((sequence) => ({ origin, sequence, bytes: stored.get(sequence) ?? new Uint8Array() }))
    return Promise.resolve(found)
  }
  const host = { readUpdates } as unknown as ReplicaHost
  return { sealed: new SealedMails(replica.groupId, host), views, read }
}

test('a mail with a long body is read for lists once, and whole when somebody opens it', async () => {
  const { sealed, views, read } = await twoMails()
  const [short, long] = views.map(({ view }) => view.sequence)
  const asked = views.map(({ view }) => view)
  for (const reads of [
    [short, long],
    [short, long, short],
  ]) {
    expect(await sealed.seal(asked, 'header')).toMatchObject(views.map(({ listed }) => listed))
    expect(read).toEqual(reads)
  }
  const [, whole] = await sealed.seal(asked, 'whole')
  expect(whole?.payload.length).toBeGreaterThan(limits.listedBodyBytes)
  // What is kept is not all that it was read from.
  const [, kept] = await sealed.seal(asked, 'header')
  for (const bytes of [kept?.payload, kept?.signature])
    expect(bytes?.buffer.byteLength).toBeLessThan(limits.listedBodyBytes)
})

import { randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, test } from 'vitest'
import { passwordOf, type ReplicaGroup } from '../../build/cluster/group.ts'
import type { MailProcess } from '../../build/cluster/mail-process.ts'
import { allFive, useCluster } from '../support/cluster.ts'

const cluster = useCluster()
/** Two of them are nearly all that a mail has room for. */
const photo = { name: 'photo.jpg', content: randomBytes(500_000).toString('base64') }

describe('files attached to mails', () => {
  let group: ReplicaGroup
  let ada: MailProcess
  let ben: MailProcess
  let cleo: MailProcess

  beforeAll(async () => {
    group = await cluster.group()
    ada = await group.person('ada', 1)
    ben = await group.person('ben', 2)
    await group.settled()
  })

  test('outlive the crash of the only machine that has them, with their draft', async () => {
    await group.partition([1], [2, 3, 4, 5])
    const files = [await ada.ask('attach', photo), await ada.ask('attach', photo)]
    const attachments = files.map(({ attachment }) => attachment)
    const letter = { to: ['cleo'], subject: 'two photos', body: 'for cleo', attachments }
    const { draft } = await ada.ask('saveDraft', letter)
    await group.kill(1)
    await group.restart(1)
    const again = group.client(1)
    await again.ask('logIn', { name: 'ada', password: passwordOf('ada') })
    const { drafts } = await again.ask('drafts')
    const kept = attachments.map((attachment) => ({ attachment, name: 'photo.jpg', size: 500_000 }))
    expect(drafts).toMatchObject([{ draft, attachments: kept }])
    // Cleo is known on the other side only: the mail waits.
    cleo = await group.person('cleo', 4)
    const waiting = await again.ask('send', { ...letter, draft })
    expect(waiting).toMatchObject({ waitingFor: ['cleo'] })
    expect(await again.ask('counts')).toMatchObject({ drafts: 0, outbox: 1, sent: 0 })
  })

  test('leave with the mail when it can, whole, and stay nowhere else', async () => {
    await group.heal()
    await group.sees(allFive, allFive)
    const { mail } = await cleo.event('mail', ({ subject }) => subject === 'two photos')
    await group.settled()
    for (const server of [3, 5]) {
      cleo = group.client(server)
      await cleo.ask('logIn', { name: 'cleo', password: passwordOf('cleo') })
      for (const number of [1, 2]) expect(await cleo.ask('attachment', { mail, number })).toMatchObject(photo)
    }
    // Nor need the files come for a list to be proven.
    const { headers } = await cleo.ask('list', { folder: 'inbox', limit: 1 })
    expect(headers).toEqual([expect.objectContaining({ mail, from: 'ada', subject: 'two photos' })])
    expect(headers[0]).not.toHaveProperty('unproven')
    const { content } = await cleo.ask('exportMail', { mail })
    expect(Buffer.from(content, 'base64').toString()).toMatch(/^To: cleo <cleo@quintet\.invalid>\r$/m)
  })

  test('are forwarded without being given again', async () => {
    const { attachment } = await ben.ask('attach', photo)
    const sent = await ben.ask('send', { to: ['ben'], subject: 'mine', body: '', attachments: [attachment] })
    const { attachments } = await ben.ask('attachFrom', { mail: sent.mail })
    const names = attachments.map((one) => one.attachment)
    const { mail } = await ben.ask('send', { to: ['ben'], subject: 'Fwd: mine', body: '', attachments: names })
    expect(await ben.ask('attachment', { mail, number: 1 })).toMatchObject(photo)
  })
})

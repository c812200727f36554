import { platform } from 'node:os'
import PostalMime from 'postal-mime'
import * as v from 'valibot'
import { describe, expect, test } from 'vitest'

import { hostRequests } from '../../electron/ipc/host-requests.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { fileOf, photo } from '../support/attached-files.ts'
import { sendNow, signedUp } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'

describe('a mail that is exported', () => {
  test('is read by other mail programs, with what is attached, and is not marked', async () => {
    const replica = new MemoryReplica()
    const [ann, ben] = [await signedUp(replica, 'ann'), await signedUp(replica, 'Björn B. (2)')]
    const question = await sendNow(ann, { to: ['Björn B. (2)'], subject: 'Où?', body: 'Where *is* it?' })
    const { attachment } = await ben.attach(photo)
    const answer = {
      to: ['ann'],
      cc: ['Björn B. (2)'],
      subject: 'Re: Où? 🚢',
      body: 'Hier.\n.\nDort.',
      inReplyTo: question,
    }
    const mail = await sendNow(ben, { ...answer, attachments: [attachment] })
    const file = await ann.exportMail({ mail })
    expect(file.name).toMatch(/^\d{4}-\d\d-\d\d \d\d\.\d\d Björn B\. \(2\) Re_ Où_ 🚢\.eml$/)
    const read = await PostalMime.parse(Buffer.from(file.content, 'base64'))
    expect(read).toMatchObject({
      from: { name: 'Björn B. (2)' },
      to: [{ name: 'ann', address: 'ann@quintet.invalid' }],
      cc: [{ name: 'Björn B. (2)' }],
      subject: 'Re: Où? 🚢',
      inReplyTo: `<${question.replace(':', '.')}@quintet.invalid>`,
      messageId: `<${mail.replace(':', '.')}@quintet.invalid>`,
    })
    expect(read.text?.trimEnd()).toBe('Hier.\n.\nDort.')
    expect(read.attachments).toMatchObject([{ filename: 'photo.jpg', mimeType: 'image/jpeg' }])
    expect(Buffer.from(read.attachments[0]?.content as ArrayBuffer).toString('base64')).toBe(photo.content)
    expect((await ann.list({ folder: 'inbox', limit: 1 })).headers).toMatchObject([{ read: false }])
  })

  test('has the lines of the mail, however they end there', async () => {
    const ann = await signedUp(new MemoryReplica(), 'ann')
    for (const last of ['five', 'fünf', '五'.repeat(99), 'five '.repeat(99)]) {
      const body = `one\ntwo\rthree\r\n\nfour\n${last}`
      const mail = await sendNow(ann, { to: ['ann'], subject: '', body })
      const exported = Buffer.from((await ann.exportMail({ mail })).content, 'base64')
      expect(exported.toString('latin1')).not.toMatch(/\r(?!\n)|(?<!\r)\n/)
      const lines = (await PostalMime.parse(exported)).text?.trim().split(/\r?\n/)
      expect(lines).toEqual(['one', 'two', 'three', '', 'four', last.trim()])
    }
  })

  test('has every file as a file, also one that is a mail itself', async () => {
    const ann = await signedUp(new MemoryReplica(), 'ann')
    const inner = 'From: boss@example.org\n\nPay at once.\0\n\n'
    const files = ['inner.eml', 'page.mht', 'old.gzip', 'page.html'].map((name) => fileOf(name, Buffer.from(inner)))
    const attachments = await Promise.all(files.map(async (file) => (await ann.attach(file)).attachment))
    for (const [body, some] of [
      ['See there.', attachments.slice(0, 3)],
      ['', attachments.slice(3)],
    ] as const) {
      const mail = await sendNow(ann, { to: ['ann'], subject: '', body, attachments: some })
      const { content } = await ann.exportMail({ mail })
      const exported = Buffer.from(content, 'base64')
      const read = await PostalMime.parse(exported)
      expect(read.text?.trim()).toBe(body)
      expect(read.headers.find(({ key }) => key === 'content-type')?.value).toMatch(/^multipart\/mixed/)
      expect(read.attachments.map(({ content: found }) => Buffer.from(found as ArrayBuffer).toString())).toEqual(
        some.map(() => inner),
      )
    }
  })

  test('is taken by the app to be written, whatever its signs become', async () => {
    const ann = await signedUp(new MemoryReplica(), 'ann')
    const body = `aaé${'='.repeat(limits.bodyBytes - 4)}`
    const mail = await sendNow(ann, { to: ['ann'], subject: '', body })
    const request = { file: await ann.exportMail({ mail }), folders: [] }
    expect(v.is(hostRequests.saveFile, request)).toBe(true)
  })

  test('has no more headers, recipients or files than it was sent with', async () => {
    const ann = await signedUp(new MemoryReplica(), 'ann')
    const subject = 'hello\r\nBcc: eve@example.org\r\n\r\n<script>'
    const body = 'Content-Type: text/html\r\n\r\n<img src="file:///etc/passwd">\r\n--boundary'
    const mail = await sendNow(ann, { to: ['ann'], subject, body })
    const { name, content } = await ann.exportMail({ mail })
    expect(name).not.toMatch(/[\r\n/<>]/)
    const read = await PostalMime.parse(Buffer.from(content, 'base64'))
    expect(read.bcc ?? []).toEqual([])
    expect(read.html ?? null).toBeNull()
    expect(read.attachments).toEqual([])
    expect(read.to).toHaveLength(1)
    expect(read.text).toContain('file:///etc/passwd')
  })
})

test.skipIf(platform() === 'win32')(
  'an exported mail is named by the time that lists show, wherever that is',
  async () => {
    const zone = process.env['TZ']
    try {
      process.env['TZ'] = 'Pacific/Kiritimati'
      const ann = await signedUp(new MemoryReplica(), 'ann')
      const mail = await sendNow(ann, { to: ['ann'], subject: 'dawn', body: '' })
      const { sentAt } = await ann.read({ mail })
      const { name } = await ann.exportMail({ mail })
      expect(name).toContain(`-${String(new Date(sentAt).getDate()).padStart(2, '0')} `)
      expect(new Date(sentAt).getDate()).not.toBe(new Date(sentAt).getUTCDate())
    } finally {
      if (zone === undefined) delete process.env['TZ']
      else process.env['TZ'] = zone
    }
  },
)

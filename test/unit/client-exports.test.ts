import { platform } from 'node:os'
import { expect, test } from 'vitest'

import { sendNow, signedUp } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'

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

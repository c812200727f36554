import { mount } from '@vue/test-utils'
import { TooltipProvider } from 'reka-ui'
import { expect, it } from 'vitest'
import { h } from 'vue'
import MailMessage from '../../renderer/mail/MailMessage.vue'
import MailRow from '../../renderer/mail/MailRow.vue'
import type { Mail } from '../../replica/client/contract/mailbox.ts'
import { useMailbox } from '../../renderer/mail/mailbox-store.ts'
import { accountId } from '../../replica/core/model/ids.ts'
import { fillMailbox } from './setup.ts'

const shown = async (written: Pick<Mail, 'writtenAt'>): Promise<string> => {
  fillMailbox(3)
  const list = useMailbox().listOf('inbox')
  await list.show(0, 3)
  const header = list.rows.value.at(1)!
  const rest = { attachments: [], inReplyTo: null, fromAccount: accountId('anna') }
  const mail: Mail = { ...header, body: 'Come up', ...rest, ...written }
  return mount(() => h(TooltipProvider, () => h(MailMessage, { mail, unfolded: true, alone: true }))).text()
}

it('says when its writer wrote it only where that is far from what the servers say', async () => {
  const says = 'By the clock of its writer this was written on Wednesday, January 15, 2025'
  expect(await shown({ writtenAt: Date.UTC(2025, 0, 15, 12) })).toContain(says)
  expect(await shown({})).not.toContain('By the clock of its writer')
})

it('says so in the list, too', async () => {
  fillMailbox(3)
  const list = useMailbox().listOf('inbox')
  await list.show(0, 3)
  const row = {
    rowId: 'row',
    nowMs: Date.now(),
    density: 'comfortable',
    selected: false,
    open: false,
    cursor: false,
  } as const
  const dateOf = (written: Pick<Mail, 'writtenAt'>): string =>
    mount(MailRow, { props: { ...row, header: { ...list.rows.value.at(1)!, ...written } } })
      .get('time')
      .text()
  expect(dateOf({ writtenAt: Date.UTC(2021, 0, 15, 12) })).toContain('was written on Friday, January 15, 2021')
  expect(dateOf({})).not.toContain('written')
})

import { flushPromises, mount } from '@vue/test-utils'
import { expect, it } from 'vitest'
import MailList from '../../renderer/mail/MailList.vue'
import { useMailbox } from '../../renderer/mail/mailbox-store.ts'
import { rowPixels } from '../../renderer/mail/row-pixels.ts'
import { nothingSelected } from '../../renderer/mail/selection.ts'
import { fakeQuintet, fillMailbox } from './setup.ts'

it('the mails on the screen stay there when the list changes more than once until it is drawn anew', async () => {
  fillMailbox(500)
  const list = useMailbox().listOf('inbox')
  await list.show(0, 150)
  const props = { list, label: 'Inbox', selection: nothingSelected, cursor: 0, openMail: null }
  const wrapper = mount(MailList, { props, attachTo: document.body })
  await flushPromises()
  const grid = wrapper.get<HTMLElement>('[role=grid]').element
  const pixels = rowPixels.comfortable
  grid.scrollTop = 100 * pixels
  await wrapper.get('[role=grid]').trigger('scroll')
  const { mail } = list.rows.value.at(100)!
  const { mailbox } = fakeQuintet()
  for (let number = 1_000; number < 1_003; number += 1)
    list.edit((rows) => rows.arrive([{ ...mailbox.header(number, 0), read: true }]))
  await flushPromises()
  expect(list.rows.value.indexOf(mail)).toBe(103)
  expect(grid.scrollTop).toBe(103 * pixels)
  wrapper.unmount()
})

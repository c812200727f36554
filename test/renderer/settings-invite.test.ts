import { flushPromises, mount } from '@vue/test-utils'
import { expect, it } from 'vitest'
import { text } from '../../renderer/locales/i18n.ts'
import SettingsInvite from '../../renderer/settings/SettingsInvite.vue'
import { fakeQuintet } from './setup.ts'

const press = async (label: string): Promise<void> => {
  const buttons = [...document.body.querySelectorAll('button')].filter((button) => button.textContent.trim() === label)
  buttons.at(-1)?.click()
  await flushPromises()
}

const opened = (props: { readonly joins: boolean }) => {
  fakeQuintet().add('host', { findOthers: () => undefined, reset: () => undefined })
  return mount(SettingsInvite, { props, attachTo: document.body })
}

it('who finds nobody looks for them by an invite, and nothing is wiped for that', async () => {
  const wrapper = opened({ joins: false })
  await wrapper.find('form').trigger('submit')
  expect(wrapper.text()).toContain(text('firstRun.inviteMissing'))
  await wrapper.find('textarea').setValue(' quintet://join/abc\n')
  await wrapper.find('form').trigger('submit')
  await flushPromises()
  expect(fakeQuintet().requestsOf('findOthers')).toEqual([{ invite: 'quintet://join/abc' }])
  expect(fakeQuintet().requestsOf('reset')).toEqual([])
  wrapper.unmount()
})

it('who has to join again is asked before the machine begins anew', async () => {
  const wrapper = opened({ joins: true })
  await wrapper.find('textarea').setValue('quintet://join/abc')
  await wrapper.find('form').trigger('submit')
  await flushPromises()
  expect(fakeQuintet().requestsOf('reset')).toEqual([])
  expect(document.body.textContent).toContain(text('settings.invite.what'))
  await press(text('settings.invite.joinButton'))
  expect(fakeQuintet().requestsOf('reset')).toEqual([{ invite: 'quintet://join/abc' }])
  wrapper.unmount()
})

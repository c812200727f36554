import { flushPromises, mount } from '@vue/test-utils'
import { describe, expect, it, vi } from 'vitest'
import { effectScope } from 'vue'
import SettingsAppearance from '../../renderer/settings/SettingsAppearance.vue'
import SettingsDeletion from '../../renderer/settings/SettingsDeletion.vue'
import SettingsMail from '../../renderer/settings/SettingsMail.vue'
import { useAppearance } from '../../renderer/shell/use-appearance.ts'
import { useApp } from '../../renderer/stores/app.ts'
import { fakeQuintet } from './setup.ts'

const radio = (name: string) => (wrapper: ReturnType<typeof mount>) =>
  wrapper.findAll('[role=radio]').find((option) => option.text() === name)

const changes = () =>
  fakeQuintet()
    .calls.filter(({ method }) => method === 'changeSettings')
    .map(({ request }) => (request as { readonly settings: unknown }).settings)

describe('settings', () => {
  it('put theme, density and language onto the document', async () => {
    await useApp().load()
    effectScope().run(useAppearance)
    await useApp().changeSettings({ theme: 'dark', density: 'compact', language: 'de' })
    await vi.waitFor(() => expect(document.documentElement.lang).toBe('de'))
    expect(document.documentElement.dataset).toMatchObject({ theme: 'dark', density: 'compact' })
    await useApp().changeSettings({ theme: 'system', language: 'en' })
    await vi.waitFor(() => expect(document.documentElement.lang).toBe('en'))
    expect(document.documentElement.dataset['theme']).toBeUndefined()
  })

  it('are asked of the host, one at a time', async () => {
    await useApp().load()
    const wrapper = mount(SettingsAppearance, { attachTo: document.body })
    await radio('Dark')(wrapper)?.trigger('click')
    await radio('Compact')(wrapper)?.trigger('click')
    await flushPromises()
    expect(changes()).toEqual([{ theme: 'dark' }, { density: 'compact' }])
    expect(useApp().settings).toMatchObject({ theme: 'dark', density: 'compact' })
  })

  it('are taken back when the host refuses', async () => {
    await useApp().load()
    const wrapper = mount(SettingsAppearance, { attachTo: document.body })
    fakeQuintet().failWith('changeSettings', 'DISK_FULL')
    await radio('Dark')(wrapper)?.trigger('click')
    await flushPromises()
    expect(useApp().settings.theme).toBe('system')
  })

  it('say how long a sent mail can be taken back', async () => {
    await useApp().load()
    const wrapper = mount(SettingsMail, { attachTo: document.body })
    expect(radio('10 s')(wrapper)?.attributes('aria-checked')).toBe('true')
    await radio('Off')(wrapper)?.trigger('click')
    await flushPromises()
    expect(useApp().settings.undoSendSeconds).toBe(0)
  })
})

describe('deleting the account', () => {
  const open = async () => {
    fakeQuintet().add('client', { deleteAccount: () => undefined })
    mount(SettingsDeletion, { props: { open: true, name: 'Ingrid' }, attachTo: document.body })
    await flushPromises()
    const field = document.querySelector<HTMLInputElement>('[role=dialog] input')
    const button = [...document.querySelectorAll<HTMLButtonElement>('[role=dialog] button')].at(-1)
    if (field === null || button === undefined) throw new Error('no dialog')
    return {
      button,
      type: async (typed: string) => {
        field.value = typed
        field.dispatchEvent(new Event('input'))
        await flushPromises()
      },
    }
  }
  const deletions = () => fakeQuintet().calls.filter(({ method }) => method === 'deleteAccount')

  it('asks for the name, and does nothing before it is right', async () => {
    const { button, type } = await open()
    expect(button.disabled).toBe(true)
    await type('ingrid')
    button.click()
    expect(button.disabled).toBe(true)
    expect(deletions()).toEqual([])
    await type('Ingrid')
    button.click()
    await flushPromises()
    expect(deletions()).toHaveLength(1)
  })
})

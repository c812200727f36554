import { flushPromises, mount } from '@vue/test-utils'
import { expect, it } from 'vitest'
import { setLanguage, text } from '../../renderer/locales/i18n.ts'
import { useCompose } from '../../renderer/mail/compose-store.ts'
import ShellFailed from '../../renderer/shell/ShellFailed.vue'
import ShellStarting from '../../renderer/shell/ShellStarting.vue'
import { useApp } from '../../renderer/stores/app.ts'
import { fakeQuintet } from './setup.ts'

it('what a start is about is said in the language of the window', async () => {
  await setLanguage('de')
  const wrapper = mount(ShellStarting, { props: { step: 'takingBack' } })
  expect(wrapper.text()).toBe('Alles wird von den anderen zurückgeholt')
  await wrapper.setProps({ step: 'opening' })
  expect(wrapper.text()).toBe('Das Postfach wird geöffnet')
  await setLanguage('en')
})

it('where no server is reached, nobody is sent to a page that is not there', () => {
  const wrapper = mount(ShellFailed, { props: { failure: { code: 'UNREACHABLE', message: 'Nobody answers.' } } })
  expect(wrapper.text()).not.toContain('under Network')
  expect(wrapper.text()).toContain('one of them has Quintet running')
  expect(wrapper.text()).toContain('goes on by itself')
  expect(wrapper.find('button').text()).toBe('Try again')
})

it('who was writing when the disk failed is told that it is still here, and what a failing disk is', async () => {
  await useApp().load()
  fakeQuintet().failWith('saveDraft', 'UNREACHABLE')
  useCompose().begin({ to: ['Ben'] })
  const letter = useCompose().open[0]!
  letter.letter.body = 'All that was agreed.'
  await letter.keeper.flush()
  const failure = { code: 'DISK_FAILED', message: 'The disk failed (reading): EIO' } as const
  const wrapper = mount(ShellFailed, { props: { failure } })
  const shown = wrapper.text()
  expect(shown).toContain(text('shell.failedUnsaved'))
  expect(shown).toContain(text('shell.failedLater'))
  expect(shown).not.toMatch(/could not (start|be written)/)
  const copy = wrapper.findAll('button').find((button) => button.text() === text('shell.copyUnsaved'))
  await copy?.trigger('click')
  expect(fakeQuintet().requestsOf('copyText')).toEqual([{ text: 'Ben\n\nAll that was agreed.' }])
})

it('a damaged copy is wiped only by who was told what is lost by that, and nothing is said to come back by itself', async () => {
  fakeQuintet().add('host', { reset: () => undefined })
  const wrapper = mount(ShellFailed, {
    props: { failure: { code: 'DAMAGED', message: 'A line does not have its checksum.' } },
    attachTo: document.body,
  })
  expect(wrapper.text()).not.toContain(text('errors.DAMAGED'))
  const press = async (label: string): Promise<void> => {
    const buttons = [...document.body.querySelectorAll('button')]
    buttons.find((button) => button.textContent.trim() === label)?.click()
    await flushPromises()
  }
  await press(text('shell.startOver'))
  expect(fakeQuintet().requestsOf('reset')).toEqual([])
  expect(document.body.textContent).toContain(text('settings.reset.what'))
  await press(text('settings.reset.button'))
  expect(fakeQuintet().requestsOf('reset')).toHaveLength(1)
  wrapper.unmount()
})

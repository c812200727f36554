import { flushPromises, mount } from '@vue/test-utils'
import { TooltipProvider } from 'reka-ui'
import { afterEach, describe, expect, it } from 'vitest'
import { h } from 'vue'
import { setLanguage, text, textOf } from '../../renderer/locales/i18n.ts'
import MailDrafts from '../../renderer/mail/MailDrafts.vue'
import { useMailbox } from '../../renderer/mail/mailbox-store.ts'
import { useMailView } from '../../renderer/mail/mail-view.ts'
import MailOutbox from '../../renderer/mail/MailOutbox.vue'
import { fakeQuintet } from './setup.ts'

const shelves = { drafts: MailDrafts, outbox: MailOutbox } as const

const opened = async (view: keyof typeof shelves) => {
  useMailView().goTo(view)
  const wrapper = mount(() => h(TooltipProvider, () => h(shelves[view])))
  await flushPromises()
  return wrapper
}

describe.each(['drafts', 'outbox'] as const)('what cannot be read here, of the %s', (view) => {
  afterEach(() => setLanguage('en'))

  it.each(['en', 'de'] as const)('is told of below the list (%s)', async (language) => {
    await setLanguage(language)
    const { mailbox } = fakeQuintet()
    mailbox.methods().saveDraft({ to: ['Ben'], subject: 'Rota', body: '' })
    mailbox.methods().send({ to: ['Ben'], subject: 'Rota', body: '', holdMs: 60_000 })
    mailbox.leaveOut(2)
    const wrapper = await opened(view)
    expect(wrapper.findAll('li')).toHaveLength(1)
    expect(wrapper.get('ul ~ p').text()).toBe(textOf(`mail.leftOut.${view}`, 2))
    expect(wrapper.get('ul ~ p').text()).toContain('2')
  })

  it('is told of where there is nothing else, and the folder is not called empty', async () => {
    fakeQuintet().mailbox.leaveOut(1)
    const wrapper = await opened(view)
    expect(wrapper.text()).toBe(textOf(`mail.leftOut.${view}`, 1))
  })

  it('is what was asked for last, whichever answer comes last', async () => {
    const answers: ((leftOut: number) => void)[] = []
    const slow = () => new Promise((answer) => answers.push((leftOut) => answer({ drafts: [], entries: [], leftOut })))
    fakeQuintet().add('client', { [view]: slow })
    const wrapper = await opened(view)
    const refreshed = useMailbox().refresh()
    await flushPromises()
    answers[1]?.(2)
    await flushPromises()
    answers[0]?.(1)
    await Promise.all([refreshed, flushPromises()])
    expect(answers).toHaveLength(2)
    expect(wrapper.text()).toBe(textOf(`mail.leftOut.${view}`, 2))
  })

  it('is not spoken of when there is nothing like that', async () => {
    expect((await opened(view)).text()).toContain(text(`mail.empty.${view}`))
  })
})

import { flushPromises, mount } from '@vue/test-utils'
import { expect, it, vi } from 'vitest'
import BaseToaster from '../../renderer/base/BaseToaster.vue'
import { text } from '../../renderer/locales/i18n.ts'
import { useMailActions } from '../../renderer/mail/mail-actions.ts'
import MailAsk from '../../renderer/mail/MailAsk.vue'
import { mailId } from './fake-mailbox.ts'
import { fakeQuintet } from './setup.ts'

it('takes back what its note tells of, also when more has been done since', async () => {
  const notes = mount(BaseToaster, { attachTo: document.body })
  const actions = useMailActions()
  await actions.mark([mailId(1)], 'trash')
  await actions.mark([mailId(2)], 'trash')
  const buttons = await vi.waitFor(() => {
    const found = [...document.querySelectorAll<HTMLElement>('[data-button]')]
    expect(found).toHaveLength(2)
    return found
  })
  // The newest note is the first.
  buttons[1]?.click()
  buttons[0]?.click()
  await vi.waitFor(() => expect(fakeQuintet().requestsOf('mark')).toHaveLength(4))
  expect(fakeQuintet().requestsOf('mark').slice(2)).toEqual([
    { mails: [mailId(1)], mark: 'restore' },
    { mails: [mailId(2)], mark: 'restore' },
  ])
  notes.unmount()
})

it('by its key takes the note away that would take it back once more', async () => {
  const notes = mount(BaseToaster, { attachTo: document.body })
  const actions = useMailActions()
  await actions.mark([mailId(3)], 'trash')
  await vi.waitFor(() => expect(document.body.textContent).toContain(text('mail.done.trashOne')))
  actions.undo()
  await vi.waitFor(() => expect(document.body.textContent).toContain(text('mail.done.restoreOne')))
  await vi.waitFor(() => expect(document.body.textContent).not.toContain(text('mail.done.trashOne')))
  notes.unmount()
})

it('what cannot be taken back waits for a yes', async () => {
  const question = mount(MailAsk, { attachTo: document.body })
  const actions = useMailActions()
  const answer = async (word: 'common.cancel' | 'mail.delete'): Promise<void> => {
    await flushPromises()
    const buttons = [...document.querySelectorAll<HTMLElement>('[role=dialog] button')]
    buttons.find(({ textContent }) => textContent.trim() === text(word))?.click()
    await flushPromises()
    expect([actions.asked, document.querySelector('[role=dialog]')]).toEqual([null, null])
  }
  const carriedOut = () => ['deleteMany', 'emptyTrash'].map((name) => fakeQuintet().requestsOf(name))
  await flushPromises()
  expect(document.querySelector('[role=dialog]')).toBeNull()
  for (const ask of [() => actions.askToDelete([mailId(1), mailId(2)]), () => actions.askToEmptyTrash()]) {
    ask()
    await answer('common.cancel')
    expect(carriedOut()).toEqual([[], []])
  }
  actions.askToDelete([mailId(1), mailId(2)])
  await flushPromises()
  expect(document.querySelector('[role=dialog]')?.textContent).toContain('2 mails')
  await answer('mail.delete')
  expect(carriedOut()).toEqual([[{ mails: [mailId(1), mailId(2)] }], []])
  actions.askToEmptyTrash()
  await answer('mail.delete')
  expect(carriedOut()[1]).toHaveLength(1)
  question.unmount()
})

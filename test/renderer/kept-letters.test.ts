import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { TooltipProvider } from 'reka-ui'
import { afterEach, describe, expect, it } from 'vitest'
import { type Component, h } from 'vue'
import { toast } from 'vue-sonner'
import { text } from '../../renderer/locales/i18n.ts'
import { useCompose } from '../../renderer/mail/compose-store.ts'
import { useMailView } from '../../renderer/mail/mail-view.ts'
import MailDrafts from '../../renderer/mail/MailDrafts.vue'
import MailOutbox from '../../renderer/mail/MailOutbox.vue'
import { fakeQuintet } from './setup.ts'

let wrapper: VueWrapper | null = null
afterEach(() => {
  wrapper?.unmount()
})

const opened = async (list: Component, view: 'drafts' | 'outbox') => {
  useMailView().goTo(view)
  const shown = mount(() => h(TooltipProvider, () => h(list)))
  wrapper = shown
  await flushPromises()
  const subjects = (): readonly string[] =>
    shown.findAll('li').flatMap((row) => ['Rota', 'Minutes'].filter((subject) => row.text().includes(subject)))
  return { shown, subjects }
}
const lastNote = () => toast.getHistory().at(-1) as { readonly title?: string; readonly action?: { onClick(): void } }
const letter = (subject: string) => ({ to: ['Ben'], cc: ['Aiko'], subject, body: `All of ${subject}` })

describe('a draft in the list', () => {
  const drafts = () => fakeQuintet().mailbox.methods().drafts().drafts
  const withTwo = async () => {
    for (const subject of ['Rota', 'Minutes']) fakeQuintet().mailbox.methods().saveDraft(letter(subject))
    const { shown, subjects } = await opened(MailDrafts, 'drafts')
    const rowOf = (subject: string) => shown.findAll('li').find((row) => row.text().includes(subject))!
    return { shown, subjects, rowOf }
  }
  const discard = async (row: ReturnType<VueWrapper['find']>): Promise<void> => {
    await row.get(`[aria-label="${text('mail.discardDraft')}"]`).trigger('click')
    await flushPromises()
  }

  it('is discarded alone, and is there again, whole, when that is taken back', async () => {
    const { subjects, rowOf } = await withTwo()
    await discard(rowOf('Rota'))
    expect([subjects(), drafts().map(({ subject }) => subject)]).toEqual([['Minutes'], ['Minutes']])
    expect(lastNote().title).toBe(text('mail.draftDiscarded'))
    lastNote().action?.onClick()
    await flushPromises()
    expect(drafts().find(({ subject }) => subject === 'Rota')).toMatchObject(letter('Rota'))
  })

  it('stays in the list when it cannot be discarded, which is told', async () => {
    const { subjects, rowOf } = await withTwo()
    const before = subjects()
    fakeQuintet().failWith('discardDraft', 'UNREACHABLE')
    await discard(rowOf('Rota'))
    expect([subjects(), drafts().length, lastNote().title]).toEqual([before, 2, text('mail.failed.discard')])
  })

  it('that is open closes when it is discarded, and no other letter does; taken back, it is open again', async () => {
    const { rowOf } = await withTwo()
    const compose = useCompose()
    compose.begin({ to: ['Zoë'], subject: 'Another' })
    await rowOf('Minutes').get('button').trigger('click')
    await flushPromises()
    await discard(rowOf('Rota'))
    const open = () => compose.open.map((one) => one.letter.subject)
    expect(open()).toEqual(['Another', 'Minutes'])
    await discard(rowOf('Minutes'))
    expect([open(), drafts()]).toEqual([['Another'], []])
    lastNote().action?.onClick()
    expect(open()).toEqual(['Another', 'Minutes'])
    expect(compose.open.at(-1)?.letter).toMatchObject(letter('Minutes'))
  })

  it('is opened to be gone on with', async () => {
    const { rowOf } = await withTwo()
    await rowOf('Minutes').get('button').trigger('click')
    await flushPromises()
    expect(useCompose().open.map(({ letter }) => letter)).toMatchObject([letter('Minutes')])
  })
})

describe('a mail that waits in the outbox', () => {
  const takeBack = async () => {
    const methods = fakeQuintet().mailbox.methods()
    for (const subject of ['Rota', 'Minutes']) methods.send({ ...letter(subject), holdMs: 60_000 })
    const outbox = methods.outbox().entries.find(({ subject }) => subject === 'Rota')?.outbox
    const { shown, subjects } = await opened(MailOutbox, 'outbox')
    const row = shown.findAll('li').find((one) => one.text().includes('Rota'))
    await row
      ?.findAll('button')
      .find((button) => button.text() === text('mail.takeBack'))
      ?.trigger('click')
    await flushPromises()
    return { outbox, subjects }
  }

  it('is a draft at once and open when it is taken back, and does not wait any more', async () => {
    const { outbox, subjects } = await takeBack()
    expect(fakeQuintet().requestsOf('cancelOutbox')).toEqual([{ outbox, keep: 'draft' }])
    expect([subjects(), useCompose().open.map((open) => open.letter)]).toMatchObject([['Minutes'], [letter('Rota')]])
  })

  it('stays when it cannot be taken back, which is told', async () => {
    fakeQuintet().failWith('cancelOutbox', 'UNREACHABLE')
    const { subjects } = await takeBack()
    expect([subjects().length, useCompose().open, lastNote().title]).toEqual([2, [], text('mail.failed.takeBack')])
  })
})

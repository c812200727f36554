import { flushPromises, mount } from '@vue/test-utils'
import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it } from 'vitest'
import { text } from '../../renderer/locales/i18n.ts'
import TimelineCompose from '../../renderer/timeline/TimelineCompose.vue'
import { useUnposted } from '../../renderer/timeline/unposted.ts'
import { fakeQuintet } from './setup.ts'

const opened = async () => {
  const wrapper = mount(TimelineCompose)
  await flushPromises()
  return wrapper
}
type Opened = Awaited<ReturnType<typeof opened>>

const shown = (wrapper: Opened): string => wrapper.get('textarea').element.value
const type = (wrapper: Opened, words: string): Promise<void> => wrapper.get('textarea').setValue(words)
const kept = (): string => fakeQuintet().mailbox.methods().unposted().text

/** As after a reload, or at another machine: of the page's stores nothing is there. */
const newPage = (): void => {
  setActivePinia(createPinia())
}

describe('a post that is being written', () => {
  beforeEach(() => {
    fakeQuintet().add('client', { post: () => ({ post: '1.abcdefgh:9' }) })
  })

  it('is there after a look at another page', async () => {
    const before = await opened()
    await type(before, 'News of the winch')
    before.unmount()
    expect(shown(await opened())).toBe('News of the winch')
  })

  it('is there in a new page', async () => {
    await type(await opened(), 'News of the winch')
    await useUnposted().flush()
    newPage()
    const wrapper = await opened()
    expect(shown(wrapper)).toBe('News of the winch')
    await wrapper.get('form').trigger('submit')
    await flushPromises()
    expect(fakeQuintet().requestsOf('post')).toEqual([{ text: 'News of the winch' }])
    expect(kept()).toBe('')
    newPage()
    expect(shown(await opened())).toBe('')
  })

  it('is saved a moment after the last change, and not before anything is written', async () => {
    const wrapper = await opened()
    await useUnposted().flush()
    expect(fakeQuintet().requestsOf('saveUnposted')).toEqual([])
    await type(wrapper, 'News')
    await expect.poll(kept).toBe('News')
  })

  it('is what was written on elsewhere since, when it is looked at again', async () => {
    const before = await opened()
    await type(before, 'News')
    await useUnposted().flush()
    before.unmount()
    fakeQuintet().mailbox.methods().saveUnposted({ text: 'News of the winch' })
    expect(shown(await opened())).toBe('News of the winch')
  })

  it('is not lost to what is typed before it is known here', async () => {
    fakeQuintet().mailbox.methods().saveUnposted({ text: 'News of the winch' })
    fakeQuintet().holdAnswers()
    const wrapper = await opened()
    await type(wrapper, 'It holds.')
    const saved = useUnposted().flush()
    fakeQuintet().answerHeld()
    await saved
    expect(shown(wrapper)).toBe('News of the winch\nIt holds.')
    expect(kept()).toBe('News of the winch\nIt holds.')
  })

  it('is there as it was after another one was posted before it was known here', async () => {
    fakeQuintet().mailbox.methods().saveUnposted({ text: 'News of the winch' })
    const known = Promise.withResolvers<{ readonly text: string }>()
    fakeQuintet().add('client', { unposted: () => known.promise })
    const wrapper = await opened()
    await type(wrapper, 'Man overboard')
    await wrapper.get('form').trigger('submit')
    await flushPromises()
    expect(fakeQuintet().requestsOf('post')).toEqual([{ text: 'Man overboard' }])
    known.resolve({ text: kept() })
    await useUnposted().flush()
    expect(shown(wrapper)).toBe('News of the winch')
    expect(kept()).toBe('News of the winch')
  })

  it('that cannot be read here is not written over, and the person is told that theirs is not kept', async () => {
    fakeQuintet().mailbox.methods().saveUnposted({ text: 'of a later version' })
    fakeQuintet().failWith('unposted', 'CANNOT_OPEN')
    const wrapper = await opened()
    await type(wrapper, 'News')
    await useUnposted().flush()
    expect(wrapper.get('[role=status]').text()).toBe(text('timeline.notKept'))
    expect(kept()).toBe('of a later version')
  })

  it('loses nothing that is typed while it is being posted', async () => {
    const wrapper = await opened()
    await type(wrapper, 'News of the winch')
    fakeQuintet().holdAnswers()
    await wrapper.get('form').trigger('submit')
    await type(wrapper, 'News of the winch, and of the pump')
    fakeQuintet().answerHeld()
    await flushPromises()
    expect(shown(wrapper)).toBe('News of the winch, and of the pump')
    expect(kept()).toBe('News of the winch, and of the pump')
  })
})

import { flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { toast } from 'vue-sonner'
import { text } from '../../renderer/locales/i18n.ts'
import { useCompose } from '../../renderer/mail/compose-store.ts'
import SettingsAccount from '../../renderer/settings/SettingsAccount.vue'
import { useApp } from '../../renderer/stores/app.ts'
import { useUnposted } from '../../renderer/timeline/unposted.ts'
import { fakeQuintet } from './setup.ts'

const only = () => {
  const [letter] = useCompose().open
  if (letter === undefined) throw new Error('no letter is open')
  return letter
}
const drafts = () => fakeQuintet().mailbox.methods().drafts().drafts

describe('a letter', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })

  it('that was taken back is a draft from then on, and stays one draft', async () => {
    const compose = useCompose()
    compose.begin({ to: ['Ben'], subject: 'Rota', body: 'All that was agreed.' })
    await compose.send(only())
    const { outbox } = fakeQuintet().mailbox.methods().outbox().entries[0] ?? { outbox: '' }
    await compose.takeBack(outbox)
    expect(fakeQuintet().requestsOf('cancelOutbox')).toEqual([{ outbox, keep: 'draft' }])
    expect(only().state.value).toBe('saved')
    expect(drafts()).toMatchObject([{ draft: outbox, body: 'All that was agreed.' }])
    only().letter.body = 'Nearly all.'
    await vi.advanceTimersByTimeAsync(2_000)
    expect(drafts()).toMatchObject([{ draft: outbox, body: 'Nearly all.' }])
  })

  it('that was refused is open again, and kept as a draft', async () => {
    fakeQuintet().failWith('send', 'TOO_MANY')
    const compose = useCompose()
    compose.begin({ to: ['Ben'], subject: 'Rota', body: 'All that was agreed.' })
    await compose.send(only())
    await vi.advanceTimersByTimeAsync(2_000)
    expect(only().state.value).toBe('saved')
    expect(drafts()).toMatchObject([{ body: 'All that was agreed.' }])
  })

  it('that cannot be kept stays open, and the reason is told', async () => {
    const told = vi.spyOn(toast, 'error')
    fakeQuintet().failWith('saveDraft', 'TOO_LARGE')
    const compose = useCompose()
    compose.begin({ subject: 'Rota' })
    only().letter.body = 'All that was agreed.'
    await compose.close(only())
    expect(compose.open).toHaveLength(1)
    expect(told.mock.lastCall?.[1]).toMatchObject({ description: text('errors.TOO_LARGE') })
  })
})

it('logging out saves what was typed last', async () => {
  fakeQuintet().add('client', { logOut: () => undefined, recoveryNoted: () => ({ noted: true }) })
  await useApp().load()
  useCompose().begin({ subject: 'Rota' })
  only().letter.body = 'Just typed'
  useUnposted().words = 'Just typed, too'
  const wrapper = mount(SettingsAccount, { attachTo: document.body })
  await flushPromises()
  await wrapper
    .findAll('button')
    .find((button) => button.text() === text('shell.account.logOut'))
    ?.trigger('click')
  await vi.waitFor(() => expect(fakeQuintet().requestsOf('logOut')).toHaveLength(1))
  const asked = fakeQuintet().calls.map(({ method }) => method)
  expect(asked.indexOf('saveDraft')).toBeGreaterThan(-1)
  expect(asked.indexOf('saveDraft')).toBeLessThan(asked.indexOf('logOut'))
  expect(asked.indexOf('saveUnposted')).toBeGreaterThan(-1)
  expect(asked.indexOf('saveUnposted')).toBeLessThan(asked.indexOf('logOut'))
  wrapper.unmount()
})

import { flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { AppPhase } from '../../electron/contract/app-host.ts'
import { useAccount } from '../../renderer/account/account-store.ts'
import App from '../../renderer/App.vue'
import { text } from '../../renderer/locales/i18n.ts'
import { useCompose } from '../../renderer/mail/compose-store.ts'
import { useApp } from '../../renderer/stores/app.ts'
import { useUnposted } from '../../renderer/timeline/unposted.ts'
import { accountId, serverId } from '../../replica/core/model/ids.ts'
import { fakeQuintet } from './setup.ts'

const group = {
  group: 'Northern Light',
  mode: 'replica',
  home: serverId(1),
  homeFailure: null,
  server: serverId(1),
} as const
const signedOut: AppPhase = { phase: 'signedOut', ...group, account: null, accountId: null }
const signedIn = (account: string, id: string): AppPhase => ({
  phase: 'signedIn',
  ...group,
  account,
  accountId: accountId(id),
})

/** Fulfilled when the page shows it. */
const become = async (phase: AppPhase): Promise<void> => {
  fakeQuintet().setPhase(phase)
  await flushPromises()
}

describe('a page', () => {
  const reload = vi.spyOn(location, 'reload')
  let app: ReturnType<typeof mount>
  let drawn: string[] = []
  let watching: MutationObserver

  beforeEach(async () => {
    Object.assign(window, { requestIdleCallback: (work: () => void) => setTimeout(work, 1) })
    reload.mockReset().mockImplementation(() => undefined)
    fakeQuintet().setPhase(signedIn('Ingrid', 'account-1'))
    app = mount(App, { attachTo: document.body })
    await flushPromises()
    useCompose().begin({ to: ['Zoe'], subject: 'About Ben', body: 'for nobody else' })
    await flushPromises()
    await useCompose().flushAll()
    expect(document.body.innerHTML).toContain('About Ben')
    await become(signedOut)
    expect(document.body.innerHTML).not.toContain('About Ben')
    drawn = []
    watching = new MutationObserver(() => drawn.push(document.body.innerHTML))
    watching.observe(document.body, { childList: true, subtree: true, attributes: true, characterData: true })
  })
  afterEach(() => {
    watching.disconnect()
    app.unmount()
  })

  it('ends when somebody else logs in, and shows nothing more of who was there before', async () => {
    await become(signedIn('Ben', 'account-2'))
    expect(reload).toHaveBeenCalledTimes(1)
    expect(app.findAll('[role=dialog], [role=row], nav')).toEqual([])
    expect(drawn.filter((page) => page.includes('About Ben'))).toEqual([])
  })

  it('goes on when the same person is back, whatever they are called now', async () => {
    await become(signedIn('Ingrid', 'account-1'))
    await become(signedIn('Inga', 'account-1'))
    expect(reload).not.toHaveBeenCalled()
    expect(useCompose().open.map(({ letter }) => letter.body)).toEqual(['for nobody else'])
    expect(document.body.innerHTML).toContain('About Ben')
  })

  it('ends also when somebody else has the name now', async () => {
    await become(signedIn('Ingrid', 'account-2'))
    expect(reload).toHaveBeenCalledTimes(1)
  })

  it('shows the recovery phrase of somebody new before it ends', async () => {
    fakeQuintet().add('client', {
      signUp: () => {
        fakeQuintet().setPhase(signedIn('Ben', 'account-2'))
        return { recoveryPhrase: 'legal winner thank year' }
      },
      noteRecovery: () => undefined,
    })
    await useAccount().signUp('Ben', 'a password')
    await flushPromises()
    await vi.waitFor(() => expect(document.body.textContent).toContain('winner'))
    expect(reload).not.toHaveBeenCalled()
    await useAccount().note()
    await flushPromises()
    expect(reload).toHaveBeenCalledTimes(1)
    expect(drawn.filter((page) => page.includes('About Ben'))).toEqual([])
  })

  it('does not show the phrase of who was there before', async () => {
    fakeQuintet().add('client', {
      renewRecoveryPhrase: () => ({ recoveryPhrase: 'legal winner thank year' }),
      logIn: () => fakeQuintet().setPhase(signedIn('Ben', 'account-2')),
    })
    await useAccount().renewPhrase('a password')
    await useAccount().logIn('Ben', 'another password')
    await flushPromises()
    expect(reload).toHaveBeenCalledTimes(1)
    expect(document.body.textContent).not.toContain('winner')
  })

  it('saves no letter and no post of who was there before for somebody else, also when the program ends', async () => {
    const { saveDraft } = fakeQuintet().mailbox.methods()
    const notSaved = () => Promise.reject(new Error('taken over'))
    fakeQuintet().add('client', {
      signUp: () => ({ recoveryPhrase: 'legal winner thank year' }),
      saveDraft: notSaved,
      unposted: notSaved,
    })
    useUnposted().words = 'typed when it was taken over'
    await useUnposted().flush()
    const [letter] = useCompose().open
    if (letter !== undefined) letter.letter.body = 'typed when it was taken over'
    await useCompose().flushAll()
    fakeQuintet().add('client', { saveDraft, unposted: () => ({ text: '' }) })
    await useAccount().signUp('Ben', 'a password')
    await become(signedIn('Ben', 'account-2'))
    fakeQuintet().calls.length = 0
    fakeQuintet().emitApp({ event: 'quitting' })
    await flushPromises()
    expect(fakeQuintet().calls.map(({ method }) => method)).toEqual(['readyToQuit'])
  })
})

it('what was typed last is saved before the program may end', async () => {
  Object.assign(window, { requestIdleCallback: (work: () => void) => setTimeout(work, 1) })
  const app = mount(App, { attachTo: document.body })
  await vi.waitFor(() => expect(useApp().phase.phase).toBe('signedIn'))
  useCompose().begin({ subject: 'Minutes' })
  const [letter] = useCompose().open
  if (letter !== undefined) letter.letter.body = 'And the last words.'
  useUnposted().words = 'News of the winch'
  fakeQuintet().emitApp({ event: 'quitting' })
  await vi.waitFor(() => expect(fakeQuintet().requestsOf('readyToQuit')).toHaveLength(1))
  const asked = fakeQuintet().calls.map(({ method }) => method)
  expect(asked.indexOf('saveDraft')).toBeLessThan(asked.indexOf('readyToQuit'))
  expect(asked.indexOf('saveUnposted')).toBeLessThan(asked.indexOf('readyToQuit'))
  expect(fakeQuintet().requestsOf('saveUnposted')).toEqual([{ text: 'News of the winch' }])
  expect(fakeQuintet().requestsOf('saveDraft')).toMatchObject([{ body: 'And the last words.' }])
  app.unmount()
})

it('what cannot be saved keeps the program open until the person says otherwise', async () => {
  Object.assign(window, { requestIdleCallback: (work: () => void) => setTimeout(work, 1) })
  const app = mount(App, { attachTo: document.body })
  await vi.waitFor(() => expect(useApp().phase.phase).toBe('signedIn'))
  fakeQuintet().failWith('saveDraft', 'UNREACHABLE')
  useCompose().begin({ subject: 'Minutes' })
  useCompose().open[0]!.letter.body = 'And the last words.'
  fakeQuintet().emitApp({ event: 'quitting' })
  await vi.waitFor(() => expect(document.body.textContent).toContain(text('shell.quit.ask')))
  expect(fakeQuintet().requestsOf('stayOpen')).toHaveLength(1)
  expect(fakeQuintet().requestsOf('readyToQuit')).toHaveLength(0)
  const buttons = [...document.querySelectorAll('button')]
  buttons.find((button) => button.textContent.trim() === text('shell.quit.anyway'))?.click()
  await vi.waitFor(() => expect(fakeQuintet().requestsOf('quit')).toHaveLength(1))
  fakeQuintet().emitApp({ event: 'quitting' })
  await vi.waitFor(() => expect(fakeQuintet().requestsOf('readyToQuit')).toHaveLength(1))
  app.unmount()
})

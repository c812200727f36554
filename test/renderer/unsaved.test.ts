import { flushPromises, mount, shallowMount, type VueWrapper } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { TooltipProvider } from 'reka-ui'
import { h, type Component } from 'vue'
import { text } from '../../renderer/locales/i18n.ts'
import BaseToaster from '../../renderer/base/BaseToaster.vue'
import { useCompose } from '../../renderer/mail/compose-store.ts'
import ComposeDock from '../../renderer/mail/ComposeDock.vue'
import MailDrafts from '../../renderer/mail/MailDrafts.vue'
import SettingsAccount from '../../renderer/settings/SettingsAccount.vue'
import ShellBanner from '../../renderer/shell/ShellBanner.vue'
import ShellWindow from '../../renderer/shell/ShellWindow.vue'
import { useApp } from '../../renderer/stores/app.ts'
import { useGroup } from '../../renderer/stores/group.ts'
import { accountId, serverId } from '../../replica/core/model/ids.ts'
import { fakeNetwork } from './fake-group.ts'
import { fakeQuintet } from './setup.ts'

const mounted: VueWrapper[] = []
const show = (component: Component): void => {
  const page = { render: () => h(TooltipProvider, () => h(component)) }
  mounted.push(mount(page, { attachTo: document.body }))
}
const press = (words: string): void => {
  const buttons = [...document.querySelectorAll<HTMLElement>('button')]
  buttons.find((button) => button.textContent.trim() === words || button.getAttribute('aria-label') === words)?.click()
}
const write = (body: string) => {
  useCompose().begin({ to: ['Ben'], subject: 'Rota' })
  const [letter] = useCompose().open
  if (letter === undefined) throw new Error('no letter is open')
  letter.letter.body = body
  return letter
}
const drafts = () => fakeQuintet().mailbox.methods().drafts().drafts

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] })
})
afterEach(() => {
  for (const wrapper of mounted.splice(0)) wrapper.unmount()
  vi.useRealTimers()
})

describe('what could not be saved', () => {
  it('is not left behind by logging out, unless somebody says so', async () => {
    fakeQuintet().add('client', { logOut: () => undefined, recoveryNoted: () => ({ noted: true }) })
    fakeQuintet().failWith('saveDraft', 'DISK_FULL')
    await useApp().load()
    show(BaseToaster)
    show(SettingsAccount)
    write('All that was agreed.')
    await vi.advanceTimersByTimeAsync(100)
    press(text('shell.account.logOut'))
    await vi.advanceTimersByTimeAsync(1_000)
    expect(document.body.textContent).toContain(text('shell.account.notSaved'))
    expect(document.body.textContent).toContain(text('errors.DISK_FULL'))
    expect(fakeQuintet().requestsOf('logOut')).toEqual([])
    press(text('shell.account.logOutAnyway'))
    await vi.advanceTimersByTimeAsync(100)
    expect(fakeQuintet().requestsOf('logOut')).toHaveLength(1)
  })

  it('is said to be under way while the server is silent, and who will not wait for it can leave', async () => {
    fakeQuintet().add('client', { logOut: () => undefined, recoveryNoted: () => ({ noted: true }) })
    await useApp().load()
    show(BaseToaster)
    show(SettingsAccount)
    await vi.advanceTimersByTimeAsync(100)
    fakeQuintet().holdAnswers()
    write('All that was agreed.')
    press(text('shell.account.logOut'))
    await vi.advanceTimersByTimeAsync(1_000)
    expect(document.body.textContent).toContain(text('shell.account.savingFirst'))
    expect(fakeQuintet().requestsOf('logOut')).toEqual([])
    press(text('shell.account.logOutAnyway'))
    await vi.advanceTimersByTimeAsync(1_000)
    expect(document.body.textContent).not.toContain(text('shell.account.savingFirst'))
    expect(document.body.textContent).toContain(`${text('shell.account.loggingOut')} …`)
    fakeQuintet().failWith('saveDraft', 'UNREACHABLE')
    fakeQuintet().answerHeld()
    await vi.advanceTimersByTimeAsync(1_000)
    expect(fakeQuintet().requestsOf('logOut')).toHaveLength(1)
    expect(document.body.textContent).not.toContain(text('shell.account.notSaved'))
    await vi.waitFor(() => expect(document.body.textContent).not.toContain(`${text('shell.account.loggingOut')} …`))
  })

  it('leaves no note behind that offers to take something back', async () => {
    fakeQuintet().add('client', { logOut: () => undefined, recoveryNoted: () => ({ noted: true }) })
    await useApp().load()
    show(BaseToaster)
    show(SettingsAccount)
    await useCompose().send(write('All that was agreed.'))
    await vi.advanceTimersByTimeAsync(1_000)
    expect(document.body.textContent).toContain(text('common.undo'))
    press(text('shell.account.logOut'))
    await vi.advanceTimersByTimeAsync(1_000)
    expect(fakeQuintet().requestsOf('logOut')).toHaveLength(1)
    expect(document.body.textContent).not.toContain(text('common.undo'))
  })

  it('is waited for by logging out when it is being sent, and is a draft when that fails', async () => {
    fakeQuintet().add('client', { logOut: () => undefined, recoveryNoted: () => ({ noted: true }) })
    await useApp().load()
    show(BaseToaster)
    show(SettingsAccount)
    const letter = write('All that was agreed.')
    await vi.advanceTimersByTimeAsync(100)
    fakeQuintet().failWith('send', 'UNREACHABLE')
    fakeQuintet().holdAnswers()
    const sent = useCompose().send(letter)
    press(text('shell.account.logOut'))
    await vi.advanceTimersByTimeAsync(2_000)
    expect(document.body.textContent).toContain(`${text('mail.sending')} …`)
    expect(fakeQuintet().requestsOf('logOut')).toEqual([])
    fakeQuintet().answerHeld()
    await sent
    await vi.waitFor(() => expect(fakeQuintet().requestsOf('logOut')).toHaveLength(1))
    expect(drafts()).toMatchObject([{ body: 'All that was agreed.' }])
    await vi.advanceTimersByTimeAsync(1_000)
    expect(document.body.textContent).not.toContain(`${text('mail.sending')} …`)
  })

  it('says why, and is saved by itself when that has passed', async () => {
    Object.assign(globalThis, { requestIdleCallback: () => 0 })
    mounted.push(shallowMount(ShellWindow))
    show(ComposeDock)
    fakeQuintet().failWith('saveDraft', 'DISK_FULL')
    write('All that was agreed.')
    await vi.advanceTimersByTimeAsync(1_000)
    expect(document.body.textContent).toContain(text('errors.DISK_FULL'))
    fakeQuintet().mend('saveDraft')
    await vi.advanceTimersByTimeAsync(20_000)
    expect(drafts()).toMatchObject([{ body: 'All that was agreed.' }])
    expect(document.body.textContent).toContain(text('mail.draft.saved'))
  })

  it('is saved as soon as a server is there again', async () => {
    Object.assign(globalThis, { requestIdleCallback: () => 0 })
    mounted.push(shallowMount(ShellWindow))
    fakeQuintet().failWith('saveDraft', 'UNREACHABLE')
    write('All that was agreed.')
    await vi.advanceTimersByTimeAsync(1_000)
    fakeQuintet().mend('saveDraft')
    fakeQuintet().emit({ event: 'connected', server: 2 as never })
    await flushPromises()
    expect(drafts()).toMatchObject([{ body: 'All that was agreed.' }])
  })
})

describe('a full disk', () => {
  const hasDisk = async (disk: 'full' | 'with room'): Promise<void> => {
    const network = fakeNetwork(['here', 'connected', 'connected', 'connected', 'unreachable'])
    const codedWarnings = disk === 'full' ? [{ code: 'diskFull', sentence: 'It is full.', words: {} }] : []
    fakeQuintet().add('client', { network: () => ({ ...network, codedWarnings }) })
    fakeQuintet().emit({ event: 'knowledge' })
    await flushPromises()
  }

  it('is told wherever somebody is, and so is that it has room again: what was written is saved then', async () => {
    Object.assign(globalThis, { requestIdleCallback: () => 0 })
    mounted.push(shallowMount(ShellWindow))
    show(BaseToaster)
    show(ShellBanner)
    await hasDisk('full')
    const told = text('shell.connection.diskFull', { name: 'bridge' })
    expect(document.body.textContent).toContain(told)
    fakeQuintet().failWith('saveDraft', 'DISK_FULL')
    const letter = write('All that was agreed.')
    await letter.keeper.flush()
    expect(letter.state.value).toBe('failed')
    fakeQuintet().mend('saveDraft')
    await hasDisk('with room')
    expect(letter.state.value).toBe('saved')
    await vi.advanceTimersByTimeAsync(100)
    expect(document.body.textContent).not.toContain(told)
    expect(document.body.textContent).toContain(text('shell.diskHasRoom', { name: 'bridge' }))
  })
})

it('a server that is away is told also while another one is paused', async () => {
  fakeQuintet().add('client', {
    network: () => fakeNetwork(['here', 'connected', 'connected', 'unreachable', 'paused']),
  })
  await useGroup().refresh()
  show(ShellBanner)
  await flushPromises()
  expect(document.body.textContent).toContain('Cut off from sick bay.')
  expect(document.body.textContent).toContain('Syncing with lab is paused.')
})

describe('a disk that has failed', () => {
  const become = async (server: number): Promise<void> => {
    fakeQuintet().setPhase({
      phase: 'signedIn',
      group: 'Northern Light',
      mode: 'replica',
      home: serverId(1),
      homeFailure: { code: 'DISK_FAILED', message: 'The disk failed.' },
      server: serverId(server),
      account: 'Ingrid',
      accountId: accountId('account-1'),
    })
    await flushPromises()
  }

  it('is told as long as the window is at another server', async () => {
    show(ShellBanner)
    await become(1)
    expect(document.body.textContent).toContain(text('shell.connection.diskFailed.looking'))
    await become(2)
    expect(document.body.textContent).toContain(text('shell.connection.diskFailed.goesOn', { server: 2 }))
  })
})

describe('a draft that is discarded in its folder', () => {
  it('comes back by undo', async () => {
    write('All that was agreed.')
    await useCompose().close(useCompose().open[0]!)
    show(BaseToaster)
    show(MailDrafts)
    await vi.advanceTimersByTimeAsync(100)
    press(text('mail.discardDraft'))
    await vi.advanceTimersByTimeAsync(1_000)
    expect(drafts()).toEqual([])
    press(text('common.undo'))
    await vi.advanceTimersByTimeAsync(1_000)
    expect(drafts()).toMatchObject([{ to: ['Ben'], subject: 'Rota', body: 'All that was agreed.' }])
  })

  it('is not open any more', async () => {
    const letter = write('All that was agreed.')
    await letter.keeper.flush()
    show(MailDrafts)
    await vi.advanceTimersByTimeAsync(100)
    letter.letter.body = 'All that was agreed, and more.'
    press(text('mail.discardDraft'))
    await vi.advanceTimersByTimeAsync(5_000)
    expect(useCompose().open).toEqual([])
    expect(drafts()).toEqual([])
  })
})

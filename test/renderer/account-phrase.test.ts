import { flushPromises, mount } from '@vue/test-utils'
import { describe, expect, it, vi } from 'vitest'
import AccountLogIn from '../../renderer/account/AccountLogIn.vue'
import AccountPhrase from '../../renderer/account/AccountPhrase.vue'
import { useAccount } from '../../renderer/account/account-store.ts'
import SignInPage from '../../renderer/account/SignInPage.vue'
import { useCompose } from '../../renderer/mail/compose-store.ts'
import { text } from '../../renderer/locales/i18n.ts'
import { askedPositions, isSameWord } from '../../renderer/account/phrase.ts'
import { serverId } from '../../replica/core/model/ids.ts'
import { fakeQuintet } from './setup.ts'

const words = [
  'legal',
  'winner',
  'thank',
  'year',
  'wave',
  'sausage',
  'worth',
  'useful',
  'arrow',
  'thumb',
  'yellow',
  'zoo',
]

const openAsked = async () => {
  const wrapper = mount(AccountPhrase, { props: { phrase: words.join(' ') }, attachTo: document.body })
  await wrapper.findAll('button').at(-1)?.trigger('click')
  await flushPromises()
  const asked = wrapper.findAll('label').map((label) => Number(label.text().replace('Word ', '')))
  return { wrapper, asked, fields: wrapper.findAll('input') }
}

it('who logs in at a server that does not answer has the fields soon', async () => {
  vi.useFakeTimers()
  fakeQuintet().holdAnswers()
  const wrapper = mount(SignInPage)
  await vi.advanceTimersByTimeAsync(1_000)
  expect(wrapper.find('h1').text()).toBe(text('account.ways.logIn'))
  wrapper.unmount()
  vi.useRealTimers()
})

describe('the recovery phrase', () => {
  it('is shown word by word in its order, and can be copied', async () => {
    fakeQuintet().add('host', { copyText: () => undefined })
    const wrapper = mount(AccountPhrase, { props: { phrase: words.join(' ') } })
    expect(wrapper.findAll('li').map((word) => word.text())).toEqual(words.map((word, index) => `${index + 1}${word}`))
    await wrapper.findAll('button')[0]?.trigger('click')
    expect(fakeQuintet().calls).toContainEqual({ method: 'copyText', request: { text: words.join(' ') } })
  })

  it('is noted only when the asked words are typed', async () => {
    const { wrapper, asked, fields } = await openAsked()
    expect(asked).toHaveLength(3)
    await wrapper.get('form').trigger('submit')
    expect(wrapper.emitted('noted')).toBeUndefined()
    for (const [index, number] of asked.entries())
      await fields[index]?.setValue(` ${words[number - 1]?.toUpperCase()} `)
    await wrapper.get('form').trigger('submit')
    expect(wrapper.emitted('noted')).toHaveLength(1)
  })

  it('says which word is wrong', async () => {
    const { wrapper, asked, fields } = await openAsked()
    for (const [index, number] of asked.entries()) await fields[index]?.setValue(words[number - 1])
    await fields[1]?.setValue('wrong')
    await wrapper.get('form').trigger('submit')
    expect(wrapper.findAll('[role=alert]').map((alert) => alert.text())).toEqual([`That is not word ${asked[1]}.`])
    expect(wrapper.emitted('noted')).toBeUndefined()
  })

  it('shows nothing of the words while it asks, and can go back to them', async () => {
    const { wrapper } = await openAsked()
    expect(words.filter((word) => wrapper.text().includes(word))).toEqual([])
    await wrapper.findAll('button').at(0)?.trigger('click')
    expect(wrapper.findAll('li')).toHaveLength(12)
  })

  it('asks for different words, in their order', () => {
    let drawn = 0
    const chances = [0.99, 0, 0.5]
    const asked = askedPositions(12, () => chances[drawn++] ?? 0)
    expect(asked).toEqual([0, 6, 11])
    expect(askedPositions(12, () => 0)).toEqual([0, 1, 2])
    expect(isSameWord(' Zoo ', 'zoo')).toBe(true)
    expect(isSameWord('zo', 'zoo')).toBe(false)
  })
})

describe('an account', () => {
  it('shows its phrase after sign-up, and reminds until it is noted', async () => {
    fakeQuintet().add('client', {
      signUp: () => ({ recoveryPhrase: words.join(' ') }),
      noteRecovery: () => undefined,
      recoveryNoted: () => ({ noted: false }),
    })
    const account = useAccount()
    await account.signUp('Ingrid', 'a long password')
    expect(account).toMatchObject({ isPhraseShown: true, phrase: words.join(' '), recovery: 'open' })
    account.isPhraseShown = false
    expect(account.recovery).toBe('open')
    await account.note()
    expect(account).toMatchObject({ isPhraseShown: false, phrase: null, recovery: 'noted' })
  })

  it('tells who took its session over until somebody logs in again', async () => {
    fakeQuintet().add('client', { logIn: () => undefined })
    const account = useAccount()
    fakeQuintet().emit({ event: 'takenOver', server: serverId(3), machine: 'lab' })
    expect(account.takenOverBy).toEqual({ server: 3, machine: 'lab' })
    await account.logIn('Ingrid', 'a long password')
    expect(account.takenOverBy).toBeNull()
  })

  it('that was deleted elsewhere is named until somebody logs in', async () => {
    fakeQuintet().add('client', { logIn: () => undefined })
    const account = useAccount()
    fakeQuintet().add('host', { copyText: () => undefined })
    useCompose().begin({ to: ['Ben'], subject: 'Rota', body: 'All that was agreed.' })
    fakeQuintet().emit({ event: 'accountDeleted', name: 'Ingrid' })
    const page = mount(SignInPage)
    expect(page.text()).toContain(text('shell.accountDeleted.text', { name: 'Ingrid' }))
    const copy = page.findAll('button').find((button) => button.text() === text('shell.accountDeleted.copy'))
    await copy?.trigger('click')
    expect(fakeQuintet().requestsOf('copyText')).toEqual([{ text: 'Ben\nRota\nAll that was agreed.' }])
    page.unmount()
    await account.logIn('Jonas', 'a long password')
    expect(account.deletedName).toBeNull()
  })
})

it('whoever has set a new password by the phrase has it written down, and is not reminded of it', async () => {
  fakeQuintet().add('client', { resetPassword: () => undefined, noteRecovery: () => undefined })
  await useAccount().reset('Ingrid', words.join(' '), 'a new long password')
  expect(fakeQuintet().requestsOf('noteRecovery')).toHaveLength(1)
  expect(useAccount().recovery).toBe('noted')
})

it('a password that works no more is explained by when and where it was changed', async () => {
  const change = { server: serverId(2), at: Date.UTC(2026, 4, 6, 7, 8) }
  fakeQuintet().add('client', { keysChange: () => ({ change }) })
  fakeQuintet().failWith('logIn', 'WRONG_PASSWORD')
  const page = mount(AccountLogIn, { props: { name: 'Ingrid' } })
  await page.get('input[type=password]').setValue('the former one')
  await page.get('form').trigger('submit')
  await expect.poll(() => page.text()).toContain('last changed on')
  expect(page.text()).toContain('server 2')
  expect(fakeQuintet().requestsOf('keysChange')).toEqual([{ name: 'Ingrid' }])
})

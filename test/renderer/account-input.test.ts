import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { describe, expect, it, onTestFinished } from 'vitest'
import AccountLogIn from '../../renderer/account/AccountLogIn.vue'
import AccountSignUp from '../../renderer/account/AccountSignUp.vue'
import { fakeQuintet } from './setup.ts'

const send = async (page: VueWrapper, password: string): Promise<void> => {
  onTestFinished(() => page.unmount())
  await page.findAll('input')[1]?.setValue(password)
  const button = page.get<HTMLButtonElement>('button[type=submit]')
  button.element.focus()
  await page.get('form').trigger('submit')
  await flushPromises()
}

describe('what is wrong with an account', () => {
  it.each([
    ['no name', '', 'a long password', null, 0],
    ['no password', 'Ingrid', '', null, 1],
    ['a name that nobody has', 'Ingrit', 'a long password', 'NO_SUCH_ACCOUNT', 0],
    ['a wrong password', 'Ingrid', 'a wrong password', 'WRONG_PASSWORD', 1],
  ] as const)('takes whoever logs in to its field: %s', async (_what, name, password, refused, field) => {
    fakeQuintet().add('client', { logIn: () => undefined, keysChanged: () => ({ changed: null }) })
    if (refused !== null) fakeQuintet().failWith('logIn', refused)
    const page = mount(AccountLogIn, { props: { name }, attachTo: document.body })
    await send(page, password)
    expect(document.activeElement).toBe(page.findAll('input')[field]?.element)
  })

  it.each([
    ['no name', '', 'a long password', null, 0],
    ['no password', 'Ingrid', '', null, 1],
    ['a name that somebody has', 'Ingrid', 'a long password', 'NAME_TAKEN', 0],
  ] as const)('takes whoever signs up to its field: %s', async (_what, name, password, refused, field) => {
    fakeQuintet().add('client', { signUp: () => ({ recoveryPhrase: 'twelve words' }) })
    if (refused !== null) fakeQuintet().failWith('signUp', refused)
    const page = mount(AccountSignUp, { props: { name }, attachTo: document.body })
    await send(page, password)
    expect(document.activeElement).toBe(page.findAll('input')[field]?.element)
  })
})

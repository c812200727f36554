import { createPinia, setActivePinia } from 'pinia'
import { beforeEach } from 'vitest'
import { FakeQuintet } from './fake-quintet.ts'

let fake: FakeQuintet

/** The host of the present test: stores and components talk to it through the bridge. */
export const fakeQuintet = (): FakeQuintet => fake

/** A mailbox of that many mails instead of the usual one; before stores and components are made. */
export const fillMailbox = (mails: number): FakeQuintet => {
  fake = new FakeQuintet(mails)
  Object.defineProperty(window, 'quintet', { value: fake, configurable: true })
  return fake
}

beforeEach(() => {
  fillMailbox(250)
  localStorage.clear()
  setActivePinia(createPinia())
})

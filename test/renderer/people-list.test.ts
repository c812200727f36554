import { flushPromises, mount } from '@vue/test-utils'
import { describe, expect, it, vi } from 'vitest'
import PeopleList from '../../renderer/people/PeopleList.vue'
import { usePeople } from '../../renderer/people/people-store.ts'
import { names } from './fake-people.ts'
import { fakeQuintet } from './setup.ts'

const open = async () => {
  const wrapper = mount(PeopleList, { props: { shown: null }, attachTo: document.body })
  await usePeople().load()
  await flushPromises()
  return wrapper
}
const asked = (): readonly unknown[] =>
  fakeQuintet()
    .calls.filter(({ method }) => method === 'accounts')
    .map(({ request }) => request)

/** The fake knows plain substrings; everyone is asked for as `*`. */
const fakeAccounts = (): void => {
  const people = names.map((name, index) => ({
    account: `account-${index}`,
    name,
    online: index % 2 === 0,
    servers: index % 2 === 0 ? [1] : [],
    signedUpAt: 0,
    followed: false,
  }))
  fakeQuintet().add('client', {
    accounts: ({ like }: { readonly like: string }) => ({
      accounts: people.filter(({ name }) => like === '*' || name.toLowerCase().includes(like.replaceAll('*', ''))),
    }),
    follow: () => undefined,
    unfollow: () => undefined,
  })
}

describe('people', () => {
  it('are all shown, with who is online and where', async () => {
    fakeAccounts()
    const wrapper = await open()
    expect(wrapper.findAll('li')).toHaveLength(names.length)
    expect(wrapper.get('li').text()).toContain('online at')
    expect(wrapper.get('[role=status]').text()).toBe(`${names.length} people, ${names.length / 2} online`)
  })

  it('are asked for by pattern after a pause in typing', async () => {
    vi.useFakeTimers()
    try {
      fakeAccounts()
      const wrapper = await open()
      const before = asked().length
      await wrapper.get('input').setValue('b')
      await wrapper.get('input').setValue(' ben* ')
      expect(asked()).toHaveLength(before)
      await vi.runAllTimersAsync()
      expect(asked().slice(before)).toEqual([{ like: 'ben*' }])
      expect(wrapper.findAll('li').map((row) => row.get('button').text())).toEqual([
        expect.stringContaining('Ben'),
        expect.stringContaining('Benedikt'),
      ])
    } finally {
      vi.useRealTimers()
    }
  })

  it('that nobody is called so is said, with the way back', async () => {
    fakeAccounts()
    const people = usePeople()
    const wrapper = await open()
    people.query = 'nobody at all'
    await people.load()
    await flushPromises()
    expect(wrapper.text()).toContain('Nobody is called “nobody at all”')
    await wrapper.findAll('button').at(-1)?.trigger('click')
    expect(people.query).toBe('')
  })

  it('are asked for once for all that a merge brings', async () => {
    vi.useFakeTimers()
    try {
      fakeAccounts()
      await open()
      const before = asked().length
      for (let people = 0; people < 200; people += 1) fakeQuintet().emit({ event: 'people' })
      await vi.runAllTimersAsync()
      expect(asked()).toHaveLength(before + 1)
    } finally {
      vi.useRealTimers()
    }
  })

  it('an answer that comes late does not replace a newer one', async () => {
    const answers: ((value: unknown) => void)[] = []
    fakeQuintet().add('client', { accounts: () => new Promise((resolve) => answers.push(resolve)) })
    const people = usePeople()
    const [first, second] = [people.load(), people.load()]
    answers[1]?.({ accounts: [{ name: 'new' }] })
    answers[0]?.({ accounts: [{ name: 'old' }] })
    await Promise.all([first, second])
    expect(people.people?.map(({ name }) => name)).toEqual(['new'])
  })

  it('a follow that is refused is taken back', async () => {
    fakeAccounts()
    const people = usePeople()
    await people.load()
    fakeQuintet().failWith('follow', 'UNREACHABLE')
    const following = people.setFollowed('Anna', 'follow')
    expect(people.people?.find(({ name }) => name === 'Anna')?.followed).toBe(true)
    await expect(following).rejects.toMatchObject({ code: 'UNREACHABLE' })
    expect(people.people?.find(({ name }) => name === 'Anna')?.followed).toBe(false)
  })
})

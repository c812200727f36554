import { flushPromises, mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { TooltipProvider } from 'reka-ui'
import { h, ref } from 'vue'
import { useCompose } from '../../renderer/mail/compose-store.ts'
import ComposeRecipients from '../../renderer/mail/ComposeRecipients.vue'
import ComposeWindow from '../../renderer/mail/ComposeWindow.vue'
import { splitNames } from '../../renderer/mail/recipients.ts'
import { setLanguage } from '../../renderer/locales/i18n.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { fakeQuintet } from './setup.ts'

const mountWith = (begun: string[]) => {
  const names = ref(begun)
  const wrapper = mount(ComposeRecipients, {
    props: {
      label: 'To',
      modelValue: begun,
      'onUpdate:modelValue': async (changed: string[]) => {
        names.value = changed
        await wrapper.setProps({ modelValue: changed })
      },
    },
    attachTo: document.body,
  })
  const type = async (written: string): Promise<void> => {
    await wrapper.get('input').setValue(written)
    await flushPromises()
  }
  return { names, wrapper, type }
}

it('Tab leads from the recipients to the subject, and back to the field for copies', () => {
  const compose = useCompose()
  compose.begin()
  const wrapper = mount(
    () => h(TooltipProvider, () => h(ComposeWindow, { composition: compose.open[0]!, inFront: true })),
    { attachTo: document.body },
  )
  const stops = wrapper.findAll('input:not([hidden]), button:not([tabindex="-1"]), textarea').map((one) => one.element)
  const at = stops.indexOf(wrapper.get('[role=combobox]').element)
  expect(stops[at + 1]?.getAttribute('aria-label')).toBe('Subject')
  expect(stops[at - 1]?.textContent).toContain('Cc')
  wrapper.unmount()
})

describe('choosing recipients', () => {
  it('offers people whose names begin as written first, and takes the first by Enter', async () => {
    const { names, wrapper, type } = mountWith([])
    await type('ben')
    expect(wrapper.findAll('[role=option]').map((option) => option.text())).toEqual([
      expect.stringContaining('Ben'),
      expect.stringContaining('Benedikt'),
    ])
    await wrapper.get('input').trigger('keydown', { key: 'Enter' })
    expect(names.value).toEqual(['Ben'])
  })

  it('goes through the offers by arrow keys', async () => {
    const { names, wrapper, type } = mountWith([])
    await type('ben')
    await wrapper.get('input').trigger('keydown', { key: 'ArrowDown' })
    expect(wrapper.get('input').attributes('aria-activedescendant')).toBe(
      wrapper.findAll('[role=option]')[1]?.attributes('id'),
    )
    await wrapper.get('input').trigger('keydown', { key: 'Enter' })
    expect(names.value).toEqual(['Benedikt'])
  })

  it('ends the offers by Escape, which closes nothing else then, and a name by a comma, which does not stand in the field', async () => {
    const { names, wrapper, type } = mountWith([])
    const input = wrapper.get('input')
    const press = async (key: string): Promise<string> => {
      let isHeard = 'unheard'
      const hear = (): void => void (isHeard = 'heard')
      document.body.addEventListener('keydown', hear)
      const event = new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true })
      input.element.dispatchEvent(event)
      await flushPromises()
      document.body.removeEventListener('keydown', hear)
      return event.defaultPrevented ? 'taken' : isHeard
    }
    await type('ben')
    expect([await press('Escape'), wrapper.findAll('[role=option]').length]).toEqual(['unheard', 0])
    expect([await press('Escape'), names.value]).toEqual(['heard', []])
    expect([await press(','), names.value, input.element.value]).toEqual(['taken', ['ben'], ''])
    expect(await press(',')).toBe('heard')
  })

  it('does not offer whom it has', async () => {
    const { wrapper, type } = mountWith(['Ben'])
    await type('ben')
    expect(wrapper.findAll('[role=option]')).toHaveLength(1)
  })

  it('offers everyone', async () => {
    const { names, wrapper, type } = mountWith([])
    await type('everyo')
    await wrapper.get('input').trigger('keydown', { key: 'Enter' })
    expect(names.value).toEqual(['everyone'])
  })
})

describe('recipients that are known, and others', () => {
  it('marks a name that nobody has, and keeps it', async () => {
    const { names, wrapper, type } = mountWith([])
    await type('Nobody')
    await wrapper.get('input').trigger('keydown', { key: ',' })
    await flushPromises()
    expect(names.value).toEqual(['Nobody'])
    expect(wrapper.get('[role=status]').text()).toBe('Nobody: Nobody in this group has this name.')
    await wrapper.setProps({ modelValue: ['Nobody', ...Array.from({ length: 9 }, (_, number) => `Nobody ${number}`)] })
    await flushPromises()
    expect(wrapper.get('[role=status]').text()).toMatch(/^Nobody, Nobody 0, Nobody 1, and \+7: /u)
    await wrapper.setProps({ modelValue: ['Nobody'] })
    await wrapper.get('button[aria-label="Remove Nobody"]').trigger('click')
    await flushPromises()
    expect(wrapper.get('[role=status]').text()).toBe('')
  })

  it('takes nobody for unknown who spells the name otherwise, or has one that an earlier version allowed', async () => {
    fakeQuintet().add('client', {
      accounts: () => ({ accounts: [{ name: 'Ben' }, { name: 'Who?' }, { name: 'Whom' }] }),
    })
    const [known, unknown] = [mountWith(['bEN', 'Who?', 'Everyone']), mountWith(['Who'])]
    await flushPromises()
    expect(known.wrapper.text()).not.toContain('Nobody in this group has this name.')
    expect(unknown.wrapper.text()).toContain('Nobody in this group has this name.')
  })

  it('spells a name as its owner does', async () => {
    const { names, wrapper, type } = mountWith([])
    await type('aiko')
    await wrapper.get('input').trigger('blur')
    expect(names.value).toEqual(['Aiko'])
  })

  it('takes the last one away by Backspace in the empty field', async () => {
    const { names, wrapper } = mountWith(['Ben', 'Aiko'])
    await wrapper.get('input').trigger('keydown', { key: 'Backspace' })
    expect(names.value).toEqual(['Ben'])
  })

  it('still takes names when nobody can be asked', async () => {
    fakeQuintet().failWith('accounts', 'UNREACHABLE')
    const { names, wrapper, type } = mountWith([])
    await type('Aiko')
    await wrapper.get('input').trigger('keydown', { key: 'Enter' })
    expect(names.value).toEqual(['Aiko'])
  })

  it('does not take by Enter who was offered for what was written before', async () => {
    const { names, wrapper, type } = mountWith([])
    await type('b')
    fakeQuintet().holdAnswers()
    await wrapper.get('input').setValue('bened')
    expect(wrapper.findAll('[role=option]').map((option) => option.text())).toEqual([
      expect.stringContaining('Benedikt'),
    ])
    await wrapper.get('input').setValue('anna')
    await wrapper.get('input').trigger('keydown', { key: 'Enter' })
    expect(names.value).toEqual(['anna'])
  })

  it('tells who is unknown of those who are named last, whichever answer comes first', async () => {
    const late: (() => void)[] = []
    fakeQuintet().add('client', {
      accounts: ({ like }: { readonly like: string }) =>
        like === 'Nobody'
          ? new Promise((resolve) => late.push(() => resolve({ accounts: [] })))
          : { accounts: [{ name: 'Ben' }] },
    })
    const { wrapper } = mountWith(['Nobody'])
    await flushPromises()
    await wrapper.setProps({ modelValue: ['Ben', 'Nobody else'] })
    await flushPromises()
    late.forEach((answer) => answer())
    await flushPromises()
    expect(wrapper.text()).toContain('Nobody in this group has this name.')
  })

  it('takes what nobody can be called for unknown', async () => {
    fakeQuintet().add('client', {
      accounts: ({ like }: { readonly like: string }) => {
        if (like.length > limits.likeChars) throw new Error('A pattern can have 128 characters at most.')
        return { accounts: like === 'Ben' ? [{ name: 'Ben' }] : [] }
      },
    })
    const { wrapper } = mountWith(['Ben', 'x'.repeat(200), 'Nobody'])
    await flushPromises()
    expect(wrapper.findAll('.sr-only')).toHaveLength(2)
  })

  it('knows a name as soon as it is known here', async () => {
    const { wrapper } = mountWith(['Olu'])
    await flushPromises()
    expect(wrapper.text()).toContain('Nobody in this group has this name.')
    fakeQuintet().add('client', { accounts: () => ({ accounts: [{ name: 'Olu' }] }) })
    fakeQuintet().emit({ event: 'people' })
    await flushPromises()
    expect(wrapper.text()).not.toContain('Nobody in this group has this name.')
  })

  it('offers everyone by the word that the language has', async () => {
    await setLanguage('de')
    const { names, wrapper, type } = mountWith([])
    await type('alle')
    await wrapper.get('input').trigger('keydown', { key: 'Enter' })
    await setLanguage('en')
    expect(names.value).toEqual(['everyone'])
  })
})

it('tells all people apart from a person who is called so, before and after they are chosen', async () => {
  fakeQuintet().add('client', { accounts: () => ({ accounts: [{ name: 'Alle' }, { name: 'Alleyne' }] }) })
  await setLanguage('de')
  const { wrapper, type } = mountWith(['Alle', 'EVERYONE'])
  await flushPromises()
  const remove = wrapper.findAll('button[aria-label]').map((button) => button.attributes('aria-label'))
  const chips = wrapper.findAll('.truncate').map((chip) => chip.text())
  const chosenIcons = wrapper.findAll('.lucide-users').length
  await type('all')
  const offers = wrapper.findAll('[role=option] .flex-1').map((option) => option.text())
  const other = mountWith([])
  await other.type('all')
  const allOffers = other.wrapper.findAll('[role=option] .flex-1').map((option) => option.text())
  await setLanguage('en')
  expect(chips).toEqual(['Alle (eine Person)', 'alle'])
  expect(remove).toEqual(['Alle (eine Person) entfernen', 'alle entfernen'])
  expect(chosenIcons).toBe(1)
  expect(offers).toEqual(['Alleyne'])
  expect(allOffers).toEqual(['Alle (eine Person)', 'Alleyne', 'alle'])
})

describe('names with a comma or a semicolon', () => {
  const withComma = async () => {
    fakeQuintet().add('client', {
      accounts: ({ like }: { readonly like: string }) => ({
        accounts: ['Ben', 'Eriksen, Jo', 'Eriksen', 'Watch; night', 'Chief <3', 'Lee "Doc" Wu']
          .filter((name) => name.toLowerCase().includes(like.toLowerCase()))
          .map((name) => ({ name })),
      }),
    })
    const mounted = mountWith([])
    await mounted.wrapper.get('input').trigger('focus')
    await flushPromises()
    return mounted
  }

  it('are typed as they are', async () => {
    const { names, wrapper, type } = await withComma()
    const input = wrapper.get('input')
    await type('eriksen')
    await input.trigger('keydown', { key: ',' })
    expect(names.value).toEqual([])
    await type('eriksen, jo')
    await input.trigger('keydown', { key: ',' })
    await type('watch')
    await input.trigger('keydown', { key: ';' })
    await type('watch; night')
    await input.trigger('blur')
    await type('ben')
    await input.trigger('keydown', { key: ';' })
    expect(names.value).toEqual(['Eriksen, Jo', 'Watch; night', 'Ben'])
  })

  it('are completed', async () => {
    const { names, wrapper, type } = await withComma()
    await type('eriksen, j')
    await wrapper.get('input').trigger('keydown', { key: 'Enter' })
    expect(names.value).toEqual(['Eriksen, Jo'])
  })

  it('are pasted and dropped among others, beside what is written already', async () => {
    const { names, wrapper, type } = await withComma()
    await type('Zo')
    const input = wrapper.get('input')
    input.element.setSelectionRange(2, 2)
    const data = (words: string) => ({ getData: () => words })
    await input.trigger('paste', { clipboardData: data('ë, eriksen, jo; Eriksen; watch; night') })
    expect(names.value).toEqual(['Zoë', 'Eriksen, Jo', 'Eriksen', 'Watch; night'])
    await input.trigger('drop', { dataTransfer: data('Ben\nChief <3') })
    expect(names.value.slice(4)).toEqual(['Ben', 'Chief <3'])
  })

  it.each([
    ['Ben, Aiko; Zoë\nBen ', ['Ben', 'Aiko', 'Zoë', 'Ben']],
    ['Ben <ben@ship.example>, Zoë <zoe@ship.example>;', ['Ben', 'Zoë']],
    ['"Eriksen, Jo" <jo@ship.example>, "Doe, Jane"\r\n<Aiko>', ['Eriksen, Jo', 'Doe, Jane', 'Aiko']],
    ['eriksen, jo <jo@ship.example>\tEriksen,Ben', ['Eriksen, Jo', 'Eriksen', 'Ben']],
    ['Lee "Doc" Wu, "Lee \u2028 ,, ; ', ['Lee "Doc" Wu', '"Lee']],
  ])('stay whole in a list: %j', (written, expected) => {
    expect(splitNames(written, ['Eriksen, Jo', 'Eriksen', 'Lee "Doc" Wu', 'Chief <3'])).toEqual(expected)
  })
})

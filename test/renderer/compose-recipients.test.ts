import { flushPromises, mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { ref } from 'vue'
import ComposeRecipients from '../../renderer/mail/ComposeRecipients.vue'
import { splitNames } from '../../renderer/mail/recipients.ts'
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

  it('marks a name that nobody has, and keeps it', async () => {
    const { names, wrapper, type } = mountWith([])
    await type('Nobody')
    await wrapper.get('input').trigger('keydown', { key: ',' })
    await flushPromises()
    expect(names.value).toEqual(['Nobody'])
    expect(wrapper.text()).toContain('Nobody in this group has this name.')
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

  it('splits what is pasted', () => expect(splitNames('Ben, Aiko; Zoë\nBen ')).toEqual(['Ben', 'Aiko', 'Zoë', 'Ben']))
})

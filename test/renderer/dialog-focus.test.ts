import { mount, type VueWrapper } from '@vue/test-utils'
import { afterEach, expect, it, vi } from 'vitest'
import { h } from 'vue'
import BaseAsk from '../../renderer/base/BaseAsk.vue'
import BaseDialog from '../../renderer/base/BaseDialog.vue'
import BaseField from '../../renderer/base/BaseField.vue'
import { text } from '../../renderer/locales/i18n.ts'

let shown: VueWrapper | null = null

afterEach(() => {
  shown?.unmount()
  shown = null
})

const focused = async (look: (element: HTMLElement) => boolean): Promise<void> => {
  await vi.waitFor(() => {
    const { activeElement } = document
    expect(activeElement instanceof HTMLElement && look(activeElement)).toBe(true)
  })
}

it('a question that asks for something can be answered at once by typing', async () => {
  shown = mount(BaseAsk, {
    props: { open: true, title: 'Rename the group', action: 'Save' },
    slots: { default: () => h(BaseField, { modelValue: '', label: 'New name' }) },
    attachTo: document.body,
  })
  await focused((element) => element instanceof HTMLInputElement)
})

it('of a question before something that cannot be taken back, the answer that changes nothing has the focus', async () => {
  shown = mount(BaseAsk, { props: { open: true, title: 'Delete?', action: 'Delete' }, attachTo: document.body })
  await focused(({ textContent }) => textContent.trim() === text('common.cancel'))
})

it('what is long has the focus itself, so that the arrow keys scroll it', async () => {
  shown = mount(BaseDialog, {
    props: { open: true, title: 'Keyboard shortcuts', size: 'large' },
    slots: { default: () => 'many' },
    attachTo: document.body,
  })
  await focused(({ tabIndex, textContent }) => tabIndex === 0 && textContent.trim() === 'many')
})

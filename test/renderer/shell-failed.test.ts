import { mount } from '@vue/test-utils'
import { expect, it } from 'vitest'
import ShellFailed from '../../renderer/shell/ShellFailed.vue'

it('where no server is reached, nobody is sent to a page that is not there', () => {
  const wrapper = mount(ShellFailed, { props: { failure: { code: 'UNREACHABLE', message: 'Nobody answers.' } } })
  expect(wrapper.text()).not.toContain('under Network')
  expect(wrapper.text()).toContain('one of them has Quintet running')
  expect(wrapper.find('button').text()).toBe('Try again')
})

import { mount } from '@vue/test-utils'
import { expect, it } from 'vitest'
import TimelineCompose from '../../renderer/timeline/TimelineCompose.vue'

it('a post that is being written is there after a look at another page', async () => {
  const before = mount(TimelineCompose)
  await before.find('textarea').setValue('News of the winch')
  before.unmount()
  const after = mount(TimelineCompose)
  expect(after.find('textarea').element.value).toBe('News of the winch')
  after.unmount()
})

import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import FirstRunSeats from '../../renderer/first-run/FirstRunSeats.vue'
import { allServerIds, type ServerId, serverId } from '../../replica/core/model/ids.ts'
import './setup.ts'

const taken = new Map([
  [1, 'bridge'],
  [4, 'sick bay'],
])

const mountSeats = (chosen: ServerId | null) => {
  const wrapper = mount(FirstRunSeats, {
    props: {
      seats: allServerIds.map((server) => ({ server, machine: taken.get(server) ?? null })),
      own: 'Galley',
      modelValue: chosen,
      'onUpdate:modelValue': (server: ServerId | null) => wrapper.setProps({ modelValue: server }),
    },
    attachTo: document.body,
  })
  return wrapper
}

describe('choosing a server id', () => {
  it('shows all five seats, the taken ones by the name of their machine', () => {
    const seats = mountSeats(null).findAll('input[type=radio]')
    expect(seats.map((seat) => seat.attributes('aria-label'))).toEqual([
      'Server id 1, taken by bridge',
      'Server id 2, free',
      'Server id 3, free',
      'Server id 4, taken by sick bay',
      'Server id 5, free',
    ])
  })

  it('lets only free seats be chosen', () => {
    const seats = mountSeats(null).findAll<HTMLInputElement>('input[type=radio]')
    expect(seats.map(({ element }) => element.disabled)).toEqual([true, false, false, true, false])
  })

  it('gives the chosen seat the name of this machine', async () => {
    const wrapper = mountSeats(serverId(2))
    await wrapper.findAll('input[type=radio]')[2]?.setValue(true)
    expect(wrapper.props('modelValue')).toBe(3)
    expect(wrapper.findAll('label')[2]?.text()).toContain('Galley')
    expect(wrapper.findAll('label')[1]?.text()).toContain('free')
  })

  it('is one group of radio buttons, so that arrow keys go through it', () => {
    const names = mountSeats(null)
      .findAll('input[type=radio]')
      .map((seat) => seat.attributes('name'))
    expect(new Set(names).size).toBe(1)
  })
})

import { mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { cellMark, cellWords, heatOf, matrixOf } from '../../renderer/network/matrix.ts'
import NetworkMatrix from '../../renderer/network/NetworkMatrix.vue'
import { useGroup } from '../../renderer/stores/group.ts'
import type { NetworkSeat } from '../../replica/client/contract/group.ts'
import { serverId } from '../../replica/core/model/ids.ts'
import { fakeNetwork, machines } from './fake-group.ts'
import { fakeQuintet } from './setup.ts'

const split = fakeNetwork(['here', 'connected', 'connected', 'connected', 'unreachable'])
const nameOf = (server: number): string => machines[server - 1] ?? ''

describe('the knowledge matrix in words', () => {
  it('has a row and a column for each seat in use', () => {
    const free = { ...split.seats[4], state: 'free', machine: null, holds: {} } as NetworkSeat
    const seats = [...split.seats.slice(0, 4).map((seat) => ({ ...seat, holds: { '1': 10, '2': 10 } })), free]
    const rows = matrixOf(seats)
    expect(rows.map(({ seat }) => seat.server)).toEqual([1, 2, 3, 4])
    expect(rows[0]?.cells.map(({ origin }) => origin)).toEqual([1, 2, 3, 4])
  })

  it('keeps the column of a seat that is free now but whose updates live on', () => {
    const seats = split.seats.map((seat) => (seat.server === 5 ? { ...seat, state: 'free' as const, holds: {} } : seat))
    const rows = matrixOf(seats)
    expect(rows).toHaveLength(4)
    expect(rows[0]?.cells.map(({ origin }) => origin)).toEqual([1, 2, 3, 4, 5])
  })

  it('says that all is there, how much is missing, or that there is nothing', () => {
    const cell = { holder: serverId(2), origin: serverId(1), held: 1_203, known: 1_230 }
    expect(cellWords(cell, nameOf)).toBe('Galley holds 1,203 of 1,230 updates of bridge; 27 are missing.')
    expect(cellWords({ ...cell, held: 1_230 }, nameOf)).toBe('Galley holds all 1,230 updates of bridge.')
    expect(cellWords({ ...cell, held: 0, known: 0 }, nameOf)).toContain('bridge has written nothing')
  })

  it('tells what is missing by a sign, not by colour alone', () => {
    const cell = { holder: serverId(2), origin: serverId(1), held: 10, known: 10 }
    expect(cellMark(cell)).toBe('✓')
    expect(cellMark({ ...cell, held: 3 })).toBe('−7')
    expect(cellMark({ ...cell, held: 0, known: 0 })).toBe('·')
  })

  it('is the warmer the more is missing', () => {
    const heat = [0, 1, 10, 100, 1_000, 100_000].map((missing) =>
      heatOf({ holder: serverId(1), origin: serverId(2), held: 0, known: missing }),
    )
    expect(heat[0]).toBe(0)
    expect(heat).toEqual(heat.toSorted((a, b) => a - b))
    expect(heat.at(-1)).toBe(1)
  })
})

describe('the heat map', () => {
  const open = async () => {
    fakeQuintet().add('client', { network: () => split })
    await useGroup().refresh()
    return mount(NetworkMatrix, { attachTo: document.body })
  }

  it('gives each field its sentence, shown when it is pointed at', async () => {
    const wrapper = await open()
    const cell = wrapper.get('[data-cell="0-4"]')
    expect(cell.attributes('aria-label')).toBe('bridge holds all 10 updates of lab.')
    await wrapper.get('[data-cell="4-4"]').trigger('pointerenter')
    expect(wrapper.text()).toContain('lab holds 6 of 10 updates of lab; 4 are missing.')
  })

  it('is one stop for Tab, and the arrow keys go through it', async () => {
    const wrapper = await open()
    expect(wrapper.findAll('[tabindex="0"]')).toHaveLength(1)
    const first = wrapper.get<HTMLElement>('[data-cell="0-0"]')
    first.element.focus()
    await first.trigger('keydown', { key: 'ArrowDown' })
    expect(document.activeElement?.getAttribute('data-cell')).toBe('1-0')
    await wrapper.get('[data-cell="1-0"]').trigger('keydown', { key: 'ArrowLeft' })
    expect(document.activeElement?.getAttribute('data-cell')).toBe('1-0')
    expect(wrapper.findAll('[tabindex="0"]')).toHaveLength(1)
  })
})

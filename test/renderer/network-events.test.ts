import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { TooltipProvider } from 'reka-ui'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { h } from 'vue'
import type { InviteInfo, NetworkInfo } from '../../replica/client/contract/group.ts'
import { inviteId, serverId, type InviteId } from '../../replica/core/model/ids.ts'
import { duration } from '../../renderer/base/moments.ts'
import MailSafety from '../../renderer/mail/MailSafety.vue'
import NetworkAsk from '../../renderer/network/NetworkAsk.vue'
import NetworkSeatCard from '../../renderer/network/NetworkSeat.vue'
import NetworkInvites from '../../renderer/network/NetworkInvites.vue'
import { useNetwork } from '../../renderer/network/network-store.ts'
import { useGroup } from '../../renderer/stores/group.ts'
import { fakeNetwork } from './fake-group.ts'
import { mailId } from './fake-mailbox.ts'
import { fakeQuintet } from './setup.ts'

const mounted: VueWrapper[] = []
afterEach(() => {
  for (const wrapper of mounted.splice(0)) wrapper.unmount()
  vi.useRealTimers()
})
const seesLast = (state: 'connected' | 'unreachable' | 'paused' | 'free'): void => {
  fakeQuintet().add('client', { network: () => fakeNetwork(['here', 'connected', 'connected', 'connected', state]) })
}

describe('the question whether to retire a machine', () => {
  it.each(['connected', 'free'] as const)('is asked no more when its seat is %s meanwhile', async (state) => {
    seesLast('unreachable')
    await useGroup().refresh()
    fakeQuintet().add('client', { letIn: () => ({ machines: [] }) })
    mounted.push(mount(NetworkAsk))
    const network = useNetwork()
    network.asked = { kind: 'retire', server: serverId(5) }
    await flushPromises()
    seesLast('paused')
    await network.load()
    expect(network.asked).not.toBeNull()
    seesLast(state)
    await network.load()
    await flushPromises()
    expect(network.asked).toBeNull()
  })
})

describe('a seat that is promised to a machine that has not come', () => {
  const invite = inviteId('i'.repeat(43))
  const promise = (promised: InviteId | null): NetworkInfo => {
    const network = fakeNetwork(['here', 'free'])
    return {
      ...network,
      seats: network.seats.map((seat) => ({ ...seat, promised: seat.state === 'free' ? promised : null })),
    }
  }

  it('says by which invite, and is freed after a question', async () => {
    const retire = vi.fn()
    fakeQuintet().add('client', {
      network: () => promise(invite),
      retire,
      invites: () => ({ invites: [] }),
      letIn: () => ({ machines: [] }),
    })
    await useGroup().refresh()
    const network = useNetwork()
    network.selected = serverId(2)
    const card = mount(NetworkSeatCard)
    mounted.push(card, mount(NetworkAsk))
    expect(card.text()).toContain('Promised to a machine that was let in (invite iiiiiiii)')
    const [button] = card.findAll('button')
    expect(button?.text()).toBe('Free the seat')
    await button?.trigger('click')
    await flushPromises()
    const confirm = [...document.querySelectorAll('button')].filter(({ textContent }) =>
      textContent.includes('Free the seat'),
    )
    confirm.at(-1)?.click()
    await flushPromises()
    expect(retire).toHaveBeenCalledWith({ server: 2 })
    expect(network.asked).toBeNull()
  })

  it('is not asked about any more when the machine has come meanwhile', async () => {
    fakeQuintet().add('client', { network: () => promise(invite) })
    await useGroup().refresh()
    mounted.push(mount(NetworkAsk))
    const network = useNetwork()
    network.asked = { kind: 'freeSeat', server: serverId(2) }
    await flushPromises()
    expect(document.body.textContent).toContain('Free seat 2?')
    fakeQuintet().add('client', { network: () => promise(null) })
    await network.load()
    await flushPromises()
    expect(document.querySelector('[role=alertdialog], [role=dialog]')).toBeNull()
  })
})

describe('the list of invites', () => {
  const invite: InviteInfo = { invite: 'abc' as never, expiresAt: 0, state: 'open', usedBy: null }

  it('tells when one is used, and when one expires, while it is looked at', async () => {
    vi.useFakeTimers()
    const expiresAt = Date.now() + 60_000
    let invites: readonly InviteInfo[] = [
      { ...invite, expiresAt },
      { ...invite, expiresAt },
    ]
    fakeQuintet().add('client', { invites: () => ({ invites }) })
    const wrapper = mount(NetworkInvites)
    mounted.push(wrapper)
    await flushPromises()
    expect(wrapper.findAll('button')).toHaveLength(2)
    invites = [
      { ...invite, expiresAt, state: 'used', usedBy: serverId(2) },
      { ...invite, expiresAt },
    ]
    fakeQuintet().emit({ event: 'view', view: { number: 5, servers: [] } })
    await vi.advanceTimersByTimeAsync(5_000)
    expect(wrapper.text()).toContain('Used by')
    expect(wrapper.findAll('button')).toHaveLength(1)
    await vi.advanceTimersByTimeAsync(120_000)
    expect(wrapper.text()).toContain('Expired')
    expect(wrapper.findAll('button')).toHaveLength(0)
  })
})

it('nothing is said of how safe a mail is before it is known how many machines there are', async () => {
  const wrapper = mount(() => h(TooltipProvider, () => h(MailSafety, { mail: mailId(4), words: 'shown' })))
  mounted.push(wrapper)
  await new Promise((resolve) => setTimeout(resolve, 200))
  await flushPromises()
  expect(wrapper.text()).toBe('')
  await useGroup().refresh()
  await flushPromises()
  expect(wrapper.text()).toBe('on all five')
})

it('machines of one name are told apart by their server ids', async () => {
  const network = fakeNetwork(['here', 'connected', 'connected', 'connected', 'free'])
  const seats = network.seats.map((seat) => (seat.server === 3 ? { ...seat, machine: 'bridge' } : seat))
  fakeQuintet().add('client', { network: () => ({ ...network, seats }) })
  await useGroup().refresh()
  const { nameOf } = useGroup()
  expect([1, 2, 3, 5].map((server) => nameOf(serverId(server)))).toEqual(['bridge (#1)', 'Galley', 'bridge (#3)', '#5'])
})

it('nearly two hours are two', () => {
  expect(duration(2 * 3_600_000 - 10_000)).toBe('2 hr')
})

import { mount } from '@vue/test-utils'
import { TooltipProvider } from 'reka-ui'
import { expect, it, vi } from 'vitest'
import { h } from 'vue'
import MailSafety from '../../renderer/mail/MailSafety.vue'
import { seatPlaces } from '../../renderer/shell/seat-places.ts'
import { useApp } from '../../renderer/stores/app.ts'
import { useGroup } from '../../renderer/stores/group.ts'
import type { SeatState } from '../../replica/client/contract/group.ts'
import { accountId, serverId } from '../../replica/core/model/ids.ts'
import { fakeNetwork } from './fake-group.ts'
import { mailId } from './fake-mailbox.ts'
import { fakeQuintet } from './setup.ts'

/** What is shown of a mail that only server 3 has. */
const shown = async (home: number | null) => {
  fakeQuintet().setPhase({
    phase: 'signedIn',
    group: 'Northern Light',
    mode: home === null ? 'client' : 'replica',
    home: home === null ? null : serverId(home),
    homeFailure: null,
    server: serverId(3),
    account: 'Ingrid',
    accountId: accountId('account-1'),
  })
  fakeQuintet().add('client', {
    safeties: ({ mails }: { mails: readonly string[] }) => ({
      safeties: mails.map((mail) => ({ mail, servers: [serverId(3)] })),
    }),
  })
  await useApp().load()
  await useGroup().refresh()
  const safety = () => h(TooltipProvider, () => h(MailSafety, { mail: mailId(1) }))
  const wrapper = mount(safety)
  await vi.waitFor(() => expect(wrapper.find('[role=img]').exists()).toBe(true))
  return wrapper.get('[role=img]')
}
const said = async (home: number | null): Promise<string | undefined> => (await shown(home)).attributes('aria-label')

it('a mail on this machine alone is saved here', async () => {
  expect(await said(3)).toBe('saved here')
})

it.each([
  ['the window uses the server of another machine', 1],
  ['this machine has no replica', null],
])('a mail on another machine alone is not said to be here: %s', async (_, home) => {
  expect(await said(home)).toBe('saved on engine room only')
})

it('a mail is shown at the seats where it is, and every other seat that is used without it', async () => {
  const seats = (await shown(1)).findAll('circle')
  expect(seats).toHaveLength(useGroup().used.length)
  expect(seats.map((seat) => seat.attributes('fill')).filter((fill) => fill !== 'none')).toEqual(['currentColor'])
  const place = seatPlaces.find(({ server }) => server === 3)
  const filled = seats.find((seat) => seat.attributes('fill') === 'currentColor')
  expect([filled?.attributes('cx'), filled?.attributes('cy')]).toEqual([String(place?.x), String(place?.y)])
})

it.each<readonly [string, readonly SeatState[]]>([
  ['the only one', ['free', 'free', 'free', 'here']],
  ['two beside each other', ['here', 'connected']],
  ['all', ['here', 'connected', 'connected', 'connected', 'connected']],
])('the seats that are used stand in the middle of the mark: %s', async (_, states) => {
  fakeQuintet().add('client', { network: () => fakeNetwork(states) })
  const mark = await shown(3)
  const [left = 0, top = 0, width = 0, height = 0] = (mark.attributes('viewBox') ?? '').split(' ').map(Number)
  const middleOf = (name: 'cx' | 'cy'): number => {
    const places = mark.findAll('circle').map((circle) => Number(circle.attributes(name)))
    return (Math.min(...places) + Math.max(...places)) / 2
  }
  expect([middleOf('cx'), middleOf('cy')]).toEqual([left + width / 2, top + height / 2])
})

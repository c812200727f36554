import { flushPromises, mount } from '@vue/test-utils'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { toast } from 'vue-sonner'
import { useNetworkLetIn } from '../../renderer/network/let-in-store.ts'
import NetworkAsk from '../../renderer/network/NetworkAsk.vue'
import NetworkLetIn from '../../renderer/network/NetworkLetIn.vue'
import { useNetwork } from '../../renderer/network/network-store.ts'
import { useNavigation } from '../../renderer/shell/navigation.ts'
import { useGroup } from '../../renderer/stores/group.ts'
import type { LetIn } from '../../replica/client/contract/group.ts'
import { inviteId, originId, serverId } from '../../replica/core/model/ids.ts'
import { fakeNetwork } from './fake-group.ts'
import { fakeQuintet } from './setup.ts'

const rogue: LetIn = {
  machine: originId('4.bbbbbbbb'),
  invite: null,
  server: serverId(4),
  name: 'sick bay',
  state: 'seat',
  at: null,
  by: [],
  byRetired: false,
  connected: false,
  here: false,
}
const bySickBay = [{ machine: originId('4.bbbbbbbb'), server: serverId(4), name: 'sick bay' }]
const key: LetIn = {
  ...rogue,
  machine: originId('5.cccccccc'),
  server: null,
  name: null,
  state: 'without',
  by: bySickBay,
  connected: true,
}
const phone: LetIn = { ...key, machine: null, invite: inviteId('A'.repeat(43)), name: 'phone', state: 'client' }
const lab: LetIn = { ...key, machine: originId('5.dddddddd'), server: serverId(5), name: 'lab', state: 'seat' }
const own: LetIn = { ...lab, machine: originId('1.aaaaaaaa'), server: serverId(1), name: 'bridge', here: true }

const done: unknown[] = []
const note = (what: string) => (request: object) => {
  done.push({ ...request, do: what })
}
const buttonOf = (name: string): HTMLButtonElement => {
  const found = [...document.body.querySelectorAll('button')].filter(({ textContent }) => textContent.trim() === name)
  const last = found.at(-1)
  if (last === undefined) throw new Error(`no button ${name}`)
  return last
}
const switchOf = (label: string): HTMLButtonElement => {
  const found = [...document.body.querySelectorAll('label')].find(({ textContent }) => textContent.trim() === label)
  const control = document.getElementById(found?.htmlFor ?? '')
  if (!(control instanceof HTMLButtonElement)) throw new Error(`no switch ${label}`)
  return control
}
const keyName = 'Key 5.cccccccc'

beforeEach(() => {
  done.length = 0
  document.body.replaceChildren()
  fakeQuintet().add('client', {
    network: () => fakeNetwork(['here', 'connected', 'connected', 'unreachable', 'connected']),
    letIn: ({ server }: { readonly server?: number }) => ({
      machines: server === undefined ? [key, phone, rogue, lab, own] : [key, phone, lab, own],
    }),
    invites: () => ({ invites: [] }),
    retire: note('retire'),
    shutOut: note('shutOut'),
    revokeInvite: note('revokeInvite'),
  })
})

const askToRetire = async () => {
  await useGroup().refresh()
  mount(NetworkAsk, { attachTo: document.body })
  useNetwork().asked = { kind: 'retire', server: serverId(4) }
  await flushPromises()
}

describe('who was let in and has no seat', () => {
  it('is shown with who let them in, and can be shut out after a question', async () => {
    const page = mount(NetworkLetIn, { attachTo: document.body })
    mount(NetworkAsk, { attachTo: document.body })
    await flushPromises()
    const rows = page.findAll('li').map((row) => row.text())
    expect(rows).toHaveLength(2)
    expect(rows[0]).toContain(keyName)
    expect(rows[0]).toContain('without a seat · let in by sick bay · connected now')
    for (const row of page.findAll('li')) {
      await row.get('button').trigger('click')
      await flushPromises()
      buttonOf('Shut out').click()
      await flushPromises()
    }
    expect(done).toEqual([
      { do: 'shutOut', machine: key.machine },
      { do: 'revokeInvite', invite: phone.invite },
    ])
  })

  it('is told of before the key is changed, where a retired machine let them in', async () => {
    fakeQuintet().add('client', { letIn: () => ({ machines: [{ ...key, byRetired: true }, phone] }) })
    await useNetworkLetIn().load()
    mount(NetworkAsk, { attachTo: document.body })
    useNetwork().asked = { kind: 'rotateKey' }
    await flushPromises()
    expect(document.body.textContent).toContain(`without a seat: ${keyName}.`)
  })
})

it('who is kept out has the group key still: another one is offered, on the page where it is asked about', async () => {
  const warning = vi.spyOn(toast, 'warning')
  await askToRetire()
  buttonOf('Retire').click()
  await flushPromises()
  // Gone, and in nobody's hands.
  expect(warning).not.toHaveBeenCalled()
  useNetwork().asked = { kind: 'retire', server: serverId(4) }
  await flushPromises()
  switchOf('Take nothing from it any more').click()
  await flushPromises()
  buttonOf('Retire').click()
  await flushPromises()
  const [said, options] = warning.mock.calls[0]!
  expect(said).toBe('sick bay is retired.')
  useNavigation().go('mail')
  ;(options?.action as { readonly onClick: () => void }).onClick()
  expect(useNavigation().place.page).toBe('network')
  expect(useNetwork().asked).toEqual({ kind: 'rotateKey' })
})

describe('a machine that is retired', () => {
  it('has those named whom it let in, and they stay unless they are chosen', async () => {
    await askToRetire()
    for (const name of [keyName, 'phone', 'lab', 'bridge']) expect(switchOf(name).ariaChecked).not.toBe('true')
    expect(switchOf('bridge').disabled).toBe(true)
    buttonOf('Retire').click()
    await flushPromises()
    expect(done).toEqual([{ do: 'retire', server: 4 }])
  })

  it('takes those along that are chosen, and is shut out itself if it is not trusted', async () => {
    await askToRetire()
    for (const name of [keyName, 'phone', 'Take nothing from it any more']) switchOf(name).click()
    await flushPromises()
    buttonOf('Retire').click()
    await flushPromises()
    expect(done).toEqual([
      { do: 'retire', server: 4 },
      { do: 'shutOut', machine: rogue.machine },
      { do: 'shutOut', machine: key.machine },
      { do: 'revokeInvite', invite: phone.invite },
    ])
  })

  it('can be retired where the server is of a version that cannot tell whom it let in', async () => {
    fakeQuintet().failWith('letIn', 'BAD_REQUEST')
    await askToRetire()
    expect(document.body.textContent).toContain('cannot tell whom that machine let in')
    buttonOf('Retire').click()
    await flushPromises()
    expect(done).toEqual([{ do: 'retire', server: 4 }])
  })
})

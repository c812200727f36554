import { flushPromises, mount } from '@vue/test-utils'
import { describe, expect, it, vi } from 'vitest'
import type { FirstRunDraft, InspectedInvite } from '../../electron/contract/app-host.ts'
import FirstRunPage from '../../renderer/first-run/FirstRunPage.vue'
import { useApp } from '../../renderer/stores/app.ts'
import { useFirstRun } from '../../renderer/first-run/first-run-store.ts'
import { allServerIds, type ServerId, serverId } from '../../replica/core/model/ids.ts'
import { fakeQuintet } from './setup.ts'

const begun: FirstRunDraft = {
  step: 'choice',
  groupName: '',
  machine: 'mess',
  invite: '',
  server: null,
  joinsAs: 'server',
  account: null,
}

const seatsTakenBy = (machines: Readonly<Record<number, string>>): InspectedInvite => ({
  groupName: 'RV Northern Light',
  expiresAt: Date.now() + 86_400_000,
  seats: allServerIds.map((server) => ({ server, machine: machines[server] ?? null })),
})

interface HostState {
  draft: FirstRunDraft | null
  inspected: InspectedInvite
}

const hostWith = (draft: FirstRunDraft | null, inspected = seatsTakenBy({ 1: 'bridge' })): HostState => {
  const state: HostState = { draft, inspected }
  fakeQuintet().add('host', {
    firstRun: () => state.draft,
    keepFirstRun: (request: { readonly draft: FirstRunDraft | null }) => {
      state.draft = request.draft
    },
    inspectInvite: () => state.inspected,
    join: () => undefined,
    joinAsClient: () => undefined,
    createGroup: () => undefined,
  })
  return state
}

const open = async () => {
  const page = mount(FirstRunPage, { attachTo: document.body })
  await flushPromises()
  return page
}
const joinsOf = () => fakeQuintet().calls.filter(({ method }) => method.endsWith('join'))

describe('the first run', () => {
  it('begins with a choice, and takes the machine’s own name as a suggestion', async () => {
    hostWith(null)
    const page = await open()
    expect(page.get('h1').text()).toBe('Welcome to Quintet')
    await page.findAll('button')[0]?.trigger('click')
    expect(page.get('h1').text()).toBe('Create a group')
    expect(page.findAll<HTMLInputElement>('input')[1]?.element.value).toBe('bridge')
  })

  it('goes on at the step where it was left, with what was entered', async () => {
    hostWith({ ...begun, step: 'create', groupName: 'Nordlicht', server: serverId(3) })
    const page = await open()
    expect(page.get('h1').text()).toBe('Create a group')
    expect(page.findAll<HTMLInputElement>('input').map(({ element }) => element.value)).toContain('Nordlicht')
    expect(page.get<HTMLInputElement>('input[type=radio]:checked').attributes('aria-label')).toContain('Server id 3')
  })

  it('keeps every step, and what is typed after a pause', async () => {
    vi.useFakeTimers()
    try {
      const state = hostWith(null)
      const store = useFirstRun()
      await store.load()
      store.goTo('create')
      expect(state.draft?.step).toBe('create')
      store.change({ groupName: 'N' })
      store.change({ groupName: 'No' })
      expect(state.draft?.groupName).toBe('')
      await vi.runAllTimersAsync()
      expect(state.draft?.groupName).toBe('No')
    } finally {
      vi.useRealTimers()
    }
  })

  it('asks again which seats are free when it goes on at the seat', async () => {
    hostWith(
      { ...begun, step: 'seat', invite: 'invite', server: serverId(2) },
      seatsTakenBy({ 1: 'bridge', 2: 'Galley' }),
    )
    const page = await open()
    const store = useFirstRun()
    expect(store.draft.server).toBe(3)
    expect(page.text()).toContain('RV Northern Light')
    const chosen = page.findAll('input[type=radio]:checked').map((radio) => radio.attributes('aria-label'))
    expect(chosen).toContain('Server id 3, free')
  })

  it('takes an invite as it was pasted: as a link, broken into lines', async () => {
    const state = hostWith({ ...begun, step: 'invite' })
    const page = await open()
    await page.get('textarea').setValue(' quintet://join/abc\n  def \n')
    await page.get('form').trigger('submit')
    await flushPromises()
    expect(state.draft).toMatchObject({ step: 'seat', invite: 'quintet://join/abcdef', server: 2 })
    expect(page.get('h1').text()).toBe('Choose a place for this machine')
  })

  it('takes an invite that was opened from outside', async () => {
    hostWith(null)
    const page = await open()
    fakeQuintet().emitApp({ event: 'phase', phase: { phase: 'empty' } })
    fakeQuintet().emitApp({ event: 'inviteOpened', invite: 'quintet://join/abc' })
    await flushPromises()
    expect(page.get('h1').text()).toBe('Choose a place for this machine')
  })

  it('leaves an invite alone that is opened while there is a group here', async () => {
    const state = hostWith(null)
    const store = useFirstRun()
    await useApp().load()
    fakeQuintet().emitApp({ event: 'inviteOpened', invite: 'quintet://join/abc' })
    await flushPromises()
    expect(state.draft).toBeNull()
    expect(store.draft.invite).toBe('')
  })

  it.each([
    ['BAD_INVITE', 'Copy all of it'],
    ['INVITE_EXPIRED', 'has expired'],
    ['INVITE_USED', 'has been used'],
    ['NO_MEMBER_REACHED', 'No member can be reached'],
  ] as const)('stays where it is and says what to do about %s', async (code, remedy) => {
    const state = hostWith({ ...begun, step: 'invite', invite: 'invite' })
    fakeQuintet().failWith('inspectInvite', code)
    const page = await open()
    await page.get('form').trigger('submit')
    await flushPromises()
    expect(page.get('[role=alert]').text()).toContain(remedy)
    expect(state.draft?.invite).toBe('invite')
    expect(page.get('h1').text()).toBe('Join a group')
  })

  it('shows who took the seat meanwhile, and lets another be chosen', async () => {
    const state = hostWith({ ...begun, step: 'seat', invite: 'invite', server: serverId(2) })
    const page = await open()
    state.inspected = seatsTakenBy({ 1: 'bridge', 2: 'Galley' })
    fakeQuintet().failWith('join', 'SEAT_TAKEN')
    await page.get('form').trigger('submit')
    await flushPromises()
    expect(page.get('[role=alert]').text()).toContain('This server id is taken')
    expect(page.text()).toContain('Galley')
    expect(useFirstRun().draft.server).toBe(3)
  })

  it.each([
    ['a member is asked that does not know of it yet', () => undefined],
    ['no member can be asked', (state: HostState) => (state.inspected = { ...state.inspected, seats: null })],
    ['asking fails', () => fakeQuintet().failWith('inspectInvite', 'INTERNAL')],
  ])('shows a seat that was refused as taken, also where %s', async (_, meanwhile) => {
    const state = hostWith({ ...begun, step: 'seat', invite: 'invite', server: serverId(2) })
    const page = await open()
    meanwhile(state)
    fakeQuintet().failWith('join', 'SEAT_TAKEN')
    await page.get('form').trigger('submit')
    await flushPromises()
    expect(page.text()).toContain('RV Northern Light')
    const seats = page.findAll<HTMLInputElement>('input[aria-label^="Server id"]').map(({ element }) => element)
    expect(seats.map(({ disabled }) => disabled)).toEqual([true, true, false, false, false])
    expect(seats.map(({ checked }) => checked)).toEqual([false, false, true, false, false])
    expect(seats[1]?.getAttribute('aria-label')).toContain('taken by a machine that has not told its name yet')
  })

  it('joins without a seat as a client only', async () => {
    hostWith({ ...begun, step: 'seat', invite: 'invite' })
    const page = await open()
    await page
      .findAll('input[type=radio]')
      .find((radio) => radio.attributes('value') === 'client')
      ?.setValue(true)
    expect(page.text()).not.toContain('Server id')
    await page.get('form').trigger('submit')
    await flushPromises()
    expect(joinsOf()).toEqual([])
    expect(fakeQuintet().calls).toContainEqual({
      method: 'joinAsClient',
      request: { invite: 'invite', machine: 'mess' },
    })
  })

  it('asks for the seat that was chosen', async () => {
    const server: ServerId = serverId(5)
    hostWith({ ...begun, step: 'seat', invite: 'invite', server })
    const page = await open()
    await page.get('form').trigger('submit')
    await flushPromises()
    expect(joinsOf()).toEqual([{ method: 'join', request: { invite: 'invite', machine: 'mess', server: 5 } }])
  })
})

describe('the first run, while a member is asked', () => {
  it('stays where the person has gone while a member was asked', async () => {
    const state = hostWith({ ...begun, step: 'seat', invite: 'invite' })
    const page = mount(FirstRunPage, { attachTo: document.body })
    await vi.waitFor(() => expect(useFirstRun().work).toBe('none'))
    fakeQuintet().holdAnswers()
    void useFirstRun().inspect()
    useFirstRun().goTo('invite')
    fakeQuintet().answerHeld()
    await flushPromises()
    expect(page.get('h1').text()).toBe('Join a group')
    expect(state.draft).toMatchObject({ step: 'invite' })
  })
})

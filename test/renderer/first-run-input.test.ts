import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { FirstRunDraft } from '../../electron/contract/app-host.ts'
import { labelFault } from '../../renderer/base/labels.ts'
import FirstRunPage from '../../renderer/first-run/FirstRunPage.vue'
import { serverId } from '../../replica/core/model/ids.ts'
import { isLabel } from '../../replica/wire/names.ts'
import { fakeQuintet } from './setup.ts'

const turnedAround = 'brid\u202ege'

const open = async (changes: Partial<FirstRunDraft>): Promise<VueWrapper> => {
  const draft = { groupName: 'Northern Light', machine: 'mess', invite: 'invite', server: serverId(2), account: null }
  fakeQuintet().add('host', {
    firstRun: () => ({ ...draft, step: 'create', joinsAs: 'server', ...changes }),
    keepFirstRun: () => undefined,
    inspectInvite: () => ({ groupName: 'Northern Light', expiresAt: Date.now() + 86_400_000, seats: null }),
    createGroup: () => undefined,
    join: () => undefined,
  })
  const page = mount(FirstRunPage, { attachTo: document.body })
  onTestFinished(() => page.unmount())
  await flushPromises()
  return page
}

const send = async (page: VueWrapper): Promise<void> => {
  await page.get('form').trigger('submit')
  await flushPromises()
}

const focusedLabel = (): string => {
  const { activeElement } = document
  return activeElement instanceof HTMLInputElement || activeElement instanceof HTMLTextAreaElement
    ? (activeElement.labels?.[0]?.textContent ?? '')
    : (activeElement?.tagName ?? '')
}

const asked = (): readonly string[] =>
  fakeQuintet()
    .calls.map(({ method }) => method)
    .filter((method) => method === 'createGroup' || method === 'join')

describe('wrong input at the first run', () => {
  it.each<[string, Partial<FirstRunDraft>, string, string]>([
    ['no name', { groupName: ' ' }, 'Name of the group', 'Give it a name'],
    ['an unseen sign', { groupName: `The ${turnedAround}` }, 'Name of the group', 'characters that nobody sees'],
    ['two lines', { machine: 'mess\u2028hall' }, 'Name of this machine', 'characters that nobody sees'],
    ['no machine', { machine: '' }, 'Name of this machine', 'Give it a name'],
    ['an unseen sign when joining', { step: 'seat', machine: turnedAround }, 'Name of this machine', 'nobody sees'],
    ['no invite', { step: 'invite', invite: '' }, 'Invite', 'Paste the invite'],
  ])('is told at its field, which has the focus then: %s', async (_what, changes, field, fault) => {
    const page = await open(changes)
    await send(page)
    expect(page.get('[role=alert]').text()).toContain(fault)
    expect(focusedLabel()).toBe(field)
    expect(asked()).toEqual([])
  })

  it.each<[FirstRunDraft['step'], string]>([
    ['create', 'createGroup'],
    ['seat', 'join'],
  ])('that only the program can see is told where the keyboard is (%s)', async (step, method) => {
    const page = await open({ step })
    fakeQuintet().failWith(method, 'DIRECTORY_NOT_USABLE')
    await send(page)
    expect(document.activeElement).toBe(page.get('[role=alert]').element)
  })

  it('is what the replica refuses, and nothing else', () => {
    const names = ['bridge', 'Brücke 3', 'a*b~?', '艦橋', '👩‍🚀', turnedAround, 'a\u0000', 'a\u2029b', 'a\tb', '\ud800']
    expect(names.map((name) => labelFault(name) === null)).toEqual(names.map(isLabel))
  })
})

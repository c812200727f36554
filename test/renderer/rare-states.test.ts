// @vitest-environment jsdom
// axe, which comes with @axe-core/playwright, looks for names and roles here; for colours it needs a browser (e2e/accessibility).
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import axe from 'axe-core'
import { TooltipProvider } from 'reka-ui'
import { afterEach, beforeAll, expect, it } from 'vitest'
import { h, type Component } from 'vue'
import AccountPhrase from '../../renderer/account/AccountPhrase.vue'
import AccountReset from '../../renderer/account/AccountReset.vue'
import MailBody from '../../renderer/mail/MailBody.vue'
import MailDrafts from '../../renderer/mail/MailDrafts.vue'
import MailListEmpty from '../../renderer/mail/MailListEmpty.vue'
import MailListFailed from '../../renderer/mail/MailListFailed.vue'
import MailMessage from '../../renderer/mail/MailMessage.vue'
import MailOutbox from '../../renderer/mail/MailOutbox.vue'
import ComposeWindow from '../../renderer/mail/ComposeWindow.vue'
import { useCompose } from '../../renderer/mail/compose-store.ts'
import { useMailView } from '../../renderer/mail/mail-view.ts'
import NetworkAsk from '../../renderer/network/NetworkAsk.vue'
import NetworkInviteDialog from '../../renderer/network/NetworkInviteDialog.vue'
import NetworkInvites from '../../renderer/network/NetworkInvites.vue'
import NetworkLetIn from '../../renderer/network/NetworkLetIn.vue'
import NetworkOwnSeat from '../../renderer/network/NetworkOwnSeat.vue'
import NetworkWarnings from '../../renderer/network/NetworkWarnings.vue'
import { useNetwork, type NetworkAsk as Asked } from '../../renderer/network/network-store.ts'
import { useIdentity } from '../../renderer/people/identity-store.ts'
import PeopleIdentity from '../../renderer/people/PeopleIdentity.vue'
import ShellBanner from '../../renderer/shell/ShellBanner.vue'
import ShellFailed from '../../renderer/shell/ShellFailed.vue'
import { useGroup } from '../../renderer/stores/group.ts'
import type { LetIn, NetworkInfo } from '../../replica/client/contract/group.ts'
import type { OutboxReason } from '../../replica/client/contract/mailbox.ts'
import type { ErrorCode } from '../../replica/core/model/errors.ts'
import { accountId, inviteId, originId, serverId } from '../../replica/core/model/ids.ts'
import { fakeNetwork } from './fake-group.ts'
import { fakeQuintet } from './setup.ts'

/** A part of a page is looked at, not a page; and no colours. */
const rules = Object.fromEntries(
  ['color-contrast', 'region', 'page-has-heading-one', 'landmark-one-main', 'document-title', 'html-has-lang'].map(
    (rule) => [rule, { enabled: false }],
  ),
)

let mounted: VueWrapper[] = []
const show = async (component: Component, props: Record<string, unknown> = {}): Promise<void> => {
  mounted.push(mount(() => h(TooltipProvider, () => h(component, props)), { attachTo: document.body }))
  await flushPromises()
}

beforeAll(() => {
  // What jsdom does not have.
  Object.assign(window, {
    ResizeObserver: class {
      observe = (): void => undefined
      unobserve = (): void => undefined
      disconnect = (): void => undefined
    },
    matchMedia: () => ({ matches: false, addEventListener: () => undefined, removeEventListener: () => undefined }),
  })
})
afterEach(() => {
  for (const wrapper of mounted) wrapper.unmount()
  mounted = []
  document.body.replaceChildren()
})

const groupIs = async (changed: Partial<NetworkInfo>): Promise<void> => {
  const network = fakeNetwork(['here', 'connected', 'connected', 'unreachable', 'paused'])
  fakeQuintet().add('client', { network: () => ({ ...network, ...changed }) })
  await useGroup().refresh()
}
const warningOf = (code: string) => ({ code, sentence: code, words: { server: 2, witness: 3, count: 3, seconds: 400 } })

const thief: LetIn = {
  machine: originId('5.cccccccc'),
  invite: null,
  server: null,
  name: null,
  state: 'without',
  at: null,
  by: [{ machine: originId('4.bbbbbbbb'), server: serverId(4), name: 'sick bay' }],
  byRetired: true,
  connected: true,
  here: false,
}
const holder: LetIn = {
  ...thief,
  machine: originId('4.bbbbbbbb'),
  server: serverId(4),
  name: 'sick bay',
  state: 'seat',
}
const asked = async (ask: Asked): Promise<void> => {
  await groupIs({})
  fakeQuintet().add('client', { letIn: () => ({ machines: [thief, holder] }), invites: () => ({ invites: [] }) })
  await show(NetworkLetIn)
  useNetwork().asked = ask
  await show(NetworkAsk)
}
const waits = async (reason: OutboxReason): Promise<void> => {
  const entry = { outbox: 'outbox-1', to: ['Ben'], cc: [], subject: '', body: '', attachments: [], inReplyTo: null }
  fakeQuintet().add('client', { outbox: () => ({ entries: [{ ...entry, queuedAt: 1, reason }], leftOut: 2 }) })
  await show(MailOutbox)
}
const failed = (code: ErrorCode) => () =>
  show(ShellFailed, { failure: { code, message: 'It is not as it should be.' } })
const phrase = 'legal winner thank year wave sausage worth useful arrow thumb yellow zoo'

const states: Readonly<Record<string, () => Promise<void>>> = {
  'all warnings': async () => {
    const codes = ['diskFull', 'forked', 'saidRetired', 'leftOut', 'clockOff', 'runsTwiceHere', 'largeLost']
    await groupIs({ codedWarnings: codes.map(warningOf), warnings: codes })
    await show(NetworkWarnings)
    await show(ShellBanner)
  },
  'a seat that is lost': () => groupIs({ ownSeat: 'lost' }).then(() => show(NetworkOwnSeat)),
  'a seat that is retired': () => groupIs({ ownSeat: 'retired' }).then(() => show(NetworkOwnSeat)),
  'a server that is away, and one that is paused': () => groupIs({}).then(() => show(ShellBanner)),
  'the question before a machine is retired': () => asked({ kind: 'retire', server: serverId(4) }),
  'the question before somebody is shut out': () => asked({ kind: 'shutOut', one: thief }),
  'the question before the key is changed': () => asked({ kind: 'rotateKey' }),
  'the question for a new name': () => asked({ kind: 'renameGroup' }),
  'an invite': async () => {
    const invites = (['open', 'used', 'revoked'] as const).map((state, index) => ({
      invite: inviteId(String(index).repeat(43)),
      expiresAt: Date.now() + 1_000_000,
      state,
      usedBy: null,
    }))
    fakeQuintet().add('client', {
      invite: () => ({ invite: `quintet://join/${'a1B2'.repeat(60)}` }),
      invites: () => ({ invites }),
    })
    await show(NetworkInvites)
    useNetwork().asked = { kind: 'invite' }
    await show(NetworkInviteDialog)
  },
  'a name that is another account': async () => {
    const known = { account: accountId('known'), words: 'abandon ability able about', calledNow: 'Ben~2' }
    const changed = { name: 'Ben', account: accountId('new'), words: 'zebra zero zone zoo', known }
    fakeQuintet().add('client', { identities: () => ({ identities: [changed] }) })
    await show(PeopleIdentity)
    await useIdentity().ask(['Ben'])
    await flushPromises()
  },
  'a mail of another account, at another time': async () => {
    const [header] = fakeQuintet().mailbox.folder('inbox')
    const rest = { body: 'Come.', attachments: [], inReplyTo: null, fromAccount: accountId('new'), fromAnother: true }
    await show(MailMessage, { mail: { ...header, ...rest, writtenAt: 1_000 }, unfolded: true, alone: false })
  },
  'a very long mail': () => show(MailBody, { body: 'word '.repeat(20_000) }),
  'a letter to nobody who is there': async () => {
    const compose = useCompose()
    compose.begin({ to: ['Nobody'] })
    await show(ComposeWindow, { composition: compose.open[0], inFront: true })
  },
  'mails that cannot be fetched': () => show(MailListFailed, { error: new Error('gone') }),
  'a mail that waits for a name': () => waits({ kind: 'unknownNames', names: ['Ben'] }),
  'a mail that may have been taken back elsewhere': () =>
    waits({ kind: 'inDoubt', servers: [serverId(2)], until: 1_000 }),
  'a mail that waits for an answer': () => waits({ kind: 'failed', code: 'NAME_CHANGED_HANDS', message: '' }),
  'drafts that cannot be read': async () => {
    fakeQuintet().mailbox.leaveOut(2)
    await show(MailDrafts)
  },
  ...Object.fromEntries(
    (['inbox', 'starred', 'sent', 'drafts', 'outbox', 'trash'] as const).map((folder) => [
      `an empty folder: ${folder}`,
      async () => {
        useMailView().goTo(folder)
        await show(MailListEmpty)
      },
    ]),
  ),
  'the recovery phrase': () => show(AccountPhrase, { phrase }),
  'the recovery phrase, asked for': async () => {
    await show(AccountPhrase, { phrase })
    await mounted[0]?.findAll('button').at(-1)?.trigger('click')
  },
  'a forgotten password': () => show(AccountReset, { name: '' }),
  'damaged data': failed('DAMAGED'),
  'a disk that has failed': failed('DISK_FAILED'),
  'no server': failed('UNREACHABLE'),
}

it.each(Object.keys(states))('%s: axe finds nothing', async (state) => {
  await states[state]?.()
  expect(document.body.textContent.trim()).not.toBe('')
  if (state.startsWith('the question'))
    expect(document.querySelector('[role=dialog], [role=alertdialog]')).not.toBeNull()
  const { violations } = await axe.run(document.body, { resultTypes: ['violations'], rules })
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(' ')}`)).toEqual(
    [],
  )
})

import { flushPromises, mount, type VueWrapper } from '@vue/test-utils'
import { TooltipProvider } from 'reka-ui'
import { afterEach, describe, expect, it } from 'vitest'
import { h } from 'vue'
import { setLanguage, text } from '../../renderer/locales/i18n.ts'
import { useCompose } from '../../renderer/mail/compose-store.ts'
import MailMessage from '../../renderer/mail/MailMessage.vue'
import MailOutbox from '../../renderer/mail/MailOutbox.vue'
import MailRow from '../../renderer/mail/MailRow.vue'
import { useMailView } from '../../renderer/mail/mail-view.ts'
import PeopleIdentity from '../../renderer/people/PeopleIdentity.vue'
import PeopleProfile from '../../renderer/people/PeopleProfile.vue'
import type { Header } from '../../replica/client/contract/mailbox.ts'
import type { Identity } from '../../replica/client/contract/people.ts'
import { accountId } from '../../replica/core/model/ids.ts'
import { fakeQuintet } from './setup.ts'

const known = { account: accountId('known'), words: 'abandon ability able about', calledNow: 'Ben~2' }
const changed: Identity = { name: 'Ben', account: accountId('new'), words: 'zebra zero zone zoo', known }

let mounted: VueWrapper[] = []
const shown = (component: Parameters<typeof h>[0], props: Record<string, unknown> = {}): VueWrapper => {
  const wrapper = mount(() => h(TooltipProvider, () => h(component as never, props)), { attachTo: document.body })
  mounted.push(wrapper)
  return wrapper
}

const dialog = (): HTMLElement | null => document.querySelector('[role=dialog]')
const buttonOf = (within: ParentNode, label: string): HTMLButtonElement => {
  const found = [...within.querySelectorAll('button')].find((button) => button.textContent.trim() === label)
  if (found === undefined) throw new Error(`there is no button ${label}`)
  return found
}
const answer = async (label: string): Promise<void> => {
  const open = dialog()
  if (open === null) throw new Error('nothing is asked')
  buttonOf(open, label).click()
  await flushPromises()
}

const benHasChanged = (): void => {
  fakeQuintet().add('client', {
    identities: ({ names }: { readonly names: readonly string[] }) => ({
      identities: names.includes('Ben') ? [changed] : [],
    }),
  })
}

afterEach(async () => {
  for (const wrapper of mounted) wrapper.unmount()
  mounted = []
  await setLanguage('en')
})

const header = (): Header => {
  const [first] = fakeQuintet().mailbox.folder('inbox')
  if (first === undefined) throw new Error('the inbox has mails')
  return { ...first, from: 'Ben', own: false, fromAnother: true }
}

describe('a name that is another account', () => {
  it.each(['en', 'de'] as const)('is asked about when it is written to, with both words (%s)', async (language) => {
    await setLanguage(language)
    benHasChanged()
    fakeQuintet().failWith('send', 'NAME_CHANGED_HANDS')
    shown(PeopleIdentity)
    const compose = useCompose()
    compose.begin({ to: ['Aiko'], cc: ['Ben'], subject: 'Rota', body: 'All that was agreed.' })
    const [letter] = compose.open
    if (letter === undefined) throw new Error('a letter is open')
    await compose.send(letter)
    await flushPromises()
    expect(fakeQuintet().requestsOf('identities')).toEqual([{ names: ['Aiko', 'Ben'] }])
    for (const words of [changed.words, known.words, 'Ben~2', text('people.identity.title', { name: 'Ben' })])
      expect(dialog()?.textContent).toContain(words)
    // The letter is not lost, and nothing was accepted by being asked.
    expect(compose.open).toHaveLength(1)
    await answer(text('people.identity.keep'))
    expect(dialog()).toBeNull()
    expect(fakeQuintet().requestsOf('accept')).toEqual([])
  })

  it('is accepted as the account whose words were shown, by the keyboard alone', async () => {
    benHasChanged()
    shown(PeopleIdentity)
    const message = {
      mail: { ...header(), body: '', attachments: [], inReplyTo: null, fromAccount: changed.account },
      unfolded: true,
    }
    const mail = shown(MailMessage, { ...message, alone: true })
    expect(mail.text()).toContain(text('people.identity.anotherWhat'))
    buttonOf(mail.element as HTMLElement, text('people.identity.compare')).click()
    await flushPromises()
    const accept = buttonOf(dialog() ?? document, text('people.identity.accept'))
    // What has the focus at first is not what accepts.
    expect(document.activeElement).not.toBe(accept)
    expect(dialog()?.contains(document.activeElement)).toBe(true)
    expect(accept.tabIndex).toBe(0)
    await answer(text('people.identity.accept'))
    expect(fakeQuintet().requestsOf('accept')).toEqual([{ name: 'Ben', account: changed.account }])
    expect(dialog()).toBeNull()
    expect(mail.text()).not.toContain(text('people.identity.anotherWhat'))
  })

  it('stays as it is when the answer could not be kept', async () => {
    benHasChanged()
    fakeQuintet().failWith('accept', 'UNREACHABLE')
    shown(PeopleIdentity)
    const message = {
      mail: { ...header(), body: '', attachments: [], inReplyTo: null, fromAccount: changed.account },
      unfolded: true,
    }
    const mail = shown(MailMessage, { ...message, alone: true })
    buttonOf(mail.element as HTMLElement, text('people.identity.compare')).click()
    await flushPromises()
    await answer(text('people.identity.accept'))
    expect(dialog()).not.toBeNull()
    expect(mail.text()).toContain(text('people.identity.anotherWhat'))
  })

  it('is marked in the list, and in words for those who do not see it', () => {
    const row = { rowId: 'row', nowMs: Date.now(), density: 'comfortable', selected: false, open: false, cursor: false }
    const says = text('people.identity.another', { name: 'Ben' })
    expect(
      shown(MailRow, { ...row, header: header() })
        .get('.sr-only')
        .text(),
    ).toBe(says)
    const { fromAnother, ...usual } = header()
    expect(fromAnother).toBe(true)
    const known = shown(MailRow, { ...row, header: usual }).text()
    expect(known).not.toContain(says)
    const unproven = text('mail.unproven', { name: 'Ben' })
    expect(known).not.toContain(unproven)
    expect(shown(MailRow, { ...row, header: { ...usual, unproven: true } }).text()).toContain(unproven)
  })

  it('is marked in the mail, folded or not, and nobody else is', () => {
    const content = { body: '', attachments: [], inReplyTo: null, fromAccount: changed.account }
    const says = text('people.identity.another', { name: 'Ben' })
    const { fromAnother, ...usual } = header()
    expect(fromAnother).toBe(true)
    for (const unfolded of [true, false]) {
      const shows = (one: Header): string =>
        shown(MailMessage, { mail: { ...one, ...content }, unfolded, alone: false })
          .get('header')
          .text()
      expect(shows(header())).toContain(says)
      expect(shows(usual)).not.toContain(says)
    }
    const whole = shown(MailMessage, { mail: { ...usual, ...content }, unfolded: true, alone: true }).text()
    expect(whole).not.toContain(text('people.identity.anotherWhat'))
  })

  it('is marked where a mail has gone to it, in the list of what was sent and in the mail', () => {
    const { fromAnother, ...sent } = { ...header(), own: true, to: ['Ben'], toOthers: ['Ben'] }
    expect(fromAnother).toBe(true)
    const says = text('people.identity.another', { name: 'Ben' })
    const row = { rowId: 'row', nowMs: Date.now(), density: 'comfortable', selected: false, open: false, cursor: false }
    const content = { body: '', attachments: [], inReplyTo: null, fromAccount: known.account }
    const message = { mail: { ...sent, ...content }, unfolded: true, alone: true }
    expect(shown(MailRow, { ...row, header: sent }).text()).toContain(says)
    expect(shown(MailMessage, message).text()).toContain(says)
  })

  it('can be asked about in the outbox, where a mail to it waits', async () => {
    benHasChanged()
    shown(PeopleIdentity)
    const letter = { to: ['Ben'], cc: [], subject: 'Rota', body: '', attachments: [], inReplyTo: null, queuedAt: 0 }
    const reason = { kind: 'failed', message: 'Ben is another account.' } as const
    const { mailbox } = fakeQuintet()
    mailbox.addOutbox({ ...letter, outbox: 'one', reason: { ...reason, code: 'NAME_CHANGED_HANDS' } })
    mailbox.addOutbox({ ...letter, outbox: 'two', reason: { ...reason, code: 'BUSY' } })
    useMailView().goTo('outbox')
    const outbox = shown(MailOutbox)
    await flushPromises()
    const compare = text('people.identity.compare')
    expect(outbox.findAll('li').map((entry) => entry.text().includes(compare))).toEqual([false, true])
    buttonOf(outbox.element as HTMLElement, compare).click()
    await flushPromises()
    expect(dialog()?.textContent).toContain(changed.words)
  })
})

it('a profile shows the safety words, also when there is nothing to ask', async () => {
  fakeQuintet().add('client', {
    profile: () => ({
      followers: [],
      following: [],
      posts: 0,
      servers: [],
      online: false,
      signedUpAt: 0,
      followed: false,
    }),
    posts: () => ({ posts: [] }),
  })
  const profile = shown(PeopleProfile, { name: 'Ben' })
  await flushPromises()
  expect(profile.text()).toContain('abandon ability able about above absent absorb abstract')
  expect(profile.text()).not.toContain(text('people.identity.anotherWhat'))
})

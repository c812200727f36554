import { flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { toast } from 'vue-sonner'
import type { SeenDraft } from '../../replica/client/contract/mailbox.ts'
import { text } from '../../renderer/locales/i18n.ts'
import { useCompose } from '../../renderer/mail/compose-store.ts'
import { useMailActions } from '../../renderer/mail/mail-actions.ts'
import SettingsAccount from '../../renderer/settings/SettingsAccount.vue'
import { useApp } from '../../renderer/stores/app.ts'
import { useUnposted } from '../../renderer/timeline/unposted.ts'
import { mailId } from './fake-mailbox.ts'
import { fakeQuintet, fillMailbox } from './setup.ts'

const only = () => {
  const [letter] = useCompose().open
  if (letter === undefined) throw new Error('no letter is open')
  return letter
}
const lastNote = (): unknown => toast.getHistory().at(-1)
const drafts = () => fakeQuintet().mailbox.methods().drafts().drafts

describe('a letter', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })

  it('that was taken back is a draft from then on, and stays one draft', async () => {
    const compose = useCompose()
    compose.begin({ to: ['Ben'], subject: 'Rota', body: 'All that was agreed.' })
    await compose.send(only())
    const { outbox } = fakeQuintet().mailbox.methods().outbox().entries[0] ?? { outbox: '' }
    await compose.takeBack(outbox)
    expect(fakeQuintet().requestsOf('cancelOutbox')).toEqual([{ outbox, keep: 'draft' }])
    expect(only().state.value).toBe('saved')
    expect(drafts()).toMatchObject([{ draft: outbox, body: 'All that was agreed.' }])
    only().letter.body = 'Nearly all.'
    await vi.advanceTimersByTimeAsync(2_000)
    expect(drafts()).toMatchObject([{ draft: outbox, body: 'Nearly all.' }])
  })

  it('is taken back by the key for that, until it leaves', async () => {
    const [compose, actions] = [useCompose(), useMailActions()]
    compose.begin({ to: ['Ben'], subject: 'Rota', body: 'All that was agreed.' })
    await compose.send(only())
    actions.undo()
    await vi.advanceTimersByTimeAsync(0)
    expect(only().letter.subject).toBe('Rota')
    expect(actions.canUndo).toBe(false)
    await compose.send(only())
    expect(actions.canUndo).toBe(true)
    await vi.advanceTimersByTimeAsync(useApp().settings.undoSendSeconds * 1_000)
    expect(actions.canUndo).toBe(false)
  })

  it('that was refused is open again, and kept as a draft', async () => {
    fakeQuintet().failWith('send', 'TOO_MANY')
    const compose = useCompose()
    compose.begin({ to: ['Ben'], subject: 'Rota', body: 'All that was agreed.' })
    await compose.send(only())
    await vi.advanceTimersByTimeAsync(2_000)
    expect(only().state.value).toBe('saved')
    expect(drafts()).toMatchObject([{ body: 'All that was agreed.' }])
  })

  it('that cannot be kept stays open, and the reason is told', async () => {
    const told = vi.spyOn(toast, 'error')
    fakeQuintet().failWith('saveDraft', 'TOO_LARGE')
    const compose = useCompose()
    compose.begin({ subject: 'Rota' })
    only().letter.body = 'All that was agreed.'
    await compose.close(only())
    expect(compose.open).toHaveLength(1)
    expect(told.mock.lastCall?.[1]).toMatchObject({ description: text('errors.TOO_LARGE') })
  })
})

it('a draft is saved, sent and thrown away as the version that is seen, so that another one is not lost', async () => {
  const compose = useCompose()
  fakeQuintet()
    .mailbox.methods()
    .saveDraft({ to: ['Ben'], subject: 'Rota', body: 'Both.' })
  const [seen] = drafts()
  compose.resume(seen!)
  for (const body of ['Once.', 'Twice.']) {
    only().letter.body = body
    await only().keeper.flush()
  }
  const version = drafts()[0]?.version
  await compose.send(only())
  expect(version).not.toBe(seen?.version)
  expect(fakeQuintet().requestsOf('send')).toMatchObject([{ draft: seen?.draft, basedOn: version }])
  const [first, second] = fakeQuintet().requestsOf('saveDraft') as readonly Partial<SeenDraft>[]
  expect([first?.basedOn, second?.basedOn === seen?.version]).toEqual([seen?.version, false])

  fakeQuintet()
    .mailbox.methods()
    .saveDraft({ to: ['Ben'], subject: 'Rota', body: 'Another.' })
  const [another] = drafts()
  await compose.discardDraft(another!)
  expect(fakeQuintet().requestsOf('discardDraft')).toEqual([{ draft: another?.draft, basedOn: another?.version }])
})

describe('a letter that is open while the person goes on elsewhere', () => {
  const opened = async () => {
    await useApp().load()
    useCompose().begin({ to: ['Ben'], subject: 'Rota', body: 'Here.' })
    only().letter.body = 'Here, and saved.'
    await only().keeper.flush()
    await useCompose().flushAll()
    return only().kept.value!
  }
  const writeElsewhere = (draft: string): void => {
    fakeQuintet()
      .mailbox.methods()
      .saveDraft({ to: ['Ben'], subject: 'Rota', body: 'Elsewhere.', draft })
  }

  it('shows what was written there when the person is back', async () => {
    const draft = await opened()
    await useCompose().restore()
    expect(only().letter.body).toBe('Here, and saved.')
    writeElsewhere(draft)
    await useCompose().restore()
    expect(only().letter.body).toBe('Elsewhere.')
    expect(only().kept.value).toBe(draft)
  })

  it('takes nothing of what was written there away: both are drafts', async () => {
    const draft = await opened()
    writeElsewhere(draft)
    fakeQuintet().failWith('saveDraft', 'NOT_LOGGED_IN')
    only().letter.body = 'Here, and not saved.'
    await only().keeper.flush()
    fakeQuintet().mend('saveDraft')
    // Both begin when the person is back.
    const back = useCompose().restore()
    await Promise.all([back, only().keeper.flush()])
    expect(
      drafts()
        .map(({ body }) => body)
        .toSorted(),
    ).toEqual(['Elsewhere.', 'Here, and not saved.'])
  })

  it('is not open any more when it was sent there', async () => {
    const draft = await opened()
    fakeQuintet().mailbox.methods().discardDraft({ draft })
    await useCompose().restore()
    expect(useCompose().open).toEqual([])
  })
})

describe('files attached to a letter', () => {
  const note = new File(['a note'], 'note.txt', { type: 'text/plain' })

  it('are given to the client at once, named by the draft, and go with the mail', async () => {
    const compose = useCompose()
    compose.begin({ to: ['Ben'], subject: 'Note' })
    const letter = only()
    const attached = letter.attach([note, new File([], 'empty.txt')])
    expect(letter.attaching.map(({ name }) => name)).toEqual(['note.txt', 'empty.txt'])
    await attached
    expect(letter.attaching).toEqual([])
    expect(fakeQuintet().requestsOf('attach')).toEqual([
      { name: 'note.txt', content: btoa('a note') },
      { name: 'empty.txt', content: '' },
    ])
    await letter.keeper.flush()
    expect(drafts()).toMatchObject([{ attachments: [{ name: 'note.txt' }, { name: 'empty.txt' }] }])
    letter.detach(letter.letter.attachments[0]!)
    await compose.send(letter)
    expect(fakeQuintet().requestsOf('send')).toMatchObject([{ attachments: ['file-2'] }])
  })

  it('hold a mail back that is sent while they are on their way, and keep it open when one fails', async () => {
    const compose = useCompose()
    compose.begin({ to: ['Ben'], subject: 'Note' })
    const letter = only()
    fakeQuintet().failWith('attach', 'DISK_FULL')
    void letter.attach([note])
    await compose.send(letter)
    expect(compose.open).toEqual([letter])
    expect(fakeQuintet().requestsOf('send')).toEqual([])
    // Pressed once more it leaves as it is shown.
    await compose.send(letter)
    expect(fakeQuintet().requestsOf('send')).toHaveLength(1)
  })

  it('make one mail of a letter that is sent twice while it waits for them', async () => {
    const compose = useCompose()
    compose.begin({ to: ['Ben'], subject: 'Note' })
    const letter = only()
    void letter.attach([note])
    await Promise.all([compose.send(letter), compose.send(letter)])
    await compose.send(letter)
    expect(fakeQuintet().requestsOf('send')).toMatchObject([{ attachments: ['file-1'] }])
  })

  it('do not let a letter leave that was thrown away while it waited for them', async () => {
    const compose = useCompose()
    compose.begin({ to: ['Ben'], subject: 'Note' })
    const letter = only()
    void letter.attach([note])
    await Promise.all([compose.send(letter), compose.discard(letter)])
    expect(fakeQuintet().requestsOf('send')).toEqual([])
  })

  it('that are too large are not read at all', async () => {
    useCompose().begin({ subject: 'Film' })
    await only().attach([new File([new Uint8Array(1_048_577)], 'film.mp4')])
    expect(fakeQuintet().requestsOf('attach')).toEqual([])
    expect(only().letter.attachments).toEqual([])
  })

  it('are as many as a mail can have, and what cannot be read is told', async () => {
    useCompose().begin({ subject: 'Photographs' })
    await only().attach(Array.from({ length: 22 }, (_, index) => new File(['x'], `${index}.txt`)))
    expect(only().letter.attachments).toHaveLength(20)
    expect(lastNote()).toMatchObject({ title: text('mail.files.tooMany', { most: 20 }) })
    only().detach(only().letter.attachments[0]!)
    // As a browser says it of a folder.
    vi.stubGlobal(
      'FileReader',
      class extends EventTarget {
        readAsDataURL(): void {
          this.dispatchEvent(new Event('error'))
        }
      },
    )
    await only().attach([new File([], 'a folder')])
    vi.unstubAllGlobals()
    expect(lastNote()).toMatchObject({ title: text('mail.files.notRead', { name: 'a folder' }) })
  })

  it('are taken along when a mail is forwarded', async () => {
    const compose = useCompose()
    fillMailbox(6)
    const mail = fakeQuintet()
      .mailbox.methods()
      .read({ mail: mailId(5) })
    if (mail === undefined) throw new Error('the sample has this mail')
    compose.answer(mail, 'forward')
    await only().attached()
    expect(only().letter.attachments.map(({ name }) => name)).toEqual(mail.attachments.map(({ name }) => name))
    expect(mail.attachments).toHaveLength(2)
    expect(only().written().attachments).toHaveLength(2)
  })
})

it('logging out saves what was typed last', async () => {
  fakeQuintet().add('client', { logOut: () => undefined, recoveryNoted: () => ({ noted: true }) })
  await useApp().load()
  useCompose().begin({ subject: 'Rota' })
  only().letter.body = 'Just typed'
  useUnposted().words = 'Just typed, too'
  const wrapper = mount(SettingsAccount, { attachTo: document.body })
  await flushPromises()
  await wrapper
    .findAll('button')
    .find((button) => button.text() === text('shell.account.logOut'))
    ?.trigger('click')
  await vi.waitFor(() => expect(fakeQuintet().requestsOf('logOut')).toHaveLength(1))
  const asked = fakeQuintet().calls.map(({ method }) => method)
  expect(asked.indexOf('saveDraft')).toBeGreaterThan(-1)
  expect(asked.indexOf('saveDraft')).toBeLessThan(asked.indexOf('logOut'))
  expect(asked.indexOf('saveUnposted')).toBeGreaterThan(-1)
  expect(asked.indexOf('saveUnposted')).toBeLessThan(asked.indexOf('logOut'))
  wrapper.unmount()
})

import { flushPromises, mount } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { toast } from 'vue-sonner'
import { useCompose } from '../../renderer/mail/compose-store.ts'
import MailFolderItem from '../../renderer/mail/MailFolderItem.vue'
import { folderViews, waitingIn } from '../../renderer/mail/folder-views.ts'
import { useNavigation } from '../../renderer/shell/navigation.ts'
import type { OutboxReason } from '../../replica/client/contract/mailbox.ts'
import { mailId } from './fake-mailbox.ts'
import { fakeQuintet } from './setup.ts'

const lookedMs = 1_000

describe('a letter that was said to leave in a moment', () => {
  const warning = vi.spyOn(toast, 'warning')
  const dismiss = vi.spyOn(toast, 'dismiss')

  beforeEach(() => vi.useFakeTimers())
  afterEach(() => {
    vi.useRealTimers()
    vi.clearAllMocks()
  })

  /** The entry, as the client gives it once it has `reason`. */
  const becomes = async (reason: OutboxReason | 'gone'): Promise<void> => {
    const { entries } = fakeQuintet().mailbox.methods().outbox()
    const changed = reason === 'gone' ? [] : entries.map((entry) => ({ ...entry, reason }))
    fakeQuintet().add('client', { outbox: () => ({ entries: changed }) })
    fakeQuintet().emit({ event: 'mailbox' })
    await vi.advanceTimersByTimeAsync(lookedMs)
  }
  const sent = async (): Promise<void> => {
    const compose = useCompose()
    compose.begin({ to: ['Ann'], subject: 'Rota', body: '' })
    await compose.send(compose.open[0]!)
    await vi.advanceTimersByTimeAsync(lookedMs)
  }

  it('and does not is warned of, once, until it has left', async () => {
    await sent()
    expect(warning).not.toHaveBeenCalled()
    const reason = { kind: 'unknownNames', names: ['Ann'] } as const
    await becomes(reason)
    await becomes(reason)
    expect(warning).toHaveBeenCalledOnce()
    const [said, options] = warning.mock.calls[0]!
    expect(said).toBe('The mail to Ann has not left.')
    expect(options?.description).toMatch(/^Waits for Ann: the name is not known/u)
    const action = options?.action as { readonly onClick: () => void }
    action.onClick()
    expect(useNavigation().place.at).toBe('outbox')
    dismiss.mockClear()
    fakeQuintet().emit({ event: 'sent', outbox: 'outbox-1', mail: mailId(1) })
    expect(dismiss).toHaveBeenCalledOnce()
  })

  it('is not warned of while its turn comes, nor when it was taken back', async () => {
    await sent()
    await becomes({ kind: 'failed', code: 'BUSY', message: 'It is about to leave.' })
    await becomes('gone')
    await becomes({ kind: 'failed', code: 'TOO_MANY', message: '' })
    expect(warning).not.toHaveBeenCalled()
  })
})

it('what has not left is counted wherever the folders are shown', async () => {
  const counts = { inbox: 3, unread: 2, starred: 1, sent: 9, trash: 4, drafts: 1, outbox: 1 }
  const shown = folderViews.map((folder) =>
    mount(MailFolderItem, { props: { folder, counts, current: false } })
      .text()
      .replace(/\D/gu, ''),
  )
  await flushPromises()
  expect(shown).toEqual(['2', '', '', '1', '1', ''])
  expect(folderViews.map(({ id }) => waitingIn(id, counts))).toEqual([2, 0, 0, 1, 1, 0])
})

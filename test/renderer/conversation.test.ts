import { flushPromises } from '@vue/test-utils'
import { describe, expect, it, vi } from 'vitest'
import { effectScope, ref } from 'vue'
import { useMailbox } from '../../renderer/mail/mailbox-store.ts'
import { useConversation } from '../../renderer/mail/use-conversation.ts'
import type { UpdateId } from '../../replica/core/model/ids.ts'
import { fakeQuintet, fillMailbox } from './setup.ts'

const opening = async (knows: 'header' | 'nothing') => {
  fillMailbox(20)
  const list = useMailbox().listOf('inbox')
  await list.show(0, 10)
  const header = list.rows.value.at(1)!
  const opened = ref<UpdateId | null>(null)
  const scope = effectScope()
  const conversation = scope.run(() =>
    useConversation(
      () => opened.value,
      () => (knows === 'header' ? header : undefined),
    ),
  )!
  return { header, opened, conversation, scope }
}

describe('an opened mail', () => {
  it('is shown before it is written down that it was read', async () => {
    const { header, opened, conversation, scope } = await opening('header')
    fakeQuintet().add('client', { read: () => new Promise(() => undefined) })
    opened.value = header.mail
    await flushPromises()
    expect(conversation.current.value?.mail).toBe(header.mail)
    expect(conversation.unfolded.value.has(header.mail)).toBe(true)
    scope.stop()
  })

  it('is shown without the list knowing of it', async () => {
    const { header, opened, conversation, scope } = await opening('nothing')
    opened.value = header.mail
    await flushPromises()
    expect(conversation.current.value).toMatchObject({ mail: header.mail, read: true })
    scope.stop()
  })

  it('is marked as read once', async () => {
    const { header, opened, conversation, scope } = await opening('header')
    opened.value = header.mail
    await flushPromises()
    expect(conversation.current.value).toMatchObject({ read: true })
    const marked = fakeQuintet().requestsOf('mark') as readonly { readonly mails: readonly UpdateId[] }[]
    expect(marked.flatMap(({ mails }) => mails)).not.toContain(header.mail)
    scope.stop()
  })

  it('is shown among the nearest unread ones of a long conversation; what is not shown stays unread', async () => {
    const { opened, conversation, scope } = await opening('nothing')
    const { mailbox } = fakeQuintet()
    const { mail: first } = mailbox.deliver({ sentAt: 1 })
    const later = Array.from({ length: 99 }, (_, minutes) =>
      mailbox.deliver({ conversation: first, sentAt: 2 + minutes }),
    )
    opened.value = later[48]!.mail
    await flushPromises()
    const near = later.slice(38, 59).map(({ mail }) => mail)
    expect([...conversation.unfolded.value].toSorted()).toEqual(near.toSorted())
    const isRead = new Set(mailbox.folder('inbox').flatMap(({ mail, read }) => (read ? mail : [])))
    expect(later.filter(({ mail }) => isRead.has(mail)).map(({ mail }) => mail)).toEqual(near)
    scope.stop()
  })

  it('says why it cannot be read', async () => {
    const { header, opened, conversation, scope } = await opening('header')
    fakeQuintet().failWith('read', 'CANNOT_OPEN')
    fakeQuintet().failWith('conversation', 'UNREACHABLE')
    opened.value = header.mail
    await flushPromises()
    expect(conversation.failure.value).toMatchObject({ code: 'CANNOT_OPEN' })
    scope.stop()
  })

  it('stays, once, beside the others of its conversation when it is deleted elsewhere', async () => {
    const { opened, conversation, scope } = await opening('nothing')
    vi.useFakeTimers()
    const { mailbox } = fakeQuintet()
    const { mail: first } = mailbox.deliver()
    const { mail, conversation: name } = mailbox.deliver({ conversation: first })
    mailbox.deliver({ conversation: first })
    opened.value = mail
    await vi.advanceTimersByTimeAsync(1_000)
    mailbox.methods().deleteMany({ mails: [mail] })
    fakeQuintet().emit({ event: 'mailbox' })
    await vi.advanceTimersByTimeAsync(1_000)
    fakeQuintet().emit({ event: 'mailbox' })
    await vi.advanceTimersByTimeAsync(1_000)
    const shown = conversation.mails.value.map((one) => one.mail)
    expect(shown.filter((one) => one === mail)).toHaveLength(1)
    expect(shown).toHaveLength(new Set(shown).size)
    expect(name).toBe(first)
    vi.useRealTimers()
    scope.stop()
  })
})

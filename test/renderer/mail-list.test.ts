import { flushPromises } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { useMailbox } from '../../renderer/mail/mailbox-store.ts'
import { mailId } from './fake-mailbox.ts'
import { fakeQuintet, fillMailbox } from './setup.ts'

describe('a folder known page by page', () => {
  it('fetches just the pages that are looked at', async () => {
    fillMailbox(100_000)
    const list = useMailbox().listOf('inbox')
    await list.show(0, 20)
    await list.show(40_140, 40_160)
    const offsets = fakeQuintet()
      .requestsOf('list')
      .map((request) => (request as { offset: number }).offset)
    expect(offsets).toEqual([0, 40_100, 40_150])
    expect(list.rows.value.at(40_100)).toBeDefined()
    expect(list.rows.value.at(20_000)).toBeUndefined()
  })

  it('shows a mark at once, before the client has answered', async () => {
    const mailbox = useMailbox()
    const list = mailbox.listOf('inbox')
    await list.show(0, 20)
    const { mail } = list.rows.value.at(0)!
    fakeQuintet().holdAnswers()
    const marked = mailbox.mark([mail], 'star')
    expect(list.rows.value.at(0)?.starred).toBe(true)
    fakeQuintet().answerHeld()
    await marked
  })

  it('takes a mark back that the client refuses', async () => {
    const mailbox = useMailbox()
    const list = mailbox.listOf('inbox')
    await list.show(0, 20)
    const { mail } = list.rows.value.at(2)!
    fakeQuintet().failWith('mark', 'UNREACHABLE')
    const marked = mailbox.mark([mail], 'trash')
    expect(list.rows.value.indexOf(mail)).toBe(-1)
    await expect(marked).rejects.toMatchObject({ code: 'UNREACHABLE' })
    await flushPromises()
    expect(list.rows.value.indexOf(mail)).toBe(2)
  })

  it('says when it cannot be fetched, and is there after another try', async () => {
    const list = useMailbox().listOf('inbox')
    fakeQuintet().failWith('list', 'UNREACHABLE')
    await list.show(0, 20)
    expect(list.failure.value).toMatchObject({ code: 'UNREACHABLE' })
    fillMailbox(10)
    await list.refresh()
    expect(list.failure.value).toBeNull()
    expect(list.rows.value.total).toBeGreaterThan(0)
  })

  it('shows what has come into a folder that was empty', async () => {
    fillMailbox(0)
    const list = useMailbox().listOf('inbox')
    await list.show(0, 0)
    expect(list.rows.value.total).toBe(0)
    fillMailbox(10)
    await list.refresh()
    expect(list.rows.value.at(0)).toBeDefined()
  })

  it('names every mail of a folder when all are selected', async () => {
    fillMailbox(2_500)
    const list = useMailbox().listOf('sent')
    const mails = await list.allMails(1_000)
    expect(new Set(mails).size).toBe(fakeQuintet().mailbox.folder('sent').length)
    expect(mails).toContain(mailId(4))
  })
})

import { flushPromises } from '@vue/test-utils'
import { expect, it } from 'vitest'
import type { Folder, Header } from '../../replica/client/contract/mailbox.ts'
import { useMailActions } from '../../renderer/mail/mail-actions.ts'
import { useMailTools } from '../../renderer/mail/mail-tools.ts'
import { useMailView } from '../../renderer/mail/mail-view.ts'
import { fakeQuintet } from './setup.ts'

/** The tools for the first mail of the folder that is like this. */
const toolsFor = async (folder: Folder, isMeant: (header: Header) => boolean = () => true) => {
  const view = useMailView()
  view.goTo(folder)
  await view.list?.show(0, 60)
  const header = fakeQuintet().mailbox.folder(folder).find(isMeant)
  if (header === undefined) throw new Error('there is no such mail')
  view.selectNone()
  view.toggle(header.mail)
  const tools = useMailTools()
  const run = async (id: string): Promise<void> => {
    tools.value.find((tool) => tool.id === id)?.run()
    await flushPromises()
  }
  return { mail: header.mail, ids: tools.value.map(({ id }) => id), run }
}

it('what is offered for a mail is what it is not yet', async () => {
  expect((await toolsFor('inbox', ({ read, starred }) => !read && !starred)).ids).toEqual(['read', 'star', 'trash'])
  expect((await toolsFor('inbox', ({ read, starred }) => read && !starred)).ids).toEqual(['unread', 'star', 'trash'])
  expect((await toolsFor('starred', ({ read }) => read)).ids).toEqual(['unread', 'unstar', 'trash'])
})

it('a mail goes to the trash first, can be taken out of it, and is deleted for good only there, after a question', async () => {
  const inbox = await toolsFor('inbox')
  await inbox.run('trash')
  expect(fakeQuintet().requestsOf('mark')).toEqual([{ mails: [inbox.mail], mark: 'trash' }])
  const trash = await toolsFor('trash')
  expect(trash.ids.slice(-2)).toEqual(['restore', 'delete'])
  await trash.run('delete')
  expect(useMailActions().asked).toEqual({ kind: 'delete', mails: [trash.mail] })
  useMailActions().cancel()
  await trash.run('restore')
  expect(fakeQuintet().requestsOf('mark').at(-1)).toEqual({ mails: [trash.mail], mark: 'restore' })
  expect(fakeQuintet().requestsOf('deleteMany')).toEqual([])
})

it('what loses its star leaves the starred ones at once, and stays in the inbox', async () => {
  const view = useMailView()
  const inInbox = ({ own, inTrash }: Header): boolean => !own && !inTrash
  await toolsFor('inbox')
  const inbox = view.list
  const { mail, run } = await toolsFor('starred', inInbox)
  const starred = view.list
  const before = [inbox, starred].map((list) => list?.rows.value.total)
  const asked = run('unstar')
  expect(starred?.rows.value.indexOf(mail)).toBe(-1)
  expect([inbox, starred].map((list) => list?.rows.value.total)).toEqual([before[0], (before[1] ?? 0) - 1])
  await asked
})

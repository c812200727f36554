import { flushPromises } from '@vue/test-utils'
import { expect, it } from 'vitest'
import { useMailActions } from '../../renderer/mail/mail-actions.ts'
import { useMailView } from '../../renderer/mail/mail-view.ts'
import { fakeQuintet } from './setup.ts'

const search = async () => {
  const { headers } = (await fakeQuintet()
    .client('list', { folder: 'inbox', limit: 5, offset: 0 })
    .then((answer) => (answer.ok ? answer.value : null))) as { headers: readonly { mail: string }[] }
  let found = headers.map((header) => ({ ...header, starred: false, read: false, inTrash: false }))
  fakeQuintet().add('client', {
    search: () => ({ headers: found, total: found.length, indexed: 1, mails: 1 }),
    mark: ({ mails, mark }: { mails: readonly string[]; mark: string }) => {
      if (mark === 'trash') found = found.filter(({ mail }) => !mails.includes(mail))
      else found = found.map((one) => (mails.includes(one.mail) ? { ...one, starred: mark === 'star' } : one))
    },
  })
  const view = useMailView()
  await view.search('winch')
  return view
}

it('what is done with a mail that was found is seen there', async () => {
  const view = await search()
  const first = view.list?.rows.value.at(0)
  if (first === undefined) throw new Error('nothing was found')
  await useMailActions().mark([first.mail], 'star')
  expect(view.list?.rows.value.at(0)?.starred).toBe(true)
  await useMailActions().mark([first.mail], 'unstar')
  expect(view.list?.rows.value.at(0)?.starred).toBe(false)
  await useMailActions().mark([first.mail], 'trash')
  expect(view.list?.rows.value.indexOf(first.mail)).toBe(-1)
  expect(view.list?.rows.value.total).toBe(4)
})

it('a mail of the inbox that a search from the trash found goes to the trash, and is not deleted', async () => {
  useMailView().goTo('trash')
  const view = await search()
  const first = view.list?.rows.value.at(0)
  if (first === undefined) throw new Error('nothing was found')
  useMailActions().discard([first.mail])
  expect(useMailActions().asked).toBeNull()
  expect(view.areInTrash([first.mail])).toBe(false)
})

it('how far a search could look is said of the last one, whichever answer comes last', async () => {
  const answers = new Map<string, (indexed: number) => void>()
  const slow = ({ query }: { readonly query: string }) =>
    new Promise((answer) => answers.set(query, (indexed) => answer({ headers: [], total: 0, indexed, mails: 9 })))
  fakeQuintet().add('client', { search: slow })
  const view = useMailView()
  const searches = [view.search('w'), view.search('winch')]
  await flushPromises()
  answers.get('winch')?.(9)
  await flushPromises()
  answers.get('w')?.(1)
  await Promise.all(searches)
  expect(view.partly).toBeNull()
})

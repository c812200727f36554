import { expect, test } from 'vitest'

import type { MailClient } from '../../replica/client/contract/mail-client.ts'
import { serverId } from '../../replica/core/model/ids.ts'
import { runInteractiveTerminal } from '../../replica/terminal/interactive-terminal.ts'
import { runJsonTerminal } from '../../replica/terminal/json-terminal.ts'
import { clientOf, sendNow, signedUp } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'
import { shownBy } from '../support/terminal.ts'

/** Ann wrote to ben, and ben is somebody else since, who has written to her. */
const annAndTwoBens = async () => {
  const replica = new MemoryReplica()
  const elsewhere = new MemoryReplica({ groupId: replica.groupId, server: serverId(2) })
  await signedUp(replica, 'ben')
  const other = await signedUp(elsewhere, 'ben')
  const ann = await signedUp(replica, 'ann')
  await sendNow(ann, { to: ['ben'], subject: 'to the first', body: '' })
  await ann.close()
  const [account, annsOwn] = replica.accounts.splice(0)
  if (account === undefined || annsOwn === undefined) throw new Error('two are signed up')
  replica.accounts.push({ ...account, name: 'ben~1' }, annsOwn, ...elsewhere.accounts)
  elsewhere.adopt(annsOwn)
  await sendNow(other, { to: ['ann'], subject: 'from the other', body: '' })
  replica.mails.push(...elsewhere.mails)
  const words = async (client: MailClient) => (await client.identities({ names: ['ben'] })).identities[0]?.words ?? ''
  return { replica, words: { other: await words(other) }, other }
}

const logIn = async (replica: MemoryReplica): Promise<MailClient> => {
  const client = await clientOf(replica)
  await client.logIn({ name: 'ann', password: "ann's password" })
  return client
}

test('says that a name is another account before a mail is written, shows both words, and takes the new one when asked', async () => {
  const { replica, words } = await annAndTwoBens()
  const refused = await shownBy(runInteractiveTerminal, await logIn(replica), [
    'm ben',
    'About lunch',
    '.',
    'l',
    'r 1',
    'accept ben',
    'no',
  ])
  expect(refused).toContain('ben is another account now. The ben whom you know is called ben~1 now.')
  expect(refused).toContain(`the new one:   ${words.other}`)
  expect(refused).toContain('(another!) ben')
  expect(refused).toContain('This is not from the ben whom you know')
  expect(refused).toContain('Nothing was changed.')
  expect(refused).not.toContain('Subject: \n')
  const accepted = await shownBy(runInteractiveTerminal, await logIn(replica), [
    ...['accept ben', 'yes', 'words ben', 'l', 'm ben', 'to the other', 'text', '.'],
  ])
  expect(accepted).toContain('From now on this is the ben whom you know.')
  expect(accepted).toContain(`Safety words of ben: ${words.other}`)
  expect(accepted).not.toContain('(another!)')
  expect(accepted).toContain('Sent to ben.')
})

test('a program is told in the form that is documented', async () => {
  const { replica, words, other } = await annAndTwoBens()
  const requests = [
    { id: 1, do: 'send', to: ['ben'], subject: 'secret', body: '' },
    { id: 2, do: 'list', folder: 'inbox' },
    { id: 3, do: 'identities', names: ['ben'] },
    { id: 4, do: 'accept', name: 'ben', account: other.account },
    { id: 5, do: 'send', to: ['ben'], subject: 'for the new one', body: '' },
    { id: 6, do: 'list', folder: 'inbox' },
    { id: 7, do: 'accept', name: 'ben', account: 'ben' },
  ]
  const text = await shownBy(
    runJsonTerminal,
    await logIn(replica),
    requests.map((request) => JSON.stringify(request)),
  )
  const answers = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { readonly id?: number })
    .filter(({ id }) => id !== undefined)
    .sort((one, next) => (one.id ?? 0) - (next.id ?? 0))
  const known = { account: expect.any(String) as unknown, words: expect.any(String) as unknown, calledNow: 'ben~1' }
  expect(answers).toMatchObject([
    { ok: false, code: 'NAME_CHANGED_HANDS' },
    { headers: [{ from: 'ben', fromAnother: true }] },
    { ok: true, identities: [{ name: 'ben', account: other.account, words: words.other, known }] },
    { ok: true },
    { ok: true, mail: expect.any(String) as unknown },
    { headers: [{ from: 'ben' }] },
    { ok: false, code: 'BAD_REQUEST' },
  ])
  expect(JSON.stringify(answers[5])).not.toContain('fromAnother')
})

import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import type { ReplicaApi } from '../../replica/api/contract.ts'
import type { MailClient } from '../../replica/client/contract/mail-client.ts'
import { createMailClient } from '../../replica/client/mail-client.ts'
import { SavedIndex } from '../../replica/client/search/saved-index.ts'
import { roleBits } from '../../replica/client/search/segment.ts'
import type { SearchableMail } from '../../replica/client/search/search-index.ts'
import { Turns } from '../../replica/client/search/turns.ts'
import { originId, updateId } from '../../replica/core/model/ids.ts'
import { createClientStore } from '../../replica/drivers/client-store.ts'
import { systemTestClock, testRandom } from '../support/client-ports.ts'
import { person } from '../support/core-fixture.ts'
import { cheapPassword, clientOf, sendNow, signedUp } from '../support/mail-clients.ts'
import { MemoryReplica } from '../support/memory-replica.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'quintet-search-'))
})
afterEach(() => rm(directory, { recursive: true, force: true }))

interface Counted {
  readonly client: MailClient
  /** How many mails were fetched whole. */
  readonly fetched: () => number
}

const clientWithStore = async (replica: MemoryReplica): Promise<Counted> => {
  let fetched = 0
  const client = await createMailClient({
    connect: async () => {
      const api: ReplicaApi = replica.connect()
      const fetchMany = api.fetchMany.bind(api)
      api.fetchMany = (query) => {
        if (query.content === 'whole') fetched += query.mails.length
        return fetchMany(query)
      }
      return api
    },
    machine: 'test machine',
    random: testRandom,
    clock: systemTestClock,
    passwordCost: cheapPassword,
    store: createClientStore(directory),
  })
  return { client, fetched: () => fetched }
}

const logIn = (client: MailClient, name: string): Promise<void> =>
  client.logIn({ name, password: `${name}'s password` })

const subjects = async (client: MailClient, query: string): Promise<readonly string[]> => {
  const { headers } = await client.search({ query, limit: 50, until: 'indexed' })
  return headers.map(({ subject }) => subject)
}

const indexFiles = async (): Promise<readonly string[]> => {
  const names = await readdir(directory, { recursive: true })
  return names.filter((name) => /segment-\d+$/.test(name)).map((name) => path.join(directory, name))
}

const mailWith = (body: string): SearchableMail => ({
  mail: updateId(originId('1.abcdefgh'), 1),
  sentAt: 1_000,
  roles: roleBits.recipient,
  from: 'ann',
  to: ['ben'],
  cc: [],
  subject: '',
  body,
})

test('a mail is found by the names of its files', async () => {
  const ann = await signedUp(new MemoryReplica(), 'ann')
  const { attachment } = await ann.attach({ name: 'Rudder drawings.pdf', content: '' })
  await sendNow(ann, { to: ['ann'], subject: 'see there', body: '', attachments: [attachment] })
  expect(await subjects(ann, 'rudder')).toEqual(['see there'])
  expect(await subjects(ann, '"drawings.pdf"')).toEqual(['see there'])
})

describe('a person who searches', () => {
  test('finds mail in both folders, and what comes later, without asking again', async () => {
    const replica = new MemoryReplica()
    const ann = await signedUp(replica, 'ann')
    const ben = await signedUp(replica, 'ben')
    await sendNow(ann, { to: ['ben'], subject: 'Compressor', body: 'The valve leaks.' })
    await sendNow(ben, { to: ['ann'], subject: 'Tonight', body: 'Which valve do you mean?' })
    expect(await subjects(ann, 'valve')).toEqual(['Tonight', 'Compressor'])
    expect(await subjects(ann, 'valve in:sent')).toEqual(['Compressor'])
    expect(await subjects(ann, 'valve in:inbox from:ben')).toEqual(['Tonight'])
    await sendNow(ben, { to: ['ann'], subject: 'Later', body: 'The VALVE of the boiler.' })
    expect((await ann.search({ query: 'valve', limit: 1 })).headers.map(({ subject }) => subject)).toEqual(['Later'])
  })

  test('sees marks as they are now, and no mail that was removed', async () => {
    const replica = new MemoryReplica()
    const ann = await signedUp(replica, 'ann')
    const first = await sendNow(ann, { to: ['ann'], subject: 'first', body: 'ship' })
    await sendNow(ann, { to: ['ann'], subject: 'second', body: 'ship' })
    expect(await subjects(ann, 'ship is:unread')).toEqual(['second', 'first'])
    await ann.read({ mail: first })
    expect(await subjects(ann, 'ship is:unread')).toEqual(['second'])
    expect(await subjects(ann, 'is:read')).toEqual(['first'])
    const elsewhere = await signedInto(replica, 'ann')
    await elsewhere.delete({ mail: first })
    const page = await ann.search({ query: 'ship', limit: 10 })
    expect(page.headers.map(({ subject }) => subject)).toEqual(['second'])
    expect(page.total).toBe(1)
  })

  test('is told that a page has limits', async () => {
    const ann = await signedUp(new MemoryReplica(), 'ann')
    await expect(ann.search({ query: 'x', limit: 0 })).rejects.toThrow('from 1 up')
    await expect(ann.search({ query: 'x', limit: 1_001 })).rejects.toThrow('1000 headers')
    await ann.logOut()
    await expect(ann.search({ query: 'x', limit: 1 })).rejects.toThrow('Log in')
  })

  test('is not looked through anew for every mark, but when mails have gone elsewhere', async () => {
    const replica = new MemoryReplica()
    const asked: string[] = []
    const ann = await createMailClient({
      connect: async () => {
        const api: ReplicaApi = replica.connect()
        for (const method of ['mailNames', 'counts'] as const) {
          const called = api[method].bind(api) as (query: unknown) => Promise<unknown>
          const noted = (query: unknown): Promise<unknown> => {
            // A search itself asks for the names in the trash.
            if (!JSON.stringify(query ?? '').includes('trash')) asked.push(method)
            return called(query)
          }
          Object.assign(api, { [method]: noted })
        }
        return api
      },
      machine: 'test machine',
      random: testRandom,
      // What is told of the mailbox is looked at soon, not after three seconds; nothing else happens more often.
      clock: { ...systemTestClock, after: (ms, task) => systemTestClock.after(ms === 3_000 ? 1 : ms, task) },
      passwordCost: cheapPassword,
    })
    await ann.signUp({ name: 'ann', password: "ann's password" })
    await sendNow(ann, { to: ['ann'], subject: 'kept', body: 'ship' })
    const gone = await sendNow(ann, { to: ['ann'], subject: 'gone', body: 'ship' })
    expect(await subjects(ann, 'ship')).toEqual(['gone', 'kept'])
    await expect.poll(() => asked.at(-1)).toBe('counts')

    asked.length = 0
    await ann.mark({ mails: [gone], mark: 'star' })
    await expect.poll(() => asked).toEqual(['counts', 'mailNames'])

    const elsewhere = await clientOf(replica)
    await logIn(elsewhere, 'ann')
    asked.length = 0
    await elsewhere.delete({ mail: gone })
    await expect.poll(() => asked).toContain('mailNames')
    await expect.poll(() => subjects(ann, 'ship')).toEqual(['kept'])
  })

  test('finds what was sent elsewhere, also when as much was deleted there', async () => {
    const replica = new MemoryReplica()
    const comparisons: (() => void)[] = []
    let counted = 0
    const ann = await createMailClient({
      connect: async () => {
        const api: ReplicaApi = replica.connect()
        const counts = api.counts.bind(api)
        api.counts = async () => {
          const answer = await counts()
          counted += 1
          return answer
        }
        return api
      },
      machine: 'test machine',
      random: testRandom,
      // What is told of the mailbox is looked at when the test says so.
      clock: {
        ...systemTestClock,
        after: (ms, task) => {
          if (ms !== 3_000) return systemTestClock.after(ms, task)
          comparisons.push(task)
          return () => undefined
        },
      },
      passwordCost: cheapPassword,
    })
    await ann.signUp({ name: 'ann', password: "ann's password" })
    await signedUp(replica, 'ben')
    const old = await sendNow(ann, { to: ['ben'], subject: 'old', body: 'ship' })
    expect(await subjects(ann, 'ship')).toEqual(['old'])
    const elsewhere = await clientOf(replica)
    await logIn(elsewhere, 'ann')
    await elsewhere.delete({ mail: old })
    await sendNow(elsewhere, { to: ['ben'], subject: 'new', body: 'ship' })
    counted = 0
    for (const compare of comparisons.splice(0)) compare()
    await expect.poll(() => counted).toBeGreaterThan(0)
    expect(await subjects(ann, 'ship')).toEqual(['new'])
  })

  const signedInto = async (replica: MemoryReplica, name: string): Promise<MailClient> => {
    const { client } = await clientWithStore(replica)
    await logIn(client, name)
    return client
  }
})

describe('the saved index', () => {
  const filled = async (mails: number): Promise<MemoryReplica> => {
    const replica = new MemoryReplica()
    const ann = await signedUp(replica, 'ann')
    for (let number = 1; number <= mails; number += 1) {
      await sendNow(ann, { to: ['ann'], subject: `mail ${number}`, body: `secretword number${number}` })
    }
    await ann.close()
    const { client } = await clientWithStore(replica)
    await logIn(client, 'ann')
    expect((await client.search({ query: 'secretword', limit: 1, until: 'indexed' })).total).toBe(mails)
    await client.close()
    return replica
  }

  test('is taken up again after a restart: only what came since is fetched', async () => {
    const replica = await filled(40)
    const other = await signedUp(replica, 'ben')
    await sendNow(other, { to: ['ann'], subject: 'new', body: 'secretword' })
    const { client, fetched } = await clientWithStore(replica)
    await logIn(client, 'ann')
    expect((await client.search({ query: 'secretword', limit: 50, until: 'indexed' })).total).toBe(41)
    expect(await subjects(client, 'number7')).toEqual(['mail 7'])
    expect(fetched()).toBe(1)
    await client.close()
  })

  test('shows nothing of what is in it to who reads the disk', async () => {
    await filled(5)
    const files = await indexFiles()
    expect(files.length).toBe(1)
    for (const file of files) expect((await readFile(file)).includes('secretword')).toBe(false)
  })

  test('is built anew when it is damaged', async () => {
    const replica = await filled(5)
    const [file = ''] = await indexFiles()
    const bytes = await readFile(file)
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
    await writeFile(file, bytes)
    const { client, fetched } = await clientWithStore(replica)
    await logIn(client, 'ann')
    expect((await client.search({ query: 'secretword', limit: 1, until: 'indexed' })).total).toBe(5)
    expect(fetched()).toBe(5)
    await client.close()
  })

  test('finds the same after a restart, whatever words there were', async () => {
    const replica = new MemoryReplica()
    const ann = await signedUp(replica, 'ann')
    await sendNow(ann, { to: ['ann'], subject: 'Boiler', body: 'pressure valve leaks' })
    await sendNow(ann, { to: ['ann'], subject: 'Garden', body: 'tomatoes flower' })
    // Cut after 40 units, in the middle of their last characters, these two would be one and the same on the disk. The newest mail is
    // indexed first.
    const start = `x${'\u{10428}'.repeat(19)}`
    await sendNow(ann, { to: ['ann'], subject: 'odd', body: `${start}\u{10428} ${start}\u{10330}` })
    await ann.close()
    for (const run of ['first', 'second']) {
      const { client } = await clientWithStore(replica)
      await logIn(client, 'ann')
      for (const word of ['boiler', 'pressure', 'valve', 'leaks'])
        expect(await subjects(client, `"${word}"`), `${word}, ${run} run`).toEqual(['Boiler'])
      for (const word of ['garden', 'tomatoes', 'flower'])
        expect(await subjects(client, `"${word}"`), `${word}, ${run} run`).toEqual(['Garden'])
      await client.close()
    }
  })

  test('is not taken up when one of its words comes twice', async () => {
    const store = createClientStore(directory)
    const options = { store, account: person('ann'), key: testRandom(32), random: testRandom }
    const turns = new Turns((delayMs, task) => systemTestClock.after(delayMs, task))
    const saveAndLoad = async (...words: readonly string[]): Promise<number> => {
      const { saved, index } = await SavedIndex.load(options, turns)
      index.add(mailWith('valve'))
      for (const word of words) index.vocabulary.intern(word)
      await saved.save(index, turns)
      await saved.close()
      const again = await SavedIndex.load(options, turns)
      await again.saved.close()
      return again.index.size
    }
    // Halves of characters, which earlier versions wrote: on the disk both are the character for what is none.
    expect(await saveAndLoad('x\ud801', 'x\ud800')).toBe(0)
    expect(await saveAndLoad('x\u{10428}', 'x\u{10330}')).toBe(1)
  })

  test('is read, but not written, while another process of this machine has it', async () => {
    const replica = await filled(5)
    const first = await clientWithStore(replica)
    await logIn(first.client, 'ann')
    await first.client.search({ query: 'secretword', limit: 1, until: 'indexed' })
    const second = await clientWithStore(replica)
    await logIn(second.client, 'ann')
    expect((await second.client.search({ query: 'secretword', limit: 1, until: 'indexed' })).total).toBe(5)
    expect(second.fetched()).toBe(0)
    await second.client.close()
    await first.client.close()
  })

  test('goes with its account', async () => {
    const replica = await filled(5)
    const { client } = await clientWithStore(replica)
    await logIn(client, 'ann')
    await client.search({ query: 'secretword', limit: 1, until: 'indexed' })
    await client.deleteAccount()
    expect(await indexFiles()).toEqual([])
    await client.close()
  })
})

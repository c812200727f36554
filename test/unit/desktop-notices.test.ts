import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { type Notice, Notifier } from '../../electron/system/notifier.ts'
import { UnreadCount } from '../../electron/system/unread-count.ts'
import { stringsFor } from '../../electron/system/strings.ts'
import { EventQueue } from '../../electron/window/event-queue.ts'
import type { ClientEvent } from '../../replica/client/contract/events.ts'
import type { Header } from '../../replica/client/contract/mailbox.ts'
import { updateId, originId } from '../../replica/core/model/ids.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

let count = 0
const header = (changed: Partial<Header> = {}): Header => {
  count += 1
  const mail = updateId(originId('1.abcdefgh'), count)
  return {
    mail,
    conversation: mail,
    from: 'ben',
    to: ['anna'],
    cc: [],
    subject: `mail ${count}`,
    snippet: '',
    sentAt: 0,
    read: false,
    starred: false,
    own: false,
    inTrash: false,
    attachmentCount: 0,
    ...changed,
  }
}
const came = (changed: Partial<Header> = {}, late = false): ClientEvent => ({
  event: 'mail',
  header: header(changed),
  late,
})

class Desk {
  readonly shown: Notice[] = []
  readonly opened: (string | null)[] = []
  closed = 0
  wanted: 'yes' | 'no' = 'yes'
  readonly #clicks: (() => void)[] = []
  readonly notifier = new Notifier({
    show: (notice, clicked) => {
      this.shown.push(notice)
      this.#clicks.push(clicked)
      return { close: () => (this.closed += 1) }
    },
    strings: () => stringsFor('en', 'en'),
    isWanted: () => this.wanted === 'yes',
    open: (mail) => this.opened.push(mail),
  })

  click(): void {
    this.#clicks.at(-1)?.()
  }
}

describe('notices of mail', () => {
  test('one mail is told by its sender and subject, and a click opens it', () => {
    const desk = new Desk()
    const event = came({ subject: 'Splinter', from: 'Samuel' })
    desk.notifier.hear(event)
    expect(desk.shown).toEqual([])
    vi.runAllTimers()
    expect(desk.shown).toEqual([{ title: 'Samuel', body: 'Splinter', silent: false }])
    desk.click()
    expect(desk.opened).toEqual([event.event === 'mail' ? event.header.mail : null])
  })

  test('a mail of a deleted account is told of by the name that it had, if that is known', () => {
    const desk = new Desk()
    for (const from of ['ben~deleted', '']) {
      desk.notifier.hear(came({ from }))
      vi.runAllTimers()
    }
    expect(desk.shown.map(({ title }) => title)).toEqual(['ben (deleted account)', '(deleted account)'])
  })

  test('a mail of which nothing proves who wrote it is told of without its sender and subject', () => {
    const desk = new Desk()
    desk.notifier.hear(came({ subject: 'Splinter', from: 'Samuel', unproven: true }))
    vi.runAllTimers()
    expect(desk.shown).toEqual([
      { title: 'an unproven sender', body: 'Nothing proves who wrote this mail.', silent: false },
    ])
    for (const from of ['Samuel', 'ben']) desk.notifier.hear(came({ from, unproven: true }))
    vi.runAllTimers()
    expect(desk.shown[1]).toMatchObject({ title: '2 new mails', body: 'From an unproven sender' })
  })

  test('whom the person does not know by a name is not told of by that name alone', () => {
    const desk = new Desk()
    desk.notifier.hear(came({ subject: 'Splinter', from: 'Samuel', fromAnother: true }))
    vi.runAllTimers()
    expect(desk.shown).toEqual([
      { title: 'another Samuel than the one whom you know', body: 'Splinter', silent: false },
    ])
    for (const fromAnother of [{}, { fromAnother: true } as const])
      desk.notifier.hear(came({ from: 'ben', ...fromAnother }))
    vi.runAllTimers()
    expect(desk.shown[1]).toMatchObject({ body: 'From ben, another ben than the one whom you know' })
  })

  test('what comes together is one notice, in place of the one before', () => {
    const desk = new Desk()
    for (const from of ['ben', 'cleo', 'ben']) desk.notifier.hear(came({ from }))
    vi.runAllTimers()
    expect(desk.shown).toEqual([{ title: '3 new mails', body: 'From ben, cleo', silent: false }])
    desk.notifier.hear(came({ from: 'dora' }))
    vi.runAllTimers()
    expect(desk.shown).toHaveLength(2)
    expect(desk.closed).toBe(1)
    desk.click()
    expect(desk.opened).toHaveLength(1)
  })

  test('a merge is one notice however long it goes on, and silent when all of it was sent long ago', () => {
    const desk = new Desk()
    for (let mails = 0; mails < 40; mails += 1) {
      desk.notifier.hear(came({}, true))
      vi.advanceTimersByTime(100)
    }
    vi.runAllTimers()
    expect(desk.shown).toEqual([{ title: '40 mails from earlier came in', body: 'From ben', silent: true }])
  })

  test('a merge that does not end is told of after some seconds', () => {
    const desk = new Desk()
    for (let mails = 0; mails < 80; mails += 1) {
      desk.notifier.hear(came({}, true))
      vi.advanceTimersByTime(100)
    }
    expect(desk.shown).toHaveLength(1)
  })

  test('a fresh mail among late ones is heard', () => {
    const desk = new Desk()
    desk.notifier.hear(came({}, true))
    desk.notifier.hear(came({ from: 'cleo' }))
    vi.runAllTimers()
    expect(desk.shown).toEqual([{ title: '2 new mails', body: 'From cleo, ben', silent: false }])
  })

  test('own mails and what was read elsewhere are no news; nor is anything to somebody who looks at the window', () => {
    const desk = new Desk()
    desk.notifier.hear(came({ own: true }))
    desk.notifier.hear(came({ read: true }))
    vi.runAllTimers()
    desk.wanted = 'no'
    desk.notifier.hear(came())
    vi.runAllTimers()
    expect(desk.shown).toEqual([])
  })
})

describe('the count of unread mails', () => {
  const counting = (unread: () => Promise<number>) => {
    const told: number[] = []
    let asked = 0
    const client = {
      loggedInAs: 'anna' as string | null,
      counts: async () => {
        asked += 1
        return { inbox: 9, unread: await unread(), starred: 0, sent: 0, drafts: 0, outbox: 0, trash: 0 }
      },
    }
    const mailbox = { isOpen: true, client }
    const count = new UnreadCount(mailbox, (found) => told.push(found))
    return { count, mailbox, client, told, asked: () => asked }
  }

  test('is asked for once for many mails, and again after reading', async () => {
    let unread = 3
    const { count: counted, told, asked } = counting(async () => unread)
    for (let mails = 0; mails < 500; mails += 1) counted.hear(came())
    await vi.runAllTimersAsync()
    expect([told, asked()]).toEqual([[3], 1])
    unread = 2
    counted.called('read')
    counted.called('list')
    await vi.runAllTimersAsync()
    expect([told, asked()]).toEqual([[3, 2], 2])
  })

  test('is asked for when something else may have changed it, and not for all that happens', async () => {
    const { count: counted, asked } = counting(async () => 3)
    const askedAfter = async (...events: readonly ClientEvent['event'][]): Promise<number> => {
      for (const event of events) counted.hear({ event } as ClientEvent)
      await vi.runAllTimersAsync()
      return asked()
    }
    expect([await askedAfter('mailbox'), await askedAfter('connected'), await askedAfter('view', 'people')]).toEqual([
      1, 2, 2,
    ])
  })

  test('is nothing while no mailbox is open', async () => {
    const { count: counted, mailbox, told, asked } = counting(async () => 3)
    mailbox.isOpen = false
    counted.recount()
    await vi.runAllTimersAsync()
    expect([told, asked()]).toEqual([[0], 0])
  })

  test('stays as it was known while no server can be asked, and is nothing when nobody is logged in', async () => {
    let unread = (): Promise<number> => Promise.resolve(3)
    const { count: counted, client, told } = counting(() => unread())
    const toldAfter = async (): Promise<readonly number[]> => {
      counted.recount()
      await vi.runAllTimersAsync()
      return [...told]
    }
    expect(await toldAfter()).toEqual([3])
    unread = () => Promise.reject(new Error('gone'))
    expect(await toldAfter()).toEqual([3])
    client.loggedInAs = null
    expect(await toldAfter()).toEqual([3, 0])
  })
})

test('events come to the window soon, all of them once and in their order, many in one message', () => {
  const messages: (readonly number[])[] = []
  const queue = new EventQueue<number>((events) => messages.push(events))
  queue.push(1)
  queue.push(2)
  expect(messages).toEqual([])
  vi.advanceTimersByTime(10)
  expect(messages).toEqual([[1, 2]])
  for (let event = 0; event < 600; event += 1) queue.push(event)
  expect(messages.map(({ length }) => length)).toEqual([2, 500])
  vi.advanceTimersByTime(1_000)
  expect(messages.map(({ length }) => length)).toEqual([2, 500, 100])
  expect(messages.flat().slice(2)).toEqual(Array.from({ length: 600 }, (_, event) => event))
  queue.push(7)
  vi.runAllTimers()
  expect(messages.at(-1)).toEqual([7])
})

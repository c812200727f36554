import { defineStore } from 'pinia'
import { computed, shallowRef } from 'vue'
import type { Folder, FolderCounts, Header, Mark } from '../../replica/client/contract/mailbox.ts'
import type { UpdateId } from '../../replica/core/model/ids.ts'
import { gathering } from '../base/gathering.ts'
import { client, onClientEvent } from '../bridge.ts'
import { createMailList, type MailList } from './mail-list.ts'

/** Named in one request; more go in several. */
const mailsPerRequest = 500
/** What comes in within this time is shown at once. */
const gatheringMs = 120
const refreshMs = 300

const noCounts: FolderCounts = { inbox: 0, unread: 0, starred: 0, sent: 0, trash: 0, drafts: 0, outbox: 0 }

/** The folders as far as they are known here. What they mean is the client's business. */
export const useMailbox = defineStore('mailbox', () => {
  const counts = shallowRef(noCounts)
  const lists = new Map<Folder, MailList>()
  /** What a search found: it follows the same changes. */
  let found: MailList | null = null
  /** Increases when drafts or the outbox may be others. */
  const changes = shallowRef(0)
  let arrivals: Header[] = []

  const listOf = (folder: Folder): MailList => {
    const known = lists.get(folder)
    if (known !== undefined) return known
    const list = createMailList((offset, limit) => client.list({ folder, offset, limit }))
    lists.set(folder, list)
    return list
  }

  const follow = (list: MailList | null): void => {
    found = list
  }

  const everyList = (): readonly (readonly [Folder | 'found', MailList])[] =>
    found === null ? [...lists] : [...lists, ['found', found]]

  const refreshCounts = async (): Promise<void> => {
    counts.value = await client.counts()
  }

  const refresh = async (): Promise<void> => {
    changes.value += 1
    await Promise.all([refreshCounts(), ...everyList().map(([, list]) => list.refresh())])
  }

  // What is shown stays when this does not succeed; the next change asks again.
  const refreshSoon = gathering(() => void refresh().catch(() => undefined), refreshMs)

  const takeIn = gathering(() => {
    const came = arrivals
    arrivals = []
    lists.get('inbox')?.edit((rows) => rows.arrive(came))
    refreshSoon()
  }, gatheringMs)

  onClientEvent((event) => {
    switch (event.event) {
      case 'mail':
        arrivals.push(event.header)
        takeIn()
        break
      case 'mailbox':
      case 'draftKept':
      case 'sent':
      case 'connected':
      case 'renamed':
        refreshSoon()
        break
      case 'post':
      case 'view':
      case 'knowledge':
      case 'people':
      case 'takenOver':
      case 'accountDeleted':
      case 'keysChanged':
      case 'disconnected':
        break
    }
  })

  /** Shown at once; what the client refuses is fetched anew and the error passed on. */
  const optimistically = async (
    mails: readonly UpdateId[],
    change: (list: MailList, folder: Folder | 'found') => void,
    carryOut: (some: readonly UpdateId[]) => Promise<void>,
  ): Promise<void> => {
    for (const [folder, list] of everyList()) change(list, folder)
    try {
      for (let start = 0; start < mails.length; start += mailsPerRequest)
        await carryOut(mails.slice(start, start + mailsPerRequest))
    } finally {
      await refresh().catch(() => undefined)
    }
  }

  const mark = (mails: readonly UpdateId[], how: Mark): Promise<void> => {
    const named = new Set(mails)
    return optimistically(
      mails,
      (list, folder) => list.edit((rows) => applyMark(rows, folder, named, how)),
      (some) => client.mark({ mails: some, mark: how }),
    )
  }

  /** Gives the deletions' names. */
  const deleteForGood = async (mails: readonly UpdateId[]): Promise<readonly UpdateId[]> => {
    const named = new Set(mails)
    const removals: UpdateId[] = []
    await optimistically(
      mails,
      (list) => list.edit((rows) => rows.remove(named)),
      async (some) => {
        removals.push(...(await client.deleteMany({ mails: some })).removals)
      },
    )
    return removals
  }

  /** The client marks a mail read when it opens it: the lists show that at once. */
  const showRead = (mail: UpdateId): void => {
    for (const [, list] of everyList()) list.edit((rows) => rows.change(new Set([mail]), { read: true }))
  }

  return {
    counts: computed(() => counts.value),
    changes,
    listOf,
    follow,
    refresh,
    refreshCounts,
    mark,
    deleteForGood,
    showRead,
  }
})

const applyMark = (
  rows: MailList['rows']['value'],
  folder: Folder | 'found',
  mails: ReadonlySet<UpdateId>,
  mark: Mark,
): void => {
  switch (mark) {
    case 'read':
    case 'unread':
      rows.change(mails, { read: mark === 'read' })
      break
    case 'star':
      rows.change(mails, { starred: true })
      break
    case 'unstar':
      if (folder === 'starred') rows.remove(mails)
      else rows.change(mails, { starred: false })
      break
    case 'trash':
      if (folder !== 'trash') rows.remove(mails)
      break
    case 'restore':
      if (folder === 'trash') rows.remove(mails)
      break
  }
}

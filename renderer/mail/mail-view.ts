import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import type { Header } from '../../replica/client/contract/mailbox.ts'
import type { UpdateId } from '../../replica/core/model/ids.ts'
import { client } from '../bridge.ts'
import { useNavigation } from '../shell/navigation.ts'
import { isFolder, isView, type ViewId } from './folder-views.ts'
import { createListCursor } from './list-cursor.ts'
import { createMailList, type Found, type MailList } from './mail-list.ts'
import { useMailbox } from './mailbox-store.ts'
import { extended, nothingSelected, selected, toggled, type Selection } from './selection.ts'

/** The client gives no larger page. */
const largestPageMails = 1_000

/** What the mail page shows: the folder or search, where the cursor is, what is selected, which mail is open. */
export const useMailView = defineStore('mailView', () => {
  const navigation = useNavigation()
  const mailbox = useMailbox()

  const view = computed<ViewId>(() => {
    const [first = ''] = placeParts()
    return isView(first) ? first : 'inbox'
  })
  const openMail = computed(() => (placeParts()[1] ?? null) as UpdateId | null)
  const selection = shallowRef<Selection>(nothingSelected)
  const searched = ref('')
  const searchList = shallowRef<MailList | null>(null)
  /** How many mails the search could look through; null when it looked through all. */
  const partly = shallowRef<{ readonly indexed: number; readonly mails: number } | null>(null)

  function placeParts(): readonly string[] {
    const { page, at } = navigation.place
    return page === 'mail' && at !== null ? at.split('/') : []
  }

  /** Null for drafts and outbox. */
  const list = computed<MailList | null>(() => {
    if (searchList.value !== null) return searchList.value
    return isFolder(view.value) ? mailbox.listOf(view.value) : null
  })

  const cursor = createListCursor(list)
  /** What an action is about: the selected, else the open one, else the one under the cursor. */
  const concerned = computed<readonly UpdateId[]>(() => {
    if (selection.value.mails.size > 0) return [...selection.value.mails]
    const one = openMail.value ?? cursor.header.value?.mail
    return one === undefined ? [] : [one]
  })

  const endSearch = (): void => {
    searchList.value = null
    searched.value = ''
    mailbox.follow(null)
  }

  const goTo = (folder: ViewId): void => {
    endSearch()
    selection.value = nothingSelected
    navigation.go('mail', folder)
    cursor.toTop()
  }

  /** Going back leads to the list, not to the mail that was open before. */
  const open = (mail: UpdateId): void => {
    const place = `${view.value}/${mail}`
    if (openMail.value === null) navigation.go('mail', place)
    else navigation.replace('mail', place)
  }

  /** What the list on the screen knows of a mail. */
  const headerOf = (mail: UpdateId): Header | undefined => {
    const rows = list.value?.rows.value
    const index = rows?.indexOf(mail) ?? -1
    return index === -1 ? undefined : rows?.at(index)
  }

  /** A search may have been begun in the trash and find mails that are not there: then each says it itself. */
  const areInTrash = (mails: readonly UpdateId[]): boolean =>
    searchList.value === null ? view.value === 'trash' : mails.every((one) => headerOf(one)?.inTrash === true)

  const closeMail = (): void => {
    if (openMail.value !== null) navigation.replace('mail', view.value)
  }

  const toggle = (mail: UpdateId): void => {
    selection.value = toggled(selection.value, mail)
  }
  const extendTo = (mail: UpdateId): void => {
    const rows = list.value?.rows.value
    if (rows === undefined) return
    selection.value = extended(selection.value, mail, {
      indexOf: (one) => rows.indexOf(one),
      at: (index) => rows.at(index)?.mail,
    })
  }
  const selectAll = async (): Promise<void> => {
    if (list.value !== null) selection.value = selected(await list.value.allMails(largestPageMails))
  }
  /** The first unread mail below the cursor, or from the top on when there is none. */
  const findUnread = async (): Promise<Found | null> => {
    const isUnread = ({ read }: Header): boolean => !read
    const below = await list.value?.find(cursor.index.value + 1, largestPageMails, isUnread)
    return below ?? (await list.value?.find(0, largestPageMails, isUnread)) ?? null
  }
  const unreadMails = async (): Promise<readonly UpdateId[]> =>
    (await list.value?.allMails(largestPageMails, ({ read }) => !read)) ?? []
  /** As a click with the other button does it: what is selected stays when the mail is among it. */
  const selectFor = (mail: UpdateId): void => {
    if (!selection.value.mails.has(mail)) selection.value = selected([mail])
  }
  const selectNone = (): void => {
    selection.value = nothingSelected
  }

  /** An empty query ends the search. */
  const search = async (query: string): Promise<void> => {
    searched.value = query
    selection.value = nothingSelected
    cursor.toTop()
    partly.value = null
    if (query.trim() === '') {
      searchList.value = null
      mailbox.follow(null)
      return
    }
    const found: MailList = createMailList(async (offset, limit) => {
      const page = await client.search({ query, offset, limit })
      // One that was begun since says it of itself.
      if (searchList.value === found)
        partly.value = page.indexed < page.mails ? { indexed: page.indexed, mails: page.mails } : null
      return page
    })
    searchList.value = found
    mailbox.follow(found)
    await found.show(0, 0)
  }

  return {
    view,
    openMail,
    cursor: computed(() => cursor.index.value),
    /** How often the person has moved it. */
    moves: computed(() => cursor.moves.value),
    cursorHeader: cursor.header,
    selection: computed(() => selection.value),
    searched: computed(() => searched.value),
    partly: computed(() => partly.value),
    isSearching: computed(() => searchList.value !== null),
    list,
    concerned,
    goTo,
    open,
    headerOf,
    areInTrash,
    closeMail,
    moveCursor: cursor.move,
    toggle,
    extendTo,
    selectAll,
    selectFor,
    selectNone,
    findUnread,
    unreadMails,
    search,
  }
})

import { computed, ref, shallowRef, triggerRef } from 'vue'
import type { Header } from '../../replica/client/contract/mailbox.ts'
import type { UpdateId } from '../../replica/core/model/ids.ts'
import { MailRows } from './mail-rows.ts'

/** What is fetched at once. */
export const pageMails = 50
/** Pages that are asked for at the same time: one that is no longer on the screen should not hold up one that is. */
const pagesAtOnce = 3

export interface MailPage {
  readonly headers: readonly Header[]
  readonly total: number
}

export type FetchMails = (offset: number, limit: number) => Promise<MailPage>

type Wanted = (header: Header) => boolean

/** A mail and its place in the list. */
export interface Found {
  readonly index: number
  readonly header: Header
}

/** A list that is known page by page, as far as it has been looked at. */
export const createMailList = (fetchMails: FetchMails) => {
  const rows = shallowRef(new MailRows())
  /** Counts the changes of `rows`, whose object stays the same. */
  const version = ref(0)
  const isLoaded = ref(false)
  const failure = shallowRef<unknown>(null)
  const shown = { from: 0, to: pageMails - 1, state: 'hidden' as 'hidden' | 'visible' }
  const fetching = new Set<number>()
  /** Pages whose rows are shown until better ones come. */
  const stale = new Set<number>()
  let generation = 0

  const fetchPage = async (page: number): Promise<void> => {
    const asked = generation
    fetching.add(page)
    try {
      const answer = await fetchMails(page * pageMails, pageMails)
      if (asked !== generation) return
      stale.delete(page)
      rows.value.put(page * pageMails, answer.headers, answer.total)
      rows.value.forgetFarFrom((shown.from + shown.to) / 2)
      isLoaded.value = true
      failure.value = null
      triggerRef(rows)
      version.value += 1
    } catch (error) {
      if (asked === generation) failure.value = error
    } finally {
      if (asked === generation) fetching.delete(page)
    }
    if (asked === generation && failure.value === null) await fillShown()
  }

  const lacks = (page: number): boolean => {
    if (!isLoaded.value || stale.has(page)) return true
    const end = Math.min((page + 1) * pageMails, rows.value.total, shown.to + 1)
    for (let index = Math.max(page * pageMails, shown.from); index < end; index += 1)
      if (rows.value.at(index) === undefined) return true
    return false
  }

  const fillShown = async (): Promise<void> => {
    const last = Math.floor(Math.max(shown.to, 0) / pageMails)
    const wanted: number[] = []
    for (let page = Math.floor(shown.from / pageMails); page <= last; page += 1)
      if (!fetching.has(page) && (page === 0 || page * pageMails < rows.value.total) && lacks(page)) wanted.push(page)
    await Promise.all(wanted.slice(0, Math.max(pagesAtOnce - fetching.size, 0)).map(fetchPage))
  }

  /** Says which rows are on the screen; fetches those that are not known. */
  const show = (from: number, to: number): Promise<void> => {
    shown.from = Math.max(from, 0)
    shown.to = to
    shown.state = 'visible'
    failure.value = null
    return fillShown()
  }

  /** Asks again for what is on the screen; the rest when it comes there. What is shown stays until then. */
  const refresh = async (): Promise<void> => {
    generation += 1
    fetching.clear()
    stale.clear()
    stale.add(0)
    for (let page = 1; page * pageMails < rows.value.total; page += 1) stale.add(page)
    failure.value = null
    if (shown.state === 'visible') await fillShown()
  }

  /** It is not on the screen any more: changes are fetched when it is again. */
  const hide = (): void => {
    shown.state = 'hidden'
  }

  /** Changes what is known, at once. */
  const edit = (change: (rows: MailRows) => void): void => {
    change(rows.value)
    triggerRef(rows)
    version.value += 1
  }

  /** The names of all mails that are wanted, page by page of `limit`: for selecting all. */
  const allMails = async (limit: number, isWanted: Wanted = () => true): Promise<readonly UpdateId[]> => {
    const mails: UpdateId[] = []
    for (let offset = 0; ;) {
      const { headers, total } = await fetchMails(offset, limit)
      mails.push(...headers.filter(isWanted).map(({ mail }) => mail))
      offset += headers.length
      if (headers.length === 0 || offset >= total) return mails
    }
  }

  /** The first wanted mail from the place `from` on, page by page of `limit`. */
  const find = async (from: number, limit: number, isWanted: Wanted): Promise<Found | null> => {
    for (let offset = from; ;) {
      const { headers, total } = await fetchMails(offset, limit)
      const at = headers.findIndex(isWanted)
      const header = headers[at]
      if (header !== undefined) return { index: offset + at, header }
      offset += headers.length
      if (headers.length === 0 || offset >= total) return null
    }
  }

  return {
    /** Follows every change when it is read in a template or a computed value. */
    rows: rows as Readonly<typeof rows>,
    version: computed(() => version.value),
    isLoaded: computed(() => isLoaded.value),
    failure: computed(() => failure.value),
    show,
    hide,
    refresh,
    edit,
    allMails,
    find,
  }
}

export type MailList = ReturnType<typeof createMailList>

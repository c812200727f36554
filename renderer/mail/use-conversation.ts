import { useDebounceFn } from '@vueuse/core'
import { computed, onScopeDispose, shallowRef, watch, type ComputedRef } from 'vue'
import type { Header, Mail } from '../../replica/client/contract/mailbox.ts'
import type { UpdateId } from '../../replica/core/model/ids.ts'
import { client, onClientEvent } from '../bridge.ts'
import { useMailbox } from './mailbox-store.ts'

/** After the last change, so that what was asked for comes first. */
const refreshMs = 200
/** Of mails that are unread so many are shown with their text beside the opened one. Hundreds would hold the window up, and nobody has read them by that. */
const unfoldedAtMost = 20

/**
 * The open mail and the conversation around it, oldest first: what is there first is shown first. `headerOf` gives what the
 * list knows of a mail.
 */
export const useConversation = (
  opened: () => UpdateId | null,
  headerOf: (mail: UpdateId) => Header | undefined = () => undefined,
) => {
  const mailbox = useMailbox()
  const mails = shallowRef<readonly Mail[]>([])
  const failure = shallowRef<unknown>(null)
  /** The mails that are shown with their text. */
  const unfolded = shallowRef<ReadonlySet<UpdateId>>(new Set())
  let asked = 0

  const read = async (mail: UpdateId): Promise<void> => {
    const mine = (asked += 1)
    failure.value = null
    if (!mails.value.some((one) => one.mail === mail)) mails.value = []
    unfolded.value = new Set([mail])
    try {
      const reading = client.read({ mail })
      const early = around(mail, mine)
      const first = await reading
      if (mine !== asked) return
      if (mails.value.length === 0) mails.value = [first]
      mailbox.showRead(mail)
      const whole = asRead(await (early ?? conversationOf(first)), mail)
      if (mine !== asked) return
      take(whole, mail)
      unfolded.value = new Set([mail, ...unreadAround(whole, mail)])
      await markUnfolded(whole)
      await mailbox.refreshCounts()
    } catch (error) {
      if (mine === asked) failure.value = error
    }
  }

  /** Reading writes down that it was read; the text does not wait for the disk when the list knows the conversation. */
  const around = (mail: UpdateId, mine: number): Promise<readonly Mail[]> | null => {
    const header = headerOf(mail)
    if (header === undefined) return null
    const early = conversationOf(header)
    early.then(
      (whole) => {
        if (mine === asked && mails.value.length === 0 && whole.some((one) => one.mail === mail)) mails.value = whole
      },
      // It is told with the reading, which fails then, too, or is waited for below.
      () => undefined,
    )
    return early
  }

  const take = (whole: readonly Mail[], mail: UpdateId): void => {
    const isWhole = whole.some((one) => one.mail === mail)
    // The server may not have it any more, or not yet: what was opened stays to be read.
    mails.value = isWhole ? whole : [...whole, ...mails.value.filter((one) => one.mail === mail)]
  }

  const markUnfolded = async (whole: readonly Mail[]): Promise<void> => {
    const unread = whole.filter((one) => !one.read && unfolded.value.has(one.mail)).map((one) => one.mail)
    if (unread.length > 0) await mailbox.mark(unread, 'read')
  }

  const refresh = async (): Promise<void> => {
    const mine = asked
    const [first] = mails.value
    const mail = opened()
    if (first === undefined || mail === null) return
    const { mails: whole } = await client.conversation({ conversation: first.conversation })
    if (mine === asked && whole.length > 0) take(whole, mail)
  }

  // What is shown stays; the next change asks again.
  const refreshSoon = useDebounceFn(() => refresh().catch(() => undefined), refreshMs)

  const toggle = (mail: UpdateId): void => {
    const changed = new Set(unfolded.value)
    if (!changed.delete(mail)) changed.add(mail)
    unfolded.value = changed
    // What could not be marked now stays unread, as the list shows.
    markUnfolded(mails.value).catch(() => undefined)
  }

  watch(
    opened,
    (mail) => {
      if (mail === null) mails.value = []
      else void read(mail)
    },
    { immediate: true },
  )
  onScopeDispose(
    onClientEvent((event) => {
      const concerns = event.event === 'mail' ? event.header.conversation === mails.value[0]?.conversation : false
      if (concerns || event.event === 'mailbox' || event.event === 'sent') void refreshSoon()
    }),
  )

  const current: ComputedRef<Mail | undefined> = computed(() => mails.value.find(({ mail }) => mail === opened()))
  return { mails, current, failure, unfolded, toggle, read }
}

const conversationOf = async ({ conversation }: Header): Promise<readonly Mail[]> =>
  (await client.conversation({ conversation })).mails

/** The nearest to the opened one. */
const unreadAround = (whole: readonly Mail[], opened: UpdateId): readonly UpdateId[] => {
  const at = whole.findIndex(({ mail }) => mail === opened)
  return whole
    .map(({ mail, read }, index) => ({ mail, read, away: Math.abs(index - at) }))
    .filter(({ read }) => !read)
    .toSorted((one, other) => one.away - other.away)
    .slice(0, unfoldedAtMost)
    .map(({ mail }) => mail)
}

const asRead = (mails: readonly Mail[], read: UpdateId): readonly Mail[] =>
  mails.map((one) => (one.mail === read ? { ...one, read: true } : one))

import { computed, ref } from 'vue'
import type { Header } from '../../replica/client/contract/mailbox.ts'
import { showFailure, showNote } from '../base/toasts.ts'
import { client, codeOf, host } from '../bridge.ts'
import { formatNumber } from '../locales/i18n.ts'

/** Each mail is in one of them. */
const folders = ['inbox', 'sent', 'trash'] as const
const pageHeaders = 100
/** One mail that is deleted meanwhile, or damaged here, keeps nobody from the others. */
const passedOver: ReadonlySet<string> = new Set(['NO_SUCH_MAIL', 'CANNOT_OPEN', 'DAMAGED'])

/** A folder that any system takes, whatever the person is called. */
const titleOf = (person: string, now: Date): string => {
  const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString()
  return `Quintet ${person.replaceAll(/[^\p{L}\p{N} _-]/gu, '_')} ${local.slice(0, 19).replace('T', ' ').replaceAll(':', '.')}`
}

/** Writes all of a person's mail to the downloads, as files that other mail programs read. */
export const useMailExport = (person: () => string) => {
  const done = ref(0)
  const total = ref(0)
  const state = ref<'resting' | 'writing' | 'stopping'>('resting')
  const isStopped = (): boolean => state.value === 'stopping'
  let notWritten = 0

  const write = async ({ mail }: Header, title: string, folder: string): Promise<void> => {
    try {
      await host.saveFile({ file: await client.exportMail({ mail }), folders: [title, folder] })
    } catch (error) {
      if (!passedOver.has(codeOf(error))) throw error
      notWritten += 1
    }
    done.value += 1
  }

  const writeFolder = async (folder: (typeof folders)[number], title: string): Promise<void> => {
    let next: string | undefined
    do {
      const query = { folder, limit: pageHeaders }
      const page = await client.list(next === undefined ? query : { ...query, before: next })
      for (const header of page.headers) {
        if (isStopped()) return
        await write(header, title, folder)
      }
      next = page.next
    } while (next !== undefined)
  }

  const start = async (): Promise<void> => {
    if (state.value !== 'resting') return
    const title = titleOf(person(), new Date())
    state.value = 'writing'
    done.value = notWritten = 0
    try {
      const { inbox, sent, trash } = await client.counts()
      total.value = inbox + sent + trash
      for (const folder of folders) await writeFolder(folder, title)
      const words = {
        count: formatNumber(done.value - notWritten),
        missing: formatNumber(notWritten),
        total: formatNumber(total.value),
        folder: title,
      }
      if (isStopped()) showNote('settings.export.stopped', words)
      else showNote(notWritten > 0 ? 'settings.export.partly' : 'settings.export.done', words)
    } catch (error) {
      showFailure('settings.export.failed', error)
    } finally {
      state.value = 'resting'
    }
  }

  return {
    start,
    stop: (): void => {
      if (state.value === 'writing') state.value = 'stopping'
    },
    isWriting: computed(() => state.value !== 'resting'),
    done,
    total,
  }
}

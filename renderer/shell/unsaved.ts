import { useCompose } from '../mail/compose-store.ts'
import { useUnposted } from '../timeline/unposted.ts'

/** All that is saved while it is being written: letters, and a post. */
export const useUnsaved = (): {
  readonly save: () => Promise<void>
  /** Why something is not saved; null when everything is. */
  readonly failure: () => unknown
  /** Whether something is not saved yet. */
  readonly isBehind: () => boolean
  /** What is in this window only, to be put elsewhere. */
  readonly words: () => string
} => {
  const compose = useCompose()
  const unposted = useUnposted()
  return {
    save: async () => {
      await Promise.all([compose.flushAll(), unposted.flush()])
    },
    failure: () => compose.failure() ?? unposted.failure(),
    isBehind: () => compose.isBehind() || unposted.isBehind(),
    words: () => {
      const letters = compose.open.filter(({ keeper }) => keeper.isBehind).map(({ letter }) => letter)
      const written = letters.map(({ to, cc, subject, body }) => [[...to, ...cc].join(', '), subject, body].join('\n'))
      return [...written, ...(unposted.isBehind() ? [unposted.words] : [])].join('\n\n')
    },
  }
}

import { useCompose } from '../mail/compose-store.ts'
import { useUnposted } from '../timeline/unposted.ts'

/** All that is saved while it is being written: letters, and a post. */
export const useUnsaved = (): {
  readonly save: () => Promise<void>
  /** Why something is not saved; null when everything is. */
  readonly failure: () => unknown
  /** Whether something is not saved yet. */
  readonly isBehind: () => boolean
} => {
  const compose = useCompose()
  const unposted = useUnposted()
  return {
    save: async () => {
      await Promise.all([compose.flushAll(), unposted.flush()])
    },
    failure: () => compose.failure() ?? unposted.failure(),
    isBehind: () => compose.isBehind() || unposted.isBehind(),
  }
}

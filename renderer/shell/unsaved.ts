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
  /** As `words`, with what is saved: that is of no use when the account is gone. */
  readonly allWords: () => string
} => {
  const compose = useCompose()
  const unposted = useUnposted()
  const wordsOf = (letters: typeof compose.open, post: string): string => {
    const written = letters.map(({ letter: { to, cc, subject, body } }) =>
      [[...to, ...cc].join(', '), subject, body].join('\n'),
    )
    return [...written, ...(post.trim() === '' ? [] : [post])].join('\n\n')
  }
  return {
    save: async () => {
      await Promise.all([compose.flushAll(), unposted.flush()])
    },
    failure: () => compose.failure() ?? unposted.failure(),
    isBehind: () => compose.isBehind() || unposted.isBehind(),
    words: () =>
      wordsOf(
        compose.open.filter(({ keeper }) => keeper.isBehind),
        unposted.isBehind() ? unposted.words : '',
      ),
    allWords: () => wordsOf(compose.open, unposted.words),
  }
}

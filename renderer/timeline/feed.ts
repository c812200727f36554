import { computed, ref, shallowRef } from 'vue'
import type { UpdateId } from '../../replica/core/model/ids.ts'
import type { Post, PostPage } from '../../replica/client/contract/people.ts'
import type { ErrorCode } from '../../replica/core/model/errors.ts'
import { codeOf } from '../bridge.ts'

const pagePosts = 30

export interface FeedPage {
  readonly limit: number
  readonly before?: string
}

export type Feed = ReturnType<typeof createFeed>

/** Posts newest first, page by page; what comes in live takes its place by its time. */
export const createFeed = (ask: (page: FeedPage) => Promise<PostPage>) => {
  const posts = shallowRef<readonly Post[] | null>(null)
  const next = ref<string | null>(null)
  const failure = ref<ErrorCode | null>(null)
  const isLoading = ref(false)

  const fetch = async (before: string | null): Promise<void> => {
    if (isLoading.value) return
    isLoading.value = true
    try {
      const page = await ask({ limit: pagePosts, ...(before === null ? {} : { before }) })
      posts.value = before === null ? page.posts : mergedPosts(posts.value ?? [], page.posts)
      next.value = page.next ?? null
      failure.value = null
    } catch (error) {
      failure.value = codeOf(error)
    } finally {
      isLoading.value = false
    }
  }

  const take = (post: Post): void => {
    if (posts.value !== null) posts.value = mergedPosts(posts.value, [post])
  }
  const drop = (post: UpdateId): void => {
    posts.value = posts.value?.filter((shown) => shown.post !== post) ?? null
  }

  return {
    posts: computed(() => posts.value),
    hasMore: computed(() => next.value !== null),
    failure: computed(() => failure.value),
    isLoading: computed(() => isLoading.value),
    load: () => fetch(null),
    more: async (): Promise<void> => {
      if (next.value !== null) await fetch(next.value)
    },
    take,
    drop,
  }
}

/** Each post once, newest first; of two at one time the one that stood there first. */
export const mergedPosts = (shown: readonly Post[], added: readonly Post[]): readonly Post[] => {
  const known = new Set(shown.map(({ post }) => post))
  return [...shown, ...added.filter(({ post }) => !known.has(post))].sort((a, b) => b.postedAt - a.postedAt)
}

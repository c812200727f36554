import { describe, expect, it } from 'vitest'
import { pastTime } from '../../renderer/base/moments.ts'
import { createFeed, mergedPosts } from '../../renderer/timeline/feed.ts'
import type { Post } from '../../replica/client/contract/people.ts'
import { originId, updateId } from '../../replica/core/model/ids.ts'
import './setup.ts'

const origin = originId('1.aaaaaaaa')
const post = (number: number): Post => ({
  post: updateId(origin, number),
  author: 'Ben',
  text: `post ${number}`,
  postedAt: number * 1_000,
})
const numbersOf = (posts: readonly Post[] | null) => posts?.map(({ postedAt }) => postedAt / 1_000)

it('what was posted by a clock that is ahead was posted now, and not in five minutes', () => {
  expect(pastTime(1_300_000, 1_000_000)).toBe('now')
  expect(pastTime(700_000, 1_000_000)).toBe('5 minutes ago')
})

describe('a feed', () => {
  it('puts what comes with a merge where it belongs by its time, once', () => {
    expect(numbersOf(mergedPosts([post(9), post(5), post(1)], [post(7), post(5)]))).toEqual([9, 7, 5, 1])
  })

  it('goes on page by page to the end', async () => {
    const asked: (string | undefined)[] = []
    const feed = createFeed(({ before }) => {
      asked.push(before)
      return Promise.resolve(before === undefined ? { posts: [post(4), post(3)], next: 'mark' } : { posts: [post(2)] })
    })
    await feed.load()
    expect(feed.hasMore.value).toBe(true)
    feed.take(post(5))
    await feed.more()
    expect(numbersOf(feed.posts.value)).toEqual([5, 4, 3, 2])
    expect(feed.hasMore.value).toBe(false)
    await feed.more()
    expect(asked).toEqual([undefined, 'mark'])
  })

  it('drops what was deleted and takes it back when that fails', async () => {
    const feed = createFeed(() => Promise.resolve({ posts: [post(2), post(1)] }))
    await feed.load()
    feed.drop(post(2).post)
    expect(numbersOf(feed.posts.value)).toEqual([1])
    feed.take(post(2))
    expect(numbersOf(feed.posts.value)).toEqual([2, 1])
  })
})

import type { PostRecord } from '../model/image.ts'

/** A place in the order shown. */
export type PostPlace = Pick<PostRecord, 'clock' | 'origin' | 'sequence'>

/** Causal order: ascending by the hybrid clock; origin and sequence settle what it leaves open, the same way everywhere. */
export const comparePosts = (left: PostPlace, right: PostPlace): number => {
  if (left.clock !== right.clock) return left.clock - right.clock
  if (left.origin !== right.origin) return left.origin < right.origin ? -1 : 1
  return left.sequence - right.sequence
}

/** One author's posts in causal order. New ones mostly come at the end, which costs nothing. */
export class PostIndex {
  readonly #posts: PostRecord[] = []

  get size(): number {
    return this.#posts.length
  }

  add(post: PostRecord): void {
    const last = this.#posts.at(-1)
    if (last === undefined || comparePosts(last, post) < 0) this.#posts.push(post)
    else this.#posts.splice(this.#position(post), 0, post)
  }

  remove(post: PostRecord): void {
    const position = this.#position(post)
    if (this.#posts[position] === post) this.#posts.splice(position, 1)
  }

  /** Up to `limit` posts, newest first, that come before `before` in causal order (from the newest when null). */
  page(limit: number, before: PostPlace | null): readonly PostRecord[] {
    const end = before === null ? this.#posts.length : this.#position(before)
    return this.#posts.slice(Math.max(0, end - limit), end).reverse()
  }

  /** Index of the first post that is not before `place`. */
  #position(place: PostPlace): number {
    let low = 0
    let high = this.#posts.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const candidate = this.#posts[middle]
      if (candidate !== undefined && comparePosts(candidate, place) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}

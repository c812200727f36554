import { limits } from '../core/model/limits.ts'

/** Where a page begins: after what `before` names, or, without it, with the newest. */
export interface PageQuery {
  readonly limit: number
  readonly before?: string
}

interface Question<Item, Page> {
  readonly limit: number
  readonly before: string | null
  /** How many a page holds at most. */
  readonly perPage: number
  readonly ask: (query: PageQuery) => Promise<Page>
  readonly itemsOf: (page: Page) => readonly Item[]
}

/** As many as a program asked for, of however many pages: it need not know how many one holds. With the page that came last. */
export const gatherPages = async <Item, Page extends { readonly next?: string }>({
  limit,
  before,
  perPage,
  ask,
  itemsOf,
}: Question<Item, Page>): Promise<{ readonly items: readonly Item[]; readonly last: Page }> => {
  const wanted = Math.min(limit, limits.terminalItems)
  const items: Item[] = []
  let from = before
  for (;;) {
    const query = { limit: Math.min(wanted - items.length, perPage) }
    const last = await ask(from === null ? query : { ...query, before: from })
    items.push(...itemsOf(last))
    if (last.next === undefined || items.length >= wanted) return { items, last }
    from = last.next
  }
}

import { QuintetError } from '../core/model/errors.ts'
import { limits } from '../core/model/limits.ts'

const mostOf = { headers: limits.pageHeaders, posts: limits.pagePosts } as const

/** BAD_REQUEST or TOO_MANY for a page that cannot be asked for. */
export const checkPage = (of: keyof typeof mostOf, limit: number, offset = 0): void => {
  if (!Number.isInteger(limit) || limit < 1) throw new QuintetError('BAD_REQUEST', 'The limit of a page is from 1 up.')
  if (limit > mostOf[of]) throw new QuintetError('TOO_MANY', `A page has at most ${mostOf[of]} ${of}.`)
  if (!Number.isSafeInteger(offset) || offset < 0)
    throw new QuintetError('BAD_REQUEST', 'The offset of a page is a whole number from 0 up.')
}

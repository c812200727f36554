import { accountId, inviteId, isServerId, isUpdateId, seatCount } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import * as shape from './api-shapes.ts'

/** A name as it is shown may carry `~<server>`; a code point may take two units. */
const shownNameUnits = limits.nameChars * 2 + 8

/** What requests and answers of every kind are made of. */
export const account = shape.textLike(/^[A-Za-z0-9_-]{43}$/, accountId)
export const invite = shape.textLike(/^[A-Za-z0-9_-]{43}$/, inviteId)
export const shownName = shape.text(shownNameUnits)
export const server = shape.guarded(isServerId, `a server id from 1 to ${seatCount}`)
export const servers = shape.listOf(server, seatCount)
export const machine = shape.text(limits.machineNameChars * 2)
/** Of a mail, or a post. */
export const updateName = shape.guarded(isUpdateId, 'the name of a mail or post')
export const count = shape.integer(0, Number.MAX_SAFE_INTEGER)
/** Milliseconds since 1970, or a clock. */
export const moment = shape.integer(0, Number.MAX_SAFE_INTEGER)
export const view = shape.fields({ number: count, servers })

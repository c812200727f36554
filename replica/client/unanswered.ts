import type { GroupInfo, ReplicaApi } from '../api/contract.ts'
import { QuintetError } from '../core/model/errors.ts'
import type { ServerId } from '../core/model/ids.ts'
import { isUnreachable, type Request } from './link-connection.ts'

/**
 * UNREACHABLE: one server went away with a wish before it answered, and the next one refuses it. The first may know what the next one
 * does not, and have carried it out.
 */
export class Unanswered extends QuintetError {
  readonly refusal: QuintetError

  constructor(silent: ServerId, refusing: ServerId, refusal: QuintetError) {
    super(
      'UNREACHABLE',
      `Server ${silent} went away before it answered, and server ${refusing} refuses: ${refusal.message} ` +
        `Whether server ${silent} did it is seen when it is back.`,
    )
    this.refusal = refusal
  }
}

/** A request that changes something, to be given to one server after the other until one answers. `Unanswered`. */
export const asWish = <Value>(request: (api: ReplicaApi) => Promise<Value>): Request<Value> => {
  const silent: GroupInfo[] = []
  return async (api, server) => {
    try {
      return await request(api)
    } catch (error) {
      if (isUnreachable(error)) silent.push(server)
      if (isUnreachable(error) || !(error instanceof QuintetError)) throw error
      // The same replica, started again, has all that it carried out.
      const other = silent.find(({ origin }) => origin !== server.origin)
      throw other === undefined ? error : new Unanswered(other.serverId, server.serverId, error)
    }
  }
}

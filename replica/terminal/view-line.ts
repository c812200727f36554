import type { ServerId } from '../core/model/ids.ts'
import { serverNames } from './command.ts'

/** What a person is told when the view has changed. */
export const viewLine = ({
  number,
  servers,
}: {
  readonly number: number
  readonly servers: readonly ServerId[]
}): string => `View ${number}: ${serverNames(servers)} ${servers.length === 1 ? 'is' : 'are'} reachable.`

import type { MailClient } from '../client/contract/mail-client.ts'
import type { Layout } from './mail-view.ts'
import { promiseText } from './network-view.ts'
import { fitted, printableLine } from './text-width.ts'

type Status = Awaited<ReturnType<MailClient['status']>>

const machineColumns = 20
const bytesPerMegabyte = 1_000_000

/** A server's state, for people. */
export const statusLines = (status: Status, { style }: Layout): readonly string[] => [
  `${style.bold(printableLine(status.groupName))}, server ${status.serverId} (${status.origin})`,
  `${counted(status.mails, 'mail')}, ${counted(status.accounts, 'account')}, ${(status.diskBytes / bytesPerMegabyte).toFixed(1)} MB on disk`,
  ...status.seats.map((seat) => seatLine(status, seat)),
  ...(status.promised ?? []).map(({ server, invite }) => `  ${server}  promised ${promiseText(server, invite)}`),
  ...status.warnings.map((warning) => style.warning(`! ${printableLine(warning)}`)),
]

const seatLine = (status: Status, { server, origin, machine, connected, lagMs }: Status['seats'][number]): string => {
  const held = origin === null ? 0 : (status.vector[origin] ?? 0)
  const stable = origin === null ? 0 : (status.stable[origin] ?? 0)
  const lag = lagMs === null ? '' : `, ${Math.round(lagMs)} ms away`
  const state = status.paused.includes(server) ? 'paused' : connected ? 'connected' : 'not reachable'
  const name = server === status.serverId ? 'this server' : `${state}${lag}`
  return `  ${server}  ${fitted(printableLine(machine ?? '-'), machineColumns)}  ${fitted(name, 24)}  ${counted(held, 'update')}, ${stable} on every server`
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`

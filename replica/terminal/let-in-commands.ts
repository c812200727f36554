import type { LetIn } from '../client/contract/group.ts'
import type { MailClient } from '../client/contract/mail-client.ts'
import { QuintetError } from '../core/model/errors.ts'
import type { ServerId } from '../core/model/ids.ts'
import { confirm } from './confirm.ts'
import { usageError, type Command, type Sitting } from './command.ts'
import { letInLine, letInName } from './network-view.ts'

/** Everybody who was let in, first those who are seen nowhere else. */
const show: Command['run'] = async (sitting) => {
  const { machines } = await sitting.client.letIn({})
  showNumbered(sitting, machines)
}

const showNumbered = (sitting: Sitting, machines: readonly LetIn[]): void => {
  sitting.letIn = machines
  const { nowMs } = sitting.layout()
  sitting.screen.print(...machines.map((one, index) => letInLine(one, index + 1, nowMs)))
}

const shutOut: Command['run'] = async (sitting, [word]) => {
  const [one] = word === undefined ? [] : numbered(sitting.letIn, word)
  if (one === undefined) throw usageError('shut-out N, with a number that let-in shows')
  await confirm(
    sitting,
    `Shut ${letInName(one)} out? Nothing is taken from it any more, and it can only come back with a new invite.`,
  )
  await shutOutOne(sitting.client, one)
  sitting.screen.print(`Shut out. Change the group's key now (rotate-key), so that it cannot listen either.`)
}

/** Names whom the machine on this seat let in, by itself or by way of others. A server of before this was kept cannot tell. */
export const nameLetIn = async (sitting: Sitting, server: ServerId): Promise<readonly LetIn[]> => {
  const { client, screen } = sitting
  const machines = await letInBy(client, server)
  if (machines === null) screen.print('This server cannot tell whom that machine let in.')
  if (machines === null || machines.length === 0) return []
  screen.print('It let in, by itself or by way of others:')
  showNumbered(sitting, machines)
  return machines
}

/** Each of them by choice: an honest one stays. */
export const askWhoGoesToo = async ({ client, screen }: Sitting, machines: readonly LetIn[]): Promise<void> => {
  if (machines.length === 0) return
  const answer = await screen.question('Which of those it let in are to be shut out, too (numbers; Enter keeps all)? ')
  for (const one of numbered(machines, answer)) await shutOutOne(client, one)
}

const shutOutOne = async (client: MailClient, { machine, invite }: LetIn): Promise<void> => {
  if (machine !== null) await client.shutOut({ machine })
  else if (invite !== null) await client.revokeInvite({ invite })
}

/** Those who are still in without a seat, though a machine let them in that was retired since, as lines for people. */
export const stillInLines = async (sitting: Sitting): Promise<readonly string[]> => {
  const { client, layout } = sitting
  const { machines } = await client.letIn({}).catch((error: unknown) => {
    if (isUnknown(error)) return { machines: [] }
    throw error
  })
  const stillIn = machines
    .map((one, index) => ({ one, line: letInLine(one, index + 1, layout().nowMs) }))
    .filter(({ one: { state, byRetired } }) => byRetired && (state === 'without' || state === 'client'))
  if (stillIn.length === 0) return []
  sitting.letIn = machines
  const what = 'Still in, without a seat, and let in by a machine that was retired (shut-out N, then rotate-key again):'
  return [what, ...stillIn.map(({ line }) => line)]
}

const letInBy = async (client: MailClient, server: ServerId): Promise<readonly LetIn[] | null> => {
  try {
    return (await client.letIn({ server })).machines
  } catch (error) {
    if (isUnknown(error)) return null
    throw error
  }
}

/** A server of a version before has no such method. */
const isUnknown = (error: unknown): boolean => error instanceof QuintetError && error.failure.code === 'BAD_REQUEST'

/** Those with these numbers, which begin with 1. BAD_REQUEST for any that is not in the list. */
const numbered = (machines: readonly LetIn[], words: string): readonly LetIn[] =>
  words
    .split(/[\s,]+/)
    .filter((word) => word !== '')
    .map((word) => {
      const one = /^[0-9]{1,4}$/.test(word) ? machines[Number(word) - 1] : undefined
      if (one === undefined)
        throw new QuintetError('BAD_REQUEST', `No "${word.slice(0, 16)}" has been listed: let-in lists all.`)
      return one
    })

export const letInCommands: readonly (readonly [string, Command])[] = [
  ['let-in', { usage: 'let-in', help: 'everybody who was let in, also without a seat', run: show }],
  ['shut-out', { usage: 'shut-out N', help: 'N of that list is not trusted: nothing is taken from it', run: shutOut }],
]

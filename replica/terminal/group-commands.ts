import { serverOf, usageError, type Command } from './command.ts'
import { confirm } from './confirm.ts'
import { askWhoGoesToo, letInCommands, nameLetIn, stillInLines } from './let-in-commands.ts'
import { inviteLine, networkLines } from './network-view.ts'
import { printableLine } from './text-width.ts'

const retire: Command['run'] = async (sitting, [word]) => {
  if (word === undefined) throw usageError('retire N')
  const server = serverOf(word)
  const { seats } = await sitting.client.network()
  const machine = seats.find((seat) => seat.server === server)?.machine ?? null
  if (machine === null) {
    await sitting.client.retire({ server })
    sitting.screen.print(`Server id ${server} is free: the invite that it was promised by is revoked.`)
    return
  }
  const others = await nameLetIn(sitting, server)
  await confirm(
    sitting,
    `Is ${printableLine(machine)} (server ${server}) gone for good? Its seat becomes free, and it can only come back with a new invite.`,
  )
  await sitting.client.retire({ server })
  sitting.screen.print(
    `Retired. Server id ${server} is free: invite a new machine, and start it with --server-id ${server}.`,
    'What it has not sent yet is still taken in when it comes back. If it is not trusted, shut it out, too: let-in, then shut-out N.',
  )
  await askWhoGoesToo(sitting, others)
}

const takeSeat: Command['run'] = async ({ client, screen }, [word]) => {
  if (word === undefined) throw usageError('seat N')
  const server = serverOf(word)
  await client.takeSeat({ server })
  screen.print(`This machine goes on as server ${server}. Nothing of its mail is lost.`)
}

const showInvites: Command['run'] = async (sitting) => {
  const { client, screen } = sitting
  const { invites } = await client.invites()
  sitting.invites = invites
  screen.print(...invites.map((invite, index) => inviteLine(invite, index + 1)))
  if (invites.length === 0) screen.print('Nobody has been invited yet.')
}

const revoke: Command['run'] = async (sitting, [word]) => {
  const invite = word !== undefined && /^[0-9]{1,4}$/.test(word) ? sitting.invites[Number(word) - 1] : undefined
  if (invite === undefined) throw usageError('revoke N, with a number that invites shows')
  await confirm(sitting, 'Whoever has this invite can then not join with it. Revoke it?')
  await sitting.client.revokeInvite({ invite: invite.invite })
  sitting.screen.print('Revoked.')
}

const renameGroup: Command['run'] = async ({ client, screen }, _words, rest) => {
  if (rest === '') throw usageError('rename-group NAME')
  await client.renameGroup({ name: rest })
  screen.print(`The group is called ${printableLine(rest)} now.`)
}

const renameMachine: Command['run'] = async ({ client, screen }, _words, rest) => {
  if (rest === '') throw usageError('rename-machine NAME')
  await client.renameMachine({ name: rest })
  screen.print(`Server ${client.server} is called ${printableLine(rest)} now.`)
}

const rotateKey: Command['run'] = async (sitting) => {
  await confirm(
    sitting,
    'A new key for the group: open invites are revoked, and machines that are away get it when they come back. Go on?',
  )
  await sitting.client.rotateKey()
  sitting.screen.print('The group has a new key.', ...(await stillInLines(sitting)))
}

const setInterval: Command['run'] = async ({ client, screen }, [word]) => {
  const intervalMs = Number(word)
  if (word === undefined || !Number.isInteger(intervalMs)) throw usageError('interval MS')
  await client.setSyncInterval({ intervalMs })
  screen.print(`This server compares notes with the others every ${intervalMs} ms now.`)
}

/** What a person decides about the group and its machines. */
export const groupCommands: readonly (readonly [string, Command])[] = [
  [
    'network',
    {
      usage: 'network',
      help: 'the machines of the group, and what happened',
      run: async ({ client, screen, layout }) => screen.print(...networkLines(await client.network(), layout())),
    },
  ],
  ['invites', { usage: 'invites', help: 'the invites that were made', run: showInvites }],
  ['revoke', { usage: 'revoke N', help: 'invite N of the list lets nobody in any more', run: revoke }],
  ['retire', { usage: 'retire N', help: 'the machine of server N is gone for good', run: retire }],
  ...letInCommands,
  ['seat', { usage: 'seat N', help: 'go on as server N, when another machine has this id', run: takeSeat }],
  ['rename-group', { usage: 'rename-group NAME', help: 'a new name for the group', run: renameGroup }],
  ['rename-machine', { usage: 'rename-machine NAME', help: 'a new name for the connected server', run: renameMachine }],
  ['rotate-key', { usage: 'rotate-key', help: 'a new key for the group', run: rotateKey }],
  ['interval', { usage: 'interval MS', help: 'how often to compare notes, 200 to 60000', run: setInterval }],
]

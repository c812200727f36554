import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { ReplicaGroup } from '../../build/cluster/group.ts'
import { agreed, nameOf } from './bench-group.ts'
import { fillMailbox } from './mailbox.ts'

/** Seats of the group that wrote the mails; the first one's directory has them. */
export const grownServers = [1, 2, 3, 4] as const
export const grownServer = 1

/** Raised when what is made changes. */
const version = 2
const afterSnapshotAtMost = 2_000
const note = 'mailbox.json'
/** So many at the end, and on both sides of the middle, can be opened: sealing a million takes hours. */
const readable = 5_000

/**
 * A group's directory in which the replica `grownServer` has so many mails, all of them to the person there; none of its replicas runs.
 * Made once, sealed and signed as people would, and kept beside other temporary files for the next time: a million take a while.
 */
export const grownMailbox = async (mails: number, tell: (line: string) => void): Promise<string> => {
  const folder = path.join(tmpdir(), 'quintet-bench-mailboxes')
  const directory = path.join(folder, `${mails}-${version}`)
  if ((await readFile(path.join(directory, note), 'utf8').catch(() => null)) !== null) return directory
  const temporary = `${directory}.new`
  await rm(temporary, { recursive: true, force: true })
  await mkdir(temporary, { recursive: true })
  const group = await ReplicaGroup.create({ directory: temporary, name: 'Bench', servers: grownServers })
  try {
    await Promise.all(grownServers.map((server) => group.person(nameOf(server), server)))
    await agreed(group)
    await group.stop()
  } catch (error) {
    await group.end()
    throw error
  }
  tell(`making a mailbox of ${mails} mails`)
  await fillMailbox({
    directories: grownServers.map((server) => group.dataOf(server)),
    write: 'first',
    mails,
    batchMails: 1,
    afterSnapshot: Math.min(afterSnapshotAtMost, Math.ceil(mails / 50)),
    to: nameOf(grownServer),
    isSealed: (index) => mails - index <= readable || Math.abs(mails / 2 - index) <= readable,
  })
  await writeFile(path.join(temporary, note), JSON.stringify({ mails, version }))
  await rm(directory, { recursive: true, force: true })
  await rename(temporary, directory)
  return directory
}

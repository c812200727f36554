import { existsSync } from 'node:fs'
import { ReplicaGroup } from './cluster/group.ts'
import { DemoCrew } from './demo-crew.ts'
import { conversations, posts } from './demo-mailbox.ts'
import type { ClientClock } from '../replica/client/client-ports.ts'
import { systemClock } from '../replica/drivers/system-clock.ts'

const servers = [1, 2, 3, 4, 5]
const hourMs = 3_600_000
const preloads = ['x86_64', 'aarch64'].map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketime.so.1`)

/** When the crew wrote what: hours ago, and how many of its conversations and posts. */
const watches = [
  { hoursAgo: 100, conversations: 2, posts: 1 },
  { hoursAgo: 52, conversations: 1, posts: 1 },
  { hoursAgo: 27, conversations: 2, posts: 2 },
  { hoursAgo: 6, conversations: 2, posts: 1 },
  { hoursAgo: 2, conversations: 1, posts: 1 },
]

/** What a client in this process goes by, so that its mails are dated as its server's. */
const setBack = (hoursAgo: number): ClientClock => ({ ...systemClock, nowMs: () => Date.now() - hoursAgo * hourMs })

/**
 * The demonstration's group with a mailbox that was written over some days, as pictures should show it: the replicas run through
 * them one after the other, each time with clocks that are set back by libfaketime (Debian's package faketime). They run by
 * the right time in the end.
 */
export const groupOverDays = async (directory: string): Promise<ReplicaGroup> => {
  const preload = preloads.find((file) => existsSync(file))
  if (preload === undefined) throw new Error('setting clocks back needs libfaketime: apt-get install faketime')
  let [mails, posted] = [0, 0]
  for (const [index, watch] of watches.entries()) {
    const isFirst = index === 0
    // For the replicas, which are started with this process's environment; this process itself stays in its time.
    Object.assign(process.env, {
      LD_PRELOAD: preload,
      FAKETIME: `-${watch.hoursAgo}h`,
      DONT_FAKE_MONOTONIC: '1',
      NO_FAKE_STAT: '1',
    })
    const group = isFirst
      ? await ReplicaGroup.create({ directory, name: 'Northern Light', servers })
      : await ReplicaGroup.reopen({ directory, servers })
    const clock = setBack(watch.hoursAgo)
    const crew = isFirst ? await DemoCrew.signUp(directory, clock) : await DemoCrew.logIn(directory, clock)
    await crew.writePart({
      conversations: conversations.slice(mails, (mails += watch.conversations)),
      posts: posts.slice(posted, (posted += watch.posts)),
    })
    if (index === watches.length - 1) await crew.settleIn()
    await group.settled()
    await crew.end()
    await group.stop()
  }
  for (const name of ['LD_PRELOAD', 'FAKETIME', 'DONT_FAKE_MONOTONIC', 'NO_FAKE_STAT'])
    Reflect.deleteProperty(process.env, name)
  return ReplicaGroup.reopen({ directory, servers })
}

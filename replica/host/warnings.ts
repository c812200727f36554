import type { Opinion } from '../core/effects.ts'
import { maxDriftMs } from '../core/hybrid-clock.ts'
import { clockToMs } from '../core/model/clock.ts'
import type { ServerId } from '../core/model/ids.ts'
import { allServerIds } from '../core/model/ids.ts'
import type { Warning, WarningCode } from '../core/model/warning.ts'
import type { ReplicaCore } from '../core/replica-core.ts'
import { retiredFailure } from '../core/retired-peers.ts'
import type { LinkTrouble, Surroundings } from './ports.ts'

/** What is less ahead is soon past. */
const farAheadMs = 86_400_000

/** What is out of the ordinary here, at `nowMs` by this machine's clock. */
export const warnings = (
  core: ReplicaCore,
  { diskFull, troubles }: Surroundings,
  nowMs: number,
): readonly Warning[] => {
  const found: Warning[] = []
  if (diskFull)
    found.push(warning('diskFull', 'The disk of this machine is full: mail can be read but not sent from here.'))
  if (core.hindrance === 'reclaiming')
    found.push(
      warning('reclaiming', 'This replica is taking its own log back from the others; sending waits for that.'),
    )
  if (core.hindrance === 'forked')
    found.push(
      warning('forked', 'This copy was restored from an old backup: it starts over with what the others hold.'),
    )
  if (core.isRetired) found.push(warning('retired', retiredFailure.message))
  else for (const server of core.ownStanding.saidRetiredBy) found.push(saidRetired(server))
  for (const server of core.ownStanding.notAdmittedBy) found.push(notAdmitted(server))
  for (const server of estranged(core)) found.push(estrangedFrom(server))
  if (!core.forks.hasForked) for (const server of core.forks.contradicting) found.push(otherLog(server))
  if (core.hasLostSeat) found.push(lostSeat(core))
  const { repairing } = core
  if (repairing > 0) {
    const sentence = `${repairing} mails are damaged on this disk and are being fetched from the others.`
    found.push(warning('repairing', sentence, { count: repairing }))
  }
  for (const opinion of core.doubtful) found.push(doubtful(opinion))
  if (core.transferringFrom !== null)
    found.push(warning('transferring', 'The mailbox is being copied from another replica.'))
  found.push(
    ...clocksOff(core),
    ...datedAhead(core, nowMs),
    ...troubles.flatMap((trouble) => troubleWith(core, trouble)),
  )
  return found
}

/** By what most of those who are connected say, which this machine may be alone against. */
const clocksOff = (core: ReplicaCore): readonly Warning[] => {
  const ownMs = core.peers.offMs
  const others = core.peers.allGreeted().map(({ server, clockOffsetMs }) => ({ server, offMs: clockOffsetMs + ownMs }))
  return [{ server: core.identity.server, offMs: ownMs }, ...others].flatMap(({ server, offMs }) => {
    if (Math.abs(offMs) <= maxDriftMs) return []
    const seconds = Math.round(offMs / 1_000)
    const whose = server === core.identity.server ? 'this machine' : `server ${server}`
    return [warning('clockOff', `The clock of ${whose} is off by ${seconds} s.`, { server, seconds })]
  })
}

/**
 * Something was written while the clock was ahead: what comes later in a log is dated later, until that time is there. Said when another
 * machine has the time that this one has now, as it may be this clock that is behind.
 */
const datedAhead = (core: ReplicaCore, nowMs: number): readonly Warning[] => {
  const { server, origin } = core.identity
  const aheadMs = clockToMs(core.state.newestClockOf(origin)) - nowMs
  const isClockRight = core.peers.allGreeted().some(({ clockOffsetMs }) => Math.abs(clockOffsetMs) <= maxDriftMs)
  if (aheadMs <= farAheadMs || !isClockRight || core.isRetired) return []
  const seconds = Math.round(aheadMs / 1_000)
  const sentence =
    `What is written on this machine is dated ${seconds} s ahead, and stands above all others' mail, as something was written here while its clock was wrong. ` +
    'Start it once with --reset, while others can be reached: it takes everything back from them, and goes by its clock again.'
  return [warning('datedAhead', sentence, { server, seconds })]
}

/** None where it is with somebody who has no seat. */
const troubleWith = (core: ReplicaCore, { kind, peer }: LinkTrouble): readonly Warning[] => {
  if (peer === core.identity.peer) return [runsTwiceHere]
  const claim = core.state.seats.holders().find((holder) => holder.peer === peer)
  if (claim === undefined) return []
  return [troubleOf[kind](claim.server)]
}

const warning = (code: WarningCode, sentence: string, words: Warning['words'] = {}): Warning => ({
  code,
  sentence,
  words,
})

const saidRetired = (server: ServerId): Warning =>
  warning(
    'saidRetired',
    `Server ${server} says that this machine was retired, and shows no proof of it. Ask who has it: if it is true this machine must join again.`,
    { server },
  )

/** Servers that were retired here and hand over nothing, as one does that has retired this machine, too. */
const estranged = (core: ReplicaCore): readonly ServerId[] =>
  core.isRetired
    ? []
    : core.peers.allGreeted().flatMap((session) => {
        const isMute = !session.hasToldAll && core.state.seats.isRetiredPeer(session)
        return isMute ? [session.server] : []
      })

const estrangedFrom = (server: ServerId): Warning =>
  warning(
    'estranged',
    `Server ${server} was retired here, still runs, and goes on without this machine: it seems to have retired this one, too. Neither has what the other writes. ` +
      'Start one of the two with --reset and an invite of the other, so that it joins again and hands over what only it has.',
    { server },
  )

const notAdmitted = (server: ServerId): Warning =>
  warning(
    'notAdmitted',
    `Server ${server} does not know this machine as a member: whoever let it in may have been shut out since. Neither has what the other writes. ` +
      'If that does not change by itself, start this machine with --reset and an invite of that server: it joins again, and hands over what only it has.',
    { server },
  )

const otherLog = (server: ServerId): Warning =>
  warning(
    'otherLog',
    `Server ${server} shows another log of its own than is held here: it runs from an old copy of its disk, and starts over by itself, or it is not honest. ` +
      'If this is said for more than a few minutes, ask who has that server, and shut it out.',
    { server },
  )

const runsTwiceHere = warning(
  'runsTwiceHere',
  'This replica seems to run twice: a copy of its data directory is in use on another machine, or in another place, and each cuts the other off. ' +
    'Quit Quintet at one of the two, and remove that copy. If Quintet is to stay there, let it join with an invite, in an empty data directory.',
)

const runsTwice = (server: ServerId): Warning =>
  warning(
    'runsTwice',
    `Server ${server} seems to run twice, from two copies of one data directory that cut each other off. ` +
      `Ask who has it to quit Quintet at one of the two; what is to stay there joins with an invite, in an empty data directory.`,
    { server },
  )

const largeLost = (server: ServerId): Warning =>
  warning(
    'largeLost',
    `The connection with server ${server} breaks off whenever much is sent: small packets come through, large ones seem to get lost on the way, as in some VPNs and tunnels. ` +
      'Set a smaller MTU (1280) for the VPN, or for the network interface, at one of the two machines.',
    { server },
  )

const otherKey = (server: ServerId): Warning =>
  warning(
    'otherKey',
    `Where server ${server} was last, something answers that has another group key: the key was changed too often while this machine was away, or where it could not hear of it. ` +
      'Start this machine with any invite that the group has made since (--join INVITE): it is not used up, and nothing is lost.',
    { server },
  )

const troubleOf: Readonly<Record<LinkTrouble['kind'], (server: ServerId) => Warning>> = {
  runsTwice,
  largeLost,
  otherKey,
}

const doubtful = ({ server, witness, leftOut, gone }: Opinion): Warning =>
  witness === null
    ? warning(
        'unconfirmed',
        `Server ${server} gave this machine a mailbox that no other server could confirm.` +
          (gone === 0 ? '' : ` By its word ${gone} mails, posts or drafts are gone that were here.`) +
          ` If mails are missing, ask who has server ${server}.`,
        { server, count: gone },
      )
    : warning(
        'leftOut',
        `Server ${server} gave this machine a mailbox with ${leftOut} mails, posts or drafts left out; server ${witness} had them. Ask who has server ${server}.`,
        { server, witness, count: leftOut },
      )

const lostSeat = (core: ReplicaCore): Warning => {
  const { server } = core.identity
  const holder = core.state.seats.holder(server)
  const free = allServerIds.filter((other) => core.state.seats.holder(other) === undefined)
  const who = holder === undefined ? 'Another machine' : core.state.seats.machineOf(holder)
  const choice = free.length === 0 ? 'No other is free: retire a machine that is gone.' : `Choose ${free.join(', ')}.`
  const sentence = `${who} took server id ${server} first, while this machine could not see it. ${choice} Nothing is lost.`
  return warning('lostSeat', sentence, { server })
}

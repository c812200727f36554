import { isOriginId, seatCount } from '../core/model/ids.ts'
import { limits } from '../core/model/limits.ts'
import * as shape from './api-shapes.ts'
import { count, invite, machine, moment, server, servers, view } from './common-shapes.ts'

const warningsShown = 64
const wordsOfWarning = 8
const wordUnits = 64
const install = shape.guarded(isOriginId, 'the name of a machine')
const member = { server: shape.orNull(server), name: shape.orNull(machine) }

/** What a client asks with about the group. */
export const groupRequests = {
  invite: shape.fields({ invite }),
  server: shape.fields({ server }),
  letIn: shape.fields({ server: shape.orNull(server) }),
  machine: shape.fields({ machine: install }),
  groupName: shape.fields({ name: shape.text(limits.groupNameChars * 2) }),
  machineName: shape.fields({ name: machine }),
  interval: shape.fields({ intervalMs: shape.measure }),
} as const

/** What a replica answers about the group. */
export const groupAnswers = {
  network: shape.fields({
    groupName: shape.text(limits.groupNameChars * 2),
    server,
    machine,
    ownSeat: shape.oneOf(['held', 'lost', 'retired']),
    view,
    seats: shape.listOf(
      shape.fields({
        server,
        state: shape.oneOf(['free', 'here', 'connected', 'unreachable', 'paused']),
        machine: shape.orNull(machine),
        promised: shape.orAbsent(invite),
        lagMs: shape.orNull(shape.measure),
        lastSeenAt: shape.orNull(moment),
        clockOffMs: shape.orNull(shape.integer(-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)),
        holds: shape.recordOf(/^[0-9]{1,3}$/, count, seatCount),
        behind: count,
      }),
      seatCount,
    ),
    history: shape.listOf(
      shape.fields({ at: moment, number: count, servers, joined: servers, left: servers, mailsIn: count }),
      limits.historyViews,
    ),
    paused: servers,
    warnings: shape.listOf(shape.text(limits.failureChars), warningsShown),
    codedWarnings: shape.orAbsent(
      shape.listOf(
        shape.fields({
          code: shape.text(wordUnits),
          sentence: shape.text(limits.failureChars),
          words: shape.recordOf(/^[a-zA-Z]{1,16}$/, shape.word(wordUnits), wordsOfWarning),
        }),
        warningsShown,
      ),
    ),
    diskBytes: shape.measure,
    mails: count,
    accounts: count,
    syncIntervalMs: count,
  }),
  invites: shape.listOf(
    shape.fields({
      invite,
      expiresAt: moment,
      state: shape.oneOf(['open', 'used', 'expired', 'revoked']),
      usedBy: shape.orNull(server),
    }),
    limits.invitesShown,
  ),
  letIn: shape.listOf(
    shape.fields({
      ...member,
      machine: shape.orNull(install),
      invite: shape.orNull(invite),
      state: shape.oneOf(['without', 'client', 'seat', 'superseded', 'retired']),
      at: shape.orNull(moment),
      by: shape.listOf(shape.fields({ ...member, machine: install }), limits.vectorEntries),
      byRetired: shape.truth,
      connected: shape.truth,
      here: shape.truth,
    }),
    limits.machinesShown,
  ),
} as const

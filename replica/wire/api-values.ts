import {
  commandId,
  documentId,
  highestTag,
  isOriginId,
  originId,
  seatCount,
  sessionId,
  tag,
} from '../core/model/ids.ts'
import type { Tag } from '../core/model/ids.ts'
import { errorCodes } from '../core/model/errors.ts'
import { limits } from '../core/model/limits.ts'
import * as shape from './api-shapes.ts'
import { hashBytes } from './bytes.ts'
import {
  account,
  count,
  invite,
  machine,
  moment,
  server,
  servers,
  shownName,
  updateName,
  view,
} from './common-shapes.ts'
import { isPeerId } from './keys.ts'
import { personKindNames } from './payload-codec.ts'
import { signedPost, socialAnswers, socialRequests } from './api-social.ts'
import { mostSignatureBytes } from './person-signature.ts'

const warningsShown = 64

const folder = shape.oneOf(['inbox', 'starred', 'sent', 'trash'])
const pageMark = shape.text(limits.pageMarkChars)
const sequences = shape.recordOf(/^[0-9a-z.]{1,16}$/, count, limits.vectorEntries)
const sealKey = shape.bytesOf(32)
/** Ed25519. */
const signature = shape.bytesOf(64)
/** A person's, over an update. */
const personSignature = shape.bytesUpTo(mostSignatureBytes)
/** Of a session. */
const place = shape.fields({ server, machine })

const sealedMail = shape.fields({
  mail: updateName,
  from: account,
  fromName: shownName,
  to: shape.listOf(account, limits.recipients),
  toNames: shape.listOf(shownName, limits.recipients),
  sentAt: moment,
  read: shape.truth,
  markedUnread: shape.truth,
  starred: shape.truth,
  inTrash: shape.truth,
  conversation: shape.orNull(updateName),
  payload: shape.bytesUpTo(limits.payloadBytes),
  signature: personSignature,
  leaf: shape.orAbsent(shape.bytesOf(hashBytes)),
})

const tagNumber = shape.integer(0, highestTag)
/** 0 where it is not known. */
const tagValue: shape.Shape<Tag> = (value, at) => tag(tagNumber(value, at))
const groupKeyBytes = 32
const highestShelf = 255
const documentName = shape.textLike(/^[\w-]{21}[AQgw]$/, documentId)
const documentFields = { document: documentName, update: updateName, writtenAt: moment }

const failure = shape.fields({ code: shape.oneOf(errorCodes), message: shape.text(limits.failureChars) })
const eventName = shape.fields({
  event: shape.oneOf(['view', 'mail', 'post', 'mailbox', 'knowledge', 'people', 'groupKey', 'takenOver', 'closed']),
})
const viewEvent = shape.fields({ event: shape.oneOf(['view']), view })
const mailEvent = shape.fields({ event: shape.oneOf(['mail']), mail: sealedMail })
const postEvent = shape.fields({ event: shape.oneOf(['post']), post: signedPost })
const plainEvent = shape.fields({ event: shape.oneOf(['mailbox', 'knowledge', 'people', 'groupKey']) })
const takenOverEvent = shape.fields({ event: shape.oneOf(['takenOver']), server, machine })
const closedEvent = shape.fields({ event: shape.oneOf(['closed']), failure })

const taken = shape.fields({ clock: moment, takenBy: shape.nothingAtAll })
const superseded = shape.fields({ clock: shape.nothingAtAll, takenBy: place })
const logInOutcome = shape.fields({ takenBy: shape.orNull(place) })

const logInAnswer = (value: unknown, at: string) =>
  logInOutcome(value, at).takenBy === null ? taken(value, at) : superseded(value, at)

const accepted = shape.fields({ update: updateName, clock: moment })
const sayAnew = shape.fields({ overtaken: shape.fields({ by: moment, clock: moment }) })

/** What a client asks with. */
export const requestShapes = {
  lookUp: shape.fields({
    names: shape.listOf(shownName, limits.lookUpAccounts),
    accounts: shape.listOf(account, limits.lookUpAccounts),
  }),
  people: shape.fields({ like: shape.text(limits.likeChars), after: shape.orNull(shownName) }),
  logIn: shape.fields({
    account,
    signature,
    session: shape.textLike(/^[A-Za-z0-9_-]{16}$/, sessionId),
    clock: shape.orNull(moment),
    machine,
  }),
  submit: shape.fields({
    kind: shape.oneOf(personKindNames),
    command: shape.textLike(/^[A-Za-z0-9_-]{16}$/, commandId),
    payload: shape.bytesUpTo(limits.payloadBytes),
    signature: personSignature,
  }),
  list: shape.fields({
    folder,
    limit: shape.integer(1, limits.pageHeaders),
    before: shape.orNull(pageMark),
    offset: count,
  }),
  conversation: shape.fields({ conversation: updateName }),
  trashed: shape.fields({
    beforeMs: moment,
    forMs: shape.orNull(moment),
    among: shape.orAbsent(shape.listOf(updateName, limits.marksPerUpdate)),
  }),
  names: shape.fields({ names: shape.listOf(updateName, limits.marksPerUpdate) }),
  documents: shape.fields({ shelf: shape.integer(0, highestShelf) }),
  forgettable: shape.fields({ beforeMs: moment, forMs: moment }),
  document: shape.fields({ document: documentName }),
  mails: shape.fields({ mails: shape.listOf(updateName, limits.pageHeaders) }),
  update: shape.fields({ update: updateName }),
  mail: shape.fields({ mail: updateName }),
  ...socialRequests,
  fetchMany: shape.fields({
    mails: shape.listOf(updateName, limits.fetchedMails),
    content: shape.oneOf(['header', 'whole']),
  }),
  mailNames: shape.fields({
    folder,
    only: shape.oneOf(['all', 'unread']),
    limit: shape.integer(1, limits.pageNames),
    before: shape.orNull(pageMark),
  }),
  servers: shape.fields({ servers }),
} as const

/** What a replica answers with. */
export const answerShapes = {
  group: shape.fields({
    groupId: shape.bytesOf(16),
    groupName: shape.text(limits.groupNameChars * 2),
    serverId: server,
    origin: shape.guarded(isOriginId, 'an origin id'),
  }),
  view,
  status: shape.fields({
    serverId: server,
    origin: shape.guarded(isOriginId, 'an origin id'),
    groupName: shape.text(limits.groupNameChars * 2),
    view,
    vector: sequences,
    matrix: shape.recordOf(/^[0-9a-z.]{1,16}$/, sequences, limits.matrixRows),
    stable: sequences,
    accounts: count,
    mails: count,
    digest: shape.text(128),
    warnings: shape.listOf(shape.text(limits.failureChars), warningsShown),
    diskBytes: shape.measure,
    paused: servers,
    seats: shape.listOf(
      shape.fields({
        server,
        origin: shape.orNull(shape.textLike(/^[0-9a-z.]{1,16}$/, originId)),
        machine: shape.orNull(machine),
        connected: shape.truth,
        lagMs: shape.orNull(shape.measure),
      }),
      seatCount,
    ),
    promised: shape.orAbsent(shape.listOf(shape.fields({ server, invite }), seatCount)),
  }),
  lookUp: shape.listOf(
    shape.fields({
      account,
      name: shownName,
      sealKey,
      sealedKeys: shape.bytesUpTo(limits.sealedKeysBytes),
      payload: shape.bytesUpTo(limits.accountPayloadBytes),
      signature: personSignature,
      keys: shape.orNull(
        shape.fields({ payload: shape.bytesUpTo(limits.accountPayloadBytes), signature: personSignature }),
      ),
      keysChanged: shape.orAbsent(shape.fields({ server, at: moment })),
    }),
    limits.lookUpAccounts * 2,
  ),
  people: shape.listOf(
    shape.fields({ account, name: shownName, online: shape.truth, servers, signedUpAt: moment }),
    limits.pageAccounts,
  ),
  members: shape.listOf(
    shape.fields({
      server,
      peer: shape.guarded(isPeerId, 'a peer id'),
      machine,
      addresses: shape.listOf(shape.text(limits.addressChars), limits.addressesPerPeer),
    }),
    seatCount,
  ),
  logIn: logInAnswer,
  groupKey: shape.bytesOf(groupKeyBytes),
  challenge: shape.bytesUpTo(limits.challengeBytes),
  submit: shape.byField('overtaken', sayAnew, accepted),
  list: shape.fields({
    mails: shape.listOf(sealedMail, limits.pageHeaders),
    total: count,
    unread: count,
    next: shape.orNull(pageMark),
  }),
  fetch: sealedMail,
  fetchMany: shape.fields({ mails: shape.listOf(sealedMail, limits.fetchedMails), covered: count }),
  mailNames: shape.fields({ mails: shape.listOf(updateName, limits.pageNames), next: shape.orNull(pageMark) }),
  safety: servers,
  ...socialAnswers,
  safeties: shape.listOf(shape.fields({ mail: updateName, servers }), limits.pageHeaders),
  spread: shape.fields({ heldBy: servers, waitingFor: servers }),
  counts: shape.fields({
    inbox: count,
    unread: count,
    starred: count,
    sent: count,
    trash: count,
    drafts: count,
    outbox: count,
  }),
  conversation: shape.listOf(updateName, limits.conversationMails),
  trashed: shape.listOf(shape.fields({ id: updateName, tag: tagValue }), limits.marksPerUpdate),
  tags: shape.listOf(shape.orNull(tagValue), limits.marksPerUpdate),
  documents: shape.listOf(shape.fields(documentFields), limits.documentsPerAccount),
  forgettable: shape.orNull(
    shape.fields({
      saidUpTo: count,
      deleted: count,
      left: shape.listOf(documentName, limits.forgettingDocuments),
    }),
  ),
  document: shape.orNull(shape.fields({ ...documentFields, payload: shape.bytesUpTo(limits.payloadBytes) })),
  invite: shape.text(limits.inviteChars),
} as const

/** What a replica tells unasked. */
export const eventShape = (value: unknown, at: string) => {
  switch (eventName(value, at).event) {
    case 'view':
      return viewEvent(value, at)
    case 'mail':
      return mailEvent(value, at)
    case 'post':
      return postEvent(value, at)
    case 'mailbox':
    case 'knowledge':
    case 'people':
    case 'groupKey':
      return plainEvent(value, at)
    case 'takenOver':
      return takenOverEvent(value, at)
    case 'closed':
      return closedEvent(value, at)
  }
}

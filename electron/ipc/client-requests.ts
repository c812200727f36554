import * as v from 'valibot'
import { folders, marks } from '../../replica/client/contract/mailbox.ts'
import type { MailClient } from '../../replica/client/contract/mail-client.ts'
import { limits } from '../../replica/core/model/limits.ts'
import type { ClientMethod } from '../contract/bridge.ts'
import {
  account,
  count,
  document,
  invite,
  list,
  machine,
  mail,
  name,
  nothing,
  page,
  type RequestSchemas,
  secret,
  server,
  servers,
  text,
} from './shapes.ts'

const offsetMost = 10_000_000
const holdMostMs = 60_000
/** Longer than any system's. */
const fileNameMostChars = 1_024
const versionMostChars = 1_024
const syncIntervalMostMs = 3_600_000
/** So that a letter that is too long is refused by the client, with the limit in its sentence, and not as malformed. */
const beyondLimit = 4

const letter = {
  to: list(name, limits.recipients * beyondLimit),
  cc: v.exactOptional(list(name, limits.recipients * beyondLimit)),
  subject: text(limits.subjectChars * beyondLimit),
  body: text(limits.bodyBytes * beyondLimit),
  inReplyTo: v.exactOptional(mail),
  attachments: v.exactOptional(list(document, limits.attachments * beyondLimit)),
}
const seenDraft = {
  draft: v.exactOptional(document),
  basedOn: v.exactOptional(text(versionMostChars)),
}
const limit = count(1, limits.pageHeaders)
const offset = v.exactOptional(count(0, offsetMost))
const mails = list(mail, limits.pageHeaders)

/** Every method of the client that the window may call, and what it takes. The compiler proves the list complete. */
export const clientRequests: RequestSchemas<MailClient, ClientMethod> = {
  signUp: v.strictObject({ name, password: secret }),
  logIn: v.strictObject({ name, password: secret }),
  logOut: nothing,
  deleteAccount: nothing,
  changePassword: v.strictObject({ password: secret, newPassword: secret }),
  resetPassword: v.strictObject({ name, recoveryPhrase: secret, newPassword: secret }),
  renewRecoveryPhrase: v.strictObject({ password: secret }),
  keysChange: v.strictObject({ name }),
  recoveryNoted: nothing,
  noteRecovery: nothing,
  accounts: v.strictObject({ like: text(limits.likeChars) }),
  profile: v.strictObject({ name }),
  identities: v.strictObject({ names: list(name, limits.lookUpAccounts) }),
  accept: v.strictObject({ name, account }),

  send: v.strictObject({
    ...letter,
    holdMs: v.exactOptional(count(0, holdMostMs)),
    ...seenDraft,
  }),
  list: v.strictObject({ folder: v.picklist(folders), limit, before: page, offset }),
  counts: nothing,
  read: v.strictObject({ mail }),
  conversation: v.strictObject({ conversation: mail }),
  mark: v.strictObject({ mails, mark: v.picklist(marks) }),
  delete: v.strictObject({ mail }),
  deleteMany: v.strictObject({ mails }),
  emptyTrash: nothing,
  safety: v.strictObject({ mail }),
  safeties: v.strictObject({ mails }),
  removal: v.strictObject({ removal: mail }),
  drafts: nothing,
  saveDraft: v.strictObject({ ...letter, ...seenDraft }),
  discardDraft: v.strictObject({ ...seenDraft, draft: document }),
  outbox: nothing,
  cancelOutbox: v.strictObject({ outbox: document, keep: v.exactOptional(v.literal('draft')) }),
  attach: v.strictObject({ name: text(fileNameMostChars), content: text(limits.bodyBytes * beyondLimit) }),
  attachFrom: v.strictObject({ mail }),
  attachment: v.strictObject({ mail, number: count(1, limits.attachments) }),
  exportMail: v.strictObject({ mail }),
  search: v.strictObject({ query: text(limits.subjectChars), limit, offset }),

  post: v.strictObject({ text: text(limits.subjectChars * beyondLimit) }),
  unposted: nothing,
  saveUnposted: v.strictObject({ text: text(limits.bodyBytes * beyondLimit) }),
  deletePost: v.strictObject({ post: mail }),
  follow: v.strictObject({ name }),
  unfollow: v.strictObject({ name }),
  timeline: v.strictObject({ limit, before: page, own: v.exactOptional(v.boolean()) }),
  posts: v.strictObject({ name, limit, before: page }),

  view: nothing,
  status: nothing,
  network: nothing,
  invite: nothing,
  invites: nothing,
  revokeInvite: v.strictObject({ invite }),
  pause: v.strictObject({ servers }),
  resume: v.strictObject({ servers }),
  retire: v.strictObject({ server }),
  letIn: v.strictObject({ server: v.exactOptional(server) }),
  shutOut: v.strictObject({ machine }),
  takeSeat: v.strictObject({ server }),
  renameGroup: v.strictObject({ name }),
  renameMachine: v.strictObject({ name }),
  rotateKey: nothing,
  setSyncInterval: v.strictObject({ intervalMs: count(1, syncIntervalMostMs) }),
  connect: v.strictObject({ server }),
}

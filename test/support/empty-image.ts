import type { StateImage } from '../../replica/core/model/image.ts'
import { mailColumns } from '../../replica/core/model/mail-columns.ts'

/** The state of a group in which nothing has happened. */
export const emptyImage: StateImage = {
  vector: new Map(),
  hashes: new Map(),
  signatures: new Map(),
  clocks: new Map(),
  newestClock: 0,
  group: null,
  claims: [],
  invites: [],
  inviters: [],
  machineNames: [],
  retired: [],
  vouchers: [],
  clients: [],
  accounts: [],
  accountKeys: [],
  deletedAccounts: [],
  posts: [],
  postDeletions: [],
  follows: [],
  mails: mailColumns([]),
  answers: [],
  marks: [],
  pending: [],
  documents: [],
  commands: [],
  executions: [],
  later: [],
  checkpoints: [],
}

/** Every queue, message, batch, page and file has its limit here, with its unit. */
export const limits = {
  nameChars: 64,
  subjectChars: 1_000,
  /** Of a mail's body, with all that is attached to it. */
  bodyBytes: 1_048_576,
  attachments: 20,
  /** Of a file's name, in UTF-16 units: at most three bytes each, which every file system takes. */
  fileNameChars: 80,
  postChars: 1_000,
  recipients: 100,
  passwordChars: 1_000,
  snippetChars: 160,
  /** Of an update: the year 2112. Twice as much is still a number that is exact, and so is one more. */
  lastClock: 2 ** 52 - 1,
  /** Mails that one update can mark. */
  marksPerUpdate: 1_000,
  /** Mails that a person can mark with one wish: several updates. */
  markedAtOnce: 100_000,
  /** How long a mail can be kept back to be taken back. */
  holdMs: 3_600_000,
  /** Drafts, outbox entries and settings that a person can have. */
  documentsPerAccount: 1_000,
  /** Documents that one forgetting can name. */
  forgettingDocuments: 1_000,
  /** What was said of documents before that is forgotten, as soon as so many of them are remembered as deleted. */
  forgottenDays: 30,
  forgottenAtLeast: 100,
  forgetEveryMs: 3_600_000,
  /** Things that a client remembers in one document, so many that it holds them however long they are: names, mails in the trash. */
  rememberedNames: 2_000,
  rememberedTrash: 16_384,
  rememberEveryMs: 2_000,
  /** What is in the trash is written whole, by who goes through a mailbox again and again. */
  rememberTrashEveryMs: 30_000,
  /** Accounts that a machine knows to have logged in there. */
  rememberedLogIns: 64,
  /** After one that could not be written. */
  rememberRetryMs: 30_000,
  /** Who logs out, or ends, waits for it no longer. */
  rememberFlushMs: 1_000,
  /** By then a client has heard that its person has logged in elsewhere, where servers can reach each other. */
  takenOverToldMs: 2_000,
  /** Clients that have written at a draft, as it tells them: those that did so last. */
  draftWriters: 16,
  /** A sealed document: a mail in the making, with room. */
  documentBytes: 1_048_576 + 32_768,
  /** Mails of a conversation that are shown: the newest. */
  conversationMails: 500,
  trashDays: 30,
  /** Changes of a mailbox are told at most so often, and what replicas know of each other. */
  mailboxEventMs: 200,
  knowledgeEventMs: 500,
  machineNameChars: 64,
  groupNameChars: 64,

  /** A sealed mail: body, subject, names, and 100 recipients' wrapped keys, with room. */
  payloadBytes: 1_048_576 + 65_536,
  /** One origin's group commit: whichever of the two comes first closes it; a single larger update goes alone. */
  batchUpdates: 256,
  batchBytes: 262_144,
  /** A frame on any stream; longer is refused before it is read. */
  frameBytes: 4_194_304,
  /** What one answer to an anti-entropy request carries. */
  chunkBytes: 262_144,
  /** What waits to be sent to one peer before unrequested batches are left to anti-entropy. */
  sendQueueBytes: 8_388_608,
  /** A batch that is gossiped; larger ones go by direct streams. */
  gossipBytes: 16_384,
  /** A whole gossip message; longer is neither sent nor read. */
  gossipFrameBytes: 131_072,
  /** Of gossip, which anybody with the group's key can publish, so much is looked at a second; twice as much at once. */
  gossipBytesASecond: 524_288,
  /** What waits for a peer that does not read, beyond which the connection with it is cut. */
  sendQueueCutBytes: 67_108_864,
  /** What was read from a client and not yet looked at, beyond which reading stops. */
  clientReadBytes: 1_048_576,
  /** A frame of a client that has not logged in: more than the messages that go together in one. */
  earlyFrameBytes: 131_072,
  /** What is kept of what all those have sent. */
  earlyBytes: 33_554_432,
  /** Frames of one peer whose signatures are being verified; beyond, the connection is cut. */
  unverifiedBytes: 33_554_432,
  joinFrameBytes: 524_288,
  /** A request to join, or a visit: anybody with the group's key can have many begun at once. */
  joinRequestBytes: 4_096,
  /** Of the log that could not be written yet, on a full disk; what comes on top is dropped. */
  unwrittenLogBytes: 1_048_576,
  /** Of the log; one that is longer becomes the one before, of which there is one. */
  logFileBytes: 8_388_608,
  /** Requests of one replica that wait for their answers. */
  requestsServed: 256,
  /** Installs that are kept connected or dialled. */
  dialledPeers: 256,
  /** And retired machines, now and then. */
  dialledFormer: 16,
  /** Of those who are heard in the local network and known to nobody, so many are dialled at once: members must have room beside them. */
  dialledStrangers: 16,
  /** Logs that can be told of, in a message, an image or a status. */
  vectorEntries: 4_096,
  /** Logs of others that are begun: fewer, so that a machine that joins then can tell of its own as well, under whichever seats. */
  logsBegun: 4_032,
  /** Beyond so many only logs of installs that who holds a seat has let in, or that go on for one: for each seat an equal part of the rest. */
  logsBegunFreely: 2_016,
  matrixRows: 256,
  onlineAccounts: 10_000,
  /** Updates of each log, the newest, of which marks and deletions stay in it where a machine was retired (some 250 bytes each). */
  marksKept: 10_240,
  /** A batch with a retirement that is kept to prove it to the machine. */
  retirementProofBytes: 16_384,
  /** Generations of members that admitted one another, as a newcomer proves them, or a retired machine is shown who retired it. */
  vouchers: 8,
  /** A batch that let an install in, kept to show that. */
  voucherBytes: 4_096,
  addressesPerPeer: 16,
  addressChars: 256,

  sealedKeysBytes: 4_096,
  /** The sealed subject and what else a list shows: pages carry it, so it is kept small. */
  sealedHeaderBytes: 16_384,
  /** An update: a payload, its signature and what names them. */
  updateBytes: 1_048_576 + 65_536 + 256,
  /** A whole signed batch: fits into a frame with what is around it. */
  batchFrameBytes: 4_194_304 - 1_024,
  batchesPerMessage: 16_384,
  /** Levels of arrays in an update of a kind that is not known here. */
  unknownDepth: 16,
  /** Ends of batches that are remembered of each log. */
  checkpointsPerOrigin: 4_096,
  sequencesPerRequest: 65_536,
  imageChunks: 65_536,
  peersPerHello: 256,
  failureChars: 1_000,
  inviteChars: 16_384,
  /** A sealed body up to which a list gives the mail whole, so that its signature proves what is shown. */
  listedBodyBytes: 1_024,
  /** Headers that are known to be proven. */
  cachedHeaders: 8_192,
  /** What lists show of long mails, that a server keeps: some 4,000 of them. */
  cachedHeadBytes: 4_194_304,
  /** Roots of signed bundles whose verdict is kept. */
  cachedRoots: 4_096,
  /** People of whose last bundle the hashes are kept, some 4 KB each. */
  cachedTrees: 64,
  cachedKeys: 4_096,
  cachedIds: 65_536,

  segmentUpdates: 1_000,
  segmentBytes: 4_194_304,
  openSegments: 16,
  openSegmentBytes: 67_108_864,

  pageHeaders: 1_000,
  pageAccounts: 1_000,
  pagePosts: 200,
  /** Mails, and posts, that people are told of when a state transfer brought them: the newest. */
  announcedAtOnce: 200,
  /** Of those who follow somebody, or are followed, so many are shown. */
  shownFollows: 1_000,
  /** Mails that are fetched at once, and names of mails on a page. */
  fetchedMails: 1_000,
  pageNames: 20_000,
  sessionsPerConnection: 1,
  requestsInFlight: 10_000,
  inviteDays: 7,
  invitesShown: 1_000,
  machinesShown: 1_000,
  /** What comes in parts is waited for so long, from its request or from what came before it: 1 MiB at 28 kbit/s. */
  arrivingMs: 300_000,
  /** Former group keys that members who were away are let in with. */
  formerKeys: 8,
  historyViews: 200,
  syncIntervalLeastMs: 200,
  syncIntervalMostMs: 60_000,
  likeChars: 128,
  lookUpAccounts: 100,

  /** What a client's connection may have unanswered before the replica stops reading from it. */
  callsInFlight: 1_024,
  callBytesInFlight: 16_777_216,
  /** Small messages between client and replica are sent together, up to about this much. */
  apiFrameBytes: 65_536,
  methodChars: 32,
  adminTokenBytes: 64,
  challengeBytes: 64,
  pageMarkChars: 128,
  accountPayloadBytes: 8_192,

  /** How long a client seals to one recipient with one encapsulation. */
  encapsulationMails: 10_000,
  encapsulationMs: 3_600_000,
  cachedEncapsulations: 1_024,
  cachedNames: 10_000,
  cachedNameMs: 10_000,
  cachedDocumentBytes: 8_388_608,
  /** Mails of the inbox that are looked through for new ones at a time when a lost connection is back, the newest first, and how many are told of. */
  arrivalsLooked: 100,
  arrivalsTold: 2_000,
  /** What a client that logs out or ends still waits for: mails that were kept back to be taken back, and that the server has heard it. */
  leaveMs: 2_000,
  /** How long a mail waits that may have been taken back at a server that cannot be reached. */
  takenBackElsewhereMs: 600_000,
  /** How often an outbox is tried again whose mails could not be given to a replica, and how often the trash is looked through. */
  outboxRetryMs: 5_000,
  trashEveryMs: 3_600_000,
  /** Mails that one client seals, or opens for a page, at the same time. */
  mailsAtOnce: 16,
  /** How long a request waits for a lost connection to come back; longer where the way is long. */
  reconnectWaitMs: 10_000,
  /** How long the own server has to come back before who is not logged in goes on elsewhere: soon enough for requests that wait. */
  homePatienceMs: 5_000,
  /** How long one server may take to answer and to take the session up before another is tried. */
  connectMs: 2_800,
  /** At most, when none has answered in time; and where something answers and the way there is known to be long. */
  connectMostMs: 11_200,
  connectFarMs: 30_000,
  /** How long a client that starts goes on trying servers that are there and slow; one that hangs is told after `connectMs`. */
  firstConnectMs: 15_000,
  /** How long the terminal client waits for the replica of its directory that is not running, because both may have been started at once. */
  startingMs: 5_000,
  startingLookMs: 100,
  /** What the own server has for itself before the others are tried beside it. */
  homeHeadStartMs: 300,
  /** How often it is looked whether the own server works, while nothing is heard of it. */
  pulseMs: 500,
  /** How often a client that uses another server looks for its own: at first, and at most. */
  homeLookMs: 500,
  homeLookMostMs: 1_000,
  /** How often it is asked whether the own server has caught up before it is connected to anew. */
  homeCatchUpTries: 120,
  /** How often it is asked whether what others hold has come, before a name that is not known counts as known nowhere. */
  catchUpLookMs: 100,
  catchUpTries: 20,
  reconnectFirstMs: 50,
  reconnectMostMs: 2_000,
  /** A search, and its words; longer bodies are searchable up to here. */
  queryChars: 1_000,
  queryWords: 32,
  searchedBodyChars: 32_768,
  /** Files of the search index, and how large one can be. */
  searchFiles: 10_000,
  searchFileBytes: 67_108_864,
  /** A request to the terminal client: one that is too large in a field still says whose answer that is. */
  terminalLineBytes: 33_554_432,
  /** Headers or posts that it answers at once; there may be a page after them. */
  terminalItems: 100_000,
} as const

import type { AccountId, Clock, Hash, OriginId, Sequence } from '../model/ids.ts'
import { anyTag, tagOf, updateId } from '../model/ids.ts'
import type { AccountKeysRecord, Known, StateImage } from '../model/image.ts'
import { markBits } from '../model/image.ts'
import { markedBy, meantBy } from '../model/meant.ts'
import type { DocumentChange, MarksChange } from '../model/mailbox-changes.ts'
import type { VersionVector } from '../model/messages.ts'
import { type SignedEnd, signatureOf } from '../model/proofs.ts'
import type { PostChange } from '../model/social-changes.ts'
import type { Batch, MailChange, PersonChange, SystemChange, Update } from '../model/updates.ts'
import { countsFrom, isWord } from '../model/updates.ts'
import { assert } from '../model/errors.ts'
import { heldFrom } from '../version-vector.ts'
import { AccountKeysTable } from './account-keys-table.ts'
import { accountRecord, AccountTable } from './account-table.ts'
import { CommandTable } from './command-table.ts'
import { SetDigest } from './digest.ts'
import { ExecutionTable, postWish } from './execution-table.ts'
import { DocumentTable } from './document-table.ts'
import { forgettingRecord } from './forgetting-table.ts'
import { FollowTable } from './follow-table.ts'
import { LaterUpdates } from './later-updates.ts'
import { LogChains } from './log-chains.ts'
import { LiveUpdates } from './live-updates.ts'
import { MailTable } from './mail-table.ts'
import { registersOf } from './mark-registers.ts'
import { PostTable } from './post-table.ts'
import { joinSeats } from './seat-join.ts'
import { type OriginOf, SeatTable } from './seat-table.ts'

/**
 * The replicated state: a function of the set of updates that were applied, not of their order across origins.
 * Two states join into that of the union of their sets.
 */
export class GroupState {
  readonly executions = new ExecutionTable()
  readonly mails = new MailTable(this.executions)
  readonly accounts = new AccountTable()
  readonly accountKeys = new AccountKeysTable()
  readonly documents = new DocumentTable()
  readonly posts = new PostTable(this.executions)
  readonly follows = new FollowTable()
  readonly seats: SeatTable
  readonly commands = new CommandTable()
  readonly later = new LaterUpdates()
  readonly chains = new LogChains()
  /** What the log keeps for this state. */
  readonly live = new LiveUpdates(this)
  readonly #vector = new Map<OriginId, Sequence>()
  readonly #hashes = new Map<OriginId, Hash>()
  readonly #clocks = new Map<OriginId, Clock>()
  #newestClock: Clock = 0
  #revision = 0

  constructor(originOf: OriginOf = () => null) {
    this.seats = new SeatTable(originOf)
  }

  /** Highest gapless sequence applied, per origin. */
  get vector(): VersionVector {
    return this.#vector
  }

  /** The highest clock value seen in an update. */
  get newestClock(): Clock {
    return this.#newestClock
  }

  /** The highest clock value of `origin`'s updates. */
  newestClockOf(origin: OriginId): Clock {
    return this.#clocks.get(origin) ?? 0
  }

  /** Changes whenever the state does. */
  get revision(): number {
    return this.#revision
  }

  held(origin: OriginId): Sequence {
    return heldFrom(this.#vector, origin)
  }

  /** Chain value of each origin where what is held of it ends. */
  get hashes(): ReadonlyMap<OriginId, Hash> {
    return this.#hashes
  }

  /** Where what is held of a log ends, by its origin's own signature; null where that is not known. */
  endOf(origin: OriginId): SignedEnd | null {
    const [hash, signature] = [this.#hashes.get(origin), this.chains.signatures.get(origin)]
    const peer = this.seats.claimOf(origin)?.peer
    if (hash === undefined || signature === undefined || peer === undefined) return null
    return { origin, peer, sequence: this.held(origin), hash, signature }
  }

  /** Chain value after the last applied update of `origin`; undefined before its first. */
  lastHash(origin: OriginId): Hash | undefined {
    return this.#hashes.get(origin)
  }

  /** From when on the word counts that this change replaces; 0 when it replaces none. */
  wordBefore(change: PersonChange | SystemChange): Clock {
    switch (change.kind) {
      case 'document':
        return this.documents.lastClock(change.account, change.document)
      case 'follow':
        return this.follows.lastClock(change.account, change.whom)
      case 'marks':
        return this.#markBefore(change)
      case 'group':
        return this.seats.group?.clock ?? 0
      default:
        return 0
    }
  }

  #markBefore(change: MarksChange): Clock {
    const { mark, account } = change
    if (mark === 'delete') return 0
    const sets = registersOf(mark, 1)
    let newest = 0
    for (const meant of markedBy(change)) {
      const entry = this.mails.findMeant(meant)
      if (entry === undefined) continue
      const { read, star, trash } = this.mails.registersOf(entry, account)
      newest = Math.max(newest, sets.read && read, sets.star && star, sets.trash && trash)
    }
    return Math.floor(newest / 2)
  }

  /** Applies what of the batch is new. The batch follows on what is held of its origin, or straddles it (recovery). */
  applyBatch(batch: Batch): void {
    assert(batch.first <= this.held(batch.origin) + 1, `batch ${batch.origin}:${batch.first} leaves a gap`)
    for (const update of batch.updates) {
      if (update.sequence > this.held(update.origin)) this.#apply(update)
    }
    if (batch.last !== this.held(batch.origin)) return
    this.#hashes.set(batch.origin, batch.lastHash)
    this.chains.add(batch.origin, batch.last, batch.lastHash, batch.provenBy === 'next' ? null : signatureOf(batch))
    this.seats.prove(batch)
    this.seats.vouchBy(batch)
  }

  /** Takes in an update that an earlier version of this program held without understanding it; tells whether it is such a one. */
  understand(update: Update): boolean {
    const { origin, sequence, clock, change } = update
    if (change.kind === 'unknown' || !this.later.remove(origin, sequence)) return false
    this.#takeIn(update)
    if ('command' in change) this.commands.add({ command: change.command, update: updateId(origin, sequence), clock })
    this.#revision += 1
    return true
  }

  /** Brings this state to the union of both sets of updates. */
  join(image: StateImage): void {
    const mine = new Map(this.#vector)
    const isGone = this.#isGone
    joinSeats(this.seats, image)
    for (const account of image.deletedAccounts) this.#deleteAccount(account)
    for (const record of image.accounts) this.accounts.add(record)
    for (const record of image.accountKeys) this.#changeKeys(record)
    const merges = this.executions.join(image.executions)
    this.mails.join(image, { mine, theirs: image.vector, isGone, merges })
    for (const record of image.forgettings) if (!isGone(record.account)) this.documents.forget(record)
    for (const record of image.documents) if (!isGone(record.account)) this.documents.add(record)
    this.posts.join(image, { mine, theirs: image.vector, isGone, merges })
    for (const record of image.follows) this.follows.add(record, isGone)
    for (const record of image.commands) this.commands.add(record)
    this.later.join(image.later, mine)
    this.chains.join(image, mine, this.#hashes)
    for (const [origin, sequence] of image.vector) {
      if (sequence <= this.held(origin)) continue
      this.#vector.set(origin, sequence)
      const hash = image.hashes.get(origin)
      assert(hash !== undefined, `image without the hash of ${origin}`)
      this.#hashes.set(origin, hash)
    }
    this.#noteClocks(image, mine)
    this.#newestClock = Math.max(this.#newestClock, image.newestClock)
    this.#revision += 1
  }

  /** Forgets commands that were executed, as far as nothing that is here needs their names; see `ExecutionTable.forget`. */
  forgetCommands(stable: VersionVector): void {
    this.executions.forget(stable, (...name) => this.live.has(...name) || this.mails.isAnswered(updateId(...name)))
  }

  /** Takes in what another state knows of updates that are all applied here. */
  learn({ accounts, accountKeys, marks }: Known): void {
    for (const record of accounts) this.accounts.add(record)
    for (const record of accountKeys) this.#changeKeys(record)
    for (const { origin, sequence, account, registers } of marks)
      this.mails.set({ id: updateId(origin, sequence), tag: anyTag }, account, registers, this.#vector)
    this.#revision += 1
  }

  image(): StateImage {
    return {
      vector: new Map(this.#vector),
      hashes: new Map(this.#hashes),
      signatures: new Map(this.chains.signatures),
      clocks: new Map(this.#clocks),
      newestClock: this.#newestClock,
      group: this.seats.group,
      claims: this.seats.claims(),
      invites: this.seats.invites(),
      inviters: this.seats.inviters(),
      machineNames: this.seats.machineNames(),
      retired: this.seats.retirements(),
      vouchers: this.seats.vouchers(),
      clients: this.seats.clients(),
      accounts: this.accounts.records(),
      accountKeys: this.accountKeys.records(),
      deletedAccounts: this.accounts.deleted(),
      mails: this.mails.columns(),
      answers: this.mails.answers(),
      marks: this.mails.markRecords(),
      pending: this.mails.pendingMarks(),
      documents: this.documents.records(),
      forgettings: this.documents.forgettings.records(),
      posts: this.posts.records(),
      postDeletions: this.posts.pendingDeletions(),
      follows: this.follows.records(),
      commands: this.commands.records(),
      executions: this.executions.records(),
      later: this.later.records(),
      checkpoints: this.chains.records(),
    }
  }

  /** Equal on two replicas exactly when their replicated states are (what is kept for bookkeeping is left out). */
  digest(): string {
    const digest = new SetDigest()
    this.seats.digest(digest)
    this.accounts.digest(digest)
    this.accountKeys.digest(digest)
    this.mails.digest(digest)
    this.documents.digest(digest)
    this.posts.digest(digest)
    this.follows.digest(digest)
    this.later.digest(digest)
    return digest.toString()
  }

  #apply(update: Update): void {
    const { origin, sequence } = update
    assert(sequence === this.held(origin) + 1, `update ${origin}:${sequence} is not the next`)
    this.#takeIn(update)
    this.#concludeUpdate(update)
  }

  #takeIn(update: Update): void {
    const { origin, sequence, clock, change } = update
    switch (change.kind) {
      case 'group':
        this.seats.setGroup({ name: change.name, clock, origin })
        break
      case 'seat': {
        const { server, peer, machine, replaces } = change
        this.seats.addClaim({ origin, clock, server, peer, machine, replaces })
        break
      }
      case 'invite':
        this.seats.addInvite(change.invite, change.expiresAtMs)
        this.seats.noteInviter(change.invite, origin)
        break
      case 'admission':
        this.seats.admit(change.invite, change.peer, change.server)
        break
      case 'retirement':
        this.seats.retire(change.retired, null)
        break
      case 'revocation':
        this.seats.revoke(change.invite)
        break
      case 'machineName':
        this.seats.nameMachine({ origin, clock, name: change.name })
        break
      case 'account':
        this.accounts.add(accountRecord(update, change))
        break
      case 'clientAdmission':
        this.seats.admitClient(change.invite, change.peer, change.machine)
        break
      case 'accountKeys': {
        const { account, generation, sealedKeys } = change
        this.#changeKeys({ account, generation, sealedKeys, clock, origin, bytes: update.bytes })
        break
      }
      case 'accountDeletion':
        this.#deleteAccount(change.account)
        break
      case 'mail':
        this.#addMail(update, change)
        break
      case 'read':
      case 'deletion': {
        const bits = change.kind === 'read' ? markBits.read : markBits.deleted
        for (const meant of meantBy(change)) this.mails.mark(meant, change.account, bits, this.#vector)
        break
      }
      case 'marks':
        this.#applyMarks(change, countsFrom(update))
        break
      case 'document':
        this.#applyDocument(update, change)
        break
      case 'forgetting':
        if (!this.#isGone(change.account)) this.documents.forget(forgettingRecord(update, change))
        break
      case 'post':
        this.#addPost(update, change)
        break
      case 'postDeletion':
        for (const meant of meantBy(change)) this.posts.delete(meant, change.account, this.#vector)
        break
      case 'follow': {
        const { account, whom, state } = change
        this.follows.add({ account, whom, origin, sequence, clock: countsFrom(update), state }, this.#isGone)
        break
      }
      case 'unknown':
        this.later.add({ origin, sequence, clock, type: change.type })
        break
      case 'forged':
        break
    }
  }

  /** What every update leaves behind, whatever it says. */
  #concludeUpdate({ origin, sequence, clock, change }: Update): void {
    if (change.kind !== 'mail') this.mails.settle(updateId(origin, sequence))
    if (change.kind !== 'post') this.posts.settle(updateId(origin, sequence))
    if ('command' in change) this.commands.add({ command: change.command, update: updateId(origin, sequence), clock })
    this.#vector.set(origin, sequence)
    this.#newestClock = Math.max(this.#newestClock, clock)
    if (!isWord(change)) this.#noteClock(origin, clock)
    this.#revision += 1
  }

  /** Of a log of which no more came nothing newer was written, whatever the image says: who wrote it goes on from there. */
  #noteClocks({ vector, clocks }: StateImage, before: VersionVector): void {
    for (const [origin, clock] of clocks)
      if (heldFrom(vector, origin) > heldFrom(before, origin)) this.#noteClock(origin, clock)
  }

  #noteClock(origin: OriginId, clock: Clock): void {
    this.#newestClock = Math.max(this.#newestClock, clock)
    this.#clocks.set(origin, Math.max(this.newestClockOf(origin), clock))
  }

  #addMail({ origin, sequence, clock }: Update, change: MailChange): void {
    const marks = Array.from({ length: change.to.length + 1 }, () => 0)
    const { account: from, to, conversation } = change
    const record = { origin, sequence, clock, tag: tagOf(change.command), from, to, marks }
    const before = this.executions.add(change, record)
    const after = before === null ? undefined : this.executions.of(change)
    if (before === null || after === undefined) this.mails.add(record, this.#isGone, conversation)
    else this.mails.repeat(record, { before, after, isGone: this.#isGone })
  }

  #addPost({ origin, sequence, clock }: Update, change: PostChange): void {
    const record = { account: change.account, origin, sequence, clock, tag: tagOf(change.command) }
    const wish = postWish(change)
    const before = this.executions.add(wish, record)
    const after = before === null ? undefined : this.executions.of(wish)
    if (before === null || after === undefined) this.posts.add(record, this.#isGone)
    else this.posts.repeat(record, before, after)
  }

  #changeKeys(record: AccountKeysRecord): void {
    if (!this.accounts.isDeleted(record.account)) this.accountKeys.add(record)
  }

  #applyMarks(change: MarksChange, clock: Clock): void {
    const { account, mark } = change
    for (const meant of markedBy(change)) {
      if (mark === 'delete') this.mails.mark(meant, account, markBits.deleted, this.#vector)
      else this.mails.set(meant, account, registersOf(mark, clock), this.#vector)
    }
  }

  #applyDocument(update: Update, { account, document, shelf, state }: DocumentChange): void {
    const [{ origin, sequence }, clock] = [update, countsFrom(update)]
    if (!this.#isGone(account)) this.documents.add({ account, document, origin, sequence, clock, shelf, state })
  }

  #deleteAccount(account: AccountId): void {
    this.accounts.remove(account)
    this.accountKeys.remove(account)
    this.mails.removeOwner(account)
    this.documents.removeOwner(account)
    this.posts.removeAuthor(account)
    this.follows.removeAccount(account)
  }

  readonly #isGone = (account: AccountId): boolean => this.accounts.isDeleted(account)
}

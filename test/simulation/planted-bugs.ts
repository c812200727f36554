import { AntiEntropy } from '../../replica/core/anti-entropy.ts'
import { CatchingUp } from '../../replica/core/catching-up.ts'
import { Compaction } from '../../replica/core/compaction.ts'
import { Forks } from '../../replica/core/forks.ts'
import { HybridClock } from '../../replica/core/hybrid-clock.ts'
import { KnowledgeMatrix } from '../../replica/core/knowledge.ts'
import { LogIntake } from '../../replica/core/log-intake.ts'
import { anyTag, splitUpdateId } from '../../replica/core/model/ids.ts'
import { markBits } from '../../replica/core/model/image.ts'
import { SteadyTime } from '../../replica/core/moment.ts'
import { Reclaiming } from '../../replica/core/reclaiming.ts'
import { SecondOpinion } from '../../replica/core/second-opinion.ts'
import { AccountTable } from '../../replica/core/state/account-table.ts'
import { CommandTable } from '../../replica/core/state/command-table.ts'
import { ExecutionTable } from '../../replica/core/state/execution-table.ts'
import { DocumentTable } from '../../replica/core/state/document-table.ts'
import { ForgettingTable } from '../../replica/core/state/forgetting-table.ts'
import { FollowTable } from '../../replica/core/state/follow-table.ts'
import { GroupState } from '../../replica/core/state/group-state.ts'
import { MailStore } from '../../replica/core/state/mail-store.ts'
import { MailTable } from '../../replica/core/state/mail-table.ts'
import { RegisterTable } from '../../replica/core/state/mark-registers.ts'
import { PostTable } from '../../replica/core/state/post-table.ts'
import { SeatTable } from '../../replica/core/state/seat-table.ts'
import { StateTransfer } from '../../replica/core/state-transfer.ts'
import { Divergence } from '../../replica/host/divergence.ts'
import { Reissuing } from '../../replica/host/reissue.ts'
import { habits } from './habits.ts'
import { groupBugs } from './planted-group-bugs.ts'
import { replaceMethod as replace } from './replace-method.ts'

const mergeMarks = RegisterTable.prototype.merge
const allows = ForgettingTable.prototype.allows

/** Bugs that somebody could make, one at a time: each must be found by the simulator. */
const bugs = {
  'answers before it is durable': () => {
    habits.order = 'answers first'
  },
  'gossips before it is durable': () => {
    habits.order = 'gossip first'
  },
  'compaction forgets one seat': () => {
    replace(
      KnowledgeMatrix.prototype,
      'stable',
      (right) =>
        function (this: KnowledgeMatrix, holders) {
          return right.call(this, holders.slice(0, -1))
        },
    )
  },
  'a deletion that comes early is dropped': () => {
    replace(
      MailTable.prototype,
      'mark',
      (right) =>
        function (this: MailTable, meant, account, bits, vector) {
          const { origin, sequence } = splitUpdateId(meant.id)
          const isEarly = bits === markBits.deleted && !this.has(origin, sequence)
          return isEarly ? 'settled' : right.call(this, meant, account, bits, vector)
        },
    )
  },
  'a mark for a mail that is gone waits for ever': () => {
    replace(
      MailTable.prototype,
      'mark',
      (right) =>
        function (this: MailTable, meant, account, bits) {
          return right.call(this, meant, account, bits, new Map())
        },
    )
  },
  'a join forgets that the vector is the tombstone': () => {
    replace(
      MailTable.prototype,
      'join',
      (right) =>
        function (this: MailTable, image, context) {
          right.call(this, image, { ...context, mine: new Map() })
        },
    )
  },
  'a join keeps what the other has deleted': () => {
    replace(
      MailTable.prototype,
      'join',
      (right) =>
        function (this: MailTable, image, context) {
          right.call(this, image, { ...context, theirs: new Map() })
        },
    )
  },
  'a deletion of a post that comes before it is dropped': () => {
    replace(
      PostTable.prototype,
      'delete',
      (right) =>
        function (this: PostTable, meant, account, vector) {
          const { origin, sequence } = splitUpdateId(meant.id)
          if (this.has(origin, sequence)) right.call(this, meant, account, vector)
        },
    )
  },
  'a join keeps posts that the other has seen taken back': () => {
    replace(
      PostTable.prototype,
      'join',
      (right) =>
        function (this: PostTable, image, context) {
          right.call(this, image, { ...context, theirs: new Map() })
        },
    )
  },
  'of several words on a follow the first counts': () => {
    replace(
      FollowTable.prototype,
      'add',
      (right) =>
        function (this: FollowTable, record, isGone) {
          const isKnown = this.records().some(({ account, whom }) => account === record.account && whom === record.whom)
          if (!isKnown) right.call(this, record, isGone)
        },
    )
  },
  'a repeated command is executed again': () => {
    CommandTable.prototype.get = () => undefined
  },
  'a mail given to two servers counts twice': () => {
    replace(
      ExecutionTable.prototype,
      'add',
      (right) =>
        function (this: ExecutionTable, wish, place) {
          right.call(this, wish, place)
          return null
        },
    )
  },
  'a post given to two servers is there twice': () => {
    replace(
      ExecutionTable.prototype,
      'add',
      (right) =>
        function (this: ExecutionTable, wish, place) {
          return wish.to.length === 0 ? null : right.call(this, wish, place)
        },
    )
  },
  'a mark on the other name of a mail is lost': () => {
    ExecutionTable.prototype.standing = (id) => id
  },
  'a join forgets what a mail is called elsewhere': () => {
    replace(
      ExecutionTable.prototype,
      'join',
      (right) =>
        function (this: ExecutionTable, records) {
          right.call(this, records)
          return []
        },
    )
  },
  'a read brings a deleted copy back': () => {
    replace(
      MailStore.prototype,
      'setMarks',
      (right) =>
        function (this: MailStore, key, marks) {
          const before = this.entryAt(key).marks
          const isReadNow = (bits: number, copy: number): boolean => (bits & ~(before[copy] ?? 0) & markBits.read) !== 0
          right.call(
            this,
            key,
            marks.map((bits, copy) => (isReadNow(bits, copy) ? markBits.read : bits)),
          )
        },
    )
  },
  'a gap is taken for the next batch': () => {
    replace(
      LogIntake.prototype,
      'judge',
      (right) =>
        function (this: LogIntake, batch) {
          const verdict = right.call(this, batch)
          return verdict === 'early' ? 'accepted' : verdict
        },
    )
  },
  'the clock follows the wall': () => {
    HybridClock.prototype.next = (nowMs) => nowMs * 1_000
  },
  'waiting goes by the wall clock': () => {
    SteadyTime.prototype.at = (wallMs) => ({ wallMs, steadyMs: wallMs })
  },
  'the clock forgets what it saw': () => {
    HybridClock.prototype.observe = () => undefined
  },
  'a transfer is joined before its mails are stored': () => {
    replace(
      StateTransfer.prototype,
      'missing',
      (right) =>
        function (this: StateTransfer, nowMs, found) {
          return right.call(this, nowMs, { ...found, mails: new Map() })
        },
    )
  },
  'nothing missing is asked for': () => {
    AntiEntropy.prototype.plan = () => []
  },
  'the first account to arrive keeps its place': () => {
    replace(
      AccountTable.prototype,
      'add',
      (right) =>
        function (this: AccountTable, record) {
          if (this.get(record.account) === undefined) right.call(this, record)
        },
    )
  },
  'a deleted account takes no mail along': () => {
    MailTable.prototype.removeOwner = () => undefined
  },
  'the first mark set stays': () => {
    RegisterTable.prototype.merge = function (this: RegisterTable, record) {
      const { account, origin, sequence } = record
      const before = this.get(account, origin, sequence)
      const isSet = before.read + before.star + before.trash > 0
      if (!isSet) mergeMarks.call(this, record)
    }
  },
  'a mark is set on a deleted copy': () => {
    RegisterTable.prototype.drop = () => undefined
  },
  'the last document to arrive wins': () => {
    replace(
      DocumentTable.prototype,
      'add',
      (right) =>
        function (this: DocumentTable, record) {
          const present = this.records().find(
            ({ account, document }) => account === record.account && document === record.document,
          )
          if (present !== undefined) this.removeOwner(record.account)
          right.call(this, record)
        },
    )
  },
  'compaction forgets documents': () => {
    DocumentTable.prototype.liveSequences = () => new Map()
  },
  'a deleted document leaves nothing behind': () => {
    replace(
      DocumentTable.prototype,
      'records',
      (right) =>
        function (this: DocumentTable) {
          return right.call(this).filter(({ state }) => state === 'written')
        },
    )
  },
  'what was forgotten of a document comes back': () => {
    replace(
      DocumentTable.prototype,
      'add',
      (right) =>
        function (this: DocumentTable, record) {
          ForgettingTable.prototype.allows = () => true
          right.call(this, record)
          ForgettingTable.prototype.allows = allows
        },
    )
  },
  'the image leaves pending marks out': () => {
    replace(
      GroupState.prototype,
      'image',
      (right) =>
        function (this: GroupState) {
          return { ...right.call(this), pending: [] }
        },
    )
  },
  'nobody tells a fork': () => {
    Forks.prototype.compare = () => undefined
    Forks.prototype.unfitting = () => undefined
  },
  'a state transfer hides a fork': () => {
    Object.defineProperty(Reclaiming.prototype, 'isOfOldCopy', { get: () => false })
    Forks.prototype.fits = () => true
  },
  'what only an old copy had is forgotten': () => {
    Divergence.prototype.updates = () => []
  },
  'marks on a fork are left out': () => {
    Reissuing.prototype.marks = () => []
  },
  'a mark goes by the name alone': () => {
    MailStore.prototype.tagAt = () => anyTag
    replace(
      MailTable.prototype,
      'findMeant',
      () =>
        function (this: MailTable, { id }) {
          return this.find(id)
        },
    )
  },
  'a state is joined whatever came while it was on its way': () => {
    replace(
      CatchingUp.prototype,
      'join',
      (right) =>
        function (this: CatchingUp, wallMs, _fits, effects) {
          return right.call(this, wallMs, () => true, effects)
        },
    )
  },
  'a second opinion is taken from who has seen less': () => {
    SecondOpinion.prototype.hasSeenAll = () => true
    SecondOpinion.prototype.canJudge = () => true
  },
  'what was known of an old copy stays known': () => {
    replace(
      KnowledgeMatrix.prototype,
      'setRow',
      () =>
        function (this: KnowledgeMatrix, holder, row) {
          return this.mergeRow(holder, row)
        },
    )
  },
  'a replaced seat keeps its old holder': () => {
    replace(
      SeatTable.prototype,
      'holders',
      (right) =>
        function (this: SeatTable) {
          const replaced = new Set(this.claims().map(({ replaces }) => replaces))
          const old = this.claims().filter(({ origin }) => replaced.has(origin))
          return right.call(this).map((claim) => old.find(({ server }) => server === claim.server) ?? claim)
        },
    )
  },
  'own row counts what is not durable': () => {
    habits.order = 'knowledge first'
  },
  'liveness is that of a step which is not durable': () => {
    habits.liveness = 'state now'
  },
  'a state image is taken of what is not durable': () => {
    habits.images = 'in mid-step'
  },
  'the log is discarded as far as the newest snapshot': () => {
    replace(
      Compaction.prototype,
      'snapshotWritten',
      (right) =>
        function (this: Compaction, vector) {
          right.call(this, vector)
          right.call(this, vector)
        },
    )
  },
  ...groupBugs,
} as const satisfies Readonly<Record<string, () => void>>

export const plantedBugNames: readonly string[] = Object.keys(bugs)

/** Plants a bug in this thread, for good. */
export const plantBug = (name: string): void => {
  const plant = Object.entries(bugs).find(([known]) => known === name)?.[1]
  if (plant === undefined) throw new Error(`no bug is called "${name}"`)
  plant()
}

import type { AccountId, UpdateId } from '../model/ids.ts'
import { updateId } from '../model/ids.ts'
import type { AnswerRecord, MarkRecord, PendingMark } from '../model/image.ts'
import type { MailColumns } from '../model/mail-columns.ts'
import type { VersionVector } from '../model/messages.ts'
import type { Execution, ExecutionMerge } from './execution-table.ts'
import type { MailPlace } from './mail-entry.ts'

/** What a state image has of mails. */
export interface MailsAndMarks {
  readonly mails: MailColumns
  readonly answers: readonly AnswerRecord[]
  readonly marks: readonly MarkRecord[]
  readonly pending: readonly PendingMark[]
}

export interface JoinContext {
  /** What this state covered before the join. */
  readonly mine: VersionVector
  readonly theirs: VersionVector
  readonly isGone: (account: AccountId) => boolean
  readonly merges: readonly ExecutionMerge[]
}

/** What is known of mails that both states of a join know by different names, by each name. */
export class Repeated {
  readonly #merges = new Map<UpdateId, ExecutionMerge>()

  constructor(merges: readonly ExecutionMerge[]) {
    for (const merge of merges) {
      for (const { origin, sequence } of merge.merged.names) this.#merges.set(updateId(origin, sequence), merge)
    }
  }

  of({ origin, sequence }: Named): ExecutionMerge | undefined {
    return this.#merges.size === 0 ? undefined : this.#merges.get(updateId(origin, sequence))
  }
}

export type Named = Pick<MailPlace, 'origin' | 'sequence'>

export interface RepeatContext {
  /** The command without and with the new name. */
  readonly before: Execution
  readonly after: Execution
  readonly isGone: (account: AccountId) => boolean
}

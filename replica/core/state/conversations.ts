import type { OriginId, Sequence, UpdateId } from '../model/ids.ts'
import { updateId } from '../model/ids.ts'
import type { AnswerRecord } from '../model/image.ts'

/** The live mails that answer, and the first mails of their conversations. */
export class Conversations {
  readonly #byAnswer = new Map<OriginId, Map<Sequence, UpdateId>>()
  readonly #answers = new Map<UpdateId, Set<UpdateId>>()

  /** Null when the mail answers nothing. */
  of(origin: OriginId, sequence: Sequence): UpdateId | null {
    return this.#byAnswer.get(origin)?.get(sequence) ?? null
  }

  /** Names of the mails that answer in a conversation, in no order. */
  answers(conversation: UpdateId): Iterable<UpdateId> {
    return this.#answers.get(conversation) ?? []
  }

  hasAnswers(conversation: UpdateId): boolean {
    return this.#answers.has(conversation)
  }

  add({ origin, sequence, conversation }: AnswerRecord): void {
    let ofOrigin = this.#byAnswer.get(origin)
    if (ofOrigin === undefined) {
      ofOrigin = new Map()
      this.#byAnswer.set(origin, ofOrigin)
    }
    let answers = this.#answers.get(conversation)
    if (answers === undefined) {
      answers = new Set()
      this.#answers.set(conversation, answers)
    }
    ofOrigin.set(sequence, conversation)
    answers.add(updateId(origin, sequence))
  }

  /** The mail is gone. */
  drop(origin: OriginId, sequence: Sequence): void {
    const conversation = this.of(origin, sequence)
    if (conversation === null) return
    const answers = this.#answers.get(conversation)
    answers?.delete(updateId(origin, sequence))
    if (answers?.size === 0) this.#answers.delete(conversation)
    const ofOrigin = this.#byAnswer.get(origin)
    ofOrigin?.delete(sequence)
    if (ofOrigin?.size === 0) this.#byAnswer.delete(origin)
  }

  records(): readonly AnswerRecord[] {
    return [...this.#byAnswer].flatMap(([origin, ofOrigin]) =>
      [...ofOrigin].map(([sequence, conversation]) => ({ origin, sequence, conversation })),
    )
  }
}

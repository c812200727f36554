/** `witness` is a server, as `server` is; each code has the words that its sentence uses. */
export type WarningCode =
  | 'diskFull'
  | 'reclaiming'
  | 'forked'
  | 'retired'
  | 'saidRetired'
  | 'estranged'
  | 'notAdmitted'
  | 'otherLog'
  | 'lostSeat'
  | 'repairing'
  | 'unconfirmed'
  | 'leftOut'
  | 'transferring'
  | 'clockOff'
  | 'datedAhead'
  | 'runsTwice'
  | 'runsTwiceHere'
  | 'largeLost'
  | 'otherKey'

/** What is out of the ordinary at a replica: a sentence for people, and what it says for who has it in another language. */
export interface Warning {
  /** A `WarningCode`, or one of a later version. */
  readonly code: string
  readonly sentence: string
  readonly words: Readonly<Record<string, string | number>>
}

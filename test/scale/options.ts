/** One run: a group of so many seats, its links, and what its people write. */
export interface ScaleOptions {
  readonly seats: number
  /** One way; a round trip is twice this. */
  readonly delayMs: number
  readonly lossPercent: number
  /** Of each link, before what loss takes from it. */
  readonly linkMbit: number
  /** Of each machine, for all its links together. */
  readonly uplinkMbit: number
  /** How long a machine takes to make what it was given durable. */
  readonly fsyncMs: number
  /** Written one by one, at this rate by the whole group. */
  readonly mails: number
  readonly mailsPerSecond: number
  /** Written while the group is in two halves, in bulk. */
  readonly partedMails: number
  readonly seed: number
}

export const usualOptions: ScaleOptions = {
  seats: 15,
  delayMs: 200,
  lossPercent: 2,
  linkMbit: 100,
  uplinkMbit: 100,
  fsyncMs: 4,
  mails: 300,
  mailsPerSecond: 10,
  partedMails: 2_000,
  seed: 1,
}

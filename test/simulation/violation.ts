/** A promise of the replica that was broken in a history. */
export class Violation extends Error {
  readonly check: string

  constructor(check: string, message: string) {
    super(message)
    this.name = 'Violation'
    this.check = check
  }
}

/** What comes of work that is done in steps. */
export const inOneGo = <Value>(work: Generator<unknown, Value>): Value => {
  for (;;) {
    const step = work.next()
    if (step.done === true) return step.value
  }
}

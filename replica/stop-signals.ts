import { constants } from 'node:os'

/** Two signals within this are one wish. */
const sameWishMs = 1_000
const signalExitBase = 128

/**
 * Calls `stop` at the first of these signals. Another one does not end the process in the midst of stopping: a signal to a whole
 * process group is passed on by npm as well, and so comes twice. Only who presses Ctrl-C again after that waits no longer.
 */
export const onStopSignals = (signals: readonly NodeJS.Signals[], stop: () => void): void => {
  let firstMs: number | null = null
  for (const signal of signals) {
    process.on(signal, () => {
      if (firstMs === null) {
        firstMs = performance.now()
        stop()
      } else if (signal === 'SIGINT' && performance.now() - firstMs > sameWishMs) {
        process.exit(signalExitBase + constants.signals.SIGINT)
      }
    })
  }
}

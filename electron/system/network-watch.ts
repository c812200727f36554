import { networkInterfaces } from 'node:os'
import { powerMonitor } from 'electron'

/** Electron tells nothing of networks; looking at the interfaces costs less than a tenth of a millisecond. */
const lookEveryMs = 2_000

/** Calls `changed` when the machine wakes up, or has other addresses than before. */
export const watchNetwork = (changed: () => void): void => {
  let known = addresses()
  const look = (): void => {
    const found = addresses()
    if (found === known) return
    known = found
    changed()
  }
  setInterval(look, lookEveryMs).unref()
  powerMonitor.on('resume', changed)
}

const addresses = (): string =>
  Object.values(networkInterfaces())
    .flatMap((found) => found ?? [])
    .filter(({ internal }) => !internal)
    .map(({ address }) => address)
    .sort()
    .join()

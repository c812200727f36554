import { networkInterfaces } from 'node:os'

/** Electron tells nothing of networks; looking at the interfaces costs less than a tenth of a millisecond. */
const lookEveryMs = 1_000

/** What tells that connections may be of no use any more. */
export interface NetworkSigns {
  /** Those of this machine now, in one text. */
  readonly addresses: () => string
  /** Calls `woken` each time that the machine wakes up. */
  readonly onWakeUp: (woken: () => void) => void
}

/** What this machine is reached at. */
export const machineAddresses = (): string =>
  Object.values(networkInterfaces())
    .flatMap((found) => found ?? [])
    .filter(({ internal }) => !internal)
    .map(({ address }) => address)
    .sort()
    .join()

/** Calls `changed` when the machine wakes up, or has other addresses than before. */
export const watchNetwork = (changed: () => void, { addresses, onWakeUp }: NetworkSigns): void => {
  let known = addresses()
  const look = (): void => {
    const found = addresses()
    if (found === known) return
    known = found
    changed()
  }
  setInterval(look, lookEveryMs).unref()
  onWakeUp(changed)
}

import type { Failure } from './core/model/errors.ts'
import { isForWantOfRoom } from './drivers/file-names.ts'

/** Calls `lost`, once, when something could not be written to stdout. A complaint that cannot be written to stderr is no reason to end. */
export const onLostOutput = (lost: (failure: Failure, reason: string) => void): void => {
  process.stderr.on('error', () => undefined)
  let isLost = false
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (isLost) return
    isLost = true
    const reason = error.code ?? error.message
    const code = isForWantOfRoom(error) ? 'DISK_FULL' : 'STOPPED'
    lost({ code, message: `What is said on stdout cannot be written (${reason}), and is lost.` }, reason)
  })
}

import { watch } from 'vue'
import { showNote } from '../base/toasts.ts'
import { useGroup } from '../stores/group.ts'

/** Says when the disk of the window's server has room again, which is when `goOn` can save what could not be. */
export const useFullDisk = (goOn: () => void): void => {
  const group = useGroup()

  watch([() => group.isDiskFull, () => group.network?.server], ([isFull, server], [wasFull, former]) => {
    if (isFull || !wasFull || server === undefined) return
    goOn()
    // Another server's disk says nothing of the one that was left.
    if (server === former) showNote('shell.diskHasRoom', { name: group.nameOf(server) })
  })
}

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { MemoryPort } from '../host/ports.ts'

/**
 * This process's memory. V8 lends its collector to contexts that are made while its flag is set; where the flag cannot be set any more
 * nothing is collected.
 */
export const processMemory: MemoryPort = {
  residentBytes: () => process.memoryUsage.rss(),
  collect: () => {
    setFlagsFromString('--expose-gc')
    const collectGarbage = runInNewContext('globalThis.gc') as NodeJS.GCFunction | undefined
    setFlagsFromString('--no-expose-gc')
    // Of the flavours only this one hands emptied pages back to the system at once.
    collectGarbage?.({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  },
}

import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { MemoryPort } from '../host/ports.ts'

/** This process's memory. V8 lends its collector to those alone who are there while its flag is set: a context of its own. */
export const processMemory: MemoryPort = {
  residentBytes: () => process.memoryUsage.rss(),
  collect: () => {
    setFlagsFromString('--expose-gc')
    const collectGarbage = runInNewContext('gc') as NodeJS.GCFunction
    setFlagsFromString('--no-expose-gc')
    // Of the flavours only this one hands emptied pages back to the system at once.
    collectGarbage({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  },
}

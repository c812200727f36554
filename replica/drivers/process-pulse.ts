import { readFile } from 'node:fs/promises'
import { lockHolder } from './directory-lock.ts'

/** What a process does that says nothing: it works, or it stands still. */
type Pulse = 'works' | 'rests'

interface Beat {
  readonly pid: number
  /** Processor time so far, in the system's ticks. */
  readonly ticks: number
}

/**
 * Whether the process that keeps the data directory has used the processor since this was last asked: then it is busy, not
 * hanging. One that was not asked about before, or of which the system does not tell, is taken to work.
 */
export const pulseOf = (directory: string): (() => Promise<Pulse>) => {
  let last: Beat | null = null
  return async () => {
    if (process.platform !== 'linux') return 'works'
    const pid = await lockHolder(directory)
    const beat = pid === null ? null : await beatOf(pid)
    const before = last
    last = beat
    if (beat === null) return 'rests'
    return before?.pid !== beat.pid || beat.ticks > before.ticks ? 'works' : 'rests'
  }
}

/** Null for a process that is stopped or gone. */
const beatOf = async (pid: number): Promise<Beat | null> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  if (stat === null) return null
  // The second field, the command's name, may hold spaces and parentheses; then proc(5): state, ..., utime, stime.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state = 'X'] = fields
  return 'TtZX'.includes(state) ? null : { pid, ticks: Number(fields[11]) + Number(fields[12]) }
}

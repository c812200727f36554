import { appendFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'

// Loaded before a program by NODE_OPTIONS (docs/performance.md): each second in which its event loop was held for long gives a line.

const longMs = 20
const everyMs = 1_000
const nanosecondsPerMs = 1_000_000
const file = process.env['HOLDS']
const delay = monitorEventLoopDelay({ resolution: 1 })

/** `{pid, script, atMs, heldMs}`: since the process began, and the longest of that second. */
const note = (): void => {
  const heldMs = Math.round(delay.max / nanosecondsPerMs)
  delay.reset()
  if (file === undefined || heldMs < longMs) return
  const script = process.argv.slice(1, 3).join(' ')
  appendFileSync(file, `${JSON.stringify({ pid: process.pid, script, atMs: Math.round(performance.now()), heldMs })}\n`)
}

delay.enable()
setInterval(note, everyMs).unref()
process.on('exit', note)

import { spawn } from 'node:child_process'
import { root } from './stages.ts'

const watch = ['--watch', '--watch-preserve-output', 'replica/main.ts']
const child = spawn(process.execPath, [...watch, ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
child.on('close', (code) => {
  process.exitCode = code ?? 1
})

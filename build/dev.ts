import { spawn } from 'node:child_process'
import { buildApp } from './app/build-app.ts'
import { chooseRuntime } from './app/electron-runtime.ts'
import { root } from './stages.ts'

await buildApp(console.log)
const { program, environment } = chooseRuntime()
const child = spawn(program, [root, ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, ...environment },
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
child.on('close', (code) => {
  process.exitCode = code ?? 1
})

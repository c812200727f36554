import { spawn } from 'node:child_process'
import { chooseRuntime } from './app/electron-runtime.ts'
import type { ReplicaGroup } from './cluster/group.ts'
import { root } from './stages.ts'

/** Opens the app on server 1, signed in as the captain; fulfilled when it has been quit. */
export const openDemoWindow = async (group: ReplicaGroup): Promise<void> => {
  const data = group.dataOf(1)
  await group.replica(1).stop()
  const runtime = chooseRuntime()
  const child = spawn(runtime.program, [root, '--data', data, '--no-mdns', '--listen', '/ip4/127.0.0.1/tcp/0'], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...runtime.environment, QUINTET_DEMO: group.directory },
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
  await new Promise<void>((ended, failed) => {
    child.once('error', failed)
    child.once('close', () => {
      ended()
    })
  })
}

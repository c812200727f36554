import { once } from 'node:events'
import type { ReplicaGroup } from '../../build/cluster/group.ts'
import type { JsonProcess } from '../../build/cluster/json-process.ts'

/** For the environment of processes that are asked: each opens its inspector at a free port. */
export const inspectable = { NODE_OPTIONS: '--inspect-port=0' } as const

const listeningWithinMs = 30_000
const bytesPerMb = 1_048_576
const place = /^Debugger listening on (ws:\S+)$/mu

/** The most that one of `servers` has in use, in MB. To be asked when nothing is under way: what is on its way is in use, too. */
export const liveMbOf = async (group: ReplicaGroup, servers: readonly number[]): Promise<number> => {
  const live = await Promise.all(servers.map((server) => liveBytesOf(group.replica(server).process)))
  return Math.max(...live) / bytesPerMb
}

/**
 * Bytes in use in a Node process once all garbage is collected: on its heap, and of buffers outside of it. Asked by the inspector, which SIGUSR1
 * opens: what V8 has emptied and not given back to the system counts for nothing.
 */
const liveBytesOf = async (process: JsonProcess): Promise<number> => {
  const isOpen = place.test(process.stderr)
  if (!isOpen) process.signal('SIGUSR1')
  const findPlace = (): string | null => place.exec(process.stderr)?.[1] ?? null
  const socket = new WebSocket(await process.until(findPlace, listeningWithinMs, 'its inspector'))
  try {
    await once(socket, 'open')
    await ask(socket, 1, 'HeapProfiler.collectGarbage')
    // What was freed by finalizers is gone by the second time.
    await ask(socket, 2, 'HeapProfiler.collectGarbage')
    const answer = await ask(socket, 3, 'Runtime.evaluate', { expression: liveBytes, returnByValue: true })
    return bytesIn(answer)
  } finally {
    socket.close()
  }
}

const liveBytes = '((usage) => usage.heapUsed + usage.external)(process.memoryUsage())'

const ask = async (socket: WebSocket, id: number, method: string, params: object = {}): Promise<unknown> => {
  const answered = new Promise<unknown>((resolve, reject) => {
    socket.addEventListener('close', () => reject(new Error(`${method}: the process has ended`)), { once: true })
    socket.addEventListener('message', ({ data }) => {
      const message: unknown = JSON.parse(String(data))
      if (typeof message === 'object' && message !== null && 'id' in message && message.id === id) resolve(message)
    })
  })
  socket.send(JSON.stringify({ id, method, params }))
  return answered
}

/** `{ result: { result: { value } } }`. */
const bytesIn = (answer: unknown): number => {
  const { result } = answer as { readonly result?: { readonly result?: { readonly value?: unknown } } }
  const value = result?.result?.value
  if (typeof value !== 'number') throw new Error(`The inspector answers ${JSON.stringify(answer)}`)
  return value
}

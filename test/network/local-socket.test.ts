import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { peerId } from '../../replica/core/model/ids.ts'
import { limits } from '../../replica/core/model/limits.ts'
import { connectLocally, listenLocally, type LocalServer } from '../../replica/drivers/local-socket.ts'
import { systemClock } from '../../replica/drivers/system-clock.ts'
import type { FrameStream, LoggerPort } from '../../replica/host/ports.ts'

const servers = new Set<LocalServer>()
const silent: LoggerPort = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
}
const peer = peerId('own')

afterEach(() => {
  for (const server of servers) server.close()
  servers.clear()
})

const listen = async (onClient: (stream: FrameStream) => void, former: string | null = null): Promise<string> => {
  const server = await listenLocally({ former, clock: systemClock, logger: silent, onClient })
  servers.add(server)
  if (server.path === null) throw new Error('no place for a socket')
  return server.path
}

const dial = (at: string): Promise<FrameStream> =>
  connectLocally({ path: at, peer, clock: systemClock, timeoutMs: 3_000 })

const echo = (stream: FrameStream): void => {
  void (async () => {
    for await (const frame of stream.frames) await stream.send(frame)
    await stream.close()
  })().catch(() => undefined)
}

const stopAll = (): void => {
  for (const server of servers) server.close()
}

describe("a client's stream within the machine", () => {
  test('carries frames of every size both ways, in order, and ends when it is closed', async () => {
    const stream = await dial(await listen(echo))
    const frames = stream.frames[Symbol.asyncIterator]()
    const sizes = [0, 1, 1_700, 65_507, 65_508, limits.frameBytes]
    for (const [index, size] of sizes.entries()) {
      await stream.send(new Uint8Array(size).fill(index))
      const { value } = (await frames.next()) as { value: Uint8Array }
      expect(value.length).toBe(size)
      expect(value.every((byte) => byte === index)).toBe(true)
    }
    await stream.close()
    expect((await frames.next()).done).toBe(true)
  })

  test('makes a sender wait for a reader that does not read, and loses nothing', async () => {
    const served = Promise.withResolvers<FrameStream>()
    const stream = await dial(await listen(served.resolve))
    const reader = await served.promise
    const frame = new Uint8Array(1_000_000).fill(7)
    let handedOver = 0
    const sending = (async () => {
      for (let index = 0; index < 60; index += 1) {
        await stream.send(frame)
        handedOver += 1
      }
      await stream.close()
    })()
    // Both buffers are far below 60 MB: the sender cannot be done before somebody reads.
    const first = await reader.frames[Symbol.asyncIterator]().next()
    expect((first.value as Uint8Array).length).toBe(frame.length)
    expect(handedOver).toBeLessThan(60)
    let frames = 1
    for await (const next of reader.frames) frames += next.length === frame.length ? 1 : 0
    await sending
    expect(frames).toBe(60)
  })

  test('ends for the reader, and throws UNREACHABLE to the writer, when the replica goes away', async () => {
    const stream = await dial(await listen(() => undefined))
    const reading = stream.frames[Symbol.asyncIterator]().next()
    stopAll()
    expect((await reading).done).toBe(true)
    await expect(stream.send(new Uint8Array(1))).rejects.toMatchObject({ code: 'UNREACHABLE' })
  })

  test('is UNREACHABLE where nobody listens any more', async () => {
    const at = await listen(echo)
    stopAll()
    await expect(dial(at)).rejects.toMatchObject({ code: 'UNREACHABLE' })
  })

  test('ends by itself when the other side sends what are no frames', async () => {
    const served = Promise.withResolvers<FrameStream>()
    const at = await listen(served.resolve)
    const socket = connect({ path: at })
    socket.on('error', () => undefined)
    socket.write(new Uint8Array(64).fill(255))
    const stream = await served.promise
    await expect(stream.frames[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'UNREACHABLE' })
    socket.destroy()
  })
})

describe('the place of a local socket', () => {
  test.skipIf(process.platform === 'win32')('is open to its owner only', async () => {
    const at = await listen(echo)
    expect((await stat(at)).mode & 0o077).toBe(0)
    expect((await stat(path.dirname(at))).mode & 0o077).toBe(0)
  })

  test.skipIf(process.platform === 'win32')(
    'is the same after a restart, unless somebody else has it now',
    async () => {
      const at = await listen(echo)
      expect(await listen(echo, at)).not.toBe(at)
      await (await dial(at)).close()
      stopAll()
      expect(await listen(echo, at)).toBe(at)
      await (await dial(at)).close()
    },
  )

  test.skipIf(process.platform === 'win32')('what a killed replica left behind is used again', async () => {
    const left = path.join(path.dirname(await listen(echo)), `left-${process.pid}.sock`)
    await writeFile(left, '')
    expect(await listen(echo, left)).toBe(left)
    await (await dial(left)).close()
  })

  test.skipIf(process.platform === 'win32')('what lies elsewhere is left alone, whatever it is', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'quintet-left-'))
    const other = path.join(directory, 'other.sock')
    await writeFile(other, 'precious')
    expect(await listen(echo, other)).not.toBe(other)
    expect(await readFile(other, 'utf8')).toBe('precious')
    await rm(directory, { recursive: true })
  })
})
